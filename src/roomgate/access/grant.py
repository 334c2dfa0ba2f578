"""Who may do what, in which rooms, why, and until when. There is no endless grant."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from roomgate.access.capability import Capability
from roomgate.errors import BadInput
from roomgate.ids import ConnectorId, GrantId, LockId, PersonId, RoomId, RoomName, SiteId

LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Room:
    """A room that somebody asks about, as the hub knows it."""

    id: RoomId
    name: RoomName
    site: SiteId
    connector: ConnectorId
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Grant:
    """A right of one principal to some capabilities in some rooms, until a time.

    Rooms are named, or covered by their site or by one of their tags: then as long as they stand there or
    bear it, and whenever they came. How often it was used is none of its own: that is among the facts.
    """

    id: GrantId
    person: PersonId
    rooms: frozenset[RoomId]
    capabilities: frozenset[Capability]
    reason: str
    start: datetime
    until: datetime
    made_by: PersonId
    issued: int  # position in the hub's own sequence, never a time of day
    paused: bool = False  # nobody answers for it now; another administrator must confirm it
    sites: frozenset[SiteId] = frozenset()
    tags: frozenset[str] = frozenset()
    most_uses: int | None = None  # how often it carries what acts; None: as often as it comes
    only_booked: bool = False  # only while the room has a booking

    def __post_init__(self) -> None:
        if not self.start < self.until <= self.start + LONGEST:
            raise BadInput(f"A grant ends after it starts and within {LONGEST.days} days.")
        if not (self.rooms or self.sites or self.tags) or not self.capabilities:
            raise BadInput("A grant names at least one room, site or tag, and one capability.")
        if self.most_uses is not None and self.most_uses < 1:
            raise BadInput("A grant that is counted can be used at least once.")

    def live(self, now: datetime) -> bool:
        return not self.paused and self.start <= now < self.until

    def covers(self, room: Room) -> bool:
        return room.id in self.rooms or room.site in self.sites or not self.tags.isdisjoint(room.tags)

    @property
    def named(self) -> frozenset[RoomId] | None:
        """Its rooms where it names each; None where others may come under it."""
        return None if self.sites or self.tags else self.rooms


@dataclass(frozen=True, slots=True)
class Lock:
    """An immediate refusal of everything that matches. ``kind``: person, room, site, connector, session."""

    id: LockId
    kind: str
    subject: str
    reason: str
