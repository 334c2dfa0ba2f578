"""The WebSocket to a device, over picows: small buffers, no compression, bounded queues.

picows is thin, and what it leaves to its user is here: putting fragments together, limits, back
pressure, and the errors.
"""

import asyncio
import ssl
from collections.abc import Callable

from picows import (
    WSAutoPingStrategy,
    WSCloseCode,
    WSError,
    WSFrame,
    WSHandshakeError,
    WSListener,
    WSMsgType,
    WSTransport,
    ws_connect,
)

from roomgate.xapi.errors import CertificateChanged, DeviceGone, DeviceUnreachable
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

# While nobody reads, the socket is not read either beyond so many frames: TCP holds the peer.
_MAX_UNREAD = 64
_TEXT, _BINARY, _CONTINUATION, _CLOSE = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION, WSMsgType.CLOSE


class _Listener(WSListener):
    """Hands what arrives to whoever reads, at once: a frame costs no task and no turn of the loop."""

    __slots__ = ("_hear", "_parts", "_paused", "_transport", "_unread", "ended", "fault", "over", "writable")

    def __init__(self) -> None:
        self.writable = Flag()
        self.writable.set()
        self.over = Flag()  # nothing more is heard: it has ended, or the reader failed
        self.ended: str | None = None
        self.fault: Exception | None = None  # of the reader
        self._hear: Callable[[bytes], None] | None = None
        self._unread: list[bytes] = []
        self._paused = False
        self._transport: WSTransport | None = None
        self._parts: bytearray | None = None  # of a message in fragments

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if transport.is_close_frame_sent:
            # After a parse error picows says goodbye and goes on parsing what it lost the frame of.
            return
        kind = frame.msg_type
        if kind == _TEXT and self._hear is not None and self._parts is None and frame.fin and self.ended is None:
            self._tell(self._hear, frame.get_payload_as_bytes())  # nearly all that ever comes
        elif kind in (_TEXT, _BINARY, _CONTINUATION):
            self._take(transport, frame, kind == _CONTINUATION)
        elif kind == _CLOSE:
            self.ended = f"closed by the device ({int(frame.get_close_code() or 0)})"  # type: ignore[call-overload]  # an int at run time, an Enum in the stub
            transport.disconnect()
        # pings and pongs are answered by picows

    def _take(self, transport: WSTransport, frame: WSFrame, continues: bool) -> None:
        if self.ended is not None:
            return
        if continues != (self._parts is not None):
            self._break(transport, "fragments out of order")
            return
        payload = frame.get_payload_as_bytes()
        if self._parts is not None or not frame.fin:
            self._parts = parts = self._parts or bytearray()
            parts += payload
            if len(parts) > MAX_FRAME_BYTES:
                self._break(transport, "a message of more than 8 MiB")
                return
            if not frame.fin:
                return
            payload, self._parts = bytes(parts), None
        if self._hear is not None:
            self._tell(self._hear, payload)
            return
        self._unread.append(payload)
        if len(self._unread) >= _MAX_UNREAD and not self._paused:
            self._paused = True
            transport.underlying_transport.pause_reading()

    def _break(self, transport: WSTransport, reason: str) -> None:
        self.ended = reason
        self._parts = None
        self.over.set()
        transport.disconnect(graceful=False)

    def _tell(self, hear: Callable[[bytes], None], payload: bytes) -> None:
        try:
            hear(payload)
        except Exception as fault:  # whatever it is, it is for the reader's task and not for picows
            self.fault, self._hear = fault, None
            self.over.set()

    def begin(self, hear: Callable[[bytes], None]) -> None:
        """From now on ``hear`` is called, first with what waits, until it raises: that is the `fault`."""
        self.fault, self._hear = None, hear
        if self.ended is None:
            self.over.clear()
        while self._unread and self._hear is not None:
            self._tell(hear, self._unread.pop(0))
        if self._paused and not self._unread and self._transport is not None:
            self._paused = False
            self._transport.underlying_transport.resume_reading()

    def cease(self) -> None:
        """Nobody reads any more; what comes from now on waits."""
        self._hear = None

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.ended = self.ended or "the connection ended"
        self.over.set()
        self.writable.set()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()


class _PicowsWire:
    __slots__ = ("_listener", "_transport")

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
        self._transport.send(_TEXT, frame)
        return True

    async def read(self, hear: Callable[[bytes], None]) -> None:
        listener = self._listener
        listener.begin(hear)
        try:
            await listener.over.wait()
        finally:
            listener.cease()
        if listener.fault is not None:
            raise listener.fault
        raise DeviceGone(listener.ended or "the connection ended")

    async def close(self) -> None:
        if not self._transport.is_disconnected:
            if not self._transport.is_close_frame_sent:
                self._transport.send_close(WSCloseCode.OK)
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
                auto_ping_strategy=WSAutoPingStrategy.PING_WHEN_IDLE,  # whoever tells something is there
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
