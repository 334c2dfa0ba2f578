"""The console's pages behind the real door, with a real database, and a connector's end of the link in memory."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from roomgate.clock import iso
from roomgate.hub.app import build_app
from roomgate.hub.http.asgi import App
from roomgate.hub.http.door import COOKIE
from roomgate.hub.program import extend_with
from roomgate.hub.relay.extension import open_relay
from roomgate.hub.relay.parts import RelayParts
from roomgate.ids import ConnectorId, SiteId
from roomgate.link.messages import Heartbeat, Outcome, RoomInfo, State
from support.hub import Hub, info, running
from support.relay_rig import FakeLink

ALL = ("observe", "bookings", "call", "in-call", "av-control", "privacy", "configure")


class Site(FakeLink):
    """A connector whose devices answer by rote. ``answers``: by the beginning of the call, a value or what
    makes one of the call; ``silent``: not at all."""

    def __init__(self, console: "Console", connector: Any, rooms: list[RoomInfo], group: asyncio.TaskGroup) -> None:
        super().__init__(console.hub.clock)
        self.connector, self.site = ConnectorId(connector.id), SiteId(connector.site)
        self.hello = type(self.hello)(1, connector.id, self.nonce, "test", "policy", "digest", rooms, [])
        self.answers: dict[str, Outcome | Any] = {}
        self.silent = False
        self._console, self._group = console, group

    def send_signed(self, make: Any) -> None:
        before = len(self.orders)
        super().send_signed(make)
        for order in self.orders[before:]:
            if not self.silent:
                self._group.create_task(self._answer(order))

    async def _answer(self, order: Any) -> None:
        text = str(order.call())
        found = next((said for start, said in self.answers.items() if text.startswith(start)), None)
        if callable(found):
            found = found(order.call())
        if isinstance(found, Outcome):
            said = Outcome(order.id, found.outcome, found.result, found.rule, found.words)
        else:
            said = Outcome(order.id, "done", found)
        await self._console.relay.events.message(self, said)


@dataclass
class Console:
    hub: Hub
    relay: RelayParts
    app: App
    http: httpx.AsyncClient
    site: Site | None = None
    _group: asyncio.TaskGroup = field(default_factory=asyncio.TaskGroup)

    async def connect(self, *names: str) -> Site:
        """A connector with these rooms, linked and beating."""
        connector = await self.hub.rooms(*names)
        self.site = Site(self, connector, [info(name) for name in names], self._group)
        await self.relay.events.arrived(self.site)
        self.site.leases.beat(1, self.hub.clock.monotonic())
        await self.relay.events.message(self.site, Heartbeat(1, []))
        return self.site

    async def state(self, room: str, status: dict[str, Any]) -> None:
        """What the site lets out of this room's state."""
        assert self.site is not None
        await self.relay.events.message(self.site, State(f"device-{room}", {"Status": status}, True))

    async def as_(self, name: str, language: str = "en") -> "Reader":
        """This person, signed in with a browser; the administrator is ada."""
        signed, cookie = (self.hub.admin, self.hub.cookie) if name == "ada" else await self.hub.sign_in(name)
        assert signed.web is not None
        return Reader(self.http, {"Cookie": f"{COOKIE}={cookie}", "Accept-Language": language}, signed.web.csrf)

    async def guest(self, name: str, room: str, *capabilities: str, minutes: float = 10) -> "Reader":
        """Somebody new with a grant on a room."""
        await self.hub.person(name)
        for capability in capabilities:
            await self.hub.grant(name, room, minutes=minutes, capability=capability)
        return await self.as_(name)


@dataclass
class Reader:
    """A browser without script: it reads pages and sends their forms."""

    http: httpx.AsyncClient
    headers: dict[str, str]
    csrf: str

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(path, headers={**self.headers, "Accept": "text/html", **headers})

    async def post(self, path: str, **fields: str | list[str]) -> httpx.Response:
        """Send a form; gives the page that it leads to."""
        return await self._sent(path, fields)

    async def send(self, path: str, fields: dict[str, str], files: list[tuple[str, bytes]]) -> httpx.Response:
        """The same for a form with a field ``files``, in which these were chosen."""
        return await self._sent(path, fields, [("files", file) for file in files or [("", b"")]])

    async def _sent(self, path: str, fields: dict[str, Any], files: Any = None) -> httpx.Response:
        headers = {**self.headers, "Accept": "text/html"}
        answer = await self.http.post(path, data={"csrf": self.csrf, **fields}, files=files, headers=headers)
        if answer.status_code == httpx.codes.SEE_OTHER:
            return await self.get(answer.headers["location"].split("#")[0])
        return answer


def words(page: httpx.Response | str) -> str:
    """The text of a page, without its markup."""
    text = page if isinstance(page, str) else page.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))


def booking(hub: Hub, id: str, title: str, number: str = "meet@example.com", minutes: float = 5, **more: Any) -> Any:
    """An entry of the device's own list, as RoomOS answers it."""
    from datetime import timedelta

    start = hub.clock.now() + timedelta(minutes=minutes)
    return {
        "Id": id, "Title": title, "Privacy": "Public", "Organizer": {"FirstName": "Org", "LastName": "Anizer"},
        "Time": {"StartTime": iso(start), "EndTime": iso(start + timedelta(minutes=30))},
        "DialInfo": {"Calls": {"Call": [{"Number": number}] if number else []}},
        **more,
    }  # fmt: skip


async def _no_pages(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("this hub was started without its pages")


@asynccontextmanager
async def console(folder: Path, *, pages: bool = True) -> AsyncIterator[Console]:
    """``pages`` False: nobody asks for any, and to put all of them together takes most of the time of a start."""
    async with running(folder) as hub, asyncio.TaskGroup() as group:
        relay = open_relay(hub.parts)
        app = build_app(hub.parts, extend_with(hub.parts, relay)) if pages else _no_pages
        task = group.create_task(relay.relay.run())
        await asyncio.sleep(0)
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="https://hub") as http:
            yield Console(hub, relay, app, http, None, group)
        task.cancel()
