"""The meetings of many rooms, each asked by an ordinary ask of one person: nothing is kept, nothing is known twice.

Of thousands of rooms a page asks a few dozen, all at once, and waits for none longer than for the others. A room that
cannot be asked, says no or is slow is told as that, in its place, and none of them fails the whole.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from roomgate.access.capability import Capability
from roomgate.access.decision import Denied
from roomgate.access.principal import Principal
from roomgate.clock import Clock
from roomgate.errors import NotFound, RoomgateError, Unreachable
from roomgate.hub.channels import Session
from roomgate.hub.http.problem import NO_SUCH_ROOM
from roomgate.hub.identity.person import Signed
from roomgate.hub.meetings.explained import Device, explain
from roomgate.hub.meetings.filter import MOST_DAYS
from roomgate.hub.meetings.told import CALENDAR as CALENDAR_TOLD
from roomgate.hub.meetings.told import RoomTold, in_vain, read_calendar, read_device, read_meeting, within
from roomgate.hub.parts import Parts
from roomgate.hub.relay.asked import Answer, Wish
from roomgate.hub.relay.http import raise_unless_done
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.rooms.state import RoomSummary
from roomgate.ids import RoomId
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import XapiError

WITHIN_S = 2.5  # what a page of rooms waits for; who is later is told to be
ALONE_S = 8.0  # what the page of one room waits for
SYNC_S = 25.0
CALENDAR = Wish(Verb.COMMAND, "Roomgate.Meetings.List", {"Days": MOST_DAYS})
SYNC = Wish(Verb.COMMAND, "Roomgate.Meetings.Sync")
EXPLAIN_S = 10.0
MOST_EXPLAINED = 2  # at a time: each keeps a processor busy
_LIMIT = 200
AWAY = "Its connector is not connected."
LATE = "It has not answered yet."

Enter = Callable[[RoomSummary], Awaitable[Session | None]]  # the session that a room is asked in; raises Denied


@dataclass(frozen=True, slots=True)
class Reach:
    """``rooms``: those whose meetings somebody may ask for, by name; ``others``: how many more they see."""

    rooms: tuple[RoomSummary, ...]
    others: int


async def nobodys(_: RoomSummary) -> None:
    """Asks that belong to no page: the relay finds their session."""


class Meetings:
    """For one hub. Every method asks as the person that it is given, and is refused as they are."""

    def __init__(self, parts: Parts, relay: RelayParts) -> None:
        self._parts = parts
        self._relay = relay
        self._explaining = asyncio.Semaphore(MOST_EXPLAINED)

    @property
    def clock(self) -> Clock:
        return self._parts.clock

    async def reach(self, signed: Signed) -> Reach:
        granted = await self._parts.grants.live_rooms(signed.principal, Capability.BOOKINGS)
        seen = await self._parts.grants.live_rooms(signed.principal)
        rooms = self._parts.rooms.list_for(signed, seen)
        mine = sorted((one for one in rooms if one.id in granted), key=lambda one: (one.name.casefold(), one.id))
        return Reach(tuple(mine), len(rooms) - len(mine))

    async def room(self, signed: Signed, name: str) -> RoomSummary:
        """By name or id, of those that may be asked; raises NotFound alike for all others."""
        for room in (await self.reach(signed)).rooms:
            if name in (room.name, room.id):
                return room
        raise NotFound(NO_SUCH_ROOM)

    async def ask_all(
        self,
        principal: Principal,
        rooms: Sequence[RoomSummary],
        start: datetime,
        end: datetime,
        enter: Enter = nobodys,
        *,
        device: bool = False,
    ) -> dict[RoomId, RoomTold]:
        """What each of these rooms tells of its meetings in the window, within WITHIN_S. Never raises for a room.

        ``device``: of the device's own list, whatever the site's calendar says.
        """
        found: dict[RoomId, RoomTold] = {}

        async def one(room: RoomSummary) -> None:
            found[room.id] = within(await self.ask(principal, room, end, enter=enter, device=device), start, end)

        async with asyncio.TaskGroup() as group:
            for room in rooms:
                group.create_task(one(room), name=f"meetings.{room.id}")
        return found

    async def ask(
        self,
        principal: Principal,
        room: RoomSummary,
        end: datetime,
        within_s: float | None = None,
        enter: Enter = nobodys,
        *,
        device: bool = False,
    ) -> RoomTold:
        """One room: its connector first, and the device where that keeps no calendar of it. Never raises.

        ``within_s``: in all; WITHIN_S where it is not said.
        """
        within_s = WITHIN_S if within_s is None else within_s
        if not self._parts.rooms.linked(room.connector):
            return in_vain("away", AWAY)
        until = self.clock.monotonic() + within_s
        try:
            session = await enter(room)
            if not device:
                answer = await self._ask(principal, room, CALENDAR, session, within_s)
                told = read_calendar(answer.result) if answer.outcome == "done" else None
                if told is not None and told.calendar != "none":
                    return told
                if answer.outcome not in ("done", "failed"):
                    return _in_vain(answer)
            # No calendar here, or a connector that does not know of any: the device has its own list all the same.
            left = max(0.1, until - self.clock.monotonic())
            listed = await self._ask(principal, room, device_list(self.clock.now(), end), session, left)
        except Denied as no:
            return in_vain("refused", no.message, no.rule)
        except (RoomgateError, XapiError) as fault:
            return in_vain("failed", fault.message, fault.code)
        return read_device(listed.result, self.clock.now()) if listed.outcome == "done" else _in_vain(listed)

    async def one(self, principal: Principal, room: RoomSummary, id: str, enter: Enter = nobodys) -> RoomTold:
        """One meeting with all its reasons, as the only one; or why there is none to tell. Never raises."""
        if self._parts.rooms.linked(room.connector):
            try:
                explain = Wish(Verb.COMMAND, "Roomgate.Meetings.Explain", {"Id": id})
                answer = await self._ask(principal, room, explain, await enter(room), ALONE_S)
            except (RoomgateError, XapiError):
                pass  # an id of another's making, or a no: the list says which
            else:
                if answer.outcome == "done" and (found := read_meeting(answer.result)) is not None:
                    return RoomTold((found,), (), CALENDAR_TOLD)
        told = await self.ask(principal, room, self.clock.now() + timedelta(days=MOST_DAYS), ALONE_S, enter)
        return replace(told, meetings=tuple(one for one in told.meetings if one.id == id))

    async def sync(self, principal: Principal, room: str) -> Any:
        """Have the site read the room's calendar now. Raises as `Relay.ask` and `raise_unless_done`."""
        answer = await self._relay.relay.ask(principal, room, SYNC, wait_s=SYNC_S)
        raise_unless_done(answer)
        return answer.result

    async def explain(self, raw: bytes, device: Device) -> list[dict[str, Any]]:
        """As `explained.explain`, a few at a time; raises Unreachable where too many wait before this one.

        Cancelling leaves a thread to its end: what it does is bounded, and touches nothing.
        """
        try:
            async with asyncio.timeout(EXPLAIN_S):
                async with self._explaining:
                    return await asyncio.to_thread(explain, raw, device)
        except TimeoutError as late:
            raise Unreachable("Too many invitations are being looked at.", hint="Try again in a moment.") from late

    async def _ask(
        self, principal: Principal, room: RoomSummary, wish: Wish, session: Session | None, wait_s: float
    ) -> Answer:
        answer = await self._relay.relay.ask(principal, room.name, wish, session=session, wait_s=wait_s)
        self._relay.relay.let_go(answer.ask)  # nobody comes back for it, and it is other people's calendar
        return answer


def device_list(now: datetime, end: datetime) -> Wish:
    """The device counts days from its own midnight: one more is asked for than there are in the window."""
    days = max(1, min(365, (end - now).days + 2))
    return Wish(Verb.COMMAND, "Bookings.List", {"Days": days, "Limit": _LIMIT})


def _in_vain(answer: Answer) -> RoomTold:
    match answer.outcome:
        case "waiting":
            return in_vain("late", LATE, "late")
        case "refused":
            return in_vain("refused", answer.words, answer.rule)
        case _:
            return in_vain("failed", answer.words, answer.rule)
