"""The settings of a room's device: found, changed several at a time with the difference shown, and who changed one."""

import shlex
from collections.abc import Iterable
from typing import Annotated, Any

from cyclopts import App, Parameter

from roomgate.cli.api import Api, at
from roomgate.cli.exits import DONE, NO, UNREACHABLE
from roomgate.cli.output import Json, say, show_json, show_table, tell_rows
from roomgate.errors import BadInput

app = App(name="settings", help="The settings of a room's device, several at a time.")

Reason = Annotated[str, Parameter(help="why; it is kept in the ledger")]
_EMPTY = "None of these words. `roomgate room settings list ROOM` shows all that you may see."


@app.command(name="list")
def list_(room: str, /, *words: str, group: str = "", json: Json = False) -> None:
    """The settings that you may see, or those with all of these words in name or value.

    Example: ``roomgate room settings list oslo volume``

    Parameters
    ----------
    group
        the first word of their names, such as Audio
    """
    asked = at("rooms", room, "settings", q=" ".join(words) or None, group=group or None, limit="200")
    found = [{**one, "path": _name(one["path"])} for one in Api.from_profile().items(asked)]
    rows = [{**one, "needs": ", ".join(one["needs"])} for one in found]
    tell_rows(found if json else rows, ["path", "value", "default", "space", "needs"], empty=_EMPTY, json=json)


@app.command(name="set")
def set_(room: str, /, *changes: str, dry_run: bool = False, reason: Reason = "", json: Json = False) -> int:
    """Change settings, one after the other; what became of each is told, and how to take them back.

    Example: ``roomgate room settings set oslo Audio/DefaultVolume=40 "SystemUnit/Name=Board room"``

    Parameters
    ----------
    changes
        PATH=VALUE, once for each setting
    dry_run
        only show the difference, and what the site would say
    """
    wanted = parse_changes(changes)
    api, path = Api.from_profile(), at("rooms", room, "settings")
    answer = api.call("PATCH", path, {"set": wanted, "dry_run": dry_run, "reason": reason})
    if json:
        show_json(answer)
    else:
        rows = [_row(one, dry_run) for one in answer["items"]]
        verdict = "the_site_says" if dry_run else "outcome"
        show_table(rows, ["setting", "before", "after", verdict, "note"], empty="")
        if not dry_run and (back := undo_words(room, answer["items"])):
            say(f"To take it back: {back}")
    if any(one["outcome"] == "unknown" for one in answer["items"]):
        return UNREACHABLE
    refused = any(one["verdict"] == "refused" for one in answer["items"])
    return NO if refused or not (dry_run or answer["complete"]) else DONE


@app.command
def history(room: str, path: str, /, *, json: Json = False) -> None:
    """Who changed a setting from outside, when, from what to what. Your own changes; with the right to audit, all.

    Example: ``roomgate room settings history oslo Audio/DefaultVolume``
    """
    found = Api.from_profile().call("GET", at("rooms", room, "settings", "history", path=path))["items"]
    columns = ["at", "name", "before", "after", "outcome", "reason"]
    tell_rows(found, columns, empty="Nobody changed it from outside, as far as you may know.", json=json)


def parse_changes(words: Iterable[str]) -> dict[str, str]:
    """``PATH=VALUE`` words; raises BadInput."""
    wanted: dict[str, str] = {}
    for word in words:
        path, equals, value = word.partition("=")
        if not path or not equals:
            raise BadInput(
                f"{word!r} is no change.", hint="Write it as PATH=VALUE, for example Audio/DefaultVolume=40."
            )
        if path in wanted:
            raise BadInput(f"{path} is named twice.")
        wanted[path] = value
    if not wanted:
        raise BadInput("Say what to change.", hint="Write it as PATH=VALUE, for example Audio/DefaultVolume=40.")
    return wanted


def undo_words(room: str, items: Iterable[dict[str, Any]]) -> str:
    """The command that takes back what was done; "" where nothing was, or nothing that was not secret."""
    back = [
        f"{_name(one['path'])}={one['before']}"
        for one in items
        if one["outcome"] == "done" and not one["masked"] and one["before"] is not None
        and str(one["before"]) != str(one["after"])
    ]  # fmt: skip
    return shlex.join(["roomgate", "room", "settings", "set", room, *reversed(back)]) if back else ""


def _row(one: dict[str, Any], dry_run: bool) -> dict[str, Any]:
    notes = [_NOTES.get(word, word) for word in one["warnings"]] if dry_run else []
    said = {"setting": _name(one["path"]), "before": one["before"], "after": one["after"]}
    note = "; ".join(filter(None, [one["words"], *notes]))
    return {**said, "the_site_says": one["verdict"], "outcome": one["outcome"], "note": note}


_NOTES = {
    "ends": "it would cut the site off from its device",
    "fence": "the site makes sure that it still gets in, and else sets it back",
    "restart": "in force after the device's next restart",
}


def _name(path: str) -> str:
    return path.removeprefix("Configuration/")
