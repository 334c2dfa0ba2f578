"""The tunnels to the devices' own pages: an order opens one, whatever ends its session ends it.

Theory: inside a tunnel is the device's own TLS, so neither catalogue nor never-list can see what is done there.
That is why the site's yes to it is a dangerous one, why the room is told for as long as it is open and can shut
it, and why it is known here before anything is awaited: a cut finds it even while it is being opened. It hangs
on one link session, since bytes that were lost on the way are lost.
"""

import asyncio
import hashlib
import ssl
from collections.abc import Callable, Collection, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from roomgate import log
from roomgate.clock import Clock, iso
from roomgate.connector.consent import Panel
from roomgate.connector.devices import DeviceEntry
from roomgate.connector.own import Deed
from roomgate.connector.room import Room
from roomgate.ledger.event import Event, TunnelClosed, TunnelOpened
from roomgate.link.messages import LinkBroken, TunnelData, TunnelEnd
from roomgate.link.order import Order
from roomgate.redact import foreign
from roomgate.tunnel.ends import DIAL_S, End, Streams
from roomgate.tunnel.frames import TunnelBroken
from roomgate.xapi.errors import CommandFailed, DeviceUnreachable, XapiError

MOST_TUNNELS = 16  # at one connector
FIRST_WITHIN_S = 15.0  # one in which nothing is said by then has nobody at its other end
SHUT_S = 600.0  # how long somebody stays out whose tunnel the room has shut
TELL_AGAIN_S = 2.0
READ_AHEAD = 256 * 1024

_log = log.get("tunnel")


class Link(Protocol):
    """What is needed of the uplink."""

    def send(self, message: TunnelEnd, *, urgent: bool = False) -> bool: ...

    async def carry(self, message: TunnelData) -> None:
        """Waits while there is no room; raises LinkBroken."""


async def dial_page(entry: DeviceEntry) -> Streams:
    """The device's own web server; its TLS is the tunnel's affair. Raises OSError."""
    return await asyncio.open_connection(entry.host, entry.port, limit=READ_AHEAD)


class Notes(Protocol):
    def add_soon(self, event: Event) -> None: ...


@dataclass(slots=True, eq=False)
class _Tunnel:
    order: Order
    room: Room
    over: asyncio.Event = field(default_factory=asyncio.Event)
    end: End | None = None  # None while it is being opened
    silent: asyncio.TimerHandle | None = None  # goes off where nobody says anything


