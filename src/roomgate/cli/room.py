"""The daily work in a room, through the hub. The hub decides, the site has the last word, the room hears of it."""

import json as form
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any

from cyclopts import App, Parameter

from roomgate.cli.api import Api, at
from roomgate.cli.exits import DONE, NO, UNREACHABLE, SaysNo
from roomgate.cli.output import Json, say, show_json, tell, tell_rows
from roomgate.errors import BadInput, Unreachable

app = App(name="room", help="The daily work in a room, through the hub.")
app.command(
    "roomgate.cli.room_logs:logs",
    name="logs",
    help="Collect a room's logs into a file, without secrets; or tell its call history.\n\nExample: ``roomgate room logs oslo --output oslo.zip`` or ``roomgate room logs oslo --calls``",
)
app.command(
    "roomgate.cli.room_security:security",
    name="security",
    help="What is exposed on a room's device and what to do about it; its sessions, accounts and certificates.\n\nExample: ``roomgate room security oslo``",
)

app.command("roomgate.cli.room_backup:app", name="backup", help="Backups of a room, sealed at its site.")
app.command("roomgate.cli.room_phonebook:app", name="phonebook", help="A room's own phone book and its favourites.")
app.command(
    "roomgate.cli.room_settings:app", name="settings", help="The settings of a room's device, several at a time."
)

app.command(
    "roomgate.cli.room_tunnel:tunnel",
    name="tunnel",
    help="The device's own page on a port of this machine.\n\nExample: ``roomgate room tunnel oslo --no-open``",
)
app.command(
    "roomgate.cli.room_macros:app", name="macros", help="Macros: the JavaScript that the device runs by itself."
)
app.command("roomgate.cli.room_panels:app", name="panels", help="Panels: buttons and pages of the touch screen.")

for _verb in ("wake", "hold", "dtmf", "layout", "selfview", "picture", "camera", "share", "quiet"):
    app.command(f"roomgate.cli.room_controls:{_verb}", name=_verb)

for _verb, _help in {
    "book": 'Book a room from now on.\n\nExample: ``roomgate room book oslo 30 --title "Stand-up"``',
    "extend": "Give a meeting more time.\n\nExample: ``roomgate room extend oslo rg-3f2a 15``",
    "check-in": "Say that somebody is there, so that the room is not let go.\n\nExample: ``roomgate room check-in oslo rg-3f2a``",
    "end": "End a meeting that is on.\n\nExample: ``roomgate room end oslo rg-3f2a``",
    "release": "Let a room go from a meeting that has not begun.\n\nExample: ``roomgate room release oslo rg-3f2a``",
}.items():
    app.command(f"roomgate.cli.room_bookings:{_verb.replace('-', '_')}", name=_verb, help=_help)

_PATIENCE_S = 40
Reason = Annotated[str, Parameter(help="why; it is shown in the room and kept in the ledger")]


def ask_room(room: str, wish: dict[str, Any], *, json: bool, words: Callable[[dict[str, Any]], str]) -> int:
    """Ask, wait for the room if it must be asked, tell the outcome; gives the exit code."""
    api = Api.from_profile()
    answer = api.call("POST", at("rooms", room, "asks"), wish, {"Prefer": "wait=30"})
    until = time.monotonic() + _PATIENCE_S
    if answer["outcome"] == "waiting" and not json:
        print("Waiting for somebody in the room to say yes …", flush=True)
    while answer["outcome"] == "waiting" and time.monotonic() < until:
        answer = api.call("GET", at("asks", answer["ask"], wait="10"))
    if json:
        show_json(answer)
    elif answer["outcome"] == "done":
        say(words(answer))
    else:
        say(f"{room}: {answer['outcome']}. {answer.get('words') or ''}".strip())
    if answer["outcome"] == "unknown":
        return UNREACHABLE
    return DONE if answer["outcome"] == "done" else NO


def do(room: str, name: str, arguments: dict[str, Any], words: str, *, json: bool, reason: str = "") -> int:
    wish = {"command": name, "arguments": arguments, "reason": reason}
    return ask_room(room, wish, json=json, words=lambda answer: words)


@app.command(name="list")
def list_(*, json: Json = False) -> None:
    """The rooms that you may see, and how they are.

    Example: ``roomgate room list``
    """
    rooms = Api.from_profile().items(at("rooms"))
    columns = ["name", "state", "words", "product", "site", "sessions"]
    empty = "No rooms yet. They come from a site's connector: `roomgate site code SITE`; and grants open them."
    tell_rows(rooms, columns, empty=empty, json=json)


