"""A folder of invitations (NAME.ics) and of what is to be understood of each (NAME.json), as in corpus/invites."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from roomgate.errors import RoomgateError
from roomgate.meetings.invite import Window
from roomgate.meetings.understand import DeviceAbilities, explain

CORPUS = Path(__file__).parents[1] / "corpus"
FORM = {
    "events", "error", "told", "allowed_domains", "registered", "window", "zone", "passcode_place", "reason", "tags",
}  # fmt: skip
KEYS = ["service", "title", "start", "end", "private", "cancelled", "join", "alternatives", "because"]
TARGET = ("how", "address", "command", "arguments")  # what the button would do


def names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.ics"))


def expected(folder: Path, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return document


def understood(folder: Path, name: str) -> list[dict[str, Any]]:
    """What is understood of an invitation on the device and in the window that stand beside it."""
    case = expected(folder, name)
    allowed, window = case.get("allowed_domains"), case.get("window")
    return explain(
        (folder / f"{name}.ics").read_bytes(),
        DeviceAbilities(
            registered=case.get("registered"), allowed_domains=None if allowed is None else frozenset(allowed)
        ),
        zone=ZoneInfo(case.get("zone", "UTC")),
        window=Window(*map(datetime.fromisoformat, window)) if window else None,
    )


def differs(folder: Path, name: str) -> str | None:
    """How what is understood parts from what was written beside the invitation; None where it does not.

    A key that is left out beside the invitation is not judged, of an event as of its join.
    """
    case = expected(folder, name)
    try:
        seen = understood(folder, name)
    except RoomgateError as refused:
        return None if refused.code == case.get("error") else f"refused: {refused.code}"
    if "error" in case:
        return "not refused"
    if not all(list(one) == KEYS for one in seen):
        return "an event has other keys"
    told = json.dumps([one.pop("because") for one in seen])
    if len(seen) != len(case["events"]):
        return f"{len(seen)} events"
    for one, wanted in zip(seen, case["events"], strict=True):
        for key, value in wanted.items():
            found = {part: one[key][part] for part in value} if key == "join" else one[key]
            if found != value:
                return f"{key}: {found!r} in place of {value!r}"
    if (place := case.get("passcode_place")) and place != passcode_place(seen[0]["join"]):
        return f"the passcode's place is {passcode_place(seen[0]['join'])}"
    missing = [words for words in case["told"] if words not in told]
    return f"{missing} not among the reasons: {told}" if missing else None


def misses(folder: Path, name: str) -> str | None:
    """How the buttons part from the wanted ones, all else apart; None where each event has the right one."""
    wanted = [one["join"] for one in expected(folder, name)["events"]]
    try:
        seen = [one["join"] for one in understood(folder, name)]
    except RoomgateError as refused:
        return f"refused: {refused.code}"
    if len(seen) != len(wanted):
        return f"{len(seen)} events in place of {len(wanted)}"
    for one, other in zip(seen, wanted, strict=True):
        for part in TARGET:
            if part in other and one[part] != other[part]:
                return f"{part}: {one[part]!r} in place of {other[part]!r}"
    return None


def reason_missing(folder: Path, name: str) -> bool:
    """Whether the word for why there is no button, or no other, is among the words that were found."""
    reason = expected(folder, name).get("reason")
    if reason is None:
        return False
    return reason not in {step.get("reason") for one in understood(folder, name) for step in one["because"]}


def passcode_place(join: dict[str, Any]) -> str:
    passcode, address = join["passcode"], join["address"] or ""
    if passcode is None:
        return "none"
    if passcode in address.split("@", 1)[0].replace("#", ".").split("."):
        return "address"
    return "argument" if passcode in join["arguments"].values() else "asked"
