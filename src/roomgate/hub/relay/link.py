"""The hub's end of the link: one WebSocket per connector, mounted at ``/link?connector=ID``.

Theory: nothing is known of whoever dials until the inner TLS session stands, which only the holder of that
connector's key can bring about; until then it costs a bounded number of seconds and bytes. Then the hello
names the link session. There is one link per connector: a second one, be it a reconnect after a lost network
or a copy of the connector's disk, ends the first, and the handler hears of the end before the new beginning.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol
from urllib.parse import parse_qs

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from roomgate import log
from roomgate.clock import Clock
from roomgate.errors import RoomgateError
from roomgate.hub.http.reception import proven
from roomgate.ids import ConnectorId, SiteId
from roomgate.link.frames import LinkBusy, Priority, Receiver, Sender
from roomgate.link.identity import CONNECTOR, HUB, BadIdentity, build_certificate, build_private_pem, parse_certificate
from roomgate.link.inner_tls import InnerTls
from roomgate.link.messages import (
    Cut,
    Heartbeat,
    Hello,
    LinkBroken,
    Outcome,
    Signed,
    ToConnector,
    ToHub,
    TunnelData,
    Welcome,
    decode_at_hub,
    encode,
)
from roomgate.link.order import Order, Renewal, check_outcome, seal
from roomgate.link.signing import BadSignature
from roomgate.link.version import VERSION

_log = log.get("link")

MAX_FRAME = 256 * 1024
NONCE = 16  # bytes, at least
STRANGERS = 256  # connections that have not proved a key yet, at one time
SEND_S = 10.0
CLOSE_S = 1.0

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class Enrolled(Protocol):
    """A connector as the hub's directory knows it. ``state`` is "live" for those that may link."""

    @property
    def id(self) -> ConnectorId: ...
    @property
    def site(self) -> SiteId: ...
    @property
    def certificate(self) -> bytes: ...  # PEM, as it came at enrolment
    @property
    def state(self) -> str: ...


class LinkDirectory(Protocol):
    async def connector(self, id: ConnectorId) -> Enrolled | None: ...


class LinkHandler(Protocol):
    """The relay. A link's calls come one after another, in order; while one is awaited nothing more is read."""

    async def arrived(self, link: "HubLinkSession") -> None:
        """The hello was accepted and the welcome queued; what is sent now comes right after it."""

    async def message(self, link: "HubLinkSession", message: ToHub) -> None:
        """Anything but a hello; an outcome's signature has been verified. Raising ends the link."""

    async def gone(self, link: "HubLinkSession") -> None:
        """``link.ended`` says why. "replaced" may be a clone: compare ``heard`` and the source with the new link."""


class _Ended(LinkBroken):
    """This end closes the link on purpose."""


@dataclass(frozen=True, slots=True)
class LinkTimes:
    """Seconds."""

    hello_s: float = 5.0
    heartbeat_s: float = 3.0
    idle_s: float = 15.0
    tick_s: float = 0.5


