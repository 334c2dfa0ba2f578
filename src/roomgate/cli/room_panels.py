"""Panels of a room: buttons and pages of its touch screen."""

from collections.abc import Collection
from pathlib import Path

from cyclopts import App

from roomgate.cli import room_texts as texts
from roomgate.cli.api import Api, at
from roomgate.cli.files import read_bytes
from roomgate.cli.output import Json, tell, tell_rows
from roomgate.cli.room_texts import File, Over
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
def save(room: str, name: str, /, *, file: File, over: Over = "", json: Json = False) -> None:
    """Save a panel on the device from a file of XML. The room shows it at once.

    Example: ``roomgate room panels save oslo lights --file lights.xml``
    """
    texts.save(WORD, room, name, file, over, False, json)


texts.add_verbs(app, WORD, "panel", "XML")


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
    tell({"panels": names}, f"{_count(names)} in {file}.", json=json)


@app.command(name="import")
def import_(room: str, file: Path, /, *, json: Json = False) -> None:
    """Save every panel of a zip archive on a device. An archive with tricks is refused whole.

    Example: ``roomgate room panels import oslo panels.zip``
    """
    panels, api = archive.unpack(read_bytes(file)), Api.from_profile()
    for name, text in panels.items():
        api.call("PUT", at("rooms", room, WORD, name), {"text": text})
    tell({"panels": list(panels)}, f"{_count(panels)} on {room}.", json=json)


def _count(panels: Collection[str]) -> str:
    return "1 panel is" if len(panels) == 1 else f"{len(panels)} panels are"