class Tunnels:
    """All that are open at this connector. Run `run` in a task."""

    def __init__(
        self,
        entry: Callable[[str], DeviceEntry | None],
        link: Link,
        panel: Panel,
        record: Notes,
        clock: Clock,
        tell_again_s: float = TELL_AGAIN_S,
        dial: Callable[[DeviceEntry], Coroutine[Any, Any, Streams]] = dial_page,
    ) -> None:
        """``entry``: the line of the site's file for a device."""
        self._entry = entry
        self._link = link
        self._panel = panel
        self._record = record
        self._clock = clock
        self._tell_again_s = tell_again_s
        self._dial = dial
        self._group: asyncio.TaskGroup | None = None
        self._open: dict[str, _Tunnel] = {}  # by order
        self._shut: dict[tuple[str, str], float] = {}  # device and person → until when

    def __len__(self) -> int:
        return len(self._open)

    async def run(self) -> None:
        """Hold the connections of all tunnels; cancelling ends them."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                await asyncio.Event().wait()
        finally:
            self._group = None
            for one in list(self._open.values()):
                self._close(one, "connector.stopped", "The site's connector was stopped.")

    # -- what orders ask for ------------------------------------------------------------------------

    async def look(self, deed: Deed) -> Any:
        """``Tunnel Get``: by which certificate this site knows the device."""
        return await _identity(self._where(deed.order))

    async def open(self, deed: Deed) -> Any:
        """``Tunnel Open``: from now on frames come and go under this order's id."""
        order, group = deed.order, self._group
        entry = self._where(order)
        if group is None or len(self._open) >= MOST_TUNNELS:
            raise CommandFailed("Too many tunnels are open at this connector.")
        if self._shut.get((order.device, order.principal), 0.0) > self._clock.monotonic():
            raise CommandFailed("Somebody in the room shut this person's tunnel a moment ago.")
        one = self._open[order.id] = _Tunnel(order, deed.room)  # nothing was awaited since the lease was looked at
        try:
            told = await _identity(entry)
        except BaseException:
            self._open.pop(order.id, None)
            raise
        if one.over.is_set():
            raise CommandFailed("The access ended while the tunnel was being opened.")

        async def put(frame: bytes) -> None:
            try:
                await self._link.carry(TunnelData(order.id, frame))
            except LinkBroken:
                self._close(one, "link.lost", "")

        one.end = End(group, put, lambda: self._dial(entry))
        one.silent = asyncio.get_running_loop().call_later(
            FIRST_WITHIN_S, self._close, one, "silent", "Nothing was said in it."
        )
        self._record.add_soon(
            TunnelOpened(
                at=iso(self._clock.now()), order=order.id, room=deed.room.name, principal=order.principal
            )
        )  # fmt: skip
        group.create_task(self._tell(one), name=f"tunnel.{order.id}")
        return told

    def _where(self, order: Order) -> DeviceEntry:
        entry = self._entry(order.device)
        if entry is None:
            raise CommandFailed("The site has no such device any more.")
        return entry

    async def _tell(self, one: _Tunnel) -> None:
        """The notice on the panel, for as long as it is open; somebody in the room may shut it."""
        who = foreign(one.order.principal_name, 40)
        text = f"{who} (outside) has this device's own web page open. Roomgate cannot see what is done there."
        while not one.over.is_set():
            try:
                shut = await self._panel.notice(one.room, text, one.over, "Shut it")
            except XapiError as gone:
                _log.info("notice.unshown", order=one.order.id, error=gone.code)
                await _wait(one.over, self._tell_again_s)
                continue
            if shut and not one.over.is_set():
                self._shut_out(one.order)
            return

    def _shut_out(self, order: Order) -> None:
        """The room's word: all of this person's tunnels into it are shut, and stay shut for a while."""
        now = self._clock.monotonic()
        self._shut = {who: until for who, until in self._shut.items() if until > now}
        self._shut[order.device, order.principal] = now + SHUT_S
        for other in list(self._open.values()):
            if (other.order.device, other.order.principal) == (order.device, order.principal):
                self._close(other, "room.shut", "Somebody in the room shut it.")

    # -- what the link says -------------------------------------------------------------------------

    def heard(self, message: TunnelData | TunnelEnd) -> None:
        """Of the hub; never waits. A tunnel that is not there is told to be over."""
        one = self._open.get(message.order)
        if isinstance(message, TunnelEnd):
            if one is not None:
                self._close(one, "left", "", tell=False)
            return
        if one is None or one.end is None:
            self._link.send(TunnelEnd(message.order, "tunnel.unknown", "This tunnel is not open."))
            return
        if one.silent is not None:
            one.silent.cancel()
            one.silent = None
        try:
            one.end.feed(message.data)
        except TunnelBroken as broken:
            self._close(one, broken.code, broken.message)

    def unlinked(self) -> None:
        """The link is gone, and with it what was on its way."""
        for one in list(self._open.values()):
            self._close(one, "link.lost", "The link to the hub was lost.")

    # -- the cut ------------------------------------------------------------------------------------

    def end(self, sessions: Collection[str], cause: str, words: str) -> list[str]:
        """Shut every tunnel of these sessions, at once; what was shut, in words."""
        ending = [one for one in self._open.values() if one.order.session in sessions]
        for one in ending:
            self._close(one, cause, words)
        return [f"the tunnel to the page of {one.room.name}: shut" for one in ending]

    def _close(self, one: _Tunnel, cause: str, words: str, tell: bool = True) -> None:
        if self._open.pop(one.order.id, None) is None:
            return
        one.over.set()
        if one.silent is not None:
            one.silent.cancel()
        if one.end is None:
            return
        one.end.close()
        self._record.add_soon(
            TunnelClosed(
                at=iso(self._clock.now()),
                order=one.order.id,
                room=one.room.name,
                cause=foreign(cause, 80),
                to_device=one.end.passed_on,
                from_device=one.end.sent,
            )
        )
        if tell:
            self._link.send(TunnelEnd(one.order.id, cause, words))


async def _wait(over: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await over.wait()
    except TimeoutError:
        pass  # it goes on


async def _identity(entry: DeviceEntry) -> dict[str, str]:
    """``Fingerprint`` (SHA-256 of the certificate, hex) and ``By``: pin, or ca where an authority vouches for it.

    An authority's word is good for more than one certificate: the one is told that the device shows now.
    Raises DeviceUnreachable.
    """
    if entry.pin is not None:
        return {"Fingerprint": entry.pin, "By": "pin"}
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=entry.ca)
        async with asyncio.timeout(DIAL_S):
            _, writer = await asyncio.open_connection(entry.host, entry.port, ssl=context, server_hostname=entry.host)
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.transport.abort()
    except (OSError, TimeoutError) as bad:
        raise DeviceUnreachable("The device does not show a certificate that the site trusts.") from bad
    return {"Fingerprint": hashlib.sha256(shown).hexdigest(), "By": "ca"}
