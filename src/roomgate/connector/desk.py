"""Where the link is answered: what the hub says goes to whom it concerns, what the rooms say goes up.

Implements `uplink.UplinkHandler` and `acts.Sender`. It holds no rule: orders and cuts are `Acts`' to judge.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from roomgate import log
from roomgate.clock import Clock, iso
from roomgate.connector.acts import Acts
from roomgate.connector.bookings import RoomBookings
from roomgate.connector.call_panel import CallPanels
from roomgate.connector.effects import Effects
from roomgate.connector.fleet import Fleet
from roomgate.connector.hub_memory import HubMemory
from roomgate.connector.keeper import Keeper
from roomgate.connector.mirror import Mirrored
from roomgate.connector.room import Room, RoomCondition
from roomgate.connector.site_policy import SitePolicy
from roomgate.connector.spool import Spool
from roomgate.connector.tunnel import Tunnels
from roomgate.connector.upkeep import Upkeeps
from roomgate.connector.uplink import Site
from roomgate.ids import DeviceId
from roomgate.ledger.event import Event, LinkDown, LinkUp
from roomgate.link.messages import (
    Cut,
    EffectEnded,
    EffectInfo,
    Feedback,
    Outcome,
    RoomState,
    ToHub,
    TunnelData,
    TunnelEnd,
    Welcome,
)
from roomgate.link.order import Order

_log = log.get("desk")

GAPS = 10_000  # orders whose watcher missed something; above it, all are told anew at the next welcome anyway
# What the panel of a room says when its sessions end for a reason of the site's own.
_WORDS = {
    "device.credential-changed": "the device's password was changed",
    "device.certificate-changed": "the device shows another certificate",
    "device.unproven": "the device's accounts could not be proven",
    "room.removed": "the site took this room out",
    "device.changed": "the site put another device here",
}


class Link(Protocol):
    """What is needed of the uplink."""

    def send(self, message: ToHub, *, urgent: bool = False) -> bool:
        """False where it could not be taken; an outcome always is."""


class Notes(Protocol):
    """What is needed of the site's ledger."""

    def add_soon(self, event: Event) -> None: ...


class Sender:
    """`acts.Sender` over the link. A feedback that got lost is made known by a gap before the next one."""

    def __init__(self, send: Callable[[ToHub], bool]) -> None:
        self._send = send
        self._gaps: set[str] = set()

    def outcome(self, outcome: Outcome) -> None:
        self._send(outcome)

    def send(self, message: Feedback | EffectEnded) -> None:
        if not isinstance(message, Feedback):
            self._send(message)  # where it is lost, the next heartbeat no longer lists the effect
            return
        order = message.order
        if order in self._gaps and message.kind != "gap" and not self._send(Feedback(order, "gap", {})):
            return
        self._gaps.discard(order)
        if not self._send(message) and len(self._gaps) < GAPS:
            self._gaps.add(order)


@dataclass(frozen=True, slots=True)
class Staff:
    """Whom the desk passes things on to."""

    fleet: Fleet
    acts: Acts
    tunnels: Tunnels
    spool: Spool
    mirrored: Mirrored
    upkeep: Upkeeps
    bookings: RoomBookings
    link: Link
    hub: HubMemory
    record: Notes
    clock: Clock
    call_panels: CallPanels


class Desk:
    """The connector, as the link sees it. It opens with `attend`, since some of the staff need a desk first."""

    def __init__(self, effects: Effects, policy: Callable[[], SitePolicy]) -> None:
        self._effects = effects
        self._policy = policy
        self._staff: Staff | None = None
        self._untold: dict[DeviceId, RoomState] = {}  # what the link did not take, the newest of each room

    def attend(self, staff: Staff) -> None:
        self._staff = staff

    @property
    def staff(self) -> Staff:
        assert self._staff is not None, "nothing runs before the desk is attended"
        return self._staff

    def send(self, message: ToHub) -> bool:
        return self.staff.link.send(message)

    # -- what the hub says ----------------------------------------------------------------------------

    def site(self) -> Site:
        """What the hello says. What a room becomes after it and before the welcome is told with the welcome."""
        self._untold = {device: state for device, state in self._untold.items() if state.cut}
        policy = self._policy()
        return Site(
            policy.rules.name, policy.digest, self.staff.fleet.infos(), self.effects(), self.staff.hub.checkpoint
        )

    def effects(self) -> list[EffectInfo]:
        return [effect.info() for effect in self._effects.all()]

    def linked(self, session: str, hub: str) -> None:
        self.staff.record.add_soon(LinkUp(at=iso(self.staff.clock.now()), session=session, hub=hub))

    def unlinked(self, session: str, reason: str) -> None:
        self.staff.tunnels.unlinked()
        self.staff.record.add_soon(LinkDown(at=iso(self.staff.clock.now()), session=session, reason=reason))

    async def welcome(self, welcome: Welcome) -> None:
        self.staff.spool.welcomed(welcome.ledger_size)
        self.staff.mirrored.up()
        self.staff.upkeep.up()
        await asyncio.to_thread(self.staff.hub.tell, welcome.checkpoint)
        self._tell()

    async def order(self, order: Order, arrived: float) -> None:
        await self.staff.acts.order(order, arrived)

    async def refused(self, order: Order | None, rule: str, words: str) -> None:
        await self.staff.acts.refused(order, rule, words)

    async def cut(self, cut: Cut) -> list[str]:
        return await self.staff.acts.cut(cut)

    async def lapsed(self, sessions: list[str]) -> None:
        await self.staff.acts.lapsed(sessions)

    async def unsubscribe(self, order: str) -> None:
        await self.staff.acts.unsubscribe(order)

    def tunnel(self, message: TunnelData | TunnelEnd) -> None:
        self.staff.tunnels.heard(message)

    async def kept(self, size: int, checkpoint: str) -> None:
        self.staff.spool.kept(size)
        await asyncio.to_thread(self.staff.hub.tell, checkpoint)

    # -- what the rooms say ---------------------------------------------------------------------------

    async def on_condition(self, room: Room, condition: RoomCondition, reason: str, cut: bool) -> None:
        """`fleet.OnCondition`: the hub hears of it at once, then everything in the room is ended."""
        owed = self._untold.get(room.device)
        told_cut = cut or (owed is not None and owed.cut)
        self._untold[room.device] = RoomState(self.staff.fleet.info(room), told_cut, reason)
        self._tell()
        if cut:
            undone = await self.staff.acts.end_room(room.device, reason, _WORDS.get(reason, "the site ended it"))
            _log.warning("room.cut", room=room.name, reason=reason, undone=len(undone))
        if reason == "room.removed":
            self.staff.bookings.left(room.name)
            self.staff.call_panels.left(room.device)
        elif condition is RoomCondition.FINE and isinstance(room, Keeper):
            self.staff.upkeep.wake()
            await self.staff.bookings.arrived(room)
            await self.staff.call_panels.arrived(room)

    def _tell(self) -> None:
        for device, state in list(self._untold.items()):
            if self.staff.link.send(state, urgent=state.cut):
                del self._untold[device]

    async def end_all(self, cause: str, words: str) -> list[str]:
        """End everything from outside, at every room, as the site wishes; gives what was undone, in words.

        The hub hears of it first: it would go on holding open streams that nothing is sent to any more.
        """
        occupied = self.staff.acts.occupied()
        for room in self.staff.fleet.keepers():
            if room.device in occupied:
                self.staff.link.send(RoomState(self.staff.fleet.info(room), True, cause), urgent=True)
        return await self.staff.acts.end_all(cause, words)
