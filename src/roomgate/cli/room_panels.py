"""Panels of a room: buttons and pages of its touch screen."""

from collections.abc import Collection
from pathlib import Path

from cyclopts import App

from roomgate.cli import room_texts as texts
from roomgate.cli.api import Api, at
from roomgate.cli.files import read_bytes
from roomgate.cli.output import Json, tell, tell_rows
from roomgate.cli.room_texts import File, Over
from roomgate.errors import RoomgateError
from roomgate.hub.extensions import archive
from roomgate.hub.extensions.text import Kind, refuse_name
from roomgate.redact import foreign

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
    found = [one["name"] for one in api.call("GET", at("rooms", room, WORD))["items"]]
    names = [name for name in found if not refuse_name(Kind.PANEL, name)]
    left = [name for name in found if name not in names]
    panels = {name: api.call("GET", at("rooms", room, WORD, name))["text"] for name in names}
    texts.write(file, archive.pack(panels))
    out = f" Left out, since no file can be named so: {', '.join(map(foreign, left))}." if left else ""
    tell({"panels": names, "left_out": left}, f"{_count(names)} in {file}.{out}", json=json)


@app.command(name="import")
def import_(room: str, file: Path, /, *, json: Json = False) -> None:
    """Save every panel of a zip archive on a device. An archive with tricks is refused whole.

    Example: ``roomgate room panels import oslo panels.zip``
    """
    panels, api = archive.unpack(read_bytes(file)), Api.from_profile()
    saved: list[str] = []
    for name, text in panels.items():
        try:
            api.call("PUT", at("rooms", room, WORD, name), {"text": text})
        except RoomgateError:
            tell({"panels": saved, "stopped_at": name}, f"Stopped at {name}; {_count(saved)} on {room}.", json=json)
            raise
        saved.append(name)
    tell({"panels": saved}, f"{_count(saved)} on {room}.", json=json)


def _count(panels: Collection[str]) -> str:
    return "1 panel is" if len(panels) == 1 else f"{len(panels)} panels are"
