"""What a site's connector tells of a room's meetings, as its ``Roomgate Meetings`` answers."""

from datetime import datetime, timedelta
from typing import Any

from roomgate.clock import iso

LIST, EXPLAIN, SYNC = (f"Command/Roomgate/Meetings/{word}" for word in ("List", "Explain", "Sync"))

# An invitation as somebody pastes it.
EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:1@example.com
DTSTAMP:20260301T080000Z
DTSTART:20260310T090000Z
DTEND:20260310T093000Z
SUMMARY:Budget
DESCRIPTION:Join by SIP: 4410077@meet.example.com
END:VEVENT
END:VCALENDAR
"""


def told(now: datetime, id: str, title: str = "Weekly", *, minutes: float = 5, lasts: float = 30, **more: Any) -> Any:
    """One meeting that begins so many minutes from now."""
    start = now + timedelta(minutes=minutes)
    return {
        "Id": id, "Title": title, "Organizer": "Org Anizer", "Private": False, "Tentative": False, "Start": iso(start),
        "End": iso(start + timedelta(minutes=lasts)), "AllDay": False, "Service": "zoom", "How": "sip",
        "Address": "5364147796.•••@zoomcrc.com", "Shown": True,
        "Why": [{"Step": "service", "Saw": "a Zoom link", "Decided": "zoom"}],
        **more,
    }  # fmt: skip


def answer(
    *meetings: Any, calendar: str = "ok", bookings: str = "ok", notice: str = "", words: str = "", bad: Any = ()
) -> Any:
    """Of `List` and `Sync`."""
    return {
        "Meetings": list(meetings),
        "Calendar": {
            "State": calendar,
            "Words": notice if calendar == "ok" else words,
            "At": "2026-03-10T08:59:00.000Z",
        },
        "Bookings": {"State": bookings, "Words": words if bookings != "ok" else ""},
        "Bad": list(bad),
    }
