"""Where a room's CalDAV collection is: an address, a path, or a calendar's name that the account is asked for.

Discovery goes as RFC 6764 and RFC 4791 have it: the address, or ``/.well-known/caldav``, names the principal, that
names its home, and the home lists its calendars. It may lead to another host (iCloud's does), but only to one that
the configuration names: the password goes along.
"""

import asyncio
import ipaddress
from collections.abc import Callable, Collection
from typing import Protocol
from urllib.parse import unquote, urljoin, urlsplit

from roomgate.clock import Clock
from roomgate.errors import BadInput
from roomgate.ids import RoomName
from roomgate.meetings.calendars.base import CalendarUnreachable
from roomgate.meetings.calendars.davxml import CAL, DAV, Multistatus, build_propfind, parse_multistatus
from roomgate.meetings.calendars.http import Answer, host_of
from roomgate.redact import foreign

AGAIN_S = 60.0  # a name that was not found is not looked for again sooner
_XML = "application/xml; charset=utf-8"
_PRINCIPAL = build_propfind("d:current-user-principal", "c:calendar-home-set", "d:resourcetype")
_HOME = build_propfind("c:calendar-home-set")
_LIST = build_propfind("d:displayname", "d:resourcetype")


class Ask(Protocol):
    async def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str],
        body: bytes = b"",
        take: Collection[int] = (),
        follow: Collection[str] = (),
    ) -> Answer: ...


class Finder:
    """Remembers what it found until it is told to forget. Raises what ``ask`` raises, and `BadMultistatus`."""

    def __init__(
        self, url: str, find: Callable[[RoomName], str | None], hosts: Collection[str], ask: Ask, clock: Clock
    ) -> None:
        self._url = url
        self._find = find
        self._hosts = (host_of(url), *hosts)
        self._ask = ask
        self._clock = clock
        self._names: dict[str, str] = {}  # display names and last parts of addresses → address
        self._asked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def collection(self, room: RoomName) -> str:
        """The room's address, with a slash at its end. Raises `CalendarUnreachable` where there is none."""
        place = self._find(room)
        if place is None:
            raise CalendarUnreachable(f"no calendar is named for {room}", hint="Name it under rooms.")
        if "/" in place:
            return self._checked(urljoin(self._url, place)).rstrip("/") + "/"
        async with self._lock:
            if place not in self._names and self._clock.monotonic() - self._asked_at >= AGAIN_S:
                self._names = await self._discovered()
                self._asked_at = self._clock.monotonic()
        if place not in self._names:
            known = ", ".join(repr(name) for name in sorted(self._names)[:10])
            raise CalendarUnreachable(
                f"the account has no calendar named {place!r}",
                hint=f"It has {known}." if known else "It has no calendars: share the room's with it.",
            )
        return self._names[place]

    def forget(self, room: RoomName) -> None:
        """The room's address did not do: a name is looked for anew."""
        place = self._find(room)
        if place is not None and "/" not in place:
            self._names.pop(place, None)

    async def _discovered(self) -> dict[str, str]:
        home = await self._home()
        answer, listed = await self._propfind(home, _LIST, "1")
        found: dict[str, set[str]] = {}
        for one in listed.responses:
            kind = one.props.first(DAV, "resourcetype")
            if kind is None or kind.first(CAL, "calendar") is None:
                continue
            url = self._checked(urljoin(answer.url, one.href)).rstrip("/") + "/"
            for name in (unquote(urlsplit(url).path).rstrip("/").rsplit("/", 1)[-1], one.text(DAV, "displayname")):
                found.setdefault(name, set()).add(url)
        # A name of two calendars is none: a room must not show another one's meetings.
        return {name: next(iter(urls)) for name, urls in found.items() if name and len(urls) == 1}

    async def _home(self) -> str:
        for start in (self._url, urljoin(self._url, "/.well-known/caldav")):
            answer, told = await self._propfind(start, _PRINCIPAL, "0", missing=start == self._url)
            for one in told.responses:
                if home := one.href_in(CAL, "calendar-home-set"):
                    return self._checked(urljoin(answer.url, home))
                if principal := one.href_in(DAV, "current-user-principal"):
                    return await self._home_of(self._checked(urljoin(answer.url, principal)))
        raise CalendarUnreachable(
            f"{host_of(self._url)} does not say where the account's calendars are",
            hint="Give each room the address of its calendar.",
        )

    async def _home_of(self, principal: str) -> str:
        answer, told = await self._propfind(principal, _HOME, "0")
        for one in told.responses:
            if home := one.href_in(CAL, "calendar-home-set"):
                return self._checked(urljoin(answer.url, home))
        raise CalendarUnreachable(f"{host_of(principal)} does not say where the account's calendars are")

    async def _propfind(self, url: str, body: bytes, depth: str, missing: bool = False) -> tuple[Answer, Multistatus]:
        answer = await self._ask(
            "PROPFIND", url, headers={"Depth": depth, "Content-Type": _XML}, body=body,
            take=(404, 405), follow=(host_of(self._url),),
        )  # fmt: skip
        if answer.status == 207:
            return answer, parse_multistatus(answer.body)
        if missing:
            return answer, Multistatus(())
        raise CalendarUnreachable(
            f"{host_of(url)} answers as no CalDAV server does, with status {answer.status}",
            hint="Check the calendar's url.",
        )

    def _checked(self, url: str) -> str:
        """An address that the password may go to. Raises `CalendarUnreachable`."""
        try:
            host = host_of(url)
        except BadInput as bad:
            raise CalendarUnreachable("the room's address is none of the web") from bad
        if not any(host == one or (one.startswith(".") and host.endswith(one)) for one in self._hosts):
            raise CalendarUnreachable(
                f"the calendar is at {foreign(host, 100)}, which is not named",
                hint="If it is yours or your provider's, name it under hosts; the password goes there.",
            )
        if not private(url):
            raise CalendarUnreachable("the calendar's address is not one of https")
        return url


def private(url: str) -> bool:
    """Whether nobody on the way can read what is sent there: by TLS, or to this machine. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return True
    host = parts.hostname or ""
    try:
        return parts.scheme == "http" and (host == "localhost" or ipaddress.ip_address(host).is_loopback)
    except ValueError:
        return False
