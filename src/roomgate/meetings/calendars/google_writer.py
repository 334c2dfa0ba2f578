"""Writing into a room's calendar at Google.

A room that organizes an event may move it, and one that is invited may decline: that answer goes with the event's ETag,
so that nobody's own change in between is undone.
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime

import msgspec

from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable, Slot
from roomgate.meetings.calendars.entry import check_movable
from roomgate.meetings.calendars.google import Google, iso
from roomgate.meetings.calendars.google_event import OWN_UID
from roomgate.meetings.calendars.http import Answer

_TELL = "sendUpdates=all"  # who was invited is told


class _Self(msgspec.Struct):
    own: bool | None = msgspec.field(default=None, name="self")


class _Whose(msgspec.Struct):
    organizer: _Self | None = None
    attendees: list[dict[str, object]] = []


class GoogleWriter(Google):
    """A `Google` that is `Writable` too: the calendars are shared with the account to be changed."""

    async def book(self, room: RoomName, slot: Slot, uid: str) -> None:
        name = self._calendar(room)
        event = {
            "id": event_id(uid),  # a second request with it is a conflict, and makes no second event
            "summary": slot.title,
            "start": {"dateTime": iso(slot.start)},
            "end": {"dateTime": iso(slot.end)},
            "description": slot.organizer,
            "extendedProperties": {"private": {OWN_UID: uid}},
        }
        answer = await self._write(room, "POST", self._events(name), event)
        # A conflict is with our own first request, unless the event was deleted meanwhile: an id is not used twice.
        if answer.status != 200 and not (answer.status == 409 and await self._belled.find(room, uid, "") is not None):
            raise self._refused(answer, name)

    async def set_end(self, room: RoomName, uid: str, recurrence_id: str, end: datetime) -> None:
        name = self._calendar(room)
        entry = await self._belled.find(room, uid, recurrence_id)
        if entry is None:
            raise CalendarRefused("the meeting is not in the room's calendar any more")
        check_movable(entry, end)
        answer = await self._write(
            room, "PATCH", f"{self._events(name, entry)}?{_TELL}", {"end": {"dateTime": iso(end)}}
        )
        if answer.status != 200:
            raise self._refused(answer, name)

    async def release(self, room: RoomName, uid: str, recurrence_id: str) -> None:
        name = self._calendar(room)
        entry = await self._belled.find(room, uid, recurrence_id)
        if entry is None:
            return  # the time is free
        url = self._events(name, entry)
        for _ in range(2):
            now = await self._ask("GET", url, {}, b"")
            if now.status != 200:
                answer = now
            elif (guests := _declining(now.body, name)) is None:
                answer = await self._write(room, "DELETE", f"{url}?{_TELL}")
            else:
                etag = now.headers.get("etag", "*")
                answer = await self._write(room, "PATCH", f"{url}?{_TELL}", guests, {"If-Match": etag})
            if answer.status != 412:  # somebody else changed it in between: look again, once
                break
        if answer.status not in (200, 204, 404, 410):
            raise self._refused(answer, name)

    async def _write(
        self,
        room: RoomName,
        method: str,
        url: str,
        event: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        sent = {"Content-Type": "application/json", **(headers or {})}
        try:
            return await self._ask(method, url, sent, msgspec.json.encode(event) if event is not None else b"")
        finally:
            self._belled.touched(room)  # also where no answer came: it may have been done


def event_id(uid: str) -> str:
    """An id as Google wants one of whoever brings his own: base32hex in lower case, 5 to 1024 signs."""
    return base64.b32hexencode(hashlib.sha256(uid.encode()).digest()).decode().rstrip("=").lower()


def _declining(raw: bytes, name: str) -> Mapping[str, object] | None:
    """The list of those invited, with the room's own answer changed, since a patch replaces the whole list. None where
    the room was not invited by anybody else.
    """
    try:
        event = msgspec.json.decode(raw, type=_Whose)
    except (msgspec.MsgspecError, RecursionError, ValueError) as bad:
        raise CalendarUnreachable("the event cannot be read") from bad
    rooms = [guest for guest in event.attendees if guest.get("self") is True or guest.get("email") == name]
    if not rooms or (event.organizer and event.organizer.own):
        return None
    return {
        "attendees": [guest | {"responseStatus": "declined"} if guest in rooms else guest for guest in event.attendees]
    }
