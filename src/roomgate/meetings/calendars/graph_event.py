"""An event of Microsoft Graph becomes an invitation. Pure; whatever is wrong with it, only `BadInvitation` leaves.

Fields as in the published reference (learn.microsoft.com/graph/api/resources/event). The texts go by the names that
iCalendar has for them, so that the services and the rule packs need not know where an invitation came from:
``CONFERENCE`` is the event's online meeting, ``LOCATION`` its places, ``DESCRIPTION`` its body. The body is asked for
as HTML: what the server makes of it as plain text is not promised to keep the target of every link.
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
    is_midnight,
    mailbox,
    mailboxes,
    moment,
    said,
)
from roomgate.meetings.invite import BadInvitation, Invitation, Text, titled
from roomgate.meetings.meeting import Organizer, Step

FIELDS = (
    "id", "iCalUId", "type", "seriesMasterId", "originalStart", "transactionId", "subject", "body", "start", "end",
    "isAllDay", "isCancelled", "isOrganizer", "sensitivity", "showAs", "responseStatus", "organizer", "attendees",
    "location", "locations", "onlineMeeting", "onlineMeetingUrl",
)  # fmt: skip

# Exchange's own UIDs hold the day of the occurrence in four bytes, which are zero in the series' UID
# ([MS-OXOCAL] 2.2.1.27 and 2.2.1.28). With them zeroed, an occurrence has the UID that its .ics file has.
_EXCHANGE_UID = "040000008200E00074C5B7101A82E008"
_OPEN = ("normal", "")  # every other sensitivity, known or not, is kept from the screen


class _Address(msgspec.Struct):
    name: str | None = None
    address: str | None = None


class _Recipient(msgspec.Struct, rename="camel"):
    email_address: _Address | None = None


class _Response(msgspec.Struct):
    response: str | None = None


class _Attendee(msgspec.Struct, rename="camel"):
    email_address: _Address | None = None
    status: _Response | None = None


class _Time(msgspec.Struct, rename="camel"):
    date_time: str
    time_zone: str | None = None


class _Body(msgspec.Struct, rename="camel"):
    content_type: str | None = None
    content: str | None = None


class _Place(msgspec.Struct, rename="camel"):
    display_name: str | None = None
    location_uri: str | None = None


class _Online(msgspec.Struct, rename="camel"):
    join_url: str | None = None


class _Event(msgspec.Struct, rename="camel"):
    id: str
    start: _Time
    end: _Time
    uid: str | None = msgspec.field(default=None, name="iCalUId")
    type: str | None = None
    original_start: str | None = None
    transaction_id: str | None = None
    subject: str | None = None
    body: _Body | None = None
    is_all_day: bool | None = None
    is_cancelled: bool | None = None
    is_organizer: bool | None = None
    sensitivity: str | None = None
    show_as: str | None = None
    response_status: _Response | None = None
    organizer: _Recipient | None = None
    attendees: list[_Attendee] | None = None
    location: _Place | None = None
    locations: list[_Place] | None = None
    online_meeting: _Online | None = None
    online_meeting_url: str | None = None


def parse_entry(raw: Raw, own: str, zone: tzinfo = UTC) -> Entry:
    """``own``: the room's mailbox. ``zone``: where its days begin. Raises `BadInvitation`."""
    event = decode(raw, _Event)
    if not event.id:
        raise BadInvitation("the event has no id")
    if event.type == "seriesMaster":
        raise BadInvitation("a series came in place of its occurrences")
    steps: list[Step] = []
    all_day = bool(event.is_all_day)
    start = _moment(event.start, all_day, zone, steps)
    end = ended(start, _moment(event.end, all_day, zone, []), steps)
    room = mailbox(own)
    people = [one.email_address for one in event.attendees or () if one.email_address]
    organizer = (event.organizer.email_address if event.organizer else None) or _Address()
    invitation = Invitation(
        uid=_uid(event),
        recurrence_id=_recurrence_id(event, start),
        title=titled(event.subject or "", steps),
        start=start,
        end=end,
        all_day=all_day,
        organizer=Organizer(
            plaintext.line(organizer.name or "") or mailbox(organizer.address), mailbox(organizer.address)
        ),
        private=(event.sensitivity or "") not in _OPEN,
        cancelled=bool(event.is_cancelled),
        texts=_texts(event, steps),
        mailboxes=mailboxes([organizer.address, *(one.address for one in people)]),
        steps=tuple(steps),
        tentative=event.show_as == "tentative",  # the organizer is not sure, or the room has not said yes
        declined_by=_declined(event, room),
    )
    return Entry(
        event.id, invitation, bool(event.is_organizer), any(mailbox(one.address) not in ("", room) for one in people)
    )


def _moment(when: _Time, all_day: bool, zone: tzinfo, steps: list[Step]) -> datetime:
    name = when.time_zone or "UTC"
    there = find_zone(name)
    if there is None:
        steps.append(Step("time zone", plaintext.line(name, 80), f"unknown zone: taken as {zone}"))
    elif all_day and there is UTC and is_midnight(when.date_time):
        there = zone  # a day is a day wherever it is looked at; UTC is only the form that it is handed out in
    return moment(when.date_time, there or zone)


def _uid(event: _Event) -> str:
    if event.is_organizer and event.transaction_id:
        return plaintext.line(event.transaction_id, 500)  # booked by a program, maybe ours: its own name for it
    uid = plaintext.line(event.uid or "", 500)
    if uid.upper().startswith(_EXCHANGE_UID) and len(uid) >= len(_EXCHANGE_UID) + 8:
        at = len(_EXCHANGE_UID)
        return f"{uid[:at]}00000000{uid[at + 8 :]}"
    return uid or event.id


def _recurrence_id(event: _Event, start: datetime) -> str:
    if event.type not in ("occurrence", "exception"):
        return ""
    return (moment(event.original_start, UTC) if event.original_start else start).isoformat()


def _texts(event: _Event, steps: list[Step]) -> tuple[Text, ...]:
    texts: list[Text] = []
    for url in dict.fromkeys(
        (event.online_meeting.join_url if event.online_meeting else None, event.online_meeting_url)
    ):
        texts += said("CONFERENCE", url, steps)
    places = [event.location or _Place(), *(event.locations or ())]
    for place in dict.fromkeys(text for one in places for text in (one.display_name, one.location_uri)):
        texts += said("LOCATION", place, steps)
    if event.body:
        texts += said(
            "DESCRIPTION", event.body.content, steps, markup=(event.body.content_type or "").lower() == "html"
        )
    return tuple(texts)


def _declined(event: _Event, room: str) -> frozenset[str]:
    gone = [
        one.email_address.address
        for one in event.attendees or ()
        if one.email_address and one.status and one.status.response == "declined"
    ]
    if event.response_status and event.response_status.response == "declined":
        gone.append(room)
    return mailboxes(gone)
