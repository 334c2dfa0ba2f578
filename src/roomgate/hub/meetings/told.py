"""Pure: what one room told of its meetings, read with suspicion.

The site's connector tells what it made of the room's calendar, with every decision; where it keeps none, the device
tells its own list, and then nobody knows why. What arrives was written by strangers and passed on by a connector
that may be older, newer or taken over: each field is bounded text, what cannot be read is left out and counted, and
a private meeting has neither title nor organizer here, whatever was sent.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from roomgate.clock import parse_iso
from roomgate.hub.meetings.address import shown_address
from roomgate.hub.rooms.view import read_bookings
from roomgate.meetings.meeting import Step
from roomgate.redact import foreign

MOST_MEETINGS = 1000  # of one room
MOST_STEPS = 100  # of one meeting
MOST_BAD = 50
HOWS = ("sip", "h323", "native", "none")
TROUBLES = ("away", "late", "refused", "failed", "calendar", "mailbox", "notice", "put", "bad", "unread")
SOON = timedelta(hours=1)
_PROTOCOLS = {"H323": "h323", "WebRTC": "native", "Spark": "native"}
CALENDAR, DEVICE = "calendar", "device"  # who told


@dataclass(frozen=True, slots=True)
class MeetingTold:
    """One meeting in one room. ``shown``: it stands on the room's own list. ``address`` is without its passcode."""

    id: str
    title: str
    organizer: str
    private: bool
    tentative: bool
    start: datetime
    end: datetime
    all_day: bool
    service: str
    how: str  # one of HOWS
    address: str
    shown: bool
    why: tuple[Step, ...] = ()

    @property
    def joins(self) -> bool:
        """Whether the room has a button for it."""
        return self.shown and self.how != "none"

    def on(self, now: datetime) -> bool:
        return self.start <= now < self.end

    def soon(self, now: datetime) -> bool:
        """Whether to join it from afar makes sense: it is on, or begins within the hour."""
        return self.joins and self.start <= now + SOON and now < self.end


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a room's meetings are not all there, or stay without effect.

    ``kind``, of TROUBLES: away, late, refused, failed (the room was asked in vain), calendar, mailbox (it refused us), notice (it works, and more is to be known),
    put (the device does not take them), bad (an entry cannot be read), unread (of the answer itself).
    """

    kind: str
    words: str
    rule: str = ""  # what said no, for support


@dataclass(frozen=True, slots=True)
class RoomTold:
    """What one room told. ``by``: CALENDAR or DEVICE; "" where it told nothing. ``at``: when the calendar was read."""

    meetings: tuple[MeetingTold, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    by: str = ""
    at: datetime | None = None
    calendar: str = ""  # ok, down, refused, none, as the site says

    @property
    def answered(self) -> bool:
        return bool(self.by)


def in_vain(kind: str, words: str, rule: str = "") -> RoomTold:
    """The room was not asked, or gave no answer."""
    return RoomTold(troubles=(Trouble(kind, foreign(words, 300), foreign(rule, 80)),))


def within(told: RoomTold, start: datetime, end: datetime) -> RoomTold:
    """With the meetings alone that are on at some moment of the window."""
    return replace(told, meetings=tuple(one for one in told.meetings if one.start < end and one.end > start))


def read_calendar(result: Any) -> RoomTold | None:
    """Out of the connector's answer; None for one that is not understood at all."""
    if not isinstance(result, dict) or not isinstance(result.get("Meetings"), list):
        return None
    calendar, bookings = _dict(result.get("Calendar")), _dict(result.get("Bookings"))
    state = _text(calendar.get("State"), 20)
    rows = result["Meetings"]
    meetings = [one for row in rows[:MOST_MEETINGS] if (one := read_meeting(row)) is not None]
    troubles = []
    if state in ("down", "refused"):
        kind = "calendar" if state == "down" else "mailbox"
        troubles.append(Trouble(kind, _text(calendar.get("Words"), 300)))
    elif words := _text(calendar.get("Words"), 600):
        troubles.append(Trouble("notice", words))
    if (put := _text(bookings.get("State"), 20)) not in ("", "ok", "untried"):
        troubles.append(Trouble("put", _text(bookings.get("Words"), 300), put))
    bad = result.get("Bad")
    for one in bad[:MOST_BAD] if isinstance(bad, list) else []:
        name, reason = _text(_dict(one).get("Name"), 120), _text(_dict(one).get("Reason"), 300)
        troubles.append(Trouble("bad", f"{name}: {reason}" if name else reason))
    if unread := len(rows) - len(meetings):
        troubles.append(Trouble("unread", str(unread)))
    return RoomTold(
        _in_order(meetings), tuple(troubles), CALENDAR, _moment(calendar.get("At")), state or "none"
    )  # fmt: skip


def read_device(result: Any, now: datetime) -> RoomTold:
    """Out of the device's own list of bookings, which says nothing of services or reasons."""
    ways = _ways(result)
    found = [
        MeetingTold(
            one.id, one.title, one.organizer, not one.title, False, one.start, one.end, False, "",
            ways.get(one.id, "sip") if one.number else "none", one.address, True,
        )
        for one in read_bookings(result, now)[:MOST_MEETINGS]
    ]  # fmt: skip
    return RoomTold(_in_order(found), (), DEVICE, None, "none")


def _in_order(found: Iterable[MeetingTold]) -> tuple[MeetingTold, ...]:
    return tuple(sorted(found, key=lambda one: (one.start, one.end, one.id)))


def read_meeting(row: Any) -> MeetingTold | None:
    """One, as it stands in the connector's list or is told alone; None for one that cannot be read."""
    if not isinstance(row, dict):
        return None
    id, start, end = _text(row.get("Id"), 128), _moment(row.get("Start")), _moment(row.get("End"))
    if not id or start is None or end is None:
        return None
    private = row.get("Private") is not False  # not said to be open means private
    how = row.get("How") if row.get("How") in HOWS else "none"
    return MeetingTold(
        id,
        "" if private else _text(row.get("Title"), 200),
        "" if private else _text(row.get("Organizer"), 120),
        private,
        row.get("Tentative") is True,
        start,
        end,
        row.get("AllDay") is True,
        _text(row.get("Service"), 40),
        str(how),
        shown_address(_text(row.get("Address"), 255)),
        row.get("Shown") is True,
        _steps(row.get("Why")),
    )


def _steps(found: Any) -> tuple[Step, ...]:
    rows = found[:MOST_STEPS] if isinstance(found, list) else []
    return tuple(
        Step(_text(row.get("Step"), 60), _text(row.get("Saw"), 300), _text(row.get("Decided"), 300))
        for row in rows
        if isinstance(row, dict)
    )


def _ways(result: Any) -> dict[str, str]:
    """By the id of the device's own entry, its protocol in our words; a web join is a command of the device's."""
    found = {}
    listed = _dict(result).get("Booking")
    for entry in listed if isinstance(listed, list) else []:
        calls = _dict(_dict(_dict(entry).get("DialInfo")).get("Calls")).get("Call")
        first = _dict(calls[0]) if isinstance(calls, list) and calls else {}
        id, protocol = _dict(entry).get("Id"), first.get("Protocol")
        if isinstance(id, str) and isinstance(protocol, str):
            found[id] = _PROTOCOLS.get(protocol, "sip")
    return found


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any, most: int) -> str:
    return foreign(value[: most + 1], most).strip() if isinstance(value, str) else ""


def _moment(value: Any) -> datetime | None:
    try:
        return parse_iso(value) if isinstance(value, str) and len(value) <= 40 else None
    except (ValueError, OverflowError):
        return None
