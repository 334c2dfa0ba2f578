"""The listener for scrapes: one address, one path, plain HTTP on the loopback. It takes nothing in.

On the loopback it answers to this machine's own names alone: a page in a browser may have its own name lead here.
"""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from roomgate import log

if TYPE_CHECKING:
    from prometheus_client.core import Metric

PATIENCE_S = 5.0
LARGEST_HEAD = 8192
MOST_AT_ONCE = 8

_log = log.get("metrics")


def split_listen(text: str) -> tuple[str, int] | None:
    """Host and port, or None where it is neither."""
    host, _, port = text.rpartition(":")
    good = bool(host) and port.isascii() and port.isdigit() and int(port) < 65536
    return (host.strip("[]"), int(port)) if good else None


def listen_complaint(listen: str, remote: bool) -> str:
    """The listener asks nobody who they are, so it is for this machine unless somebody says otherwise."""
    if not listen:
        return ""
    at = split_listen(listen)
    if at is None:
        return "metrics_listen: must be HOST:PORT."
    if is_here(at[0]) or remote:
        return ""
    return "metrics_listen: must be an address of this machine alone, unless metrics_allow_remote is true."


def is_here(host: str) -> bool:
    """Whether it is this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class _Once:
    """One scrape, in a registry of its own: nothing is kept from one to the next."""

    def __init__(self, families: "Iterable[Metric]") -> None:
        self._families = families

    def collect(self) -> "Iterator[Metric]":
        yield from self._families


def render(families: "Iterable[Metric]", accept: str) -> tuple[bytes, str]:
    """The text of a scrape in the format that was asked for, and its type."""
    from prometheus_client import CollectorRegistry
    from prometheus_client.exposition import choose_encoder

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(families))
    encode, kind = choose_encoder(accept)
    return encode(registry), kind


class Listener:
    """``ready`` hears the port once it listens."""

    def __init__(
        self, host: str, port: int, scrape: Callable[[], "Awaitable[Iterable[Metric]]"],
        ready: Callable[[int], None] = lambda port: None,
    ) -> None:  # fmt: skip
        self._host = host
        self._port = port
        self._scrape = scrape
        self._ready = ready
        self._open = 0

    async def run(self) -> None:
        """Until cancelled."""
        server = await asyncio.start_server(self._serve, self._host, self._port, limit=LARGEST_HEAD)
        async with server:
            port = server.sockets[0].getsockname()[1]
            _log.info("metrics.listening", host=self._host, port=port)
            self._ready(port)
            await server.serve_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self._open += 1
            if self._open <= MOST_AT_ONCE:
                async with asyncio.timeout(PATIENCE_S):
                    writer.write(await self._answer((await reader.readuntil(b"\r\n\r\n")).decode("latin-1")))
                    await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, OSError):
            pass  # whoever asks badly is not answered
        except Exception as fault:  # the edge of the listener: the next scrape may be answered
            _log.warning("metrics.failed", error=f"{type(fault).__name__}: {fault}"[:300])
        finally:
            self._open -= 1
            writer.close()

    async def _answer(self, head: str) -> bytes:
        first, *rest = head.split("\r\n")
        verb, _, target = first.partition(" ")
        path = target.split(" ")[0].split("?")[0]
        if verb != "GET" or path != "/metrics":
            return _response("405 Method Not Allowed" if path == "/metrics" else "404 Not Found", b"", "text/plain")
        headers = {name.strip().lower(): said.strip() for name, _, said in (line.partition(":") for line in rest)}
        if "host" in headers and is_here(self._host) and not is_here(_without_port(headers["host"])):
            return _response("403 Forbidden", b"Ask by an address of this machine alone.\n", "text/plain")
        accept = headers.get("accept", "")
        body, kind = render(await self._scrape(), accept)
        return _response("200 OK", body, kind)


def _without_port(host: str) -> str:
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _response(status: str, body: bytes, kind: str) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode("latin-1") + body
