"""Writing into a room's mailbox at Microsoft 365.

It is for the room's own bookings. What somebody else organizes is theirs: the room can decline it, not move it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import CalendarRefused, Slot
from roomgate.meetings.calendars.entry import check_movable
from roomgate.meetings.calendars.graph import Graph
from roomgate.meetings.calendars.http import Answer

_DONE = (200, 201, 202, 204)


class GraphWriter(Graph):
    """A `Graph` that is `Writable` too: the application's role is Calendars.ReadWrite."""

    async def book(self, room: RoomName, slot: Slot, uid: str) -> None:
        name = self._mailbox(room)
        if await self._belled.find(room, uid, "") is not None:
            return
        event = {
            "subject": slot.title,
            "start": _at(slot.start),
            "end": _at(slot.end),
            "body": {"contentType": "text", "content": slot.organizer},
            "isReminderOn": False,
            "showAs": "busy",
            "transactionId": uid,  # a second request with it makes no second event
        }
        answer = await self._write(room, "POST", self._events(name), event)
        # What a repeated transactionId is answered with is not published: that the event is there is what counts.
        if answer.status not in _DONE and await self._belled.find(room, uid, "") is None:
            raise self._refused(answer, name)

    async def set_end(self, room: RoomName, uid: str, recurrence_id: str, end: datetime) -> None:
        name = self._mailbox(room)
        entry = await self._belled.find(room, uid, recurrence_id)
        if entry is None:
            raise CalendarRefused("the meeting is not in the room's calendar any more")
        check_movable(entry, end)
        answer = await self._write(room, "PATCH", self._events(name, entry), {"end": _at(end)})
        if answer.status not in _DONE:
            raise self._refused(answer, name)

    async def release(self, room: RoomName, uid: str, recurrence_id: str) -> None:
        name = self._mailbox(room)
        entry = await self._belled.find(room, uid, recurrence_id)
        if entry is None:
            return  # the time is free
        url, why = self._events(name, entry), {"comment": "The room was released."}
        if not entry.own:
            answer = await self._write(room, "POST", f"{url}/decline", {**why, "sendResponse": True})
        elif entry.guests:
            answer = await self._write(room, "POST", f"{url}/cancel", why)
        else:
            answer = await self._write(room, "DELETE", url)
        if answer.status not in (*_DONE, 404):
            raise self._refused(answer, name)

    async def _write(self, room: RoomName, method: str, url: str, event: Mapping[str, object] | None = None) -> Answer:
        headers = {"Prefer": 'IdType="ImmutableId"', "Content-Type": "application/json"}
        body = msgspec.json.encode(event) if event is not None else b""
        try:
            return await self._bearer.ask(
                method, url, headers=headers, body=body, take={400, 403, 404, 409, 412}, lane=self._mailbox(room)
            )
        finally:
            self._belled.touched(room)  # also where no answer came: it may have been done


def _at(when: datetime) -> dict[str, str]:
    return {"dateTime": when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}
