"""The WebSocket to a device, over picows: small buffers, no compression, bounded queues.

picows is thin, and what it leaves to its user is here: putting fragments together, limits, back
pressure, and the errors.
"""

import asyncio
import collections
import ssl
from collections.abc import Callable
from typing import NoReturn

from picows import (
    WSAutoPingStrategy,
    WSError,
    WSFrame,
    WSHandshakeError,
    WSListener,
    WSMsgType,
    WSTransport,
    ws_connect,
)

from roomgate.xapi.errors import CertificateChanged, DeviceGone, DeviceUnreachable, XapiError
from roomgate.xapi.flag import Flag
from roomgate.xapi.transports.base import (
    CLOSE_WITHIN_S,
    MAX_FRAME_BYTES,
    PING_EVERY_S,
    PONG_WITHIN_S,
    Address,
    Login,
    Wire,
    refused_upgrade,
)
from roomgate.xapi.transports.trust import Trust

# Reading pauses at so many frames unread, and goes on at a quarter of it.
_MAX_UNREAD = 64


class _Listener(WSListener):
    """Puts what arrives into a queue. When it is full, the socket is not read any more: TCP holds the peer."""

    def __init__(self) -> None:
        self.unread: collections.deque[bytes] = collections.deque()
        self.hear: Callable[[bytes], None] | None = None
        self.failure: XapiError | None = None
        self.arrived = Flag()
        self.writable = Flag()
        self.writable.set()
        self.ended: str | None = None
        self.paused = False
        self._transport: WSTransport | None = None
        self._parts = bytearray()
        self._fragmented = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if transport.is_close_frame_sent:
            # After a parse error picows says goodbye and goes on parsing what it lost the frame of.
            return
        kind = frame.msg_type
        if kind == WSMsgType.TEXT and self.hear is not None and frame.fin and not self._fragmented and not self.ended:
            self._tell(transport, self.hear, frame.get_payload_as_bytes())  # nearly all that ever comes
            return
        match kind:
            case WSMsgType.TEXT | WSMsgType.BINARY | WSMsgType.CONTINUATION:
                self._take(transport, frame)
            case WSMsgType.CLOSE:
                self.ended = f"closed by the device ({int(frame.get_close_code() or 0)})"  # type: ignore[call-overload]  # an int at run time, an Enum in the stub
                transport.disconnect()
            case _:  # pings and pongs are answered by picows
                return

    def _take(self, transport: WSTransport, frame: WSFrame) -> None:
        if self.ended is not None:
            return
        if self._fragmented != (frame.msg_type == WSMsgType.CONTINUATION):
            self._break(transport, "fragments out of order")
            return
        payload = frame.get_payload_as_bytes()
        if self._fragmented or not frame.fin:
            self._parts += payload
            self._fragmented = not frame.fin
            if len(self._parts) > MAX_FRAME_BYTES:
                self._break(transport, "a message of more than 8 MiB")
                return
            if self._fragmented:
                return
            payload = bytes(self._parts)
            self._parts.clear()
        if self.hear is not None:
            self._tell(transport, self.hear, payload)
            return
        self.unread.append(payload)
        self.arrived.set()
        if len(self.unread) >= _MAX_UNREAD and not self.paused:
            self.paused = True
            transport.underlying_transport.pause_reading()

    def _tell(self, transport: WSTransport, hear: Callable[[bytes], None], payload: bytes) -> None:
        try:
            hear(payload)
        except XapiError as bad:
            self.failure = bad
            self._break(transport, str(bad))

    def hand_to(self, hear: Callable[[bytes], None]) -> None:
        """From now on ``hear`` gets each frame as it comes, first those that wait unread."""
        while (payload := self.next()) is not None and self._transport is not None and self.failure is None:
            self._tell(self._transport, hear, payload)
        self.hear = hear

    def _break(self, transport: WSTransport, reason: str) -> None:
        self.ended = reason
        self._parts.clear()
        self.arrived.set()
        transport.disconnect(graceful=False)

    def next(self) -> bytes | None:
        """The oldest unread frame, if any; lets the socket be read again when there is room."""
        if not self.unread:
            return None
        payload = self.unread.popleft()
        if self.paused and len(self.unread) <= _MAX_UNREAD // 4 and self._transport is not None:
            self.paused = False
            self._transport.underlying_transport.resume_reading()
        return payload

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.ended = self.ended or "the connection ended"
        self.arrived.set()
        self.writable.set()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()


