"""Panels of a room: buttons and pages of its touch screen."""

from pathlib import Path

from cyclopts import App

from roomgate.cli import room_texts as texts
from roomgate.cli.api import Api, at
from roomgate.cli.output import Json, tell, tell_rows
from roomgate.cli.room_texts import File, Over
from roomgate.errors import BadInput
from roomgate.hub.extensions import archive

app = App(name="panels", help="Panels of a room: buttons and pages of its touch screen.")
WORD = "panels"


@app.command(name="list")
def list_(room: str, /, *, json: Json = False) -> None:
    """The panels on the device, and where they are shown.

    Example: ``roomgate room panels list oslo``
    """
    rows = Api.from_profile().call("GET", at("rooms", room, WORD))["items"]
    empty = f"No panels yet. Save one: `roomgate room panels save {room} lights --file lights.xml`."
    tell_rows(rows, ["name", "title", "place"], empty=empty, json=json)


@app.command
def show(room: str, name: str, /, *, file: Path | None = None, json: Json = False) -> None:
    """The XML of a panel, as the device has it now.

    Example: ``roomgate room panels show oslo lights --file lights.xml``

    Parameters
    ----------
    file
        write it there instead; a file that is there is replaced
    """
    texts.show(WORD, room, name, file, json)


@app.command
def save(room: str, name: str, /, *, file: File, over: Over = "", json: Json = False) -> None:
    """Save a panel on the device from a file of XML. The room shows it at once.

    Example: ``roomgate room panels save oslo lights --file lights.xml``
    """
    texts.save(WORD, room, name, file, over, False, json)


@app.command
def remove(room: str, name: str, /, *, json: Json = False) -> None:
    """Take a panel off the device. What it was is kept: `roomgate room panels rollback` puts it back.

    Example: ``roomgate room panels remove oslo lights``
    """
    texts.remove(WORD, room, name, json)


@app.command
def versions(room: str, name: str, /, *, json: Json = False) -> None:
    """What was saved from here, and seen on the device: the newest first.

    Example: ``roomgate room panels versions oslo lights``
    """
    texts.versions(WORD, room, name, json)


@app.command
def diff(room: str, name: str, old: int, new: int, /, *, json: Json = False) -> None:
    """What changed from one version to another.

    Example: ``roomgate room panels diff oslo lights 1 2``
    """
    texts.diff(WORD, room, name, old, new, json)


@app.command
def rollback(room: str, name: str, version: int, /, *, json: Json = False) -> None:
    """Save an earlier version again.

    Example: ``roomgate room panels rollback oslo lights 1``
    """
    texts.rollback(WORD, room, name, version, json)


@app.command
def lint(file: Path, /, *, json: Json = False) -> int:
    """Check a panel's XML. Nothing is sent to any room.

    Example: ``roomgate room panels lint lights.xml``
    """
    return texts.lint("panel", file, json)


@app.command(name="export")
def export_(room: str, file: Path, /, *, json: Json = False) -> None:
    """Write all panels of a room into a zip archive.

    Example: ``roomgate room panels export oslo panels.zip``
    """
    api = Api.from_profile()
    names = [one["name"] for one in api.call("GET", at("rooms", room, WORD))["items"]]
    panels = {name: api.call("GET", at("rooms", room, WORD, name))["text"] for name in names}
    texts.write(file, archive.pack(panels))
    tell({"panels": names}, f"{len(names)} panels are in {file}.", json=json)


@app.command(name="import")
def import_(room: str, file: Path, /, *, json: Json = False) -> None:
    """Save every panel of a zip archive on a device. An archive with tricks is refused whole.

    Example: ``roomgate room panels import oslo panels.zip``
    """
    try:
        raw = file.read_bytes()
    except OSError as bad:
        raise BadInput(f"{file} cannot be read: {bad.strerror}.", hint="Check the path and its permissions.") from bad
    panels, api = archive.unpack(raw), Api.from_profile()
    for name, text in panels.items():
        api.call("PUT", at("rooms", room, WORD, name), {"text": text})
    tell({"panels": list(panels)}, f"{len(panels)} panels are on {room}.", json=json)
