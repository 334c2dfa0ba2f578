"""Rooms: what connectors tell of them, who may see which, and how they go.

A room is a device under a name. The site's own file names both; when either changes, the old room is gone
with everything in it, and a new one with a new id is there: no grant follows by itself.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

from sqlalchemy import Connection

from roomgate.access.decision import Room
from roomgate.access.principal import Right
from roomgate.clock import Clock
from roomgate.errors import NotFound
from roomgate.hub.change import Change, Changes
from roomgate.hub.findings.service import Findings, Seen
from roomgate.hub.identity.person import Signed
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.hub.rooms import store
from roomgate.hub.rooms.state import Live, RoomSummary, RoomTold, Watch, summarise
from roomgate.hub.rooms.store import RoomRecord
from roomgate.hub.rooms.tags import parse_tags
from roomgate.hub.rooms.view import RoomViews
from roomgate.ids import ConnectorId, PersonId, RoomId, RoomName, SiteId, mint
from roomgate.ledger.event import RoomSeen, RoomTagged
from roomgate.link.messages import RoomInfo, Upkeep
from roomgate.redact import foreign
from roomgate.storage.database import Database
from roomgate.xapi.tree import Document

_MOST_ROOMS = 20_000
_TRIES = 5  # reads of all rooms while one after the other changes
BY_HAND = "by hand"


class Dependants(Protocol):
    """What hangs on a room: grants."""

    def rooms_gone(self, change: Change, gone: frozenset[RoomId], by: PersonId | None) -> None: ...

    def tags_changed(self, change: Change, before: Room, after: Room, by: Signed) -> None: ...


SessionCounts = Callable[[], Mapping[RoomId, int]]  # sessions that people are to be told of, by room


class Rooms:
    def __init__(self, db: Database, changes: Changes, clock: Clock, findings: Findings) -> None:
        self._db = db
        self._changes = changes
        self._clock = clock
        self._findings = findings
        self._records: dict[RoomId, RoomRecord] = {}  # as committed: for pages and the relay, never for decisions
        self._told = 0  # changes of single rooms so far
        self._by_name: dict[str, RoomId] = {}
        self._summaries: dict[RoomId, RoomSummary] = {}  # of rooms that nothing was told of since
        self.views = RoomViews()  # of all rooms, for whoever looks
        self._by_device: dict[tuple[ConnectorId, str], RoomId] = {}
        self._live: dict[RoomId, Live] = {}
        self._linked: set[str] = set()
        self.came: Counter[str] = Counter()  # how often the link of each connector has come up
        self._upkeep: dict[str, dict[str, Upkeep]] = {}  # by connector, while its link is up, and device
        self._watches: set[Watch] = set()
        self._dependants: Dependants | None = None
        self.session_counts: SessionCounts = dict

    def bind(self, dependants: Dependants) -> None:
        """Once, before anything else."""
        self._dependants = dependants

    async def load(self) -> None:
        """Know every room, at the start of the program and after each change."""
        for _ in range(_TRIES):
            told = self._told
            records = await self._db.read(store.every)
            if told == self._told:
                break  # else a room changed meanwhile, and what was read may be from before
        fresh = {record.room.id: record for record in records}
        changed = {id for id in fresh.keys() | self._records.keys() if fresh.get(id) != self._records.get(id)}
        self._records = fresh
        self._by_name = {str(record.room.name): id for id, record in fresh.items()}
        self._by_device = {(record.room.connector, record.device): id for id, record in fresh.items()}
        for gone in self._live.keys() - fresh.keys():
            del self._live[gone]
        for id in changed:
            self._tell(id)

    # -- told by connectors ---------------------------------------------------------------------------

    async def saw(self, connector: ConnectorId, site: SiteId, told: Sequence[RoomInfo]) -> list[Room]:
        """The connector's whole list. What is new is added, what is missing is removed; gives its rooms now.

        A name that another room holds is refused to the later one, and becomes a finding.
        """
        offered = list(told)[:_MOST_ROOMS]

        def unit(change: Change) -> None:
            mine = {(r.device, str(r.room.name)): r for r in store.of_connector(change.conn, connector)}
            barred = store.removed_by_hand(change.conn, connector)
            wanted: dict[tuple[str, str], RoomInfo] = {}
            for info in offered:
                wanted.setdefault((info.device, info.name), info)
            gone = [record for key, record in mine.items() if key not in wanted]
            self._remove(change, gone, "not in the site's list any more", None, Cause.ROOM_REMOVED)
            devices = {device for device, name in mine if (device, name) in wanted}  # that have a room now
            for key, info in wanted.items():
                if key in barred:
                    continue
                if key in mine:
                    _refresh(change.conn, mine[key], info)
                elif self._add(change, connector, site, info, info.device in devices):
                    devices.add(info.device)

        await self._changes.write(unit)
        await self.load()
        return [r.room for r in self._records.values() if r.room.connector == connector]

    async def changed(self, connector: ConnectorId, site: SiteId, info: RoomInfo) -> None:
        """One room's own state changed: offline, quarantined, locked, fine. One that the site just added is taken in.

        A room whose name changed waits for the connector's next whole list.
        """

        def unit(change: Change) -> RoomRecord | None:
            known = self._by_device.get((connector, info.device))
            record = store.find(change.conn, known) if known else store.find_device(change.conn, connector, info.device)
            if record is None:
                barred = (info.device, info.name) in store.removed_by_hand(change.conn, connector)
                if barred or not self._add(change, connector, site, info, taken_device=False):
                    return None
            elif record.room.name == info.name:
                _refresh(change.conn, record, info)
            return store.find(change.conn, info.name)

        self._know(await self._changes.write(unit))

    def _know(self, record: RoomRecord | None) -> None:
        """One room, as it was just committed."""
        self._told += 1
        if record is None or self._records.get(record.room.id) == record:
            return
        id = record.room.id
        self._records[id] = record
        self._by_name[str(record.room.name)] = id
        self._by_device[record.room.connector, record.device] = id
        self._tell(id)

    def link_changed(self, connector: ConnectorId, up: bool) -> None:
        """While its connector is away nothing is known of a room."""
        if up:
            self.came[connector] += 1
            self._linked.add(connector)
        else:
            self._linked.discard(connector)
        self._upkeep.pop(connector, None)
        for record in self._records.values():
            if record.room.connector == connector:
                self._live.pop(record.room.id, None)
                self._tell(record.room.id)

    def state_changed(self, room: RoomId, document: Document, whole: bool) -> None:
        """The dashboard's part of a room's state: all of it, or what changed."""
        if room in self._records:
            self._live.setdefault(room, Live()).absorb(document, whole, self._clock.now())
            self._tell(room)

    def upkeep_changed(self, connector: ConnectorId, told: Upkeep) -> None:
        """What is to be looked after in one of a connector's rooms, which may not be known yet, or at itself."""
        mine = self._upkeep.setdefault(connector, {})
        if told.room not in mine and len(mine) > _MOST_ROOMS:
            return
        mine[told.room] = told
        if (room := self.by_device(connector, told.room)) is not None:
            self._tell(room.id)

    def own_upkeep(self, connector: str) -> Upkeep | None:
        """What a connector told of itself over the link that is up."""
        return self._upkeep.get(connector, {}).get("")

    # -- looking ------------------------------------------------------------------------------------

    def by_device(self, connector: str, device: str) -> Room | None:
        """The room of a device, as far as it was told and committed."""
        id = self._by_device.get((ConnectorId(connector), device))
        return self._records[id].room if id is not None else None

    def device_of(self, room: RoomId) -> str:
        """Raises NotFound."""
        record = self._records.get(room)
        if record is None:
            raise NotFound("There is no such room.")
        return record.device

    def document(self, room: RoomId) -> Document:
        """The state as far as the site lets it out; empty where nothing is known."""
        live = self._live.get(room)
        return live.document if live else {}

    def reach(self) -> list[tuple[RoomId, bool]]:
        """All rooms, and of each whether its device is in reach and heard."""
        return [
            (id, one.state == "fine" and one.room.connector in self._linked and id in self._live)
            for id, one in self._records.items()
        ]

    def linked(self, connector: str) -> bool:
        return connector in self._linked

    def booked(self, room: RoomId) -> bool:
        """Whether the device says that a booking is on. While nothing is heard of the room, none is."""
        record, live = self._records.get(room), self._live.get(room)
        if record is None or live is None or record.room.connector not in self._linked:
            return False
        return live.booked(self._clock.now())

    def get(self, name: str) -> RoomSummary:
        """By name or id; raises NotFound. Whether the asker may know it is the caller's question."""
        record = self._records.get(self._by_name.get(name) or RoomId(name))
        if record is None:
            raise NotFound("There is no such room.")
        return self._summary(record, self.session_counts())

    def list_for(
        self, signed: Signed, granted: frozenset[RoomId], only: frozenset[RoomId] | None = None
    ) -> list[RoomSummary]:
        """The rooms that somebody may see: all with the right to see, those of live grants otherwise.

        Of ``only`` these, where they are given.
        """
        every = signed.may(Right.SEE)
        records = self._records
        asked = records.values() if only is None else [records[id] for id in sorted(only) if id in records]
        counts = self.session_counts()
        return [self._summary(r, counts) for r in asked if every or r.room.id in granted]

    def record(self, room: RoomId) -> RoomRecord | None:
        """The room as committed, without what is counted for people; for pages and plans, never for decisions."""
        return self._records.get(room)

    def ids(self) -> frozenset[RoomId]:
        return frozenset(self._records)

    def connectors(self) -> frozenset[ConnectorId]:
        """The trusted ones that have rooms."""
        return frozenset({record.room.connector for record in self._records.values() if record.trusted})

    def told(self, room: RoomId) -> RoomTold | None:
        """As its connector told of it, without a person's view of it; None for a room that is not there."""
        record, live = self._records.get(room), self._live.get(room)
        if record is None:
            return None
        document = live.document if live else {}
        linked = record.room.connector in self._linked
        upkeep = self._upkeep.get(record.room.connector, {}).get(record.device)
        news = live is not None and live.told
        return RoomTold(record.trusted, linked, record.state, record.words, news, document, upkeep)

    def summary(self, room: RoomId) -> RoomSummary | None:
        record = self._records.get(room)
        return self._summary(record, self.session_counts()) if record else None

    @contextmanager
    def watch(self) -> Iterator[Watch]:
        """Hear of rooms that changed, within the block."""
        watch = Watch()
        self._watches.add(watch)
        try:
            yield watch
        finally:
            self._watches.discard(watch)

    def find_in(self, conn: Connection, id_or_name: str) -> RoomRecord | None:
        """For units of other areas: the room as the database has it now."""
        return store.find(conn, id_or_name)

    def names_by_id(self, conn: Connection, ids: frozenset[RoomId]) -> dict[RoomId, str]:
        return store.names(conn, ids)

    def names(self, conn: Connection, ids: frozenset[RoomId]) -> tuple[str, ...]:
        return tuple(sorted(store.names(conn, ids).values()))

    def under(self, conn: Connection, sites: frozenset[SiteId], tags: frozenset[str]) -> set[RoomId]:
        return store.under(conn, sites, tags)

    # -- tags ---------------------------------------------------------------------------------------

    async def set_tags(self, name: str, tags: Iterable[str], by: Signed) -> None:
        """All its tags from now on. What a grant gives by a tag comes and goes with it, so this is to give."""
        await self.set_many_tags({name: tags}, by)

    async def set_many_tags(self, wanted: Mapping[str, Iterable[str]], by: Signed) -> None:
        """The same for many rooms, all or none of them. Raises as `set_tags` does for the first that may not be."""
        by.require(Right.GIVE)
        parsed = {name: parse_tags(tags) for name, tags in wanted.items()}

        def unit(change: Change) -> list[RoomRecord]:
            return [self._set_tags(change, name, tags, by) for name, tags in parsed.items()]

        for record in await self._changes.write(unit):
            self._know(record)

    def _set_tags(self, change: Change, name: str, wanted: frozenset[str], by: Signed) -> RoomRecord:
        record = store.find(change.conn, name)
        if record is None:
            raise NotFound("There is no such room.")
        if record.room.tags == wanted:
            return record
        store.set_tags(change.conn, record.room.id, wanted)
        change.record(RoomTagged, room=record.room.id, tags=tuple(sorted(wanted)), by=by.person.id)
        tagged = replace(record.room, tags=wanted)
        assert self._dependants is not None, "bind() comes first"
        self._dependants.tags_changed(change, record.room, tagged, by)
        return replace(record, room=tagged)

    # -- removing -----------------------------------------------------------------------------------

    async def remove(self, name: str, by: Signed) -> None:
        """Take a room away: everything in it falls, and its connector's word does not bring it back."""
        by.require(Right.SITES)

        def unit(change: Change) -> None:
            record = store.find(change.conn, name)
            if record is None:
                raise NotFound("There is no such room.")
            self._remove(change, [record], BY_HAND, by.person.id, Cause.ROOM_REMOVED)

        await self._changes.write(unit)
        await self.load()

    def connector_gone(self, change: Change, connector: ConnectorId, by: PersonId | None) -> None:
        """Part of disabling a connector; its own revocation cuts what is open in its rooms."""
        records = store.of_connector(change.conn, connector)
        for record in records:
            store.change(change.conn, record.room.id, removed="its connector was disabled")
        self._gone(change, records, by)

    # -- inside -------------------------------------------------------------------------------------

    def _add(self, change: Change, connector: ConnectorId, site: SiteId, info: RoomInfo, taken_device: bool) -> bool:
        """Take a new room in; False, and a finding, where its name or its device has a room already."""
        holder = store.find(change.conn, info.name)
        if holder is not None or taken_device or not _fit(info):
            title = f"A room named {foreign(info.name, 80)} was offered and not taken in"
            why = "its name or device is held by another room" if _fit(info) else "its name cannot be a room's name"
            self._findings.note_in(
                change,
                Seen(
                    source="rooms", key=f"{connector} {info.device} {info.name}", severity="warning",
                    title=f"{title}: {why}.", evidence={"connector": connector, "device": foreign(info.device, 80)},
                    mend="Give the room another name in the site's own file.",
                ),
            )  # fmt: skip
            return False
        room = Room(RoomId(mint("room")), RoomName(info.name), site, connector)
        store.add(
            change.conn,
            RoomRecord(
                room, info.device, info.state, foreign(info.words), foreign(info.product, 100),
                foreign(info.software, 100), change.at, None, trusted=True,
            ),
        )  # fmt: skip
        change.record(
            RoomSeen, room=room.id, name=info.name, site=site, connector=connector, product=foreign(info.product, 100)
        )
        return True

    def _remove(self, change: Change, records: list[RoomRecord], why: str, by: PersonId | None, cause: Cause) -> None:
        for record in records:
            store.change(change.conn, record.room.id, removed=why)
            change.revoke(
                cause, SubjectKind.ROOM, record.room.id, by=by, rooms=frozenset({record.room.id}),
                reason=f"The room was removed: {why}.",
            )  # fmt: skip
        self._gone(change, records, by)

    def _gone(self, change: Change, records: list[RoomRecord], by: PersonId | None) -> None:
        assert self._dependants is not None, "bind() comes first"
        if records:
            self._dependants.rooms_gone(change, frozenset(r.room.id for r in records), by)

    def _summary(self, record: RoomRecord, counts: Mapping[RoomId, int]) -> RoomSummary:
        room = record.room
        known = self._summaries.get(room.id)
        if known is None:
            live = self._live.get(room.id)
            known = summarise(record, live, linked=room.connector in self._linked, sessions=0)
            self._summaries[room.id] = known
        return replace(known, sessions=count) if (count := counts.get(room.id, 0)) else known

    def _tell(self, room: RoomId) -> None:
        self._summaries.pop(room, None)
        for watch in self._watches:
            watch.tell(room)


def _fit(info: RoomInfo) -> bool:
    """Whether a name can be a room's: it stands in addresses and as a user name of Basic credentials."""
    name = info.name
    shown = name.isprintable() and name == name.strip() and not set(name) & set(":/?#%\\")
    return 0 < len(name) <= 120 and shown and not name.startswith("room_") and 0 < len(info.device) <= 120


def _refresh(conn: Connection, record: RoomRecord, info: RoomInfo) -> None:
    columns = {
        "state": info.state[:20],
        "words": foreign(info.words),
        "product": foreign(info.product, 100),
        "software": foreign(info.software, 100),
    }
    if (record.state, record.words, record.product, record.software) != tuple(columns.values()):
        store.change(conn, record.room.id, **columns)