class _PicowsWire:
    def __init__(self, transport: WSTransport, listener: _Listener) -> None:
        self._transport = transport
        self._listener = listener

    async def send(self, frame: bytes | str) -> None:
        await self._listener.writable.wait()
        if self._listener.ended is not None or self._transport.is_close_frame_sent:
            raise DeviceGone(self._listener.ended or "the connection was closed here")
        payload = frame.encode() if isinstance(frame, str) else frame
        self._transport.send(WSMsgType.TEXT, payload)

    def try_send(self, frame: bytes) -> bool:
        """Send at once if that needs no waiting; False if it does, or if the connection has ended."""
        listener = self._listener
        if listener.ended is not None or not listener.writable.is_set() or self._transport.is_close_frame_sent:
            return False
        self._transport.send(WSMsgType.TEXT, frame)
        return True

    async def deliver(self, hear: Callable[[bytes], None]) -> NoReturn:
        listener = self._listener
        listener.hand_to(hear)
        while listener.ended is None:
            listener.arrived.clear()
            await listener.arrived.wait()
        raise listener.failure or DeviceGone(listener.ended)

    async def receive(self) -> bytes:
        while (payload := self._listener.next()) is None:
            if self._listener.ended is not None:
                raise DeviceGone(self._listener.ended)
            self._listener.arrived.clear()
            await self._listener.arrived.wait()
        return payload

    async def close(self) -> None:
        if not self._transport.is_disconnected:
            if not self._transport.is_close_frame_sent:
                self._transport.send_close()
            self._transport.disconnect()
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self._transport.wait_disconnected()
        except TimeoutError:
            self._transport.disconnect(graceful=False)
        except (WSError, OSError):
            return  # the reason is what receive() has said


async def dial(address: Address, login: Login, trust: Trust, *, timeout_s: float = 15.0) -> Wire:
    """Connect and sign in, once: a wrong password is one attempt, and a redirect is not followed.

    Raises AuthenticationFailed, CertificateChanged, RateLimited or DeviceUnreachable. Cancelling
    leaves nothing open.
    """
    try:
        async with asyncio.timeout(timeout_s):
            context = trust.context(address)
            transport, listener = await ws_connect(
                _Listener,
                str(address),
                ssl_context=context,
                extra_headers=login.headers(),
                websocket_handshake_timeout=timeout_s,
                enable_auto_ping=True,
                auto_ping_idle_timeout=PING_EVERY_S,
                auto_ping_reply_timeout=PONG_WITHIN_S,
                auto_ping_strategy=WSAutoPingStrategy.PING_PERIODICALLY,
                max_frame_size=MAX_FRAME_BYTES,
                max_redirects=0,
                read_buffer_init_size=2048,
                # Its own TLS might not know our context's rules; asyncio's does.
                use_aiofastnet=False,
            )
    except WSHandshakeError as refused:
        if refused.response is not None and int(refused.response.status) != 101:
            raise refused_upgrade(int(refused.response.status)) from refused
        raise DeviceUnreachable(f"{address.host} does not speak WebSocket") from refused
    except ssl.SSLCertVerificationError as bad:
        raise CertificateChanged(f"{address.host} shows a certificate that is not trusted") from bad
    except (WSError, OSError) as bad:  # refused, reset, other TLS failures, TimeoutError
        raise DeviceUnreachable(f"Nobody answers at {address.host}:{address.port}") from bad
    if transport is None or not isinstance(listener, _Listener):  # it hung up before it had answered
        raise DeviceUnreachable(f"{address.host} does not speak WebSocket")
    return _PicowsWire(transport, listener)
