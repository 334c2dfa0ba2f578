"""A room as one person sees it on the console: the one door of every page that is about a room.

The list of rooms has its own. A page asks the device through the same relay, and is refused by the same
decision, as any other client; what stands here only says who may look at the page at all.
"""

from dataclasses import dataclass
from typing import Any

from roomgate.access.capability import Capability
from roomgate.access.decision import Denied
from roomgate.access.grant import Grant, Lock
from roomgate.access.principal import Principal, Right
from roomgate.errors import NotFound, RoomgateError, Unreachable
from roomgate.hub.channels import Kind, Session
from roomgate.hub.console.inside import people_inside
from roomgate.hub.console.naming import site_names
from roomgate.hub.console.visit import Visit
from roomgate.hub.http.problem import NO_SUCH_ROOM
from roomgate.hub.parts import Parts
from roomgate.hub.relay.asked import Answer, Wish
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.relay.standing import stand
from roomgate.hub.rooms.actions import May, build_may
from roomgate.hub.rooms.state import RoomSummary
from roomgate.hub.rooms.tabs import tabs_of
from roomgate.hub.rooms.view import build_room, lock_on
from roomgate.xapi.schema import Catalogue


class NotDone(RoomgateError):
    """The room was asked, and it was not done; ``answer`` says what became of it."""

    code = "ask.not-done"
    hint = "What it says is the site's or the device's own word."

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.words or "The room did not do it.")
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Seen:
    """A room that this person may see, and what they may do there now."""

    summary: RoomSummary
    live: tuple[Grant, ...]
    locks: tuple[Lock, ...]

    @property
    def locked(self) -> bool:
        return bool(lock_on(self.summary, self.locks))

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What their grants give here together; none while the room is locked. A call needs one grant for all of it."""
        return frozenset() if self.locked else frozenset().union(*(grant.capabilities for grant in self.live))

    def may(self, catalogue: Catalogue) -> May:
        return build_may(() if self.locked else self.live, catalogue)


async def see_room(visit: Visit, parts: Parts, relay: RelayParts, name: str) -> Seen:
    """Raises NotFound alike for a room that is not there and one that is not theirs, and Denied for a locked one.

    Whoever has the right to see looks at every room, locked or not.
    """
    signed = visit.signed
    room, facts = await parts.grants.facts(signed.principal, name)
    if room is None:
        raise NotFound(NO_SUCH_ROOM)
    if not signed.may(Right.SEE):
        stand(signed.principal, room, facts, visit.now, relay.relay.catalogue, None)
    open = facts.open(signed.principal.id, room, visit.now)
    return Seen(parts.rooms.get(room.id), tuple(open), facts.locks)


async def room_context(visit: Visit, parts: Parts, relay: RelayParts, seen: Seen) -> dict[str, Any]:
    """What the head of each page of a room shows: `_room.html`'s page_head."""
    summary = seen.summary
    names = await site_names(parts)
    inside = people_inside(relay.book).get(summary.id, 0)
    room = build_room(summary, names.get(summary.site, summary.site), inside, seen.locks)
    return {"room": room, "tabs": tabs_of(summary.name, seen.capabilities, visit.path)}


async def page_session(visit: Visit, relay: RelayParts, seen: Seen) -> Session:
    """The one session of this sign-in in this room: its pages look and ask in it. Raises Denied."""
    return await page_session_in(visit.signed.principal, relay, seen.summary)


async def page_session_in(me: Principal, relay: RelayParts, room: RoomSummary) -> Session:
    """The same for a page of several rooms. Raises Denied."""
    for session in relay.book:
        mine = session.kind is Kind.PAGE and session.room.id == room.id and session.principal == me
        if mine and relay.book.lives(session):
            return session
    return await relay.relay.open_session(me, room.name, Kind.PAGE)


async def ask_room(visit: Visit, relay: RelayParts, seen: Seen, wish: Wish, within_s: float = 10.0) -> Any:
    """Ask for one thing and give its result. Raises NotDone, Unreachable where no answer came in time, and as `Relay.ask`."""
    session = await page_session(visit, relay, seen)
    answer = await relay.relay.ask(visit.signed.principal, seen.summary.name, wish, session=session, wait_s=within_s)
    if answer.outcome == "waiting":
        raise Unreachable("The room has not answered yet.", hint="Open the page again in a moment.")
    if answer.outcome != "done":
        raise NotDone(answer)
    return answer.result


def told_of_room(visit: Visit, fault: Exception) -> Exception:
    """A refusal for somebody who sees the room's page: they know of the room, so they are told what was refused."""
    if isinstance(fault, Denied) and not fault.some_grant:
        return Denied(fault.rule, visit.t("room.no-grant"), some_grant=True)
    return fault
