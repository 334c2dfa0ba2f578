"""Both ends of a link on loopback: a real web server with TLS, and what its two handlers saw."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any, TypeVar

import trustme
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.clock import HandClock
from roomgate.connector.enrol import Identity
from roomgate.connector.uplink import Site, Uplink, UplinkConfig
from roomgate.hub.relay.link import HubLinkSession, LinkEndpoint, LinkTimes
from roomgate.ids import ConnectorId, SiteId
from roomgate.link.identity import CONNECTOR, HUB, build_certificate
from roomgate.link.messages import Cut, EffectInfo, Outcome, ToConnector, ToHub, Welcome
from roomgate.link.order import Order, Renewal
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.path import Path

T = TypeVar("T")
NAME = ConnectorId("connector_1")


class Diary(list[T]):
    """What happened, and a way to wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self._pulse = asyncio.Event()

    def note(self, what: T) -> None:
        self.append(what)
        self._pulse.set()

    async def until(self, test: Callable[[T], bool], within_s: float = 5.0) -> T:
        async with asyncio.timeout(within_s):
            while True:
                for what in self:
                    if test(what):
                        return what
                self._pulse.clear()
                await self._pulse.wait()


@dataclass
class Record:
    certificate: bytes
    state: str = "live"
    id: ConnectorId = NAME
    site: SiteId = SiteId("site_1")


class HubSide:
    """Directory and handler in one."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.events: Diary[tuple[str, Any]] = Diary()
        self.links: list[HubLinkSession] = []

    async def connector(self, id: ConnectorId) -> Record | None:
        return self.records.get(id)

    async def arrived(self, link: HubLinkSession) -> None:
        self.links.append(link)
        self.events.note(("arrived", link))

    async def message(self, link: HubLinkSession, message: ToHub) -> None:
        self.events.note((type(message).__name__, message))

    async def gone(self, link: HubLinkSession) -> None:
        self.events.note(("gone", link))

    async def saw(self, kind: str, test: Callable[[Any], bool] = lambda _: True) -> Any:
        return (await self.events.until(lambda event: event[0] == kind and test(event[1])))[1]

    async def link(self, number: int = 1) -> HubLinkSession:
        """The ``number``-th link, once it has beaten."""
        await self.events.until(lambda _: len(self.links) >= number)
        link = self.links[number - 1]
        await self.events.until(lambda _: link.last_heartbeat > 0)
        return link

    async def ledger_size(self, connector: ConnectorId) -> int:
        return 7


class SiteSide:
    """The connector's handler: does what it is told, and remembers."""

    def __init__(self) -> None:
        self.events: Diary[tuple[str, Any]] = Diary()
        self.uplink: Uplink | None = None
        self.answer = True

    def site(self) -> Site:
        return Site("meetings only", "digest", [], [])

    def effects(self) -> list[EffectInfo]:
        return []

    def linked(self, session: str, hub: str) -> None:
        self.events.note(("linked", session))

    def unlinked(self, session: str, reason: str) -> None:
        self.events.note(("unlinked", session))

    async def welcome(self, welcome: Welcome) -> None:
        self.events.note(("welcome", welcome))

    async def order(self, order: Order, arrived: float) -> None:
        self.events.note(("order", order))
        if self.answer and self.uplink is not None:
            self.uplink.send(Outcome(order.id, "done", {"CallId": 3}))

    async def refused(self, order: Order | None, rule: str, words: str) -> None:
        self.events.note(("refused", rule))

    async def cut(self, cut: Cut) -> list[str]:
        self.events.note(("cut", cut))
        return ["call 3"]

    async def lapsed(self, sessions: list[str]) -> None:
        self.events.note(("lapsed", sessions))

    async def unsubscribe(self, order: str) -> None:
        self.events.note(("unsubscribe", order))

    async def kept(self, size: int, checkpoint: str) -> None:
        self.events.note(("kept", size))

    async def saw(self, kind: str, test: Callable[[Any], bool] = lambda _: True) -> Any:
        return (await self.events.until(lambda event: event[0] == kind and test(event[1])))[1]

    def count(self, kind: str) -> int:
        return sum(event[0] == kind for event in self.events)


