"""The terms of a grant: what is wanted, by names and lengths, becomes a grant with ids and times, inside a unit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from roomgate.access.capability import Capability
from roomgate.access.grant import LONGEST, Grant
from roomgate.access.role import SHIPPED
from roomgate.errors import BadInput
from roomgate.hub.change import Change
from roomgate.hub.grants.wanted import Wanted, parse_capabilities, parse_time
from roomgate.hub.roles import store as role_store
from roomgate.hub.rooms.service import Rooms
from roomgate.hub.rooms.tags import parse_tags
from roomgate.hub.sites.service import Sites
from roomgate.ids import GrantId, PersonId, RoomId, SiteId, mint

_MOST_PLACES = 1000
_LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True)
class Terms:
    """Finds what names mean. Everything here raises BadInput for what cannot be."""

    rooms: Rooms
    sites: Sites

    def build(self, change: Change, to: PersonId, by: PersonId, wanted: Wanted) -> Grant:
        if (wanted.minutes is None) == (wanted.until is None):
            raise BadInput("A grant ends: give either minutes or until.")
        if wanted.minutes is not None and not 0 < wanted.minutes <= LONGEST.total_seconds() / 60:
            raise BadInput(f"A grant lives for more than 0 minutes and at most {LONGEST.days} days.")
        if len(wanted.reason) > _LONGEST_REASON or len(wanted.rooms) + len(wanted.sites) > _MOST_PLACES:
            raise BadInput(f"At most {_MOST_PLACES} rooms and sites, and {_LONGEST_REASON} characters of reason.")
        start = change.now if wanted.start is None else max(change.now, parse_time("start", wanted.start))
        if start > change.now + LONGEST:
            raise BadInput(f"A grant starts within {LONGEST.days} days.")
        length = wanted.minutes
        until = parse_time("until", wanted.until) if length is None else start + timedelta(minutes=length)
        return Grant(
            GrantId(mint("grant")), to, self.room_ids(change.conn, wanted.rooms),
            parse_capabilities(wanted.capabilities) | self._preset(change.conn, wanted.role), wanted.reason,
            start, until, by, change.position(), sites=self.site_ids(change.conn, wanted.sites),
            tags=parse_tags(wanted.tags), most_uses=wanted.most_uses, only_booked=wanted.only_booked,
        )  # fmt: skip

    def room_ids(self, conn: Connection, names: Iterable[str]) -> frozenset[RoomId]:
        found = {name: self.rooms.find_in(conn, name) for name in names}
        if missing := [name for name, room in found.items() if room is None]:
            raise BadInput(f"There is no room {', '.join(missing)[:200]}.")
        return frozenset(record.room.id for record in found.values() if record)

    def site_ids(self, conn: Connection, names: Iterable[str]) -> frozenset[SiteId]:
        found = {name: self.sites.subject_in(conn, "site", name) for name in names}
        if missing := [name for name, site in found.items() if site is None]:
            raise BadInput(f"There is no site {', '.join(missing)[:200]}.")
        return frozenset(SiteId(site) for site in found.values() if site)

    def _preset(self, conn: Connection, role: str | None) -> frozenset[Capability]:
        """What a grant by a role's name gives."""
        if role is None:
            return frozenset()
        own = role_store.find(conn, role)
        found = own.role if own else SHIPPED.get(role)
        if found is None or not found.gives:
            raise BadInput(f"There is no role {role[:80]} that gives anything in a room.")
        return found.gives


def no_more(less: Grant, grant: Grant) -> bool:
    """Whether ``less`` has nothing that the grant has not."""
    return (
        less.until <= grant.until
        and less.rooms <= grant.rooms
        and less.sites <= grant.sites
        and less.tags <= grant.tags
        and less.capabilities <= grant.capabilities
        and (grant.most_uses is None or (less.most_uses is not None and less.most_uses <= grant.most_uses))
        and (less.only_booked or not grant.only_booked)
    )
