"""CalDAV: each room's calendar is a collection, of which a copy is kept that follows what changes.

What touches the window is asked for once (calendar-query), with the collection's sync token; from then on only what
changed since (RFC 6578 sync-collection). A server without tokens is asked for its CTag, or else for all tags, and a
token that it no longer knows means that all is asked for anew: bodies whose tag is known are not fetched twice.

Addresses that a server names are taken as paths of the collection's own host; discovery alone may lead to another
host, and only to one that the configuration names. A password goes by TLS, or to this machine.
"""

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from roomgate.clock import Clock
from roomgate.ids import RoomName
from roomgate.meetings.calendars import edit
from roomgate.meetings.calendars.base import CalendarRefused, CalendarUnreachable, Slot, Snapshot, Source
from roomgate.meetings.calendars.credentials import Credentials
from roomgate.meetings.calendars.davfinder import Finder
from roomgate.meetings.calendars.davxml import (
    CAL,
    DAV,
    SERVER,
    BadMultistatus,
    Multistatus,
    Response,
    build_multiget,
    build_propfind,
    build_query,
    build_sync,
    names_error,
    parse_multistatus,
)
from roomgate.meetings.calendars.http import Answer, AnswerTooLarge, Web, host_of
from roomgate.meetings.calendars.polled import FRESH_S, POLL_S, Copy, Polled, wide
from roomgate.meetings.invite import BadInvitation, Window

MOST_EVENTS = 2000  # that touch a room's window
MOST_CHANGES = 200  # since the last look; with more, all is asked for
MOST_ROUNDS = 20  # of one answer that comes in parts
AT_A_TIME = 50  # bodies
_NO_SUCH_REPORT = frozenset({400, 405, 415, 501})
_NO_SUCH_TOKEN = frozenset({409, 410, 412, 507})
_XML = "application/xml; charset=utf-8"


class _Item(NamedTuple):
    """One resource of a collection, by the path that its server names."""

    href: str
    tag: str
    raw: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class _Room(Copy):
    url: str
    items: Mapping[str, _Item]  # by unquoted path: two spellings of one address are one
    token: str = ""
    ctag: str = ""


