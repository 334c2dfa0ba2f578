"""A meeting becomes an entry of the device's own booking list.

Fields and limits of ``xCommand Bookings Put`` as in the device's published schema: start in UTC, duration in
minutes, buffers in seconds. A private meeting shows neither its title nor its organizer's mail.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NewType

from roomgate.clock import iso
from roomgate.meetings.meeting import How, Meeting

BookingId = NewType("BookingId", str)

PREFIX = "rg-"
EARLY_S = 300  # the button opens five minutes before
PRIVATE_TITLE = "Private meeting"
_PLATFORMS = {"zoom": "Zoom", "webex": "Webex", "teams": "MicrosoftTeams", "meet": "GoogleMeet", "sip": "Other"}


@dataclass(frozen=True, slots=True)
class Booking:
    """What one room's device is to show. ``number`` is empty where there is nothing to join."""

    id: BookingId
    title: str
    number: str = field(repr=False)  # may hold a passcode
    protocol: str
    platform: str
    organizer_name: str
    organizer_email: str
    start: datetime
    duration_min: int
    private: bool
    early_s: int = EARLY_S

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=self.duration_min)

    def joinable(self, now: datetime) -> bool:
        """Is the device's own join button open at this moment?"""
        return bool(self.number) and self.start - timedelta(seconds=self.early_s) <= now < self.end

    def to_json(self) -> dict[str, Any]:
        """One entry of the ``Bookings`` list of ``Bookings Put``."""
        organizer = {"Name": self.organizer_name}
        if self.organizer_email:
            organizer["Email"] = self.organizer_email
        entry: dict[str, Any] = {
            "Id": self.id,
            "MeetingId": self.id,
            "Title": self.title,
            "Number": self.number,
            "Protocol": self.protocol,
            "MeetingPlatform": self.platform,
            "Organizer": organizer,
            "Time": {
                "StartTime": iso(self.start),
                "Duration": self.duration_min,
                "StartTimeBuffer": self.early_s,
                "EndTimeBuffer": 0,
            },
            "Privacy": "Private" if self.private else "Public",
        }
        if self.number:
            entry["CallType"] = "Video"
        return entry


def booking_id(uid: str, recurrence_id: str) -> BookingId:
    """The same occurrence always has the same id, wherever and whenever it was read, even if it moves."""
    digest = hashlib.sha256(f"{len(uid)}:{uid}{recurrence_id}".encode()).hexdigest()
    return BookingId(PREFIX + digest[:32])


def plain_number(number: str) -> str:
    """How two spellings of one address compare: without scheme, in lower case."""
    low = number.strip().lower()
    return low.removeprefix("sips:").removeprefix("sip:").removeprefix("h323:")


def build_booking(meeting: Meeting) -> Booking | None:
    """None for a meeting that was called off."""
    if meeting.cancelled:
        return None
    number, protocol, platform = _dial(meeting)
    title = PRIVATE_TITLE if meeting.private else meeting.title or meeting.organizer.name or "Meeting"
    minutes = -(-(meeting.end - meeting.start) // timedelta(minutes=1))
    return Booking(
        id=booking_id(meeting.uid, meeting.recurrence_id),
        title=title,
        number=number,
        protocol=protocol,
        platform=platform,
        organizer_name=meeting.organizer.name or "Unknown",
        organizer_email="" if meeting.private else meeting.organizer.email,
        start=meeting.start,
        duration_min=max(1, minutes),
        private=meeting.private,
    )


def _dial(meeting: Meeting) -> tuple[str, str, str]:
    """Number, protocol and platform. Only Teams and Meet go with WebRTC; Webex and Zoom take the address as it is."""
    join, platform = meeting.join, _PLATFORMS.get(meeting.service, "None")
    match join.how:
        case How.SIP:
            return join.address or "", "SIP", platform
        case How.H323:
            return join.address or "", "H323", platform
        case How.NATIVE:
            return join.address or "", "WebRTC" if meeting.service in ("teams", "meet") else "Spark", platform
        case How.NONE:
            return "", "None", "None"
