"""One WebSocket to the hub with the inner TLS in it: messages in, messages out. A thin shell over picows."""

import asyncio
from collections.abc import Callable

from picows import WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect
from python_socks import ProxyError

from roomgate.connector.enrol import Identity
from roomgate.connector.outer_tls import build_context, parse_hub
from roomgate.errors import Unreachable
from roomgate.link.frames import Priority, Receiver, Sender
from roomgate.link.identity import build_private_pem
from roomgate.link.inner_tls import InnerTls
from roomgate.link.messages import LinkBroken, ToConnector, decode_at_connector

MAX_FRAME = 256 * 1024
SENT_FRAME = 32 * 1024  # of ours: a hub takes no more than 64 KiB at once before it knows who speaks
STALL_S = 10.0  # bytes that no proxy takes for so long will not arrive in time


class Wire(WSListener):
    """Frames are nothing but pieces of the inner TLS stream, so it does not matter how a proxy cuts them.

    ``heard`` is called for each message, in order, as it arrives: it must not wait. If it raises LinkBroken,
    or the peer breaks a rule, `ended` gets that error.
    """

    def __init__(self, identity: Identity, heard: Callable[[ToConnector, int], None]) -> None:
        loop = asyncio.get_running_loop()
        self.established: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()
        self.sender = Sender()
        self._heard = heard
        self._receiver = Receiver()
        self._transport: WSTransport | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._work = asyncio.Event()
        self._went = asyncio.Event()  # set whenever something went out
        self._tls = InnerTls(False, identity.certificate, build_private_pem(identity.key), identity.hub_certificate)

    # what picows calls

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport
        self._flush()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if self.ended.done():
            return
        if frame.msg_type is WSMsgType.CLOSE:
            said = frame.get_close_message()
            self.fail(LinkBroken(f"The hub closed the link: {(said or b'').decode('utf-8', 'replace')[:100]}"))
            return
        if frame.msg_type not in (WSMsgType.BINARY, WSMsgType.CONTINUATION):
            return
        try:
            for piece in self._tls.receive(frame.get_payload_as_bytes()):
                for raw in self._receiver.feed(piece):
                    self._heard(decode_at_connector(raw), len(raw))
        except LinkBroken as why:
            self._flush()
            self.fail(why)
            return
        self._flush()
        if self._tls.established and not self.established.done():
            self.established.set_result(None)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._writable.set()
        self.fail(LinkBroken("The connection to the hub was lost."))

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    # what the uplink calls

    def fail(self, why: LinkBroken) -> None:
        """End this link session; the first reason stands."""
        if not self.ended.done():
            self.ended.set_exception(why)
            self.ended.exception()  # whoever waits gets it; nobody waiting is no fault
            self._went.set()
        if self._transport is not None:
            self._transport.disconnect()

    def wake(self) -> None:
        """Something was put into the sender."""
        self._work.set()

    async def carry(self, message: bytes) -> None:
        """Send a tunnel's message; waits while there is no room for it. Raises LinkBroken once the link has ended."""
        while not self.ended.done() and not self.sender.room_for(len(message), Priority.BULK):
            self._went.clear()
            await self._went.wait()
        if self.ended.done():
            raise LinkBroken("The link has ended.")
        self.sender.put(message, Priority.BULK)
        self.wake()

    async def write(self, before: Callable[[], None]) -> None:
        """Send what is in the sender, the most urgent first, until cancelled; ``before`` may add to it.

        A little at a time, and only while the transport takes it: so what is urgent waits for that little at most.
        Small messages go together, since each record and each write has its price.
        """
        while True:
            if not self._writable.is_set():
                try:
                    async with asyncio.timeout(STALL_S):
                        await self._writable.wait()
                except TimeoutError as stalled:
                    raise LinkBroken("The link does not move.") from stalled
            before()
            few = self.sender.next_few()
            if not few:
                self._work.clear()
                await self._work.wait()
                continue
            self._tls.send(few)
            self._flush()
            self._went.set()
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Close and wait for it, a second at most."""
        if self._transport is None:
            return
        self._transport.disconnect()
        try:
            async with asyncio.timeout(1.0):
                await self._transport.wait_disconnected()
        except (TimeoutError, OSError, WSError):
            self._transport.disconnect(graceful=False)

    def _flush(self) -> None:
        ciphertext = memoryview(self._tls.outgoing())
        if self._transport is None:
            return
        for at in range(0, len(ciphertext), SENT_FRAME):
            self._transport.send(WSMsgType.BINARY, ciphertext[at : at + SENT_FRAME])


async def connect(
    identity: Identity,
    heard: Callable[[ToConnector, int], None],
    *,
    ca_pem: bytes | None,
    proxy: str | None,
    within_s: float,
) -> Wire:
    """Dial the hub and prove both keys to each other; raises Unreachable or LinkBroken. Follows no redirect.

    Cancelling closes what was opened.
    """
    url = f"wss://{parse_hub(identity.hub)}/link?connector={identity.connector}"
    wire = Wire(identity, heard)
    try:
        async with asyncio.timeout(within_s):
            await ws_connect(
                lambda: wire,
                url,
                ssl_context=build_context(ca_pem),
                proxy=proxy,
                max_redirects=0,
                max_frame_size=MAX_FRAME,
                read_buffer_init_size=2048,
                websocket_handshake_timeout=within_s,
                enable_auto_ping=True,
                auto_ping_idle_timeout=5,
                auto_ping_reply_timeout=5,
            )
            await asyncio.wait({wire.established, wire.ended}, return_when=asyncio.FIRST_COMPLETED)
        if wire.ended.done():
            wire.ended.result()
        return wire
    except (WSError, OSError, TimeoutError, ProxyError) as bad:
        await wire.close()
        raise Unreachable(f"The hub cannot be reached: {type(bad).__name__} {bad}") from bad
    except BaseException:
        await wire.close()
        raise
