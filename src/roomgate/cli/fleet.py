"""What many rooms should have: planned, applied in waves, and looked at again, through the hub's API."""

import json as json_module
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cyclopts import App

from roomgate.cli.api import Api, at
from roomgate.cli.exits import NO
from roomgate.cli.files import read_text
from roomgate.cli.output import Json, say, show_json, show_table, tell_rows
from roomgate.cli.resource import Resource, add_list, show
from roomgate.errors import BadInput

fleet = App(name="fleet", help="What many rooms should have: plan it, apply it in waves, see what drifted.")

_PLANS = Resource(
    "fleet", "plans", ["id", "name", "state", "rooms", "created", "words"],
    "Nothing is planned yet: `roomgate fleet plan settings.toml`.", "plan_…",
)  # fmt: skip
add_list(fleet, _PLANS)

_STEPS = ["room", "kind", "what", "now", "then", "says"]
LARGEST = 8 * 1024 * 1024  # bytes of one file; the hub has the last word
AS_IT_SHOULD = "Every room is as it should be."
_MOST_SHOWN = 200  # steps for people; --json gives all


@fleet.command
def plan(
    file: Path,
    /,
    *,
    waves: list[int] | None = None,
    most_failures: int = 1,
    most_share: float = 1.0,
    night: str = "",
    zone: str = "UTC",
    tries: int = 6,
    pause: float = 30.0,
    strict: bool = False,
    reason: str = "",
    json: Json = False,
) -> int:
    """Compare rooms with a document, and say what would be done and what would be refused. Nothing is changed.

    Example: ``roomgate fleet plan settings.toml``

    Parameters
    ----------
    file
        TOML, YAML or JSON; the files that it names lie beside it
    waves
        how many rooms each; 0 is all that are left; may be repeated (1, 10, all)
    most_failures
        halt when so many rooms have failed
    most_share
        halt after a wave in which a greater share than this has failed, such as 0.1
    night
        only between these times of day, such as 22:00-05:00
    zone
        the time zone of the night
    tries
        how often a room that does not answer is tried
    pause
        seconds before it is tried a second time, and twice as long before each further time
    strict
        leave a room out whole if anything in it is refused
    reason
        why; the site's policy and both ledgers get it
    """
    wish = {
        "document": read_document(file), "waves": waves or [1, 10, 0], "most_failures": most_failures,
        "most_share": most_share, "night": night, "zone": zone, "tries": tries, "pause_s": pause, "strict": strict, "reason": reason,
    }  # fmt: skip
    return _planned(Api.from_profile(), wish, json=json)


@fleet.command
def upgrade(
    *,
    url: str,
    version: str = "",
    minutes: int = 30,
    site: list[str] | None = None,
    tag: list[str] | None = None,
    room: list[str] | None = None,
    waves: list[int] | None = None,
    night: str = "",
    zone: str = "UTC",
    reason: str = "",
    json: Json = False,
) -> int:
    """Plan other software from an address that the site allows. A room must be back, well, before the next wave.

    Example: ``roomgate fleet upgrade --url https://files.example.com/ce12.1.pkg --version ce12.1 --tag boardroom``

    Parameters
    ----------
    url
        where devices fetch it; the site's own file lists the hosts that it allows
    version
        what a device says that it has afterwards, or how that begins
    minutes
        how long a room may take
    site
        only rooms of this site; may be repeated
    tag
        only rooms with this tag; may be repeated
    room
        only this room; may be repeated
    waves
        how many rooms each; 0 is all that are left; may be repeated (1, 10, all)
    night
        only between these times of day, such as 22:00-05:00
    zone
        the time zone of the night
    reason
        why; the site's policy and both ledgers get it
    """
    only = {name: some for name, some in (("sites", site), ("tags", tag), ("rooms", room)) if some}
    document = {
        "name": f"Upgrade to {version or url}"[:120], "only": only,
        "upgrade": {"url": url, "version": version, "minutes": minutes},
    }  # fmt: skip
    text = json_module.dumps(document)
    wish = {"document": text, "waves": waves or [1, 10, 0], "night": night, "zone": zone, "reason": reason}
    return _planned(Api.from_profile(), wish, json=json)


