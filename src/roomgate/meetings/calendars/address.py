"""A calendar that is published as one .ics file at an address of its own (``https://``, ``webcal://``). Read only.

Such an address often is the secret: whoever has it reads the calendar. So it is kept as one, and told nowhere. The
file is asked for only if it changed (ETag, Last-Modified), and whole once a day, as the window moves on.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from roomgate.clock import Clock
from roomgate.errors import BadInput
from roomgate.ids import RoomName
from roomgate.meetings.calendars import feed
from roomgate.meetings.calendars.base import CalendarUnreachable, Snapshot
from roomgate.meetings.calendars.credentials import Credentials, NoCredentials
from roomgate.meetings.calendars.davfinder import private
from roomgate.meetings.calendars.http import Web, host_of
from roomgate.meetings.calendars.polled import FRESH_S, POLL_S, Copy, Polled, wide
from roomgate.meetings.invite import BadInvitation, Window
from roomgate.redact import Secret

MOST_EVENTS = 2000  # that touch a room's window
_WITHDRAWN = "The address may have been withdrawn: have the calendar's owner publish it again, and give the new one."


@dataclass(frozen=True, slots=True)
class _Room(Copy):
    tag: str = ""
    modified: str = ""


class Address:
    """``find`` gives a room's address, None where it has none. It may raise `CalendarRefused`."""

    def __init__(
        self,
        web: Web,
        find: Callable[[RoomName], Secret[str] | None],
        clock: Clock,
        dice: random.Random,
        *,
        credentials: Credentials | None = None,
        poll_s: float = POLL_S,
        fresh_s: float = FRESH_S,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._web = web
        self._find = find
        self._credentials = credentials or NoCredentials()
        self._polled = Polled(self._refresh, clock, dice, poll_s=poll_s, fresh_s=fresh_s, pause=pause)

    async def fetch(self, room: RoomName, window: Window) -> Snapshot:
        return await self._polled.fetch(room, window)

    async def changed(self, known: Mapping[RoomName, str | None]) -> dict[RoomName, str]:
        return await self._polled.changed(known)

    async def _refresh(self, room: RoomName, window: Window, before: _Room | None) -> _Room:
        url, held = self._url(room), before if before is not None and before.covered(window) else None
        asked = {"Accept": "text/calendar, */*;q=0.1", **self._credentials.headers()}
        if held and held.tag:
            asked["If-None-Match"] = held.tag
        if held and held.modified:
            asked["If-Modified-Since"] = held.modified
        answer = await self._web.ask("GET", url, headers=asked, take=(404, 410), follow=(host_of(url),))
        if answer.status == 304 and held:
            return held
        if answer.status in (404, 410):
            raise CalendarUnreachable(f"{host_of(url)} has no calendar at the room's address", hint=_WITHDRAWN)
        if answer.status != 200:
            raise CalendarUnreachable(f"{host_of(url)} answers with status {answer.status}")
        covers = held.covers if held else wide(window)
        try:
            sources = await asyncio.to_thread(feed.split, answer.body, covers)  # large, maybe; a cut must not wait
        except BadInvitation as bad:
            raise CalendarUnreachable(
                f"{host_of(url)}: {bad.message}",
                hint="Open the address in a browser: it may be a page for people, or one that asks to sign in.",
            ) from bad
        if len(sources) > MOST_EVENTS:
            raise CalendarUnreachable(f"the room's calendar has more than {MOST_EVENTS} events in a week")
        cursor = feed.cursor(sources)
        told = answer.headers
        same = held if held and held.snapshot.cursor == cursor else _Room(Snapshot(sources, cursor), covers)
        return replace(same, tag=told.get("etag", ""), modified=told.get("last-modified", ""))

    def _url(self, room: RoomName) -> str:
        secret = self._find(room)
        if secret is None:
            raise CalendarUnreachable(f"no calendar is named for {room}", hint="Name it under rooms.")
        try:
            return plain_address(secret.reveal())
        except BadInput as bad:
            raise CalendarUnreachable(f"{room}: {bad.message}") from bad


def plain_address(text: str) -> str:
    """The address as it is asked for. Raises BadInput, without the address, where nobody could keep it secret."""
    text = text.strip()
    for scheme in ("webcals://", "webcal://"):
        if text.lower().startswith(scheme):
            text = "https://" + text[len(scheme) :]
    host_of(text)
    if urlsplit(text).username is not None:
        raise BadInput("a calendar's address takes no user or password: name user and password_file")
    if not private(text):
        raise BadInput("a calendar's address has to begin with https:// or webcal://")
    return text
