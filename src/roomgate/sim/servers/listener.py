"""HTTP and WebSocket behind a door: uvicorn's protocols, without its server, which is made for one alone."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from roomgate.sim.servers.door import Door

_FRAME_LIMIT = 16 << 20
_CLOSE_S = 2.0
_HANDSHAKE_S = 30.0

Tls = Callable[[str], ssl.SSLContext]  # which certificate is shown to who dialled this address


@dataclass(slots=True)
class Wire:
    """A connection below its protocol, for what no protocol would do."""

    transport: asyncio.Transport | None = None

    def break_off(self, part: bytes) -> None:
        """Send these bytes as they are, and end the connection without a closing word."""
        if self.transport is not None:
            self.transport.write(part)
            self.transport.close()


def wire_of(scope: Any) -> Wire:
    """The connection that a request came by; one without a transport where there is none."""
    found = scope.get("state", {}).get("wire")
    return found if isinstance(found, Wire) else Wire()


class _Protocol(HttpToolsProtocol):
    """Says which connection a request came by; an upgrade takes that along."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        self.app_state["wire"].transport = transport
        super().connection_made(transport)


class _Leaving(logging.Filter):
    """uvicorn calls it a fault of the application when a peer leaves before its turn, and when the program ends."""

    def filter(self, record: logging.LogRecord) -> bool:
        kind = record.exc_info[0] if record.exc_info else None
        ended = kind is not None and issubclass(kind, asyncio.CancelledError)
        return not ended and not record.getMessage().startswith("ASGI callable returned without")


class Listener:
    """One bound port and the application behind it. ``port`` is the real one, also where 0 was asked for."""

    def __init__(self, app: Any, host: str, port: int, *, tls: Tls | None = None, shared: bool = False):
        """Bind; raises CannotStart if the address cannot be had. With ``tls`` it speaks TLS; ``shared`` is all of
        loopback, and ``host`` is then of no account."""
        self._door = Door.on_loopback(port, self._welcome) if shared else Door.at(host, port, self._welcome)
        self.port = self._door.port
        self._tls = tls
        self._config = uvicorn.Config(
            app,
            interface="asgi3",
            http="httptools",
            ws="websockets-sansio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # who comes in is who the socket says, whatever a header claims
            ws_max_size=_FRAME_LIMIT,
            ws_ping_interval=None,  # no ping of a device's own is documented; clients ping
            ws_per_message_deflate=False,
            timeout_keep_alive=30,
        )
        self._state = ServerState()

    async def ready(self) -> None:
        """Return once connections are accepted: they are since the port was bound, and wait there for `run`."""

    async def run(self) -> None:
        """Serve until cancelled; then close the port and every connection, within two seconds."""
        self._config.load()
        logger = logging.getLogger("uvicorn.error")
        if not any(isinstance(one, _Leaving) for one in logger.filters):
            logger.addFilter(_Leaving())
        try:
            await self._door.run()
        finally:
            for connection in list(self._state.connections):
                connection.shutdown()
            tasks = set(self._state.tasks)
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks, timeout=_CLOSE_S)

    async def _welcome(self, come: socket.socket, address: str) -> None:
        self._state.default_headers = [(b"date", formatdate(usegmt=True).encode())]
        tls = None if self._tls is None else self._tls(address)
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(
            lambda: _Protocol(self._config, self._state, {"wire": Wire()}),
            come,
            ssl=tls,
            ssl_handshake_timeout=None if tls is None else _HANDSHAKE_S,
        )

    def close(self) -> None:
        """Give the port back where `run` never began."""
        self._door.close()
