"""The roles that every transport plays, and how the ends of a dial become our errors."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, runtime_checkable
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


Out = TypeVar("Out", contravariant=True)
In = TypeVar("In", covariant=True)


class Carrier(Protocol[Out, In]):
    """One connection that carries whole frames both ways, of whatever kind its protocol has.

    One that can tell without waiting whether it takes a frame also has ``try_send(frame) -> bool``.
    """

    async def send(self, frame: Out) -> None:
        """Hand a frame over; waits while the peer does not read. Raises DeviceGone after the end."""

    async def read(self, hear: Callable[[In], None]) -> None:
        """Call ``hear`` with each frame as it arrives, until the end, which is DeviceGone; for one reader at a time.

        ``hear`` must not wait; what it raises ends the reading, and is raised here. Cancelling loses no frame.
        """

    async def close(self) -> None:
        """End the connection; safe to repeat, returns within a few seconds whatever the peer does."""


@runtime_checkable
class Paced(Carrier[Out, In], Protocol[Out, In]):
    """A carrier on which a frame may have to wait for its turn, because the device takes so many a second alone."""

    async def send_within(self, frame: Out, within_s: float) -> None:
        """As ``send``; raises RateLimited at once where the frame's turn would come later than that."""


class Wire(Carrier[bytes | str, bytes], Protocol):
    """A WebSocket: text frames both ways."""


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


_PORTS = {"wss": 443, "ws": 80, "https": 443, "ssh": 22}
_SPELLINGS = {"wss": "wss://host/ws", "ws": "ws://host/ws", "https": "https://host", "ssh": "ssh://host"}


@dataclass(frozen=True, slots=True)
class Address:
    """Where one of a device's interfaces is."""

    host: str
    port: int
    path: str
    secure: bool
    scheme: str = "wss"

    @classmethod
    def parse(cls, text: str, *schemes: str) -> "Address":
        """Read ``wss://host[:port][/path]``, ``https://host[:port]``, ``ssh://host[:port]`` or a bare host.

        ``schemes`` are the ones to be taken, the first of them a bare host's: those of a WebSocket if none is given.
        Raises BadArgument, also for an account in the URL.
        """
        schemes = schemes or ("wss", "ws")
        try:
            url = urlsplit(text if "://" in text else f"{schemes[0]}://{text}")
            host, port = url.hostname, url.port
        except ValueError as bad:
            raise BadArgument("not the address of a device") from bad
        if url.scheme not in schemes or not host or url.query or url.fragment:
            raise BadArgument(f"A device's address is {' or '.join(_SPELLINGS[one] for one in schemes if one != 'ws')}")
        if url.username is not None or url.password is not None:
            raise BadArgument("The account does not belong into the address, where logs and lists would show it")
        path = url.path.rstrip("/")
        if url.scheme in ("wss", "ws"):
            path = path or "/ws"
        elif path:
            raise BadArgument(f"A device's address is {_SPELLINGS[url.scheme]}, without a path")
        return cls(host, port or _PORTS[url.scheme], path, url.scheme != "ws", url.scheme)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path}"


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