class HubLinkSession:
    """One connector's link, from its hello to its end."""

    def __init__(
        self, connector: ConnectorId, site: SiteId, key: Ed25519PublicKey, hub_key: Ed25519PrivateKey, source: str
    ) -> None:
        self.connector = connector
        self.site = site
        self.key = key
        self.source = source  # the peer's address, for the record
        self.hello: Hello
        self.last_heartbeat = 0  # its number; 0: none yet
        self.heard = 0.0  # monotonic, of the last heartbeat
        self.ended = ""  # why, in a stable word: replaced, idle, lost, broken, or what `close` was told
        self.gone = asyncio.Event()  # the handler has heard of the end
        self.sender = Sender()
        self.work = asyncio.Event()
        self.went = asyncio.Event()  # set whenever something went out
        self.closing = asyncio.Event()
        self.calm = asyncio.Event()  # nothing urgent waits
        self.calm.set()
        self._hub_key = hub_key
        self._sequence = 0

    @property
    def nonce(self) -> bytes:
        return self.hello.nonce

    def next_sequence(self) -> int:
        """Take the next number. Whoever takes it sends it: prefer `send_signed`, which cannot leave a gap."""
        self._sequence += 1
        return self._sequence

    def send_signed(self, make: Callable[[bytes, int], Order | Renewal]) -> None:
        """Number, sign and queue what ``make(nonce, sequence)`` gives; never waits.

        Raises LinkBusy, TooBig or LinkBroken, and then the number was not taken.
        """
        self._open()
        raw = encode(seal(self._hub_key, make(self.nonce, self._sequence + 1)))
        self.sender.put(raw, Priority.SIGNED)
        self._sequence += 1
        self.work.set()

    def send(self, message: ToConnector, urgent: bool = False) -> None:
        """Queue a message; never waits. A Cut is always urgent.

        Raises LinkBusy when the queue is full, TooBig, LinkBroken after the end. What is urgent finds room
        as long as the link moves at all. A `Signed` that finds no room ends the link, since its number is lost.
        """
        self._open()
        priority = Priority.REST
        if urgent or isinstance(message, Cut):
            priority = Priority.URGENT
        elif isinstance(message, Signed | Welcome):
            priority = Priority.SIGNED
        try:
            self.sender.put(encode(message), priority)
        except LinkBusy:
            if isinstance(message, Signed):
                self.end("broken")
            raise
        except LinkBroken:
            self.end("broken")
            raise
        if priority is Priority.URGENT:
            self.calm.clear()
        self.work.set()

    async def carry(self, message: TunnelData) -> None:
        """Send a tunnel's frame; waits while there is no room for it. Raises LinkBroken once the link has ended."""
        raw = encode(message)
        while not self.ended and not self.sender.room_for(len(raw), Priority.BULK):
            self.went.clear()
            await self.went.wait()
        self._open()
        self.sender.put(raw, Priority.BULK)
        self.work.set()

    async def close(self, why: str = "closed") -> None:
        """End the link; what is urgent still goes out, for a second at most. Does not wait for the end."""
        self.end(why)

    def end(self, why: str) -> None:
        if not self.ended:
            self.ended = why
        self.closing.set()
        self.work.set()
        self.went.set()

    def _open(self) -> None:
        if self.ended:
            raise LinkBroken("The link has ended.")


