"""The near end of a tunnel: one WebSocket to the hub. A thin shell over picows."""

import asyncio
import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from picows import WSError, WSFrame, WSInvalidStatusError, WSListener, WSMsgType, WSTransport, ws_connect

from roomgate.cli.api import Api, at, parse_hub
from roomgate.cli.exits import SaysNo
from roomgate.errors import NotFound, RoomgateError, Unreachable
from roomgate.tunnel.frames import TunnelBroken

CONNECT_S = 15.0
CUT = 4403
_WORDS = {
    "room.shut": "Somebody in the room shut it.",
    "link.lost": "The link between hub and site was lost.",
    "silent": "Nothing was said in it.",
    "slow": "Its bytes were not taken fast enough.",
    "connector.stopped": "The site's connector was stopped.",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """What the hub says of the tunnel: by which certificate the site knows the device."""

    order: str
    fingerprint: str
    by: str  # pin, or ca


class TunnelWire(WSListener):
    """``ended`` gets the error that says why it is over."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = loop.create_future()
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._feed: Callable[[bytes], None] | None = None
        self._transport: WSTransport | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    # what picows calls

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type is WSMsgType.BINARY and self._feed is not None:
            try:
                self._feed(frame.get_payload_as_bytes())
            except TunnelBroken as broken:
                self._fail(broken)
        elif frame.msg_type is WSMsgType.TEXT:
            told = json.loads(frame.get_payload_as_bytes())
            self._said.put_nowait(told if isinstance(told, dict) else {})
        elif frame.msg_type is WSMsgType.CLOSE:
            code = int.from_bytes(frame.get_payload_as_bytes()[:2])
            cause = (frame.get_close_message() or b"").decode("utf-8", "replace")[:100]
            self._fail(told_end(code, cause))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._writable.set()
        self._fail(Unreachable("The connection to the hub was lost.", hint="Open the tunnel again."))

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    # what the verb calls

    async def opened(self, waiting: Callable[[], None]) -> Opened:
        """What the hub has decided; ``waiting`` is called where the room is asked. Raises SaysNo, Unreachable."""
        while True:
            told = await self._next()
            match told.get("outcome"):
                case "waiting":
                    waiting()
                case "done":
                    return Opened(*(str(told.get(key, "")) for key in ("order", "fingerprint", "by")))
                case _:
                    rule = str(told.get("rule") or "refused")
                    raise SaysNo(rule, f"{told.get('words') or 'It was refused.'} (rule {rule})")

    async def _next(self) -> dict[str, Any]:
        said = asyncio.ensure_future(self._said.get())
        either: set[asyncio.Future[Any]] = {said, self.ended}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not said.done():
                self.ended.result()
            return said.result()
        finally:
            said.cancel()

    def listen(self, feed: Callable[[bytes], None]) -> None:
        """Hand every frame to this; it may raise TunnelBroken."""
        self._feed = feed

    async def put(self, frame: bytes) -> None:
        """Send a frame; waits while the hub takes none. After the end nothing is sent."""
        await self._writable.wait()
        if self._transport is not None and not self.ended.done():
            self._transport.send(WSMsgType.BINARY, frame)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.disconnect()

    def _fail(self, why: RoomgateError) -> None:
        if not self.ended.done():
            self.ended.set_exception(why)
            self.ended.exception()  # whoever waits gets it; nobody waiting is no fault


def told_end(code: int, cause: str) -> RoomgateError:
    """Pure: the end of a tunnel in words."""
    words = _WORDS.get(cause, f"The hub ended it ({cause}).")
    return SaysNo(cause, f"The tunnel is shut. {words}") if code == CUT else Unreachable(f"The tunnel ended. {words}")


async def open_wire(api: Api, room: str, reason: str, trust: ssl.SSLContext) -> TunnelWire:
    """Raises NotFound where the hub lets nobody of this token into a room of this name, and Unreachable."""
    wire = TunnelWire()
    path = at("rooms", room, "tunnel", reason=reason or None)
    try:
        await ws_connect(
            lambda: wire,
            "wss://" + parse_hub(api.hub).removeprefix("https://") + path,
            ssl_context=trust,
            extra_headers={"Authorization": f"Bearer {api.token.reveal()}"},
            max_redirects=0,
            websocket_handshake_timeout=CONNECT_S,
            enable_auto_ping=True,
        )
    except WSInvalidStatusError as refused:
        hint = "Ask `roomgate whoami` who you are here, and `roomgate room list` for the rooms that are yours."
        raise NotFound(f"There is no room {room!r} for you, or the token is wrong.", hint=hint) from refused
    except (WSError, OSError, TimeoutError) as away:
        raise Unreachable(f"{api.hub} does not answer: {type(away).__name__}.") from away
    return wire
