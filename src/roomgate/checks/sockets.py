"""A WebSocket to the target, to a permitted host alone. Tests and doubles hand in an opener of their own.

`OpenSocket` is all that the checks know of WebSockets: an address, headers, subprotocols; a socket comes back, or
`SocketRefused`. No redirect is followed, no proxy is asked, and what a server sends is bounded.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit, urlunsplit

from roomgate.checks.addresses import Addresses
from roomgate.errors import RoomgateError

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection
    from websockets.exceptions import ConnectionClosed

OPEN_S = 10.0
MESSAGE_MOST = 1024 * 1024
Pairs = Sequence[tuple[str, str]]


class SocketRefused(RoomgateError):
    """The target did not open it. ``status`` is the HTTP status of its answer; 0 where there was none."""

    code = "check.socket-refused"
    hint = "The evidence has the answer; try the address by hand."

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class SocketClosed(RoomgateError):
    """It was open, and is no more. ``status`` is the close code (RFC 6455, 7.4); 1006 where none came."""

    code = "check.socket-closed"
    hint = "The evidence says when, and with which code."

    def __init__(self, message: str, status: int = 1006) -> None:
        super().__init__(message)
        self.status = status


class Socket(Protocol):
    """One that is open."""

    async def send(self, text: str) -> None:
        """Raises SocketClosed."""

    async def recv(self) -> str | bytes:
        """The next message, however long it takes. Raises SocketClosed. Cancelling loses no message."""

    async def close(self) -> None:
        """Safe to repeat; raises nothing."""


OpenSocket = Callable[[str, Pairs, Sequence[str]], Awaitable[Socket]]


def real_sockets(addresses: Addresses, trust: ssl.SSLContext) -> OpenSocket:
    """Opens real ones, where the permitted hosts were found when the run began."""

    async def open_socket(url: str, headers: Pairs, subprotocols: Sequence[str]) -> Socket:
        return await dial(url, headers, subprotocols, addresses, trust)

    return open_socket


def socket_url(url: str) -> str:
    """The ws: address of an http: one; others stay as they are."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(scheme={"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)))


async def dial(
    url: str, headers: Pairs, subprotocols: Sequence[str], addresses: Addresses, trust: ssl.SSLContext
) -> Socket:
    """Raises SocketRefused, NotPermitted."""
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI
    from websockets.typing import Subprotocol

    class ConnectOnce(connect):
        def process_redirect(self, exc: Exception) -> Exception | str:
            return exc

    url = socket_url(url)
    parts = urlsplit(url)
    place = addresses.get(parts.hostname or "")
    secure = parts.scheme == "wss"
    try:
        async with asyncio.timeout(OPEN_S):
            connection = await ConnectOnce(
                url,
                host=place,
                port=parts.port or (443 if secure else 80),
                ssl=trust if secure else None,
                additional_headers=list(headers),
                user_agent_header=None,
                subprotocols=[Subprotocol(one) for one in subprotocols] or None,
                compression=None,
                proxy=None,
                open_timeout=None,
                ping_interval=None,
                close_timeout=2,
                max_size=MESSAGE_MOST,
                max_queue=16,
            )
    except InvalidStatus as refused:
        status = refused.response.status_code
        raise SocketRefused(f"the answer was {status}", status) from refused
    except ssl.SSLCertVerificationError as bad:
        raise SocketRefused(f"certificate: {bad.verify_message}") from bad
    except TimeoutError as late:
        raise SocketRefused("timeout") from late
    except (InvalidHandshake, InvalidURI, OSError, EOFError, ValueError) as bad:
        raise SocketRefused(f"{type(bad).__name__}: {bad}"[:200]) from bad
    return _Real(connection)


class _Real:
    def __init__(self, connection: "ClientConnection") -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            await self._connection.send(text)
        except ConnectionClosed as ended:
            raise _closed(ended) from ended

    async def recv(self) -> str | bytes:
        from websockets.exceptions import ConnectionClosed

        try:
            return await self._connection.recv()
        except ConnectionClosed as ended:
            raise _closed(ended) from ended

    async def close(self) -> None:
        await self._connection.close()


def _closed(ended: "ConnectionClosed") -> SocketClosed:
    code = ended.rcvd.code if ended.rcvd is not None else 1006
    reason = ended.rcvd.reason[:200] if ended.rcvd is not None else ""
    return SocketClosed(reason or "without a word", code)
