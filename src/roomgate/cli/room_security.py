"""How a room's device is guarded."""

from typing import Any

from roomgate.cli.api import Api, at
from roomgate.cli.exits import DONE, NO, UNREACHABLE
from roomgate.cli.output import Json, say, show_json, show_table


def security(room: str, /, *, json: Json = False) -> int:
    """What is exposed on a room's device and what to do about it; its sessions, accounts and certificates.

    The answer is no (exit code 1) if something is bad, and 3 if the device did not answer for a part of it.

    Example: ``roomgate room security oslo``
    """
    found = Api.from_profile().call("GET", at("rooms", room, "security"))
    bad = any(one["severity"] == "bad" for one in found["findings"])
    if json:
        show_json(found)
    else:
        _show(found)
    unread = any(part["outcome"] in ("failed", "late") for part in found["parts"].values())
    return NO if bad else UNREACHABLE if unread else DONE


# As the device says them, and as tables here do.
_SWITCHES = {"True": "yes", "False": "no"}


def _show(found: dict[str, Any]) -> None:
    known = [one for one in found["findings"] if one["severity"] != "unknown"]
    show_table(known, ["severity", "title", "seen", "do"], empty="Nothing to do, of what could be read.")
    if unknown := sorted({one["seen"] or one["id"] for one in found["findings"] if one["severity"] == "unknown"}):
        say(f"Not known: {', '.join(unknown)}.")
    for name, columns in (
        ("sessions", ["user", "kind", "origin", "since", "ours"]),
        ("users", ["name", "roles", "active", "blocked", "last_login", "ours"]),
        ("certificates", ["subject", "purposes", "ends", "days"]),
        ("listeners", ["number", "url", "status", "expressions"]),
    ):
        if found[name]:
            say("")
            rows = [{key: _SWITCHES.get(str(value), value) for key, value in one.items()} for one in found[name]]
            show_table(rows, columns, empty="")
    for name, part in found["parts"].items():
        if part["outcome"] != "done":
            say(f"{name}: {part['outcome']}. {part['words']} {part['opens']}".strip())