def order(link: bytes, sequence: int, *, session: str = "s1", id: str = "order_1") -> Order:
    call = Call(Verb.COMMAND, Path.of("Command", "Dial"), (("Number", "123@example.com"),))
    arguments = [("Number", "123@example.com")]
    return Order(
        id=id,
        link=link,
        sequence=sequence,
        session=session,
        site="site_1",
        connector=NAME,
        room="Oslo",
        device="d1",
        verb="command",
        path=["Command", "Dial"],
        arguments=arguments,
        body=None,
        digest=call.digest(),
        principal="p1",
        principal_name="Ada",
        principal_kind="person",
        grant="g1",
        reason="test",
        held=[],
    )


def vouch(link: HubLinkSession, *sessions: str, heartbeat: int | None = None) -> None:
    """Renew, in answer to the last heartbeat or to the one named."""
    number = link.last_heartbeat if heartbeat is None else heartbeat
    link.send_signed(lambda nonce, sequence: Renewal(nonce, sequence, number, list(sessions)))


class Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


class Papers:
    """The authority of the outer TLS, and a server certificate of it in files."""

    def __init__(self, folder: File) -> None:
        authority = trustme.CA()
        server = authority.issue_cert("localhost", "127.0.0.1")
        self.ca_pem: bytes = authority.cert_pem.bytes()
        self.chain, self.key = str(folder / "chain.pem"), str(folder / "key.pem")
        server.private_key_pem.write_to_path(self.key)
        for pem in server.cert_chain_pems:
            pem.write_to_path(self.chain, append=True)

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


@contextlib.asynccontextmanager
async def serving(app: Any, papers: Papers, port: int = 0) -> AsyncIterator[int]:
    """A real uvicorn over TLS; gives its port."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    server = Server(
        uvicorn.Config(
            app,
            ws="websockets-sansio",
            ssl_certfile=papers.chain,
            ssl_keyfile=papers.key,
            log_config=None,
            lifespan="off",
            timeout_graceful_shutdown=2,
        )
    )
    async with asyncio.TaskGroup() as group:
        running = group.create_task(server.serve([listener]))
        await server.ready.wait()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await running
    listener.close()


@dataclass
class Bench:
    """One hub and one connector that know each other."""

    papers: Papers
    clock: HandClock = field(default_factory=HandClock)
    hub_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    hub: HubSide = field(default_factory=HubSide)
    site: SiteSide = field(default_factory=SiteSide)
    port: int = 0

    def __post_init__(self) -> None:
        self.hub.records[NAME] = Record(build_certificate(self.key, CONNECTOR))
        self.endpoint = self.new_endpoint()

    def new_endpoint(self, **times: float) -> LinkEndpoint:
        settings = LinkTimes(**{"hello_s": 2.0, "tick_s": 0.02, **times})
        return LinkEndpoint(self.hub, self.hub_key, self.hub, self.clock, self.hub.ledger_size, settings)

    def identity(self) -> Identity:
        return Identity(
            NAME, SiteId("site_1"), f"https://localhost:{self.port}", self.key, build_certificate(self.hub_key, HUB)
        )

    def uplink(self, site: SiteSide | None = None, **settings: Any) -> Uplink:
        site = site or self.site
        config = {"heartbeat_s": 0.05, "retry_s": 0.1, "tick_s": 0.02, "connect_s": 5.0, "ca_pem": self.papers.ca_pem}
        uplink = Uplink(UplinkConfig(self.identity(), **{**config, **settings}), site, self.clock)
        site.uplink = uplink
        return uplink


@contextlib.asynccontextmanager
async def running(*uplinks: Uplink) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(uplink.run()) for uplink in uplinks]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


def unheard(message: ToConnector, size: int) -> None:
    raise AssertionError("nothing was to be heard")
