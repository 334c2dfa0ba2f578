"""Pure: whether a session still stands, judged anew by the one decision that judges asks."""

from dataclasses import dataclass
from datetime import datetime

from roomgate.access.capability import Capability
from roomgate.access.decision import Ask, Denied, Facts, Room, decide
from roomgate.access.principal import Principal
from roomgate.hub.channels import Kind, Session
from roomgate.ids import AskId, GrantId
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

_ANY = Call(Verb.GET, Path.of("Status"))
_TUNNEL = Call(Verb.COMMAND, Path.of("Command", "Roomgate", "Tunnel", "Open"))
_JUDGING = AskId("judged-anew")


@dataclass(frozen=True, slots=True)
class Standing:
    """What a principal holds in a room now."""

    grants: frozenset[GrantId]
    capabilities: frozenset[Capability]
    until: datetime


def stand(
    principal: Principal, room: Room | None, facts: Facts, now: datetime, catalogue: Catalogue, session: Session | None
) -> Standing:
    """Raises Denied where nothing of this principal may be open in this room.

    With a session of a tunnel: also where the grants no longer give one. With one that has caused lasting effects, or may have: also where the grants no longer cover what it did.
    What it did was counted then, and is not counted again.
    """
    if room is None:
        raise Denied("room.gone", "There is no such room.")
    facts = facts.unspent()
    calls = {_ANY}
    if session is not None and session.kind is Kind.TUNNEL:
        calls.add(_TUNNEL)
    if session is not None and (session.effects or session.unreported):
        calls |= session.uses
    for call in sorted(calls, key=str):
        try:
            decide(Ask(_JUDGING, principal, room, call, session=session.id if session else None), facts, now, catalogue)
        except Denied as no:
            # That the grants do not give the whole status says nothing; that they gave what was done, does.
            if no.rule != "capability" or call is not _ANY:
                raise
    return sum_up(principal, room, facts, now)


def sum_up(principal: Principal, room: Room, facts: Facts, now: datetime) -> Standing:
    """What somebody holds in a room where a decision has just said, of the same facts, that a grant of theirs is open."""
    open = facts.open(principal.id, room, now)
    return Standing(
        frozenset(g.id for g in open),
        frozenset().union(*(g.capabilities for g in open)),
        max(g.until for g in open),
    )


def permits(session: Session, call: Call, facts: Facts, now: datetime, catalogue: Catalogue) -> bool:
    """Whether something of the session that is open or under way may go on: it has paid its use."""
    ask = Ask(_JUDGING, session.principal, session.room, call, session=session.id)
    try:
        decide(ask, facts.unspent(), now, catalogue)
    except Denied:
        return False
    return True