@fleet.command
def apply(plan: str, /, *, wait: bool = True, json: Json = False) -> int:
    """Have a plan applied, and follow it to its end. Exit 1 if it halts, or not everything was done.

    Example: ``roomgate fleet apply plan_…``

    Parameters
    ----------
    wait
        stay until it has come to an end; the hub goes on either way
    """
    api = Api.from_profile()
    api.call("POST", at("plans", plan, "start"))
    return followed(api, plan, wait=wait, json=json)


@fleet.command
def resume(plan: str, /, *, again: bool = False, wait: bool = True, json: Json = False) -> int:
    """Go on with a plan that was halted. Exit 1 if it halts again, or not everything was done.

    Example: ``roomgate fleet resume plan_… --again``

    Parameters
    ----------
    again
        also the rooms in which something failed, once more
    wait
        stay until it has come to an end; the hub goes on either way
    """
    api = Api.from_profile()
    api.call("POST", at("plans", plan, "resume"), {"again": again})
    return followed(api, plan, wait=wait, json=json)


@fleet.command
def halt(plan: str, /, *, words: str = "", json: Json = False) -> None:
    """Ask for nothing more. What is under way at a device goes to its end, and is told.

    Example: ``roomgate fleet halt plan_… --words "The meeting begins."``

    Parameters
    ----------
    words
        why; whoever looks at the plan reads it
    """
    show(Api.from_profile().call("POST", at("plans", plan, "halt"), {"words": words}), "{id} is halted.", json=json)


@fleet.command
def cancel(plan: str, /, *, words: str = "", json: Json = False) -> None:
    """Be done with a plan, as it is. What was done stays done.

    Example: ``roomgate fleet cancel plan_…``

    Parameters
    ----------
    words
        why; whoever looks at the plan reads it
    """
    show(
        Api.from_profile().call("POST", at("plans", plan, "cancel"), {"words": words}), "{id} is cancelled.", json=json
    )


@fleet.command
def status(plan: str, /, *, json: Json = False) -> int:
    """How a plan stands. Exit 1 where it is halted, or is over and not everything was done.

    Example: ``roomgate fleet status plan_…``
    """
    api = Api.from_profile()
    found = api.call("GET", at("plans", plan))
    if json:
        show_json(found)
    else:
        _say(found)
    return _code(found)


@fleet.command(name="show")
def show_(plan: str, /, *, state: str | None = None, json: Json = False) -> None:
    """Every room of a plan with what is to be done there, and what became of it.

    Example: ``roomgate fleet show plan_… --state failed``

    Parameters
    ----------
    state
        only rooms in this state: offline, waiting, doing, done, failed, skipped, unchanged
    """
    rooms = list(Api.from_profile().items(at("plans", plan, "rooms", states=state)))
    if json:
        show_json(rooms)
    else:
        show_rooms(rooms, empty="No room is in this state." if state else AS_IT_SHOULD)


@fleet.command
def drift(document: str, /, *, json: Json = False) -> int:
    """What is not as a document or a plan says, and who changed it. Exit 1 if there is anything.

    Example: ``roomgate fleet drift settings.toml``

    Parameters
    ----------
    document
        a document's file, or a plan's id: then what was changed since it was applied
    """
    api = Api.from_profile()
    if document.startswith("plan_"):
        found = api.call("GET", at("plans", document, "drift"))
    else:
        found = api.call("POST", at("plans", "drift"), {"document": read_document(Path(document))})
    rows = [{**one, "by": one["by"] or "at the device, or by another tool"} for one in found]
    tell_rows(
        found if json else rows, ["room", "kind", "what", "now", "wanted", "by", "at"],
        empty="Everything is as it should be.", json=json,
    )  # fmt: skip
    return NO if found else 0


