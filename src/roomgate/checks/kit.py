"""What a look is given, and all that it may use: everything that it does goes through here, and is recorded."""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from roomgate.checks.addresses import Addresses
from roomgate.checks.declared import Tier
from roomgate.checks.pace import Pace, Time
from roomgate.checks.recorder import Recorder
from roomgate.checks.snapshot import AnyStep
from roomgate.checks.sockets import OpenSocket, Pairs, Socket, SocketRefused
from roomgate.checks.target import Target
from roomgate.checks.tester import Tester
from roomgate.checks.web import Web

Progress = Callable[[str, float], None]  # what is done now, and how much of this look is done, 0 to 1


async def _no_sockets(url: str, headers: Pairs, subprotocols: Sequence[str]) -> Socket:
    raise SocketRefused("there is no way to open a WebSocket")


@dataclass(slots=True)
class Kit:
    """``evidence`` is a folder for files that are evidence by themselves: pictures, captured pages.

    ``intrusive``: whether --allow-intrusive was given, and the target file permits it too. ``quick``: a look that
    samples takes fewer samples. Live channels, a browser, TLS and devices are reached by the functions of `live`,
    `browser`, `tls` and `inside`, which take this kit.
    """

    target: Target
    web: Web
    time: Time
    pace: Pace
    recorder: Recorder
    tester: Tester
    addresses: Addresses
    evidence: Path
    intrusive: bool = False
    quick: bool = False
    progress: Progress = field(default=lambda what, part: None)
    earlier: tuple[AnyStep, ...] = ()  # of a try that was killed: what it had seen until then
    tier: Tier = Tier.OUTSIDE  # what this run was let into
    later: AsyncExitStack = field(default_factory=AsyncExitStack)  # what is closed when the look has ended
    held: dict[str, Any] = field(default_factory=dict)  # what is opened once in a look, by its module's name
    open_socket: OpenSocket = field(default=_no_sockets)