@app.command(name=["status", "show"])
def status(room: str, /, *, brief: bool = False, tree: str | None = None, json: Json = False) -> None:
    """How a room is: what the hub knows, and what its device says in words.

    Example: ``roomgate room status oslo`` or ``roomgate room status oslo --tree Audio``

    Parameters
    ----------
    brief
        only what the hub knows: the device is not asked
    tree
        instead, all values at and below this path of the device's status, a line each
    """
    from roomgate.cli.room_status import tell_status, tell_tree

    if tree is None:
        tell_status(room, brief=brief, json=json)
    else:
        tell_tree(room, tree, json=json)


@app.command
def remove(room: str, /, *, json: Json = False) -> None:
    """Take a room out of the hub, with every grant on it. It stays away until its connector tells of a new one.

    Example: ``roomgate room remove oslo``
    """
    Api.from_profile().call("DELETE", at("rooms", room))
    tell({"removed": room}, f"{room} is gone, and what was open in it is cut.", json=json)


@app.command
def tag(room: str, /, *tags: str, json: Json = False) -> None:
    """Give a room these tags and no others. Grants by a tag come and go with it, at once.

    Example: ``roomgate room tag oslo ground-floor boardroom``

    Parameters
    ----------
    tags
        words of letters, digits, dots and dashes; none takes all away
    """
    answer = Api.from_profile().call("PUT", at("rooms", room, "tags"), {"tags": list(tags)})
    tell(answer, f"{room} has {', '.join(answer['tags']) or 'no tag'} now.", json=json)


@app.command
def join(room: str, meeting: str = "next", /, *, reason: Reason = "", json: Json = False) -> int:
    """Join a meeting of the room's own calendar: the present or next one, or the one with this booking id.

    Example: ``roomgate room join oslo``
    """
    wish = {"join": meeting, "reason": reason}
    return ask_room(room, wish, json=json, words=lambda answer: f"{room} is joining the meeting.")


@app.command
def dial(room: str, number: str, /, *, reason: Reason = "", json: Json = False) -> int:
    """Call a number or address from the room; the room may have to say yes.

    Example: ``roomgate room dial oslo standup@example.com --reason "weekly call"``
    """
    return do(room, "Dial", {"Number": number}, f"{room} is calling {number}.", json=json, reason=reason)


@app.command
def hang_up(room: str, /, *, json: Json = False) -> int:
    """End the call in the room.

    Example: ``roomgate room hang-up oslo``
    """
    return do(room, "Call Disconnect", {}, f"{room} hung up.", json=json)


@app.command
def mute(room: str, /, *, off: bool = False, reason: Reason = "", json: Json = False) -> int:
    """Mute the room's microphones, or open them again (the room may have to say yes to that).

    Example: ``roomgate room mute oslo``

    Parameters
    ----------
    off
        open the microphones
    """
    if off:
        return do(room, "Audio Microphones Unmute", {}, f"{room}'s microphones are open.", json=json, reason=reason)
    return do(room, "Audio Microphones Mute", {}, f"{room} is muted.", json=json, reason=reason)


@app.command
def volume(room: str, level: int | None = None, /, *, json: Json = False) -> int:
    """The room's volume, or set it.

    Example: ``roomgate room volume oslo 40``

    Parameters
    ----------
    level
        from 0 to 100; without it the volume is told
    """
    if level is None:
        wish = {"get": "Status/Audio/Volume"}
        return ask_room(room, wish, json=json, words=lambda answer: f"{room}: volume {answer['result']}.")
    if not 0 <= level <= 100:
        raise BadInput("The volume is from 0 to 100.")
    return do(room, "Audio Volume Set", {"Level": level}, f"{room}: volume {level}.", json=json)


@app.command
def standby(room: str, /, *, off: bool = False, json: Json = False) -> int:
    """Send the room's device to sleep, or wake it.

    Example: ``roomgate room standby oslo --off``

    Parameters
    ----------
    off
        wake it
    """
    if off:
        return do(room, "Standby Deactivate", {}, f"{room} is awake.", json=json)
    return do(room, "Standby Activate", {}, f"{room} sleeps.", json=json)


