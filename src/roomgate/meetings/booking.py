"""A meeting becomes an entry of the device's own booking list.

Fields and limits of ``xCommand Bookings Put`` as in the device's published schema: start in UTC, duration in
minutes, buffers in seconds. A private meeting shows neither its title nor its organizer's mail, and its organizer's
name only where the site's house rules say so.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NewType

from roomgate.clock import iso
from roomgate.meetings.house_rules import DEFAULT, HouseRules, Private
from roomgate.meetings.meeting import How, Meeting

BookingId = NewType("BookingId", str)

PREFIX = "rg-"
UNTITLED = "Meeting"
_PLATFORMS = {"zoom": "Zoom", "webex": "Webex", "teams": "MicrosoftTeams", "meet": "GoogleMeet"}


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
    early_s: int = int(DEFAULT.early.total_seconds())
    late_s: int = 0

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=self.duration_min)

    @property
    def closes(self) -> datetime:
        """From when on it cannot be joined any more."""
        return self.end + timedelta(seconds=self.late_s)

    def joinable(self, now: datetime) -> bool:
        """Is the device's own join button open at this moment?"""
        return bool(self.number) and self.start - timedelta(seconds=self.early_s) <= now < self.closes

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
                "EndTimeBuffer": self.late_s,
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


def build_booking(meeting: Meeting, rules: HouseRules = DEFAULT, *, late_s: int = 0) -> Booking:
    """What a device shows of a meeting that it is to show; whether it is, and how long after its end (``late_s``) it
    can be joined, `showing.decide_shown` says."""
    number, protocol, platform = _dial(meeting)
    title, name, mail = _words(meeting, rules)
    minutes = -(-(meeting.end - meeting.start) // timedelta(minutes=1))
    return Booking(
        id=booking_id(meeting.uid, meeting.recurrence_id),
        title=title,
        number=number,
        protocol=protocol,
        platform=platform,
        organizer_name=name,
        organizer_email=mail,
        start=meeting.start,
        duration_min=max(1, minutes),
        private=meeting.private,
        early_s=int(rules.early.total_seconds()),
        late_s=late_s,
    )


def _words(meeting: Meeting, rules: HouseRules) -> tuple[str, str, str]:
    """Title, organizer's name and mail. The device wants a name; where there is none to tell, the title stands in."""
    organizer = meeting.organizer.name
    if not meeting.private:
        return meeting.title or organizer or UNTITLED, organizer or "Unknown", meeting.organizer.email
    if rules.private is Private.ORGANIZER and organizer:
        return organizer, organizer, ""
    return rules.private_title, rules.private_title, ""


def _dial(meeting: Meeting) -> tuple[str, str, str]:
    """Number, protocol and platform. Only Teams and Meet go with WebRTC; Webex and Zoom take the address as it is."""
    join, platform = meeting.join, _PLATFORMS.get(meeting.service, "Other")
    match join.how:
        case How.SIP:
            return join.address or "", "SIP", platform
        case How.H323:
            return join.address or "", "H323", platform
        case How.NATIVE:
            return join.address or "", "WebRTC" if meeting.service in ("teams", "meet") else "Spark", platform
        case How.NONE:
            return "", "None", "None"
