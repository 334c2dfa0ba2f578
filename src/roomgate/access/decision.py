"""The decision: an ask and the facts in, a Permit out, or Denied with the rule that said no."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from roomgate.access.capability import Capability, Classes
from roomgate.access.grant import Grant, Lock
from roomgate.access.grant import Room as Room  # of the ask's, and so to be had here too
from roomgate.access.principal import Principal
from roomgate.errors import RoomgateError
from roomgate.ids import AskId, GrantId, PersonId, SessionId
from roomgate.xapi.call import Call
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue


@dataclass(frozen=True, slots=True)
class Ask:
    """A wish to do one thing in one room."""

    id: AskId
    principal: Principal
    room: Room
    call: Call
    reason: str = ""
    session: SessionId | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the decision may look at: what concerns this principal and this room, read in one go.

    What is left out is not known, and what is not known speaks for nobody.
    """

    active: bool  # the principal exists, is enabled, and the credential is alive
    room_live: bool  # the room exists and its connector is trusted
    grants: tuple[Grant, ...] = ()  # the principal's, on any room
    locks: tuple[Lock, ...] = ()  # all that hold
    uses: Mapping[GrantId, int] = field(default_factory=dict)  # of grants that are counted: how often so far
    booked: bool = False  # the room is known to have a booking now

    def covering(self, person: PersonId, room: Room, now: datetime) -> list[Grant]:
        """The person's live grants on the room, whether or not it is booked."""
        return [g for g in self.grants if g.person == person and g.covers(room) and g.live(now)]

    def open(self, person: PersonId, room: Room, now: datetime) -> list[Grant]:
        """Those of them that give something at this moment."""
        return [g for g in self.covering(person, room, now) if self.booked or not g.only_booked]

    def left(self, grant: Grant) -> bool:
        """Whether a grant can carry one more use. How often it was used must be known, where that counts."""
        return grant.most_uses is None or self.uses.get(grant.id, grant.most_uses) < grant.most_uses

    def unspent(self) -> Self:
        """The same as if nothing had been used yet: for what was begun, and has paid its use."""
        return replace(self, uses={g.id: 0 for g in self.grants})


class Denied(RoomgateError):
    """No. ``rule`` names what said so; ``some_grant`` tells whether any grant on this room is live.

    Without one, the asker learns nothing: the answer is that of an unknown room.
    """

    code = "denied"

    def __init__(self, rule: str, message: str, *, some_grant: bool = False, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.rule = rule
        self.some_grant = some_grant


def used_up() -> Denied:
    """The no of a grant with no use left; also where another ask took the last one meanwhile."""
    return Denied(
        "uses",
        "Your grant has been used as often as it may be.",
        some_grant=True,
        hint="What only looks, and what hangs up, mutes or stops, goes on. Ask an administrator for another grant.",
    )


_DECIDED = object()


@dataclass(frozen=True, slots=True)
class Permit:
    """A decided yes. `decide` alone makes one, and only a Permit can be sent."""

    ask: Ask
    by: GrantId
    until: datetime
    held: frozenset[Capability]  # all that the principal's open grants give in this room
    at: datetime  # when it was decided
    catalogue: Catalogue = field(repr=False, compare=False)
    _seal: object = field(default=None, repr=False, compare=False)
    rule: str = "grant"  # what said yes: grant, or grant.counted
    counted: bool = False  # it takes one of the grant's uses, which whoever sends it must have written down first

    def __post_init__(self) -> None:
        if self._seal is not _DECIDED:
            raise TypeError("only access.decide makes a Permit")

    def may_read(self, path: Path) -> bool:
        """Whether a leaf of the answer may be handed over."""
        return self.may_read_parts(path.parts)

    def may_read_parts(self, parts: tuple[str | int, ...]) -> bool:
        """The same, by the parts of its path."""
        return Classes.shipped().told_parts(parts, self.catalogue) in self.held


def decide(ask: Ask, facts: Facts, now: datetime, catalogue: Catalogue) -> Permit:
    """Judge one ask. Pure and total: raises Denied, or gives the Permit of one grant that covers all of it.

    Of several it is one that is not counted, where there is one, and of those the one that ends last.
    """
    live = facts.covering(ask.principal.id, ask.room, now)
    if not facts.active:
        raise Denied("principal.inactive", "This account or credential is no longer valid.")
    if not facts.room_live:
        raise Denied("room.gone", "There is no such room.")
    for lock in facts.locks:
        if _matches(lock, ask):
            raise Denied(
                f"lock.{lock.kind}",
                f"Locked: {lock.reason or 'no reason was given'}.",
                some_grant=bool(live),
                hint="An administrator can lift the lock; what was cut must be granted or opened anew.",
            )
    if not live:
        raise Denied("no-grant", "No live grant covers this room.")
    open = facts.open(ask.principal.id, ask.room, now)
    if not open:
        raise Denied(
            "not-booked",
            "Your grant counts only while this room has a booking; none is known to be on.",
            some_grant=True,
            hint="Ask again when the booking has begun.",
        )

    classes = Classes.shipped()
    need = classes.need(ask.call, catalogue)
    # One grant must cover the whole call: rights of two grants do not add up to a third.
    covering = [g for g in open if need.met_by(g.capabilities)]
    if not covering:
        wanted = ", ".join(sorted(need.every or need.some)) or "a class that no rule gives"
        later = any(need.met_by(g.capabilities) for g in live)
        raise Denied(
            "capability",
            f"{ask.call.path} needs {wanted}; your grant on this room does not include it.",
            some_grant=True,
            hint="A grant of yours includes it while the room has a booking."
            if later
            else "Ask an administrator for a grant that includes it.",
        )
    takes_a_use = classes.counted(ask.call)
    able = [g for g in covering if not takes_a_use or facts.left(g)]
    if not able:
        raise used_up()
    best = max(able, key=lambda g: (g.most_uses is None, g.until))
    counted = takes_a_use and best.most_uses is not None
    held = frozenset().union(*(g.capabilities for g in open))
    rule = "grant.counted" if counted else "grant"
    return Permit(ask, best.id, best.until, held, now, catalogue, _DECIDED, rule, counted)


def _matches(lock: Lock, ask: Ask) -> bool:
    subject = {
        "person": ask.principal.id,
        "room": ask.room.id,
        "site": ask.room.site,
        "connector": ask.room.connector,
        "session": ask.session,
    }
    return lock.kind not in subject or subject[lock.kind] == lock.subject  # a lock of an unknown kind locks all
