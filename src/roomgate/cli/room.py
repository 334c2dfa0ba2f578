"""The daily work in a room, through the hub. The hub decides, the site has the last word, the room hears of it."""

import time
from collections.abc import Callable
from typing import Any

from cyclopts import App

from roomgate.cli.api import Api
from roomgate.cli.exits import DONE, NO, UNREACHABLE
from roomgate.cli.output import show_json, show_table

app = App(name="room", help="The daily work in a room, through the hub.")

_PATIENCE_S = 40


def _ask(room: str, wish: dict[str, Any], *, json: bool, say: Callable[[dict[str, Any]], str]) -> int:
    """Ask, wait for the room if it must be asked, tell the outcome; gives the exit code."""
    api = Api.from_profile()
    answer = api.call("POST", f"/api/v1/rooms/{room}/asks", wish, {"Prefer": "wait=30"})
    until = time.monotonic() + _PATIENCE_S
    if answer["outcome"] == "waiting" and not json:
        print("Waiting for somebody in the room to say yes …")
    while answer["outcome"] == "waiting" and time.monotonic() < until:
        answer = api.call("GET", f"/api/v1/asks/{answer['ask']}", headers={"Prefer": "wait=10"})
    if json:
        show_json(answer)
    elif answer["outcome"] == "done":
        print(say(answer))
    else:
        print(f"{room}: {answer['outcome']}. {answer.get('words') or ''}".strip())
    if answer["outcome"] == "unknown":
        return UNREACHABLE
    return DONE if answer["outcome"] == "done" else NO


@app.command(name="list")
def list_(*, json: bool = False) -> None:
    """The rooms that you may see, and how they are.

    Example: ``roomgate room list``
    """
    rooms = Api.from_profile().items("/api/v1/rooms")
    if json:
        show_json(rooms)
    else:
        show_table(
            rooms,
            ["name", "state", "words", "site", "inside"],
            empty="No rooms yet. They come from a site's connector: `roomgate connector enrol --help`.",
        )


@app.command
def status(room: str, *, json: bool = False) -> None:
    """How a room is."""
    found = Api.from_profile().call("GET", f"/api/v1/rooms/{room}")
    if json:
        show_json(found)
    else:
        show_table([{"what": k, "is": v} for k, v in found.items()], ["what", "is"], empty="")


@app.command
def join(room: str, meeting: str = "next", *, reason: str = "", json: bool = False) -> int:
    """Join a meeting of the room's own calendar: the present or next one, or the one with this booking id.

    Example: ``roomgate room join oslo``
    """
    return _ask(room, {"join": meeting, "reason": reason}, json=json, say=lambda a: f"{room} is joining the meeting.")


@app.command
def dial(room: str, number: str, *, reason: str = "", json: bool = False) -> int:
    """Call a number or address from the room; the room may have to say yes.

    Example: ``roomgate room dial oslo standup@example.com --reason "weekly call"``
    """
    wish = {"command": "Dial", "arguments": {"Number": number}, "reason": reason}
    return _ask(room, wish, json=json, say=lambda a: f"{room} is calling {number}.")


@app.command
def hang_up(room: str, *, json: bool = False) -> int:
    """End the call in the room."""
    return _ask(room, {"command": "Call Disconnect", "arguments": {}}, json=json, say=lambda a: f"{room} hung up.")


@app.command
def mute(room: str, *, json: bool = False) -> int:
    """Mute the room's microphones."""
    wish = {"command": "Audio Microphones Mute", "arguments": {}}
    return _ask(room, wish, json=json, say=lambda a: f"{room} is muted.")


@app.command
def volume(room: str, level: int | None = None, *, json: bool = False) -> int:
    """The room's volume, or set it (0 to 100)."""
    if level is None:
        return _ask(room, {"get": "Status/Audio/Volume"}, json=json, say=lambda a: f"{room}: volume {a['result']}.")
    wish = {"command": "Audio Volume Set", "arguments": {"Level": level}}
    return _ask(room, wish, json=json, say=lambda a: f"{room}: volume {level}.")


@app.command
def config(room: str, path: str, value: str | None = None, *, json: bool = False) -> int:
    """A setting of the room, or change it.

    Example: ``roomgate room config oslo Audio/DefaultVolume 40``
    """
    full = path if path.lower().startswith("configuration") else f"Configuration/{path}"
    if value is None:
        return _ask(room, {"get": full}, json=json, say=lambda a: str(a["result"]))
    return _ask(room, {"set": full, "value": value}, json=json, say=lambda a: f"{room}: {full} is {value}.")


def ask(room: str, call: str, *arguments: str, reason: str = "", json: bool = False) -> int:
    """Any xAPI call in a room, through the hub.

    Example: ``roomgate ask oslo "Audio Volume Set" Level=40`` or ``roomgate ask oslo Status/Audio/Volume``

    Parameters
    ----------
    call: a command's name, or the path of a status or configuration to read
    arguments: Name=value for a command; repeat a name for a list
    """
    wish: dict[str, Any] = {"reason": reason}
    if call.split("/")[0].split(" ")[0].lower().removeprefix("x") in ("status", "configuration"):
        wish["get"] = call
    else:
        given: dict[str, Any] = {}
        for word in arguments:
            name, _, value = word.partition("=")
            given[name] = [*_listed(given[name]), value] if name in given else value
        wish |= {"command": call, "arguments": given}

    def say(answer: dict[str, Any]) -> str:
        import json as form

        return form.dumps(answer["result"], ensure_ascii=False, indent=2)

    return _ask(room, wish, json=json, say=say)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
