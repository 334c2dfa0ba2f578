"""Looking for devices in a network of the site: only where its configuration allows, slowly, and by nobody's name."""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from roomgate.connector.glance import Glance
from roomgate.errors import BadInput, RoomgateError, Unreachable

MOST_ADDRESSES = 4096
A_SECOND = 50
AT_ONCE = 100
HTTPS = 443

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Look = Callable[[str, int], Awaitable[Glance]]
Pause = Callable[[float], Awaitable[None]]


class ScanRefused(RoomgateError):
    """The site's configuration does not name this network."""

    code = "scan.refused"


@dataclass(frozen=True, slots=True)
class Seen:
    """What answered by TLS at one address."""

    host: str
    port: int
    fingerprint: str
    is_room: bool


def parse_network(text: str) -> Network:
    """Such as ``10.0.8.0/24``; raises BadInput."""
    try:
        return ipaddress.ip_network(text.strip())
    except ValueError as bad:
        raise BadInput("takes a network such as 10.0.8.0/24, with nothing set behind its length") from bad


def allowed(text: str, networks: Iterable[str], port: int = HTTPS) -> Network:
    """The network, if the site allows to look at all of it. Raises ScanRefused and BadInput."""
    try:
        network = parse_network(text)
    except BadInput as bad:
        raise BadInput(f"A scan {bad.message}.") from bad
    if not any(_within(network, parse_network(one)) for one in networks):
        raise ScanRefused(
            f"This site's configuration does not let {network} be scanned.",
            hint=f'Add to connector.toml, if it is yours to scan: scan_networks = ["{network}"]',
        )
    if network.num_addresses > MOST_ADDRESSES:
        raise BadInput(f"{network} has more than {MOST_ADDRESSES} addresses.", hint="Scan it in parts.")
    if port != HTTPS and not network.is_loopback:
        raise BadInput(f"Only port {HTTPS} is asked; another one is for simulated rooms on this machine.")
    return network


def _within(inner: Network, outer: Network) -> bool:
    if isinstance(inner, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, ipaddress.IPv6Network) and isinstance(outer, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return False


async def scan(network: Network, port: int, look: Look, *, pause: Pause = asyncio.sleep) -> list[Seen]:
    """What answers in it, in the order of addresses. At most `A_SECOND` are begun in a second."""
    seen: dict[int, Seen] = {}
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(at: int, host: str) -> None:
        try:
            found = await look(host, port)
        except Unreachable:
            return
        finally:
            turns.release()
        seen[at] = Seen(host, port, found.fingerprint, found.is_room)

    async with asyncio.TaskGroup() as group:
        for at, address in enumerate(network.hosts()):
            await turns.acquire()
            group.create_task(one(at, str(address)), name="scan.look")
            await pause(1 / A_SECOND)
    return [seen[at] for at in sorted(seen)]
