"""A uvicorn server that is one of many in a loop: no signal handlers, its port known, its end complete."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn

from roomgate.listening import listen

_FRAME_LIMIT = 16 << 20
_CLOSE_S = 2.0


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # the program that started the rooms handles signals

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


class Listener:
    """One bound port and the application behind it. ``port`` is the real one, also where 0 was asked for."""

    def __init__(self, app: Any, host: str, port: int, *, certificate: Path | None = None, key: Path | None = None):
        """Bind; raises CannotStart if the address cannot be had. With a certificate it speaks TLS."""
        self._socket = listen(host, port)
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            app,
            interface="asgi3",
            http="httptools",
            ws="websockets-sansio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            ws_max_size=_FRAME_LIMIT,
            ws_ping_interval=None,  # no ping of a device's own is documented; clients ping
            ws_per_message_deflate=False,
            ssl_certfile=certificate,
            ssl_keyfile=key,
            timeout_keep_alive=30,
        )
        self._server = _Server(config)

    async def ready(self) -> None:
        """Return once connections are accepted."""
        await self._server.listening.wait()

    async def run(self) -> None:
        """Serve until cancelled; then close the port and every connection, within two seconds."""
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            for server in getattr(self._server, "servers", []):
                server.close()
            for connection in list(self._server.server_state.connections):
                connection.shutdown()
            tasks = set(self._server.server_state.tasks)
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks, timeout=_CLOSE_S)
            self._socket.close()

    def close(self) -> None:
        """Give the port back where `run` never began."""
        self._socket.close()
