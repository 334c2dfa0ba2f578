"""Macros of a room: the JavaScript that its device runs by itself."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from roomgate.cli import room_texts as texts
from roomgate.cli.api import Api, at
from roomgate.cli.output import Json, say, show_facts, show_json, tell, tell_rows
from roomgate.cli.room_texts import Anyway, File, Over

app = App(name="macros", help="Macros of a room: the JavaScript that its device runs by itself.")
WORD = "macros"


@app.command(name="list")
def list_(room: str, /, *, json: Json = False) -> None:
    """The macros on the device, and which are active.

    Example: ``roomgate room macros list oslo``
    """
    rows = Api.from_profile().call("GET", at("rooms", room, WORD))["items"]
    empty = f"No macros yet. Save one: `roomgate room macros save {room} lights --file lights.js`."
    tell_rows(rows, ["name", "active"], empty=empty, json=json)


@app.command
def save(room: str, name: str, /, *, file: File, over: Over = "", anyway: Anyway = False, json: Json = False) -> None:
    """Save a macro on the device from a file. It runs once it is active: `roomgate room macros activate`.

    Example: ``roomgate room macros save oslo lights --file lights.js``
    """
    texts.save(WORD, room, name, file, over, anyway, json)


@app.command
def activate(room: str, name: str, /, *, json: Json = False) -> None:
    """Let a macro run, and start the engine anew.

    Example: ``roomgate room macros activate oslo lights``
    """
    _switch(room, name, "activate", f"{name} is active.", json)


@app.command
def deactivate(room: str, name: str, /, *, json: Json = False) -> None:
    """Stop a macro, and start the engine anew.

    Example: ``roomgate room macros deactivate oslo lights``
    """
    _switch(room, name, "deactivate", f"{name} is not active any more.", json)


def _switch(room: str, name: str, do: str, words: str, json: bool) -> None:
    answer = Api.from_profile().call("POST", texts.place(room, WORD, name, do))
    note = f" The engine was not restarted: {answer['note']}" if answer["note"] else ""
    tell(answer, words + note, json=json)


texts.add_verbs(app, WORD, "macro", "text")


@app.command
def lint(file: Path, /, *, json: Json = False) -> int:
    """Check a file for the device's JavaScript engine. Nothing is sent to any room.

    Example: ``roomgate room macros lint lights.js``
    """
    return texts.lint("macro", file, json)


@app.command
def log(room: str, /, *, json: Json = False) -> None:
    """What the macros said, the newest last.

    Example: ``roomgate room macros log oslo``
    """
    found = Api.from_profile().call("GET", at("rooms", room, "macro-log"))["items"]
    if json:
        show_json(found)
    for line in found if not json else []:
        say(f"{line['at']}  {line['level']}  {line['macro']}: {line['message']}")
    if not found and not json:
        say("The macros have said nothing.")


@app.command
def engine(
    room: str,
    /,
    *,
    do: Annotated[str, Parameter(help="start, stop, restart, or clear-log; without it, how it is")] = "",
    json: Json = False,
) -> None:
    """How the engine of the macros is; or start, stop or restart it.

    Example: ``roomgate room macros engine oslo --do restart``
    """
    api = Api.from_profile()
    if do:
        api.call("POST", at("rooms", room, "macro-engine"), {"do": do})
        tell({"done": do}, f"{room}: {do} done.", json=json)
        return
    found = api.call("GET", at("rooms", room, "macro-engine"))
    if json:
        show_json(found)
    else:
        show_facts(found)