class LinkEndpoint:
    """The ASGI application. ``ledger_size(connector)`` is how many of its ledger entries are durable here.

    ``checkpoint()`` is a recent one of the hub's own ledger, for connectors to show at their next hello.
    """

    def __init__(
        self,
        directory: LinkDirectory,
        hub_key: Ed25519PrivateKey,
        handler: LinkHandler,
        clock: Clock,
        ledger_size: Callable[[ConnectorId], Awaitable[int]],
        times: LinkTimes = LinkTimes(),
        checkpoint: Callable[[], Awaitable[str]] | None = None,
        tls: Callable[[bool, bytes, bytes, bytes], InnerTls] = InnerTls,
    ) -> None:
        self._directory = directory
        self._hub_key = hub_key
        self._certificate = build_certificate(hub_key, HUB)
        self._handler = handler
        self._clock = clock
        self._ledger_size = ledger_size
        self._times = times
        self._checkpoint = checkpoint
        self._tls = tls
        self._links: dict[ConnectorId, HubLinkSession] = {}
        self._strangers = 0

    @property
    def links(self) -> Mapping[ConnectorId, HubLinkSession]:
        """The links that are up now."""
        return MappingProxyType(self._links)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve one connection. Cancelling ends the link, and the handler hears of it."""
        if scope["type"] != "websocket":
            await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return
        await receive()  # websocket.connect
        known = await self._known(scope)
        if known is None or self._strangers >= STRANGERS:
            await send({"type": "websocket.close", "code": 1008})  # before the upgrade this is a 403, for all alike
            return
        enrolled, key = known
        source = str((scope.get("client") or ("",))[0])
        link = HubLinkSession(enrolled.id, enrolled.site, key, self._hub_key, source)
        await send({"type": "websocket.accept"})
        tls = self._tls(True, self._certificate, build_private_pem(self._hub_key), enrolled.certificate)
        shore = _Shore(receive, send, tls)
        try:
            await self._greet(link, shore)
            proven(scope)
        except LinkBroken as why:
            _log.warning("link.refused", connector=link.connector, source=source, error=why.message[:200])
            await shore.close("refused")
            return
        try:
            await self._serve(link, shore)
        finally:
            await shore.close(link.ended)

    async def close(self, connector: ConnectorId, why: str) -> None:
        """End this connector's link, if it has one."""
        if (link := self._links.get(connector)) is not None:
            link.end(why)

    async def _known(self, scope: Any) -> tuple[Enrolled, Ed25519PublicKey] | None:
        ids = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=4).get("connector", [])
        enrolled = await self._directory.connector(ConnectorId(ids[0])) if len(ids) == 1 and len(ids[0]) <= 80 else None
        if enrolled is None or enrolled.state != "live":
            return None
        try:
            return enrolled, parse_certificate(enrolled.certificate, CONNECTOR)
        except BadIdentity:
            _log.error("link.certificate", connector=enrolled.id)
            return None

    async def _greet(self, link: HubLinkSession, shore: "_Shore") -> None:
        self._strangers += 1
        try:
            async with asyncio.timeout(self._times.hello_s):
                hello = await shore.hello()
        except TimeoutError as slow:
            raise LinkBroken("No hello came in time.") from slow
        finally:
            self._strangers -= 1
        if hello.version != VERSION:
            raise LinkBroken(f"The connector speaks version {hello.version}, the hub {VERSION}.")
        if hello.connector != link.connector:
            raise LinkBroken("The hello names another connector.")
        if len(hello.nonce) < NONCE:
            raise LinkBroken("The hello's nonce is too short.")
        link.hello = hello

    async def _serve(self, link: HubLinkSession, shore: "_Shore") -> None:
        while (older := self._links.get(link.connector)) is not None:
            older.end("replaced")
            try:
                async with asyncio.timeout(self._times.hello_s):
                    await older.gone.wait()
            except TimeoutError:
                link.end("refused")  # the older one hangs in its handler: two at once there must not be
                return
        # The state may have changed since the dial; no await stands between this answer and the entry.
        enrolled = await self._directory.connector(link.connector)
        if enrolled is None or enrolled.state != "live" or link.connector in self._links:
            link.end("refused")
            return
        self._links[link.connector] = link
        link.heard = self._clock.monotonic()
        _log.info("link.arrived", connector=link.connector, source=link.source)
        try:
            size = await self._ledger_size(link.connector)
            checkpoint = await self._checkpoint() if self._checkpoint else ""
            link.send(Welcome(VERSION, self._times.heartbeat_s, size, checkpoint))
            await self._handler.arrived(link)
            async with asyncio.TaskGroup() as group:
                group.create_task(shore.write(link), name="link.write")
                group.create_task(self._idle(link), name="link.idle")
                group.create_task(self._close(link), name="link.close")
                group.create_task(self._read(link, shore), name="link.read")
        except* LinkBroken as many:
            _log.info("link.broken", connector=link.connector, error=_first(many)[:200])
        except* Exception as many:  # the outermost edge: a fault of the handler ends this link and no other
            _log.error("link.fault", connector=link.connector, error=_first(many)[:200])
        finally:
            link.end("lost" if shore.lost else "broken")
            del self._links[link.connector]
            try:
                await self._handler.gone(link)
            finally:
                link.gone.set()

    async def _read(self, link: HubLinkSession, shore: "_Shore") -> None:
        while True:
            for raw in await shore.read():
                message = decode_at_hub(raw)
                if isinstance(message, Hello):
                    raise LinkBroken("A second hello.")
                if isinstance(message, Heartbeat):
                    if message.number <= link.last_heartbeat:
                        raise LinkBroken("Heartbeats do not go back.")
                    link.last_heartbeat = message.number
                    link.heard = self._clock.monotonic()
                elif isinstance(message, Outcome):
                    try:
                        check_outcome(link.key, message)
                    except BadSignature as bad:
                        raise LinkBroken("An outcome that the connector did not sign.") from bad
                await self._handler.message(link, message)
            link.work.set()  # TLS may have something to say too

    async def _idle(self, link: HubLinkSession) -> None:
        while True:
            left_s = link.heard + self._times.idle_s - self._clock.monotonic()
            if left_s <= 0:
                link.ended = link.ended or "idle"
                raise _Ended("No heartbeat came.")
            await asyncio.sleep(min(left_s, self._times.tick_s))

    async def _close(self, link: HubLinkSession) -> None:
        await link.closing.wait()
        try:
            async with asyncio.timeout(CLOSE_S):
                await link.calm.wait()
        except TimeoutError:
            _log.warning("link.cut-unsent", connector=link.connector)  # then the leases end it
        raise _Ended(f"Closed: {link.ended}.")