class CalDav:
    """One account's calendars, for the rooms that ``find`` names: as an address, a path, or a calendar's name."""

    def __init__(
        self,
        web: Web,
        credentials: Credentials,
        url: str,
        find: Callable[[RoomName], str | None],
        clock: Clock,
        dice: random.Random,
        *,
        hosts: Collection[str] = (),
        poll_s: float = POLL_S,
        fresh_s: float = FRESH_S,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """``hosts``: to which discovery may lead beside the url's own; ``.icloud.com`` stands for all below."""
        self._web = web
        self._credentials = credentials
        self._clock = clock
        self._finder = Finder(url, find, hosts, self._ask, clock)
        self._tokenless: set[RoomName] = set()
        self._polled = Polled(self._refresh, clock, dice, poll_s=poll_s, fresh_s=fresh_s, pause=pause)

    async def fetch(self, room: RoomName, window: Window) -> Snapshot:
        return await self._polled.fetch(room, window)

    async def changed(self, known: Mapping[RoomName, str | None]) -> dict[RoomName, str]:
        return await self._polled.changed(known)

    # -- writing

    async def book(self, room: RoomName, slot: Slot, uid: str) -> None:
        url = await self._finder.collection(room)
        href = urljoin(url, hashlib.sha256(uid.encode()).hexdigest()[:40] + ".ics")
        raw = edit.build_event(slot, uid, self._clock.now())
        answer = await self._send(room, "PUT", href, {"If-None-Match": "*"}, raw)
        # Some servers answer 409 or 403 to a uid that is there under another name (RFC 4791 5.3.2.1).
        if answer.status in (403, 409, 412) and uid in {
            one for item in (await self._polled.renewed(room)).items.values() for one in edit.uids(item.raw)
        }:
            return
        self._accept(answer)

    async def set_end(self, room: RoomName, uid: str, recurrence_id: str, end: datetime) -> None:
        def change(raw: bytes) -> bytes:
            return edit.with_end(raw, uid, recurrence_id, end, self._clock.now())

        if not await self._change(room, uid, change):
            raise CalendarRefused("The calendar has no such event.", hint=edit.NotThere.hint)

    async def release(self, room: RoomName, uid: str, recurrence_id: str) -> None:
        """Taken out of the room's own calendar; a server with scheduling then tells the organizer (RFC 6638 3.2.2)."""
        await self._change(room, uid, lambda raw: edit.without(raw, uid, recurrence_id, self._clock.now()))

    async def _change(self, room: RoomName, uid: str, change: Callable[[bytes], bytes | None]) -> bool:
        """Change the resource with this uid, and once more if somebody else changed it meanwhile."""
        for again in (True, False):
            copy = await self._polled.renewed(room, anew=True)
            item = next((one for one in copy.items.values() if uid in edit.uids(one.raw)), None)
            if item is None:
                return False
            try:
                raw = change(item.raw)
            except (BadInvitation, edit.NotThere) as bad:
                raise CalendarRefused(bad.message, hint=bad.hint) from bad
            if raw == item.raw:
                return True
            url, match = _at(copy.url, item.href), {"If-Match": item.tag} if item.tag else {}
            method = "DELETE" if raw is None else "PUT"
            answer = await self._send(room, method, url, match, raw or b"")
            if answer.status != 412 or not again:
                self._accept(answer)
                return True
        raise AssertionError("the second try returns or raises")

    async def _send(
        self, room: RoomName, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Answer:
        sent = {"Content-Type": "text/calendar; charset=utf-8", **headers} if body else dict(headers)
        try:
            return await self._ask(method, url, headers=sent, body=body, take=(403,))
        finally:
            self._polled.spoil(room)  # also where the outcome is not known: the next fetch tells it

    def _accept(self, answer: Answer) -> None:
        match answer.status:
            case 412 | 409:
                raise CalendarRefused("The event was changed meanwhile.", hint="Look at it again, then try again.")
            case 404 if answer.url:
                raise CalendarRefused("The calendar has no such event.", hint=edit.NotThere.hint)
            case status if not 200 <= status < 300:
                raise CalendarRefused(
                    f"The calendar does not let the account write (status {status}).",
                    hint="Give the account the right to write in the room's calendar.",
                )

    # -- reading

    async def _refresh(self, room: RoomName, window: Window, before: _Room | None) -> _Room:
        try:
            if before is not None and before.covered(window) and (later := await self._since(room, before)):
                return later
            return await self._whole(room, wide(window), before.items if before else {})
        except BadMultistatus as bad:
            raise CalendarUnreachable(f"the room's calendar sent {bad}", hint=bad.hint) from bad

    async def _since(self, room: RoomName, before: _Room) -> _Room | None:
        """What changed since the copy; None where all has to be asked for."""
        if before.token and room not in self._tokenless:
            return await self._by_token(room, before)
        if before.ctag and (await self._state(before.url))[1] == before.ctag:
            return before
        return None

    async def _by_token(self, room: RoomName, before: _Room) -> _Room | None:
        token, changed, gone = before.token, dict[str, tuple[str, str]](), set[str]()
        for _ in range(MOST_ROUNDS):
            answer = await self._report(
                before.url, build_sync(token), "1", take=(403, *_NO_SUCH_TOKEN, *_NO_SUCH_REPORT)
            )
            if answer.status != 207:
                self._judge_no_answer(room, answer)
                return None
            told, partly = parse_multistatus(answer.body), False
            for one in told.responses:
                path = _path(one.href)
                if path == _path(before.url):
                    partly = partly or one.status == 507  # the rest comes with the next token
                elif one.status == 404:
                    gone.add(path)
                    changed.pop(path, None)
                else:
                    gone.discard(path)
                    changed[path] = (one.href, one.text(DAV, "getetag"))
            if not told.token or len(changed) > MOST_CHANGES:
                return None
            token = told.token
            if not partly:
                break
        else:
            return None
        if not changed and not gone:
            return replace(before, token=token)
        kept = {path: item for path, item in before.items.items() if path not in gone}
        wanted = [(href, tag) for path, (href, tag) in changed.items() if not tag or kept.get(path, _NONE).tag != tag]
        fetched = await self._bodies(before.url, wanted)
        for href, _ in wanted:
            kept.pop(_path(href), None)  # what is gone again has no body
        return self._copy(replace(before, token=token), {**kept, **fetched})

    def _judge_no_answer(self, room: RoomName, answer: Answer) -> None:
        """The server gives nothing for the token: because it no longer knows it, or never takes one."""
        if answer.status == 404:
            raise _not_found(answer)
        if answer.status == 403 and not names_error(answer.body, DAV, "valid-sync-token"):
            if not names_error(answer.body, DAV, "supported-report"):
                raise CalendarRefused(f"{host_of(answer.url)} no longer lets the account read this calendar")
            self._tokenless.add(room)
        if answer.status in _NO_SUCH_REPORT:
            self._tokenless.add(room)

    async def _whole(self, room: RoomName, window: Window, known: Mapping[str, _Item]) -> _Room:
        url = await self._finder.collection(room)
        try:
            token, ctag = await self._state(url)  # before the events: what comes meanwhile is told twice, not never
        except CalendarUnreachable:
            self._finder.forget(room)  # it may have moved
            raise
        told = await self._query(url, window, bodies=not known)
        there = [(one.href, one.text(DAV, "getetag")) for one in told]
        if len(there) > MOST_EVENTS:
            raise CalendarUnreachable(f"the room's calendar has more than {MOST_EVENTS} events in a week")
        had = {
            path: item
            for href, tag in there
            if tag and (item := known.get(path := _path(href))) is not None and item.tag == tag
        } | _items(told)
        fetched = await self._bodies(url, [(href, tag) for href, tag in there if _path(href) not in had])
        return self._copy(_Room(_NOTHING, window, url, {}, token, ctag), {**had, **fetched})

    async def _query(self, url: str, window: Window, *, bodies: bool) -> list[Response]:
        """The events of the window. With their bodies at once where none is known yet: one request less."""
        try:
            told = _parsed(await self._report(url, build_query(window, bodies=bodies), "1")).responses
        except AnswerTooLarge:
            if not bodies:
                raise
            return await self._query(url, window, bodies=False)
        if any(one.status == 507 for one in told):
            raise CalendarUnreachable(f"{host_of(url)} gives only a part of the room's calendar")
        return [one for one in told if one.status in (0, 200) and one.href and _path(one.href) != _path(url)]

    async def _state(self, url: str) -> tuple[str, str]:
        """The collection's token and CTag, each empty where it has none."""
        body = build_propfind("d:resourcetype", "d:sync-token", "s:getctag")
        answer = await self._ask("PROPFIND", url, headers={"Depth": "0", "Content-Type": _XML}, body=body)
        for one in _parsed(answer).responses:
            kind = one.props.first(DAV, "resourcetype")
            if kind is not None and kind.first(CAL, "calendar") is None:
                raise CalendarUnreachable(
                    f"what {host_of(url)} has at this address is no calendar", hint="Check the room's address."
                )
            return one.text(DAV, "sync-token"), one.text(SERVER, "getctag")
        raise CalendarUnreachable(f"{host_of(url)} says nothing of the room's calendar")

    async def _bodies(self, url: str, wanted: Sequence[tuple[str, str]]) -> dict[str, _Item]:
        found: dict[str, _Item] = {}
        for start in range(0, len(wanted), AT_A_TIME):
            found |= await self._some_bodies(url, wanted[start : start + AT_A_TIME])
        return found

    async def _some_bodies(self, url: str, wanted: Sequence[tuple[str, str]]) -> dict[str, _Item]:
        if not wanted:
            return {}
        try:
            answer = await self._report(url, build_multiget(urlsplit(_at(url, href)).path for href, _ in wanted), "1")
        except AnswerTooLarge:
            if len(wanted) == 1:  # an event that is too large by itself: told as a bad one, and takes none along
                ((href, tag),) = wanted
                return {_path(href): _item(href, tag, b"")}
            half = len(wanted) // 2
            return await self._some_bodies(url, wanted[:half]) | await self._some_bodies(url, wanted[half:])
        asked = {_path(href) for href, _ in wanted}
        return {path: item for path, item in _items(_parsed(answer).responses).items() if path in asked}

    def _copy(self, room: _Room, items: Mapping[str, _Item]) -> _Room:
        # Tasks and journals may lie in the same collection; a body that was too large is told as a bad one.
        ordered = sorted((path, item) for path, item in items.items() if not item.raw or b"BEGIN:VEVENT" in item.raw)
        cursor = hashlib.sha256(repr([(path, item.digest) for path, item in ordered]).encode()).hexdigest()
        sources = tuple(Source(path.rstrip("/").rsplit("/", 1)[-1], item.raw) for path, item in ordered)
        return replace(room, snapshot=Snapshot(sources, cursor), items=items)

    async def _report(self, url: str, body: bytes, depth: str, take: Iterable[int] = ()) -> Answer:
        return await self._ask(
            "REPORT", url, headers={"Depth": depth, "Content-Type": _XML}, body=body, take=tuple(take)
        )

    async def _ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        take: Collection[int] = (),
        follow: Collection[str] = (),
    ) -> Answer:
        sent = {**headers, **self._credentials.headers()}
        return await self._web.ask(method, url, headers=sent, body=body, take=take, follow=follow)


_NOTHING = Snapshot((), "")
_NONE = _Item("", "", b"", b"")


def _items(told: Iterable[Response]) -> dict[str, _Item]:
    """Those that came with their bodies."""
    return {
        _path(one.href): _item(one.href, one.text(DAV, "getetag"), data.text.encode())
        for one in told
        if one.status in (0, 200) and (data := one.props.first(CAL, "calendar-data"))
    }


def _item(href: str, tag: str, raw: bytes) -> _Item:
    return _Item(href, tag, raw, hashlib.sha256(raw).digest())


def _at(url: str, href: str) -> str:
    """A resource of the collection, at the collection's own host: the password goes along, whatever a server names."""
    path = urlsplit(urljoin(url, href)).path
    return urlunsplit(urlsplit(url)._replace(path=path, query="", fragment=""))


def _path(href: str) -> str:
    """How two spellings of one resource compare."""
    try:
        return unquote(urlsplit(href).path)
    except ValueError:
        return ""


def _parsed(answer: Answer) -> Multistatus:
    if answer.status == 404:
        raise _not_found(answer)
    if answer.status != 207:
        raise BadMultistatus(f"an answer with status {answer.status}")
    return parse_multistatus(answer.body)


def _not_found(answer: Answer) -> CalendarUnreachable:
    return CalendarUnreachable(
        f"{host_of(answer.url)} has no calendar at the room's address",
        hint="Check the room's address or the calendar's name, and that the account sees it.",
    )
