"""Who may do what, in which rooms, why, and until when. There is no endless grant."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from roomgate.access.capability import Capability
from roomgate.errors import BadInput
from roomgate.ids import GrantId, LockId, PersonId, RoomId

LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Grant:
    """A right of one principal to some capabilities in some rooms, until a time."""

    id: GrantId
    person: PersonId
    rooms: frozenset[RoomId]
    capabilities: frozenset[Capability]
    reason: str
    start: datetime
    until: datetime
    made_by: PersonId
    issued: int  # position in the hub's own sequence, never a time of day
    paused: bool = False  # the giver was disabled or deleted; another administrator must confirm

    def __post_init__(self) -> None:
        if not self.start < self.until <= self.start + LONGEST:
            raise BadInput(f"A grant ends after it starts and within {LONGEST.days} days.")
        if not self.rooms or not self.capabilities:
            raise BadInput("A grant names at least one room and one capability.")

    def live(self, now: datetime) -> bool:
        return not self.paused and self.start <= now < self.until


@dataclass(frozen=True, slots=True)
class Lock:
    """An immediate refusal of everything that matches. ``kind``: person, room, site, connector, session."""

    id: LockId
    kind: str
    subject: str
    reason: str
