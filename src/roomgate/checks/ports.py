"""Which TCP ports somebody has open: connected to and closed again, at a pace of its own. Nothing is sent."""

import asyncio
import errno
from collections.abc import Sequence
from ipaddress import ip_address

from roomgate.checks.kit import Kit
from roomgate.checks.pace import Pace

OPEN, CLOSED, SILENT, NO_WAY = "open", "closed", "silent", "no way"
AT_ONCE = 20
# What services, web consoles, tunnels, databases and appliances usually listen on.
COMMON = (
    21, 22, 23, 25, 53, 80, 81, 88, 110, 111, 123, 135, 139, 143, 161, 179, 389, 427, 443, 444, 445, 465, 500, 502,
    514, 515, 548, 554, 587, 593, 623, 631, 636, 873, 902, 989, 990, 993, 995, 1080, 1099, 1194, 1433, 1521, 1701,
    1719, 1720, 1723, 1812, 1880, 1883, 1935, 2000, 2049, 2082, 2083, 2222, 2375, 2376, 2379, 2380, 3000, 3001, 3128,
    3268, 3306, 3389, 3478, 4000, 4200, 4369, 4443, 4444, 4500, 4646, 5000, 5001, 5002, 5060, 5061, 5222, 5349, 5432,
    5555, 5601, 5671, 5672, 5800, 5900, 5901, 5938, 5984, 5985, 5986, 6000, 6379, 6443, 6514, 7000, 7001, 7070, 7443,
    7547, 8000, 8001, 8008, 8009, 8010, 8080, 8081, 8082, 8086, 8088, 8090, 8123, 8181, 8200, 8333, 8384, 8443, 8444,
    8500, 8530, 8554, 8787, 8834, 8880, 8883, 8888, 8889, 9000, 9001, 9042, 9090, 9091, 9092, 9100, 9200, 9300, 9418,
    9443, 9999, 10000, 10050, 10250, 11211, 15672, 16992, 16993, 27017, 32400, 49152, 50000, 51820,
)  # fmt: skip
EVERY = tuple(range(1, 65536))


def where(kit: Kit, host: str) -> str:
    """The address of a host that the file names for this. Raises NotPermitted for a name that was not looked up."""
    try:
        return str(ip_address(host))
    except ValueError:
        return kit.addresses.get(host)


async def look_at_ports(
    kit: Kit, host: str, ports: Sequence[int], label: str, *, per_second: float, timeout_s: float
) -> None:
    """Records one Fact ``ports``: for each state, the ports that are in it. Cancelling stops it at once."""
    address = where(kit, host)
    pace = Pace(per_second, kit.time)
    states: dict[int, str] = {}
    waiting = list(reversed(dict.fromkeys(ports)))

    async def worker() -> None:
        while waiting:
            port = waiting.pop()
            await pace.turn()
            states[port] = await _state(address, port, timeout_s)
            if len(states) % 100 == 0:
                kit.progress(f"{host}: port {port}", len(states) / len(ports))

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(worker())
    found = {
        state: sorted(port for port, seen in states.items() if seen == state)
        for state in (OPEN, CLOSED, SILENT, NO_WAY)
    }
    # Thousands of closed ports prove what their number proves.
    told = {OPEN: found[OPEN], **{state: len(found[state]) for state in (CLOSED, SILENT, NO_WAY)}}
    kit.recorder.fact(label, "ports", told | {"address": address, "tried": len(states)}, subject=host)


async def _state(address: str, port: int, timeout_s: float) -> str:
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(address, port)
    except TimeoutError:
        return SILENT
    except ConnectionRefusedError:
        return CLOSED
    except OSError as fault:
        return SILENT if fault.errno == errno.ETIMEDOUT else NO_WAY
    writer.transport.abort()
    return OPEN
