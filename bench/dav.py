"""Very many calendars in one CalDAV server that does nothing else: what the synchronisation is measured with.

A program of its own. It reads JSON lines: ``{"do": "open", "rooms", "each", "today"}`` listens and says where; each
room has a collection ``/rooms/<number>/`` with so many meetings in the week from today. ``{"do": "change", "rooms"}``
moves the first meeting of each of these by an hour. What it answers is put together beforehand, so that it is not what
is measured; it knows tokens, queries and multigets as RFC 4791 and RFC 6578 have them, and no time ranges.
"""

import asyncio
from datetime import date, timedelta
from typing import Any

import uvicorn

from bench.program import serve_lines

_SPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:s="http://calendarserver.org/ns/"'
_SERIES_EVERY = 7  # one meeting of so many is a series
_TEXTS = (
    "Ada Example is inviting you to a scheduled Zoom meeting.\\n\\nJoin Zoom Meeting\\n"
    "https://example.zoom.us/j/91234567890?pwd=Ab1\\n\\nMeeting ID: 912 3456 7890\\nPasscode: 123456\\n\\n"
    "Join by SIP\\n91234567890@zoomcrc.com\\n\\nAgenda\\n",
    "Microsoft Teams Need help?\\nJoin the meeting now\\n"
    "https://teams.microsoft.com/meet/2288590034793?p=Ab1\\nMeeting ID: 228 859 003 479 3\\nPasscode: ab1cd2\\n\\n"
    "Join on a video conferencing device\\nTenant key: example@m.webex.com\\nVideo ID: 119 856 328 6\\n\\n",
    "Meeting number (access code): 2634 123 4567\\nMeeting password: Ab1\\n\\nJoin from a video system\\n"
    "Dial 26341234567@example.webex.com\\n\\n",
    "No video today.\\n\\n",
)
_AGENDA = "We look at what was decided, and at what is left to do. " * 20


class Room:
    """One collection: its meetings as they stand in an answer, and when each last changed."""

    def __init__(self, number: int, each: int, today: date) -> None:
        self.path = f"/rooms/{number}/"
        self.events = {f"{self.path}{n}.ics": _event(number, n, today, 0) for n in range(each)}
        self.version = 1
        self.versions = dict.fromkeys(self.events, 1)
        self._number, self._today = number, today

    def change(self) -> None:
        self.version += 1
        first = next(iter(self.events))
        self.versions[first] = self.version
        self.events[first] = _event(self._number, 0, self._today, self.version - 1)


class Server:
    def __init__(self) -> None:
        self.rooms: dict[str, Room] = {}
        self.asked = 0

    async def open(self, rooms: int, each: int, today: str) -> dict[str, Any]:
        made = [Room(number, each, date.fromisoformat(today)) for number in range(rooms)]
        self.rooms = {room.path: room for room in made}
        settings = uvicorn.Config(self, host="127.0.0.1", port=0, log_config=None, lifespan="off", access_log=False)
        self._server = uvicorn.Server(settings)
        self._task = asyncio.ensure_future(self._server.serve())  # noqa: TID251 (ends with the program)
        while not self._server.started:
            await asyncio.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return {"url": f"http://127.0.0.1:{port}/"}

    async def change(self, rooms: list[int]) -> dict[str, Any]:
        for number in rooms:
            self.rooms[f"/rooms/{number}/"].change()
        return {}

    async def count(self) -> dict[str, Any]:
        return {"asked": self.asked}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked += 1
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return  # it was given up
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        room = self.rooms.get(scope["path"])
        said = _answer(room, scope["method"], body.decode()) if room else ""
        head = [(b"content-type", b"application/xml"), (b"content-length", str(len(said.encode())).encode())]
        await send({"type": "http.response.start", "status": 207 if said else 404, "headers": head})
        await send({"type": "http.response.body", "body": said.encode()})


def _answer(room: Room, method: str, asked: str) -> str:
    if method == "PROPFIND":
        about = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>"
        return _whole([_found(room.path, f"{about}<d:sync-token>at:{room.version}</d:sync-token>")])
    if "calendar-query" in asked:
        wanted = list(room.events)
    elif "calendar-multiget" in asked:
        wanted = [href for href in room.events if f">{href}<" in asked]
    else:
        return _news(room, asked)
    bodies = "calendar-data" in asked
    return _whole([_found(href, _tag(room, href) + (_body(room, href) if bodies else "")) for href in wanted])


def _news(room: Room, asked: str) -> str:
    since = int(asked.partition(">at:")[2].partition("<")[0])
    news = [_found(href, _tag(room, href)) for href, version in room.versions.items() if version > since]
    return _whole([*news, f"<d:sync-token>at:{room.version}</d:sync-token>"])


def _body(room: Room, href: str) -> str:
    return f"<c:calendar-data>{room.events[href]}</c:calendar-data>"


def _tag(room: Room, href: str) -> str:
    return f'<d:getetag>"{room.versions[href]}"</d:getetag>'


def _found(href: str, props: str) -> str:
    status = "<d:status>HTTP/1.1 200 OK</d:status>"
    return f"<d:response><d:href>{href}</d:href><d:propstat><d:prop>{props}</d:prop>{status}</d:propstat></d:response>"


def _whole(parts: list[str]) -> str:
    return f"<d:multistatus {_SPACES}>{''.join(parts)}</d:multistatus>"


def _event(room: int, number: int, today: date, moved: int) -> str:
    """About two kilobytes, as calendars write them: a zone, people, a text."""
    day = (today + timedelta(days=1 + number % 6)).strftime("%Y%m%d")
    hour = 7 + (number // 6) * 2 + moved % 2
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//bench//EN", "BEGIN:VTIMEZONE", "TZID:Europe/Oslo",
        "BEGIN:DAYLIGHT", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "DTSTART:19700329T020000",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "END:DAYLIGHT", "BEGIN:STANDARD", "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100", "DTSTART:19701025T030000", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "END:STANDARD",
        "END:VTIMEZONE", "BEGIN:VEVENT", f"UID:r{room}-{number}@example.com", "DTSTAMP:20260301T080000Z",
        f"SEQUENCE:{moved}", f"DTSTART;TZID=Europe/Oslo:{day}T{hour:02}0000",
        f"DTEND;TZID=Europe/Oslo:{day}T{hour:02}4500", f"SUMMARY:Meeting {number} of room {room}",
        "ORGANIZER;CN=Ada Example:mailto:ada@example.com",
        f"ATTENDEE;CN=Room {room};PARTSTAT=ACCEPTED:mailto:room{room}@rooms.example.com",
        "ATTENDEE;CN=Bo Example:mailto:bo@example.com", "LOCATION:Oslo",
        f"DESCRIPTION:{_TEXTS[number % len(_TEXTS)]}{_AGENDA}",
    ]  # fmt: skip
    if number % _SERIES_EVERY == 0:
        lines.append("RRULE:FREQ=WEEKLY")
    return "\r\n".join([*lines, "END:VEVENT", "END:VCALENDAR", ""])


if __name__ == "__main__":
    server = Server()
    asyncio.run(serve_lines({"open": server.open, "change": server.change, "count": server.count}))
