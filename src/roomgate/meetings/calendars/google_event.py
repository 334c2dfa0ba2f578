"""An event of Google Calendar becomes an invitation. Pure; whatever is wrong with it, only `BadInvitation` leaves.

Fields as in the published reference (developers.google.com/workspace/calendar/api/v3/reference/events). As with
Microsoft's, the texts go by iCalendar's names: ``CONFERENCE`` is the conference data, ``LOCATION`` and ``DESCRIPTION``
are the event's own, the latter HTML or not.
"""

from datetime import UTC, datetime, tzinfo

import msgspec

from roomgate.meetings import plaintext
from roomgate.meetings.calendars.entry import (
    Entry,
    Raw,
    decode,
    ended,
    find_zone,
    mailbox,
    mailboxes,
    moment,
    said,
)
from roomgate.meetings.invite import BadInvitation, Invitation, Text, titled
from roomgate.meetings.meeting import Organizer, Step

OWN_UID = "roomgateUid"  # a private property of this calendar's copy: no invitation from elsewhere can bring it along
_MEETINGS = ("default", "fromGmail")  # not a birthday, not a working place, not somebody's focus time
_OPEN = ("default", "public")  # every other visibility, known or not, is kept from the screen


class _Person(msgspec.Struct, rename="camel"):
    email: str | None = None
    display_name: str | None = None
    own: bool | None = msgspec.field(default=None, name="self")


class _Attendee(msgspec.Struct, rename="camel"):
    email: str | None = None
    own: bool | None = msgspec.field(default=None, name="self")
    response_status: str | None = None


class _Time(msgspec.Struct, rename="camel"):
    date: str | None = None
    date_time: str | None = None
    time_zone: str | None = None


class _EntryPoint(msgspec.Struct, rename="camel"):
    entry_point_type: str | None = None
    uri: str | None = None
    meeting_code: str | None = None
    passcode: str | None = None
    password: str | None = None
    pin: str | None = None
    access_code: str | None = None


class _Conference(msgspec.Struct, rename="camel"):
    entry_points: list[_EntryPoint] | None = None
    notes: str | None = None


class _Properties(msgspec.Struct):
    private: dict[str, str] | None = None


class _Event(msgspec.Struct, rename="camel"):
    id: str
    status: str | None = None
    event_type: str | None = None
    uid: str | None = msgspec.field(default=None, name="iCalUID")
    recurring_event_id: str | None = None
    original_start_time: _Time | None = None
    summary: str | None = None
    description: str | None = None
    location: str | None = None
    start: _Time | None = None
    end: _Time | None = None
    visibility: str | None = None
    organizer: _Person | None = None
    attendees: list[_Attendee] | None = None
    guests_can_modify: bool | None = None
    hangout_link: str | None = None
    conference_data: _Conference | None = None
    extended_properties: _Properties | None = None


def parse_entry(raw: Raw, own: str, zone: tzinfo = UTC) -> Entry | None:
    """None for what is no meeting: a deleted event, of which only the id is left, or a birthday.

    ``own``: the calendar's id. ``zone``: where its days begin. Raises `BadInvitation`.
    """
    event = decode(raw, _Event)
    if not event.id:
        raise BadInvitation("the event has no id")
    if event.status == "cancelled" or (event.event_type or "default") not in _MEETINGS:
        return None
    if event.start is None:
        raise BadInvitation("the event has no start")
    steps: list[Step] = []
    start = _moment(event.start, zone, steps)
    end = ended(start, _moment(event.end, zone, []) if event.end else start, steps)
    room = mailbox(own)
    people = event.attendees or []
    organizer = event.organizer or _Person()
    invitation = Invitation(
        uid=_uid(event),
        recurrence_id=_recurrence_id(event, start, zone),
        title=titled(event.summary or "", steps),
        start=start,
        end=end,
        all_day=event.start.date_time is None,
        organizer=Organizer(
            plaintext.line(organizer.display_name or "") or mailbox(organizer.email), mailbox(organizer.email)
        ),
        private=(event.visibility or "default") not in _OPEN,
        cancelled=False,
        texts=_texts(event, steps),
        mailboxes=mailboxes([organizer.email, *(one.email for one in people)]),
        steps=tuple(steps),
        tentative=event.status == "tentative" or any(one.own and one.response_status == "tentative" for one in people),
        declined_by=_declined(people, room),
    )
    mine = bool(organizer.own) or mailbox(organizer.email) == room
    guests = any(not one.own and mailbox(one.email) not in ("", room) for one in people)
    return Entry(event.id, invitation, mine or bool(event.guests_can_modify), guests)


def _moment(when: _Time, zone: tzinfo, steps: list[Step]) -> datetime:
    there = find_zone(when.time_zone or "")
    if when.time_zone and there is None:
        steps.append(Step("time zone", plaintext.line(when.time_zone, 80), f"unknown zone: taken as {zone}"))
    text = when.date_time or when.date
    if text is None:
        raise BadInvitation("a time is missing")
    return moment(text, there or zone)


def _uid(event: _Event) -> str:
    private = (event.extended_properties.private if event.extended_properties else None) or {}
    return plaintext.line(private.get(OWN_UID) or event.uid or event.recurring_event_id or event.id, 500)


def _recurrence_id(event: _Event, start: datetime, zone: tzinfo) -> str:
    if not event.recurring_event_id:
        return ""
    return (_moment(event.original_start_time, zone, []) if event.original_start_time else start).isoformat()


def _texts(event: _Event, steps: list[Step]) -> tuple[Text, ...]:
    texts: list[Text] = []
    conference = event.conference_data or _Conference()
    for point in (conference.entry_points or ())[:50]:
        # A phone number is for people, and "more" is a page about other numbers: neither is a way in for a device.
        if point.entry_point_type in ("video", "sip"):
            texts += said("CONFERENCE", _way_in(point), steps)
    texts += said("CONFERENCE", conference.notes, steps)
    if not any(event.hangout_link and event.hangout_link in text.text for text in texts):
        texts += said("X-GOOGLE-HANGOUT-LINK", event.hangout_link, steps)
    texts += said("LOCATION", event.location, steps)
    texts += said("DESCRIPTION", event.description, steps)
    return tuple(texts)


def _way_in(point: _EntryPoint) -> str:
    """The address and its codes in the words that invitations have for them."""
    codes = (
        ("Meeting ID", point.meeting_code),
        ("Passcode", point.passcode or point.password),
        ("PIN", point.pin),
        ("Access code", point.access_code),
    )
    return "\n".join([point.uri or "", *(f"{name}: {plaintext.line(code, 100)}" for name, code in codes if code)])


def _declined(people: list[_Attendee], room: str) -> frozenset[str]:
    gone = [one for one in people if one.response_status == "declined"]
    return mailboxes(one.email for one in gone) | (mailboxes([room]) if any(one.own for one in gone) else frozenset())
