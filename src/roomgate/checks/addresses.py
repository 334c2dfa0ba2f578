"""Which addresses may be asked at all. Names are looked up once, when a run begins, and stay as they were.

So a name that later leads somewhere else (DNS rebinding), a redirect to the inside, or a link in a hostile page leads
nowhere: what is not on the list is not connected to.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address

from roomgate.checks.target import Target, is_inside
from roomgate.errors import RoomgateError

LookUp = Callable[[str], Awaitable[list[str]]]


class NotPermitted(RoomgateError):
    """The target file does not allow to ask this."""

    code = "check.not-permitted"
    hint = "Add the host under [permitted] hosts in the target file, if its owner agrees."


async def look_up(host: str) -> list[str]:
    """The system's answer; empty where there is none."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def _is_a_place(address: str) -> bool:
    """Whether a target can be there. A link-local address is this machine's own cloud, and no name's."""
    try:
        found = ip_address(address.split("%")[0])
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return not (found.is_link_local or found.is_multicast or found.is_unspecified)


def _rank(address: str) -> tuple[bool, bool]:
    """Outside first: a name that is found outside has no business inside. Then IPv4: what listens on both answers
    there, and a single address keeps a run repeatable."""
    return is_inside(address), ":" in address


class Addresses:
    """The permitted hosts and where each was found."""

    def __init__(self, found: Mapping[str, str]) -> None:
        self._found = dict(found)

    @classmethod
    async def of(cls, target: Target, look: LookUp = look_up) -> "Addresses":
        """Look all of them up; a host that is not found is found nowhere later on either."""
        found = {}
        for host in sorted(target.hosts):
            if addresses := await look(host):
                good = [one for one in addresses if _is_a_place(one)]
                if good:
                    found[host] = min(good, key=_rank)
        return cls(found)

    def get(self, host: str) -> str:
        """Where to connect to; raises NotPermitted for a host that is not on the list or was not found."""
        found = self._found.get(host.lower().rstrip("."))
        if found is None:
            raise NotPermitted(f"{host} is not among the hosts that may be asked, or has no address.")
        return found

    def knows(self, host: str) -> bool:
        return host.lower().rstrip(".") in self._found

    def inside(self, host: str) -> bool:
        return self.knows(host) and is_inside(self.get(host))

    @property
    def hosts(self) -> Mapping[str, str]:
        return self._found
