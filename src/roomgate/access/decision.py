"""The decision: an ask and the facts in, a Permit out, or Denied with the rule that said no."""

from dataclasses import dataclass, field
from datetime import datetime

from roomgate.access.capability import Capability, Classes
from roomgate.access.grant import Grant, Lock
from roomgate.access.principal import Principal
from roomgate.errors import RoomgateError
from roomgate.ids import AskId, ConnectorId, GrantId, RoomId, RoomName, SessionId, SiteId
from roomgate.xapi.call import Call
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue


@dataclass(frozen=True, slots=True)
class Room:
    """The room that an ask is about, as the hub knows it."""

    id: RoomId
    name: RoomName
    site: SiteId
    connector: ConnectorId


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
    """All that the decision may look at: what concerns this principal and this room, read in one go."""

    active: bool  # the principal exists, is enabled, and the credential is alive
    room_live: bool  # the room exists and its connector is trusted
    grants: tuple[Grant, ...] = ()  # the principal's, on any room
    locks: tuple[Lock, ...] = ()  # all that hold


class Denied(RoomgateError):
    """No. ``rule`` names what said so; ``some_grant`` tells whether any grant on this room is live.

    Without one, the asker learns nothing: the answer is that of an unknown room.
    """

    code = "denied"

    def __init__(self, rule: str, message: str, *, some_grant: bool = False, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.rule = rule
        self.some_grant = some_grant


_DECIDED = object()


@dataclass(frozen=True, slots=True)
class Permit:
    """A decided yes. `decide` alone makes one, and only a Permit can be sent."""

    ask: Ask
    by: GrantId
    until: datetime
    held: frozenset[Capability]  # all that the principal's live grants give in this room
    at: datetime  # when it was decided
    catalogue: Catalogue = field(repr=False, compare=False)
    _seal: object = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self._seal is not _DECIDED:
            raise TypeError("only access.decide makes a Permit")

    def may_read(self, path: Path) -> bool:
        """Whether a leaf of the answer may be handed over."""
        return Classes.shipped().told(path, self.catalogue) in self.held


def decide(ask: Ask, facts: Facts, now: datetime, catalogue: Catalogue) -> Permit:
    """Judge one ask. Pure and total: raises Denied, or gives the Permit of the grant that ends last."""
    live = [g for g in facts.grants if g.live(now) and g.person == ask.principal.id and ask.room.id in g.rooms]
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

    classes = Classes.shipped()
    need = classes.need(ask.call, catalogue)
    # One grant must cover the whole call: rights of two grants do not add up to a third.
    covering = [g for g in live if need.met_by(g.capabilities)]
    if not covering:
        wanted = ", ".join(sorted(need.every or need.some)) or "a class that no rule gives"
        raise Denied(
            "capability",
            f"{ask.call.path} needs {wanted}; your grant on this room does not include it.",
            some_grant=True,
            hint="Ask an administrator for a grant that includes it.",
        )
    best = max(covering, key=lambda g: g.until)
    held = frozenset().union(*(g.capabilities for g in live))
    return Permit(ask, best.id, best.until, held, now, catalogue, _DECIDED)


def _matches(lock: Lock, ask: Ask) -> bool:
    subject = {
        "person": ask.principal.id,
        "room": ask.room.id,
        "site": ask.room.site,
        "connector": ask.room.connector,
        "session": ask.session,
    }
    return lock.kind not in subject or subject[lock.kind] == lock.subject  # a lock of an unknown kind locks all