class _Shore:
    """The bytes' side: ASGI events, inner TLS, chunks. After the hello only `write` sends, so records keep order."""

    def __init__(self, receive: Receive, send: Send, tls: InnerTls) -> None:
        self._receive = receive
        self._send = send
        self._tls = tls
        self._chunks = Receiver()
        self._waiting: list[bytes] = []  # messages that came together with the hello
        self.lost = False

    async def read(self) -> list[bytes]:
        """The messages that the next frame completes, perhaps none; raises LinkBroken."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            return waiting
        event = await self._receive()
        if event["type"] != "websocket.receive":
            self.lost = True
            raise LinkBroken("The connector went away.")
        ciphertext = event.get("bytes")
        if not ciphertext or len(ciphertext) > MAX_FRAME:
            raise LinkBroken("A frame that is not of the link.")
        return [raw for piece in self._tls.receive(ciphertext) for raw in self._chunks.feed(piece)]

    async def hello(self) -> Hello:
        while True:
            try:
                messages = await self.read()
            finally:
                await self._flush()
            if messages:
                first = decode_at_hub(messages[0])
                if not isinstance(first, Hello):
                    raise LinkBroken("The first message is not a hello.")
                self._waiting = messages[1:]
                return first

    async def write(self, link: HubLinkSession) -> None:
        while True:
            few = link.sender.next_few()
            if few:
                self._tls.send(few)
            await self._flush()
            link.went.set()
            if not link.sender.urgent:
                link.calm.set()
            if not few:
                link.work.clear()
                await link.work.wait()

    async def _flush(self) -> None:
        ciphertext = self._tls.outgoing()
        for at in range(0, len(ciphertext), MAX_FRAME // 2):
            await self._put({"type": "websocket.send", "bytes": ciphertext[at : at + MAX_FRAME // 2]}, SEND_S)

    async def _put(self, event: dict[str, Any], within_s: float) -> None:
        try:
            async with asyncio.timeout(within_s):
                await self._send(event)
        except Exception as gone:  # servers differ in what they raise once the peer is gone
            self.lost = True
            raise LinkBroken("The connector does not take what is sent.") from gone

    async def close(self, why: str) -> None:
        if self.lost:
            return
        try:
            await self._flush()
            await self._put({"type": "websocket.close", "code": 4400, "reason": why[:100]}, CLOSE_S)
        except RoomgateError:
            _log.debug("link.close-unheard", why=why)


def _first(group: BaseException) -> str:
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return f"{type(group).__name__}: {group}"
