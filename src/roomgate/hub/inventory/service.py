"""The inventory: whose rooms it shows, the views that people keep, and tags for many rooms at once."""

from collections.abc import Mapping

from sqlalchemy import Connection

from roomgate.access.principal import Right
from roomgate.clock import Clock, iso
from roomgate.errors import BadInput, NotFound
from roomgate.hub.grants.service import Grants
from roomgate.hub.identity.person import Signed
from roomgate.hub.inventory import store
from roomgate.hub.inventory.line import Filter, Line, build_line
from roomgate.hub.inventory.sheet import Tagging, compare
from roomgate.hub.inventory.store import View
from roomgate.hub.rooms.service import Rooms
from roomgate.hub.rooms.view import hide
from roomgate.hub.status.service import RoomStatus
from roomgate.ids import mint
from roomgate.storage.database import Database

PAGE = "inventory"
MOST_VIEWS = 50
LONGEST_NAME = 60


class Inventory:
    def __init__(self, db: Database, clock: Clock, rooms: Rooms, grants: Grants, status: RoomStatus) -> None:
        self._db = db
        self._clock = clock
        self._rooms = rooms
        self._grants = grants
        self._status = status

    async def lines(self, signed: Signed, site_names: Mapping[str, str]) -> list[Line]:
        """One for each room that they may see; serial numbers and addresses for those who look after all rooms.

        Of a locked room, whoever may not look at it learns no more than its name.
        """
        granted = await self._grants.live_rooms(signed.principal)
        locks = {(one.lock.kind, one.lock.subject) for one in await self._grants.locks()}
        sees, tags = signed.may(Right.SEE), may_tag_or_see(signed)
        kept = await self._status.facts() if sees else {}
        made = []
        for room in self._rooms.list_for(signed, granted):
            shut = {("room", room.id), ("site", room.site), ("connector", room.connector)} & locks
            hidden = bool(shut) and not sees
            document = {} if hidden else self._rooms.document(room.id)
            facts = kept[room.id][0] if room.id in kept else {}
            site = site_names.get(room.site, room.site)
            made.append(build_line(hide(room) if hidden else room, site, document, facts, tags=tags))
        return made

    # -- tags -----------------------------------------------------------------------------------------

    async def plan_tags(self, wanted: Mapping[str, frozenset[str]], signed: Signed) -> list[Tagging]:
        """What a sheet would change; changes nothing. Raises Forbidden, or BadSheet for rooms that are not theirs."""
        signed.require(Right.GIVE)
        granted = await self._grants.live_rooms(signed.principal)
        present = {str(room.name): room.tags for room in self._rooms.list_for(signed, granted)}
        return compare(wanted, present)

    async def tag(self, wanted: Mapping[str, frozenset[str]], signed: Signed) -> list[Tagging]:
        """Do it, all or nothing. Raises as `plan_tags`, and Forbidden where a tag would give more than they have."""
        changes = await self.plan_tags(wanted, signed)
        await self._rooms.set_many_tags({one.room: one.after for one in changes}, signed)
        return changes

    # -- views ----------------------------------------------------------------------------------------

    async def views(self, signed: Signed) -> list[View]:
        """One's own, by name."""
        return await self._db.read(lambda conn: store.of(conn, signed.person.id, PAGE))

    async def keep(self, name: str, filter: Filter, signed: Signed) -> View:
        """Keep a filter; one of the same name makes way. Raises BadInput."""
        name = name.strip()
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise BadInput(f"A view needs a name of at most {LONGEST_NAME} letters.")
        view = View(mint("view"), name, filter.words)
        at = iso(self._clock.now())

        def unit(conn: Connection) -> None:
            if store.count(conn, signed.person.id) >= MOST_VIEWS:
                raise BadInput(f"You keep {MOST_VIEWS} views already; remove one first.")
            store.put(conn, signed.person.id, PAGE, view, at)

        await self._db.write(unit)
        return view

    async def forget(self, id: str, signed: Signed) -> None:
        """Remove one's own view; raises NotFound."""
        if not await self._db.write(lambda conn: store.remove(conn, signed.person.id, id)):
            raise NotFound("There is no such view.")


def may_tag_or_see(signed: Signed) -> bool:
    """Who is shown tags."""
    return signed.may(Right.SEE) or signed.may(Right.GIVE)
