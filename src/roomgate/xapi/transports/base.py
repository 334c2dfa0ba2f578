"""The roles that every transport plays, and how the ends of a dial become our errors."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from roomgate.xapi.errors import (
    AuthenticationFailed,
    BadArgument,
    DeviceUnreachable,
    RateLimited,
    XapiError,
)

MAX_FRAME_BYTES = 8 * 1024 * 1024
PING_EVERY_S = 20.0
PONG_WITHIN_S = 10.0
CLOSE_WITHIN_S = 2.0


class Wire(Protocol):
    """One connection that carries whole frames both ways."""

    async def send(self, frame: bytes | str) -> None:
        """Hand a text frame over; waits while the peer does not read. Raises DeviceGone after the end."""

    async def read(self, hear: Callable[[bytes], None]) -> None:
        """Call ``hear`` with each frame as it arrives, until the end, which is DeviceGone; for one reader at a time.

        ``hear`` must not wait; what it raises ends the reading, and is raised here. Cancelling loses no frame.
        """

    async def close(self) -> None:
        """End the connection; safe to repeat, returns within a few seconds whatever the peer does."""


@dataclass(frozen=True, slots=True)
class Login:
    """An account on a device. ``subprotocol`` sends it as ``auth-…``, the form for those who cannot set headers."""

    user: str
    password: str = field(repr=False)
    subprotocol: bool = False

    def headers(self) -> dict[str, str]:
        """The headers of the upgrade request that carry the account (guide D15427.02, both forms)."""
        pair = f"{self.user}:{self.password}".encode()
        if self.subprotocol:
            return {"Sec-WebSocket-Protocol": self.protocol_name()}
        return {"Authorization": "Basic " + base64.b64encode(pair).decode()}

    def protocol_name(self) -> str:
        pair = f"{self.user}:{self.password}".encode()
        return "auth-" + base64.urlsafe_b64encode(pair).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a device's WebSocket is."""

    host: str
    port: int
    path: str
    secure: bool

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read ``wss://host[:port][/path]`` or a bare host; raises BadArgument, also for an account in the URL."""
        try:
            url = urlsplit(text if "://" in text else f"wss://{text}")
            host, port = url.hostname, url.port
        except ValueError as bad:
            raise BadArgument("not the address of a device") from bad
        if url.scheme not in ("wss", "ws") or not host or url.query or url.fragment:
            raise BadArgument("A device's address is wss://host/ws")
        if url.username is not None or url.password is not None:
            raise BadArgument("The account does not belong into the address, where logs and lists would show it")
        secure = url.scheme == "wss"
        return cls(host, port or (443 if secure else 80), url.path.rstrip("/") or "/ws", secure)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'wss' if self.secure else 'ws'}://{host}:{self.port}{self.path}"


def refused_upgrade(status: int) -> XapiError:
    """What the HTTP status of a failed upgrade means (pyxows, CSxAPI; 401 and 403 alike)."""
    match status:
        case 401 | 403:
            return AuthenticationFailed("The device refused the user or password")
        case 503:
            return RateLimited("The device's web server asks to slow down")
        case 502:
            return DeviceUnreachable("The device's web server is up, the device behind it is not: it is starting")
        case _:
            return DeviceUnreachable(f"No WebSocket there (HTTP {status}); its WebSocket service may be off")