@app.command(name="say")
def say_(
    room: str, text: str, /, *, title: str = "", seconds: int = 20, reason: Reason = "", json: Json = False
) -> int:
    """Show a message on the room's screen.

    Example: ``roomgate room say oslo "The next meeting begins in five minutes."``

    Parameters
    ----------
    title
        above the message
    seconds
        how long it is shown
    """
    if not text.strip():
        raise BadInput("There is nothing to say.", hint="Write the message in quotes.")
    arguments: dict[str, Any] = {"Text": text, "Duration": seconds} | ({"Title": title} if title else {})
    return do(
        room, "UserInterface Message Alert Display", arguments, f"{room} shows it for {seconds} s.",
        json=json, reason=reason,
    )  # fmt: skip


@app.command
def config(room: str, path: str, value: str | None = None, /, *, reason: Reason = "", json: Json = False) -> int:
    """A setting of the room, or change it.

    Example: ``roomgate room config oslo Audio/DefaultVolume 40``

    Parameters
    ----------
    path
        of the setting, with or without Configuration before it
    value
        the new value; without it the setting is told
    """
    full = path if path.lower().startswith("configuration") else f"Configuration/{path}"
    if value is None:
        return ask_room(room, {"get": full}, json=json, words=lambda answer: _told(answer["result"]))
    wish = {"set": full, "value": value, "reason": reason}
    return ask_room(room, wish, json=json, words=lambda answer: f"{room}: {full} is {value}.")


@app.command
def watch(room: str, path: str = "Status", /, *more: str, json: Json = False) -> int:
    """Print every change in a room until you stop it, or until your access ends.

    Example: ``roomgate room watch oslo Status/Call Status/Audio/Volume``

    Parameters
    ----------
    path
        what to watch: a status, a configuration or an event
    more
        further paths
    json
        print each event as one line of JSON
    """
    events = parse_events(Api.from_profile().lines(at("rooms", room, "events", path=[path, *more])))
    for seen in events:
        if json:
            show_json({"event": seen.name, **seen.data})
        elif seen.name == "cut":
            raise SaysNo(str(seen.data.get("reason")), str(seen.data.get("words") or "The access has ended."))
        elif seen.name == "gap":
            say(f"{seen.data['at']}  {seen.data['path']}: from here on, anew")
        else:
            say(f"{seen.data['at']}  {seen.data['path']}: {_told(seen.data['value'])}")
        if seen.name == "cut":
            return NO
    raise Unreachable("The hub ended the stream without a word.", hint="Watch again; it goes on with what is now.")


@dataclass(slots=True)
class Seen:
    """One server-sent event."""

    name: str = "message"
    data: dict[str, Any] = field(default_factory=dict)


def parse_events(lines: Iterable[str]) -> Iterator[Seen]:
    """Pure: events of a text/event-stream whose data is JSON; comments (the beat) and what is broken are left out."""
    name, data = "message", list[str]()
    for line in lines:
        word, _, rest = line.partition(":")
        match word:
            case "event":
                name = rest.strip()
            case "data":
                data.append(rest.removeprefix(" "))
            case "" if not line:
                try:
                    found = form.loads("\n".join(data)) if data else None
                except ValueError:
                    found = None
                if isinstance(found, dict):
                    yield Seen(name, found)
                name, data = "message", []


def ask(room: str, call: str, /, *arguments: str, reason: Reason = "", json: Json = False) -> int:
    """Any xAPI call in a room, through the hub.

    Example: ``roomgate ask oslo "Audio Volume Set" Level=40`` or ``roomgate ask oslo Status/Audio/Volume``

    Parameters
    ----------
    call
        a command's name, or the path of a status or configuration to read
    arguments
        Name=value for a command; repeat a name for a list
    """
    wish: dict[str, Any] = {"reason": reason}
    if call.replace("/", " ").split(" ")[0].lower().removeprefix("x") in ("status", "configuration"):
        if arguments:
            raise BadInput("A read takes no arguments.", hint="To change a setting: `roomgate room config`.")
        wish["get"] = call
    else:
        wish |= {"command": call, "arguments": parse_arguments(arguments)}
    return ask_room(room, wish, json=json, words=lambda answer: _told(answer["result"]))


def parse_arguments(words: Iterable[str]) -> dict[str, Any]:
    """``Name=value`` words; a name that comes again makes a list. Raises BadInput."""
    given: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not name or not equals:
            raise BadInput(f"{word!r} is no argument.", hint="Write it as Name=value, for example Level=40.")
        before = given.get(name)
        match before:
            case None:
                given[name] = value
            case list():
                before.append(value)
            case _:
                given[name] = [before, value]
    return given


def _told(value: Any) -> str:
    """A plain value as it is, anything larger as JSON on one line."""
    return value if isinstance(value, str) else form.dumps(value, ensure_ascii=False)
