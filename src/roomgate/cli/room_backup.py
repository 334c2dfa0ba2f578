"""Backups of a room: made, listed, read, compared and restored through the hub; kept at the room's own site."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from roomgate.cli.api import Api, at
from roomgate.cli.exits import DONE
from roomgate.cli.fleet import followed, over, show_rooms
from roomgate.cli.output import Json, say, show_facts, show_json, show_table, tell, tell_rows

app = App(name="backup", help="Backups of a room's settings, panels, pictures and macros, sealed at its site.")

Reason = Annotated[str, Parameter(help="why; it is kept in the ledger")]
Into = Annotated[str | None, Parameter(help="another room; the backup's own if left out")]
Same = Annotated[bool, Parameter(help="also what makes a device itself: its name, addresses and accounts")]
_PARTS = ("settings", "panels", "macros", "pictures")
_LONGEST = 80  # of a value in a table


@app.command
def make(room: str, name: str = "", /, *, reason: Reason = "", json: Json = False) -> None:
    """Have a backup made. Without a name nothing is kept of a room that is as its newest backup says.

    Example: ``roomgate room backup make oslo "before the new panels"``

    Parameters
    ----------
    name
        what people will know it by
    """
    made = Api.from_profile().call("POST", at("rooms", room, "backups"), {"name": name, "reason": reason})
    what = ", ".join(f"{part}: {made[part]}" for part in _PARTS)
    if made["unchanged"]:
        tell(made, f"{room} is as {made['id']} says; nothing new was kept.", json=json)
    else:
        tell(made, f"{made['id']} of {room} is kept at its site: {what}.", json=json)


@app.command(name="list")
def list_(room: str, /, *, json: Json = False) -> None:
    """The backups that the room's site keeps, the newest first.

    Example: ``roomgate room backup list oslo``
    """
    rows = Api.from_profile().items(at("rooms", room, "backups"))
    columns = ["id", "made", "name", *_PARTS, "size", "damaged"]
    tell_rows(rows, columns, empty=f"None yet: `roomgate room backup make {room}`.", json=json)


@app.command
def show(room: str, id: str, /, *, json: Json = False) -> None:
    """What is in a backup, as far as you may read it.

    Example: ``roomgate room backup show oslo backup_…``

    Parameters
    ----------
    id
        of a backup; ``now`` for what one would hold at this moment
    json
        print all of it, for scripts
    """
    found = Api.from_profile().call("GET", at("rooms", room, "backups", id))
    if json:
        show_json(found)
        return
    held = found.pop("contents")
    counts = {name: len(held[name]) for name in ("settings", "panels", "macros", "branding", "masked")}
    show_facts({**found, **{name: held[name] for name in ("product", "software", "catalogue", "left_out")}, **counts})


@app.command
def remove(room: str, id: str, /, *, json: Json = False) -> None:
    """Remove a backup from the site. It cannot be brought back.

    Example: ``roomgate room backup remove oslo backup_…``

    Parameters
    ----------
    id
        of a backup
    """
    Api.from_profile().call("DELETE", at("rooms", room, "backups", id))
    tell({"removed": id}, f"{id} is gone.", json=json)


@app.command
def restore(
    room: str,
    id: str,
    /,
    *,
    into: Into = None,
    same_room: Same = False,
    apply: bool = False,
    reason: Reason = "",
    json: Json = False,
) -> int:
    """Show what restoring a backup would change; with --apply, plan and do that. Exit 1 if not all could be done.

    Example: ``roomgate room backup restore oslo backup_… --into rome``

    Parameters
    ----------
    id
        of a backup
    apply
        do it: the difference that is shown, and nothing else
    """
    api = Api.from_profile()
    same = "true" if same_room else "false"
    found = api.call("GET", at("rooms", room, "backups", id, "difference", into=into, same_room=same))
    if not apply:
        _show_difference(found, into or room, json=json)
        return DONE
    if not json:
        _show_difference(found, into or room, json=False)
    if not found["changes"]:
        if json:
            show_json(found)
        return DONE
    wish = {"seen": found["seen"], "into": into, "same_room": same_room, "reason": reason}
    made = api.call("POST", at("rooms", room, "backups", id, "restore"), wish)["plan"]
    over(api, made, "planning")
    api.call("POST", at("plans", made, "start"))
    code = followed(api, made, wait=True, json=json)
    if code and not json:
        show_rooms(list(api.items(at("plans", made, "rooms"))))
    return code


def _show_difference(found: dict[str, Any], room: str, *, json: bool) -> None:
    if json:
        show_json(found)
        return
    for word in ("product", "software"):
        if found[word]:
            say(f"Another {word}: the backup is of {found[word][0]}, {room} is {found[word][1]}.")
    rows = [
        {"what": f"{one['kind']} {one['name']}", "now": _short(one["was"]), "then": _short(one["will"]), "note": note}
        for one, note in (
            *((one, "") for one in found["changes"]),
            *((one, f"left out: {one['left']}") for one in found["left_out"]),
        )
    ]
    show_table(rows, ["what", "now", "then", "note"], empty=f"{room} is as the backup says.")
    if found["masked"]:
        say(f"Not in it, as the device hides them: {', '.join(found['masked'])}.")


def _short(value: Any) -> str:
    text = "" if value is None else " ".join(str(value).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
