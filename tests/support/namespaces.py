"""A network of namespaces on this machine: people, hub, site and devices, each with links of its own. Needs root.

    people ── 10.77.1 ── hub ── 10.77.2 ──[ the internet ]── site ── 10.77.3 ── devices

Nobody forwards, so there is no way from hub or people to the devices. Between hub and site stands the internet: a
namespace in which this program carries each frame over by itself (`Internet`), late, out of order or not at all. It
is the site's firewall too: no connection is begun from its outer side. Not every kernel has netem; every one has this.

All is named after this process, and taken away when the block ends.
"""

import asyncio
import ctypes
import heapq
import os
import random
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
PLACES = ("people", "hub", "internet", "site", "devices")
HUB, SITE, DEVICES = "10.77.2.1", "10.77.2.2", "10.77.3.2"
_CLONE_NEWNET = 0x40000000
_ETH_P_ALL = 3
_SOL_PACKET, _PACKET_VNET_HDR = 263, 15
_VNET_HDR = 10  # bytes before each frame: what the kernel left to be done by the network card
_LARGEST = 1 << 17


def ip(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


def enter(place: str) -> None:
    """Move this thread, and all that it starts from now on."""
    with Path(f"/run/netns/{place}").open("rb") as there:
        _move(there.fileno())


def _move(there: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(there, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


@dataclass(slots=True)
class Internet:
    """Carries frames between two links, and may be changed while it does. `begin` on the loop that carries."""

    delay_s: float = 0.0
    jitter_s: float = 0.0  # more or less than the delay: whoever is sooner overtakes
    loss: float = 0.0  # the share of frames that vanish
    carried: int = 0
    lost: int = 0
    refused: int = 0  # connections that were begun from outside
    _sockets: list[socket.socket] = field(default_factory=list)
    _later: list[tuple[float, int, int, bytes]] = field(default_factory=list)
    _dice: random.Random = field(default_factory=lambda: random.Random(7))

    def open(self, outer: str, inner: str) -> None:
        """On the two links of the namespace in which this thread is."""
        for link in (outer, inner):
            one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
            one.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1)
            one.bind((link, 0))
            one.setblocking(False)
            self._sockets.append(one)

    def begin(self) -> None:
        loop = asyncio.get_running_loop()
        for number, one in enumerate(self._sockets):
            loop.add_reader(one, self._carry, one, number)

    def close(self) -> None:
        for one in self._sockets:
            with suppress(RuntimeError):
                asyncio.get_running_loop().remove_reader(one)
            one.close()

    def _carry(self, one: socket.socket, number: int) -> None:
        with suppress(OSError):  # nothing more for now; or the link is down
            while True:
                raw, where = one.recvfrom(_LARGEST)
                if where[2] != socket.PACKET_OUTGOING:
                    self._took(raw, 1 - number)

    def _took(self, raw: bytes, to: int) -> None:
        if to == 1 and begins_a_connection(raw[_VNET_HDR:]):
            self.refused += 1
            return
        if self.loss and self._dice.random() < self.loss:
            self.lost += 1
            return
        self.carried += 1
        if not self.delay_s:
            self._give(raw, to)
            return
        loop = asyncio.get_running_loop()
        due = loop.time() + max(0.0, self.delay_s + self._dice.uniform(-self.jitter_s, self.jitter_s))
        heapq.heappush(self._later, (due, self.carried, to, raw))
        loop.call_at(due, self._give_due)

    def _give_due(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._later and self._later[0][0] <= now:
            _, _, to, raw = heapq.heappop(self._later)
            self._give(raw, to)

    def _give(self, raw: bytes, to: int) -> None:
        with suppress(OSError):  # a link that is down, or full: the frame is lost, as frames are
            self._sockets[to].send(raw)


def begins_a_connection(frame: bytes) -> bool:
    """Whether this Ethernet frame is the first of a TCP connection: SYN without ACK."""
    if frame[12:14] != b"\x08\x00" or frame[23] != socket.IPPROTO_TCP:
        return False
    tcp = 14 + (frame[14] & 0x0F) * 4
    return len(frame) > tcp + 13 and frame[tcp + 13] & 0x12 == 0x02


@dataclass(frozen=True, slots=True)
class Socket:
    state: str
    own: str  # address:port
    other: str


@dataclass(slots=True)
class Namespaces:
    """The places, by their names on this machine."""

    prefix: str
    internet: Internet = field(default_factory=Internet)

    def at(self, place: str) -> str:
        return f"{self.prefix}-{place}"

    def within(self, place: str) -> tuple[str, ...]:
        """What a command in that place begins with."""
        return "ip", "netns", "exec", self.at(place)

    def run(self, place: str, work: Callable[[], T]) -> T:
        """Do it in a thread that stands in that place, and wait: for what opens sockets or asks with them."""
        got: list[T] = []
        failed: list[BaseException] = []

        def there() -> None:
            try:
                enter(self.at(place))
                got.append(work())
            except BaseException as fault:
                failed.append(fault)

        thread = threading.Thread(target=there)
        thread.start()
        thread.join()
        if failed:
            raise failed[0]
        return got[0]

    def sockets(self, place: str) -> list[Socket]:
        """What ``ss`` shows there, of everything but unix-domain sockets."""
        words = [*self.within(place), "ss", "-Htuwan"]
        said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        lines = [line.split() for line in said.splitlines()]
        return [Socket(line[1], line[4], line[5]) for line in lines]

    def link(self, place: str, name: str, state: str) -> None:
        ip("-n", self.at(place), "link", "set", name, state)

    def make(self) -> None:
        for place in PLACES:
            ip("netns", "add", self.at(place))
            self.link(place, "lo", "up")
        self._cable("people", "10.77.1.2", "hub", "10.77.1.1")
        self._cable("hub", HUB, "internet", "")
        self._cable("internet", "", "site", SITE)
        self._cable("site", "10.77.3.1", "devices", DEVICES)
        ip("-n", self.at("people"), "route", "add", f"{HUB}/32", "via", "10.77.1.1")
        self.run("internet", lambda: self.internet.open("to-hub", "to-site"))

    def _cable(self, one: str, address: str, other: str, its: str) -> None:
        ends = f"to-{other}", f"to-{one}"
        ip(
            "link",
            "add",
            ends[0],
            "netns",
            self.at(one),
            "type",
            "veth",
            "peer",
            "name",
            ends[1],
            "netns",
            self.at(other),
        )
        for place, link, own in ((one, ends[0], address), (other, ends[1], its)):
            if own:
                ip("-n", self.at(place), "address", "add", f"{own}/24", "dev", link)
            self.link(place, link, "up")

    def unmake(self) -> None:
        for place in PLACES:
            with suppress(subprocess.CalledProcessError):
                ip("netns", "delete", self.at(place))


@contextmanager
def namespaces() -> Iterator[Namespaces]:
    """Make them, and stand among the people; raises PermissionError for whoever is not root."""
    if os.geteuid() != 0:
        raise PermissionError("Network namespaces take root.")
    made = Namespaces(f"roomgate-{os.getpid()}")
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    try:
        made.make()
        enter(made.at("people"))
        yield made
    finally:
        _move(home)
        os.close(home)
        made.unmake()