# -- documents ---------------------------------------------------------------------------------------


def read_document(file: Path) -> str:
    """The document as JSON, with the files that it names read into it. Raises BadInput."""
    from roomgate.fleet.beside import read_in
    from roomgate.fleet.notation import read_tables

    tables = read_tables(read_text(file))
    read_in(tables, lambda named: _beside(file, named))
    return json_module.dumps(tables, ensure_ascii=False, default=str)


def _beside(document: Path, named: str) -> bytes:
    """A file that the document names, in its own folder or below it: a document is no way to other files."""
    folder = document.resolve().parent
    path = (folder / named).resolve()
    if not path.is_relative_to(folder):
        raise BadInput(f"{named}: a document names files in its own folder, or below it.")
    try:
        if path.stat().st_size > LARGEST:
            raise BadInput(f"{named}: a document's files have at most {LARGEST // 1024 // 1024} MiB in all.")
        return path.read_bytes()
    except (OSError, ValueError) as bad:
        raise BadInput(f"{named} cannot be read: {bad}") from bad


# -- looking -----------------------------------------------------------------------------------------


def _planned(api: Api, wish: Mapping[str, Any], *, json: bool) -> int:
    made = api.call("POST", at("plans"), wish)
    found = over(api, made["id"], "planning")
    rooms = list(api.items(at("plans", made["id"], "rooms")))
    if json:
        show_json({**found, "room_list": rooms})
    else:
        show_rooms(rooms)
        _say(found)
        if found["state"] == "planned" and "waiting" in found["rooms"]:
            say(f"Apply it: roomgate fleet apply {found['id']}")
    return _code(found)


def followed(api: Api, plan: str, *, wait: bool, json: bool) -> int:
    found = over(api, plan, "running") if wait else api.call("GET", at("plans", plan))
    if json:
        show_json(found)
    else:
        _say(found)
    return _code(found)


def over(api: Api, plan: str, state: str) -> dict[str, Any]:
    """The plan, once it is in that state no more."""
    while True:
        found: dict[str, Any] = api.call("GET", at("plans", plan, past=state))
        if found["state"] != state:
            return found


def _code(found: Mapping[str, Any]) -> int:
    bad = found["state"] == "halted" or (
        found["state"] == "done" and {"failed", "offline", "skipped"} & found["rooms"].keys()
    )
    return NO if bad else 0


def _say(found: Mapping[str, Any]) -> None:
    rooms = ", ".join(f"{count} {state}" for state, count in found["rooms"].items())
    name = f" {found['name']}" if found["name"] else ""
    words = f" {found['words']}" if found["words"] else ""
    say(f"{found['id']}{name} is {found['state']}: {rooms}.{words}")


def show_rooms(rooms: list[dict[str, Any]], empty: str = AS_IT_SHOULD) -> None:
    rows = [
        {
            "room": room["room"], "kind": step["kind"], "what": step["what"], "now": step["before"],
            "then": step["after"], "says": _says(step),
        }
        for room in rooms
        for step in room["steps"]
    ]  # fmt: skip
    rows += [
        {"room": room["room"], "kind": "room", "what": room["state"], "says": room["words"]}
        for room in rooms
        if not room["steps"] and room["state"] != "unchanged"
    ]
    show_table(rows[:_MOST_SHOWN], _STEPS, empty=empty)
    if len(rows) > _MOST_SHOWN:
        say(f"… and {len(rows) - _MOST_SHOWN} more; --json gives all.")


def _says(step: Mapping[str, Any]) -> str:
    what = step["state"] if step["state"] not in ("", "left") else ""
    if step["words"]:
        return f"{what or step['verdict']}: {step['words']}" + (f" [{step['rule']}]" if step["rule"] else "")
    asked = {"allowed": "", "consent": "the room is asked", "unasked": "the site did not say"}
    return what or asked.get(step["verdict"], step["verdict"])
