"""The relay with a real database and record, facts from a list, and a connector's end of the link in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import MetaData, insert

from roomgate.access.capability import Capability
from roomgate.access.decision import Facts, Room
from roomgate.access.grant import Grant, Lock
from roomgate.access.principal import Kind as PrincipalKind
from roomgate.access.principal import Principal
from roomgate.clock import HandClock
from roomgate.errors import Conflict
from roomgate.hub.bus import Bus
from roomgate.hub.change import Changes
from roomgate.hub.db import schema
from roomgate.hub.relay.parts import RelayParts, build_relay
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.ids import ConnectorId, GrantId, PersonId, RoomId, RoomName, SiteId
from roomgate.link.frames import LinkBusy
from roomgate.link.messages import (
    Cut,
    CutDone,
    EffectInfo,
    EntriesKept,
    Feedback,
    Heartbeat,
    Hello,
    LinkBroken,
    Outcome,
    RoomInfo,
    TunnelData,
    TunnelEnd,
    Unsubscribe,
)
from roomgate.link.order import LeaseBook, Order, OrderRefused, Renewal, open_sealed, seal
from roomgate.storage import record as record_tables
from roomgate.storage.database import Database
from roomgate.storage.record import Record

ADA = Principal(PersonId("person_ada"), "ada", PrincipalKind.PERSON, "token_ada")
BOB = Principal(PersonId("person_bob"), "bob", PrincipalKind.PERSON, "token_bob")
OSLO = Room(RoomId("room_oslo"), RoomName("oslo"), SiteId("site_1"), ConnectorId("connector_1"))
ROME = Room(RoomId("room_rome"), RoomName("rome"), SiteId("site_1"), ConnectorId("connector_1"))
HUB_KEY = Ed25519PrivateKey.generate()
SITE_KEY = Ed25519PrivateKey.generate()
RECORD_KEY = Ed25519PrivateKey.generate()


@dataclass
class Given:
    """The facts, as a list: what grants, identity and rooms know."""

    clock: HandClock
    grants: list[Grant] = field(default_factory=list)
    locks: list[Lock] = field(default_factory=list)
    inactive: set[str] = field(default_factory=set)  # people and credentials
    rooms: dict[str, Room] = field(default_factory=lambda: {"oslo": OSLO, "rome": ROME})
    uses: dict[GrantId, int] = field(default_factory=dict)  # as written down
    known_uses: dict[GrantId, int] = field(default_factory=dict)  # as told after a commit: what the facts say
    booked: bool = False
    reads: int = 0
    pause: Callable[[], Any] | None = None  # awaited after the facts were read

    def give(self, who: Principal, *capabilities: str, room: Room = OSLO, id: str = "grant_1", minutes: float = 60):
        now = self.clock.now()
        held = frozenset(map(Capability, capabilities))
        grant = Grant(
            GrantId(id), who.id, frozenset({room.id}), held, "", now, now + timedelta(minutes=minutes),
            PersonId("person_root"), 1,
        )  # fmt: skip
        self.grants.append(grant)
        return grant

    def use_in(self, conn, grant):
        taken = self.uses.get(grant, 0)
        limit = next(g.most_uses for g in self.grants if g.id == grant)
        if taken >= limit:
            return None
        self.uses[grant] = taken + 1
        return taken + 1

    def used(self, grant, count):
        self.known_uses[grant] = count

    def take(self, id: str) -> None:
        self.grants = [grant for grant in self.grants if grant.id != id]

    def narrow(self, id: str, *capabilities: str) -> None:
        held = frozenset(map(Capability, capabilities))
        self.grants = [replace(g, capabilities=held) if g.id == id else g for g in self.grants]

    async def facts(self, principal: Principal, room_name: str) -> tuple[Room | None, Facts]:
        self.reads += 1
        active = principal.id not in self.inactive and principal.credential not in self.inactive
        room = self.rooms.get(room_name)
        own = tuple(grant for grant in self.grants if grant.person == principal.id)
        uses = {grant.id: self.known_uses.get(grant.id, 0) for grant in own}
        facts = Facts(active, room is not None, own, tuple(self.locks), uses, self.booked)
        if self.pause is not None:
            await self.pause()
        return room, facts


@dataclass
class Told:
    """The rooms' and ledgers' ears."""

    states: list[Any] = field(default_factory=list)
    upkeep: Any = None
    kept: int = 0

    async def saw(self, connector, site, told):
        return [OSLO, ROME]

    async def changed(self, connector, site, info):
        self.states.append(info)

    def link_changed(self, connector, up):
        self.states.append(up)

    def upkeep_changed(self, connector, told):
        self.upkeep = told

    def state_changed(self, room, document, whole):
        self.states.append((room, document, whole))

    def by_device(self, connector, device):
        return {"device_oslo": OSLO, "device_rome": ROME}.get(device)

    def device_of(self, room):
        return {OSLO.id: "device_oslo", ROME.id: "device_rome"}[room]

    async def keep_site_entries(self, connector, public_key, start, entries, checkpoint):
        if checkpoint == "forked":
            raise Conflict("forked")
        self.kept = start + len(entries)
        return self.kept


class FakeLink:
    """The other end of a link: verifies, keeps leases, and notes what it was sent."""

    def __init__(self, clock: HandClock, book: LeaseBook | None = None) -> None:
        self.clock = clock
        self.connector = ConnectorId("connector_1")
        self.site = SiteId("site_1")
        self.key = SITE_KEY.public_key()
        self.nonce = b"nonce-%d" % id(self)
        self.leases = book.succeed(self.nonce) if book else LeaseBook(self.nonce)
        rooms = [RoomInfo("device_oslo", "oslo", "fine"), RoomInfo("device_rome", "rome", "fine")]
        self.hello = Hello(1, self.connector, self.nonce, "test", "policy", "digest", rooms, [])
        self.last_heartbeat = 0
        self.orders: list[Order] = []
        self.kept: list[int] = []
        self.refused: list[OrderRefused] = []
        self.renewals: list[Renewal] = []
        self.cuts: list[Cut] = []
        self.unsubscribed: list[str] = []
        self.carried: list[TunnelData] = []
        self.tunnel_ends: list[TunnelEnd] = []
        self.lost = False
        self.full = False
        self.news = asyncio.Event()
        self._sequence = 0

    def send_signed(self, make):
        if self.full:
            raise LinkBusy("full")
        signed = seal(HUB_KEY, make(self.nonce, self._sequence + 1))
        self._sequence += 1
        body = open_sealed(HUB_KEY.public_key(), signed)
        if isinstance(body, Renewal):
            self.leases.renew(body)
            self.renewals.append(body)
            return
        try:
            self.leases.admit(body, self.clock.monotonic())
        except OrderRefused as no:
            self.refused.append(no)
        body.call()
        self.orders.append(body)
        self.news.set()

    def send(self, message, urgent=False):
        if isinstance(message, Cut):
            assert urgent
            for session in message.sessions:
                self.leases.cut(session)
            self.cuts.append(message)
        elif isinstance(message, Unsubscribe):
            self.unsubscribed.append(message.order)
        elif isinstance(message, EntriesKept):
            self.kept.append(message.size)
        elif isinstance(message, TunnelEnd):
            self.tunnel_ends.append(message)

    async def carry(self, message):
        if self.lost:
            raise LinkBroken("lost")
        self.carried.append(message)

    async def order(self, count: int = 1) -> Order:
        """The order that came as the ``count``th."""
        async with asyncio.timeout(5):
            while len(self.orders) < count:
                self.news.clear()
                await self.news.wait()
        return self.orders[count - 1]


@dataclass
class Rig:
    clock: HandClock
    given: Given
    told: Told
    db: Database
    record: Record
    changes: Changes
    bus: Bus
    parts: RelayParts
    link: FakeLink
    running: asyncio.Task[None] | None = None  # the relay's own task

    @property
    def relay(self):
        return self.parts.relay

    async def connect(self, link: FakeLink | None = None) -> FakeLink:
        self.link = link or FakeLink(self.clock, self.link.leases)
        await self.parts.events.arrived(self.link)
        return self.link

    async def beat(self, *effects: EffectInfo) -> None:
        self.link.last_heartbeat += 1
        self.link.leases.beat(self.link.last_heartbeat, self.clock.monotonic())
        await self.say(Heartbeat(self.link.last_heartbeat, list(effects)))

    async def say(self, message: Any) -> None:
        await self.parts.events.message(self.link, message)

    async def answer(self, order: Order, outcome: str = "done", **fields: Any) -> None:
        await self.say(Outcome(order.id, outcome, **fields))

    async def feed(self, order: Order, kind: str, document: Any) -> None:
        await self.say(Feedback(order.id, kind, document))

    async def cut_done(self) -> None:
        for cut in self.link.cuts:
            await self.say(CutDone(cut.id, []))

    async def revoke(self, cause: Cause, kind: SubjectKind, subject: str, **more: Any) -> None:
        await self.changes.write(lambda change: change.revoke(cause, kind, subject, by=None, reason="test", **more))

    async def entries(self, kind: str, at_least: int = 0) -> list[Any]:
        """What the record says of a kind, once it says that often."""
        async with asyncio.timeout(5):
            while True:
                await self.db.write(lambda conn: None)  # what was handed over before is committed with it
                found = [entry.event for entry in await self.record.entries(kind=kind)]
                if len(found) >= at_least:
                    return found

    def effect(self, order: Order, what: str = "call 12") -> EffectInfo:
        return EffectInfo(f"effect_{order.id}", order.session, order.principal, order.grant, order.room, what)


def fill(conn) -> None:
    at = "2026-03-10T09:00:00.000Z"
    conn.execute(insert(schema.sequence), {"id": 1, "value": 1})
    for who in (ADA, BOB):
        conn.execute(
            insert(schema.people),
            {
                "id": who.id, "name": who.name, "key": who.name, "kind": "person", "roles": [], "active": True,
                "deleted": False, "created": at, "version": 1,
            },
        )  # fmt: skip
    conn.execute(insert(schema.sites), {"id": "site_1", "name": "site", "created": at, "created_by": "x"})
    connector = {"id": "connector_1", "site": "site_1", "name": "c", "state": "live", "created": at}
    columns = set(schema.connectors.c.keys())
    extra = {name: b"" if name in ("public_key", "certificate") else "" for name in columns - connector.keys()}
    conn.execute(insert(schema.connectors), {**extra, **connector})
    for room in (OSLO, ROME):
        conn.execute(
            insert(schema.rooms),
            {
                "id": room.id, "name": room.name, "site": room.site, "connector": room.connector,
                "device": f"device_{room.name}", "state": "fine", "words": "", "product": "", "software": "",
                "created": at,
            },
        )  # fmt: skip


@cache
def tables() -> MetaData:
    both = MetaData()
    for source in (schema.metadata, record_tables.metadata):
        for table in source.tables.values():
            if table.name not in both.tables:
                table.to_metadata(both)
    return both


_filled: list[bytes] = []


async def filled_database(folder) -> bytes:
    """A database with all tables and what `fill` puts in: made once, since to make the tables takes its time."""
    if not _filled:
        db = Database.open(folder / "filled.db", tables())
        await db.write(fill)
        await db.aclose()
        _filled.append((folder / "filled.db").read_bytes())
    return _filled[0]


@asynccontextmanager
async def rig(folder, *, keep: Database | None = None, given: Given | None = None) -> AsyncIterator[Rig]:
    """A running relay with one connector linked and beating. ``keep``: an open database, as after a restart."""
    clock = given.clock if given else HandClock()
    given = given or Given(clock)
    if keep is None:
        (folder / "hub.db").write_bytes(await filled_database(folder))
    db = keep or Database.open(folder / "hub.db")
    record = Record(db, "roomgate.hub/test", RECORD_KEY)
    bus = Bus()
    changes = Changes(db, record, bus, clock)
    told = Told()
    parts = build_relay(db, record, bus, changes, given, told, told, told, clock)
    made = Rig(clock, given, told, db, record, changes, bus, parts, FakeLink(clock))
    try:
        async with asyncio.TaskGroup() as group:
            running = made.running = group.create_task(parts.relay.run())
            await asyncio.sleep(0)
            await made.connect()
            await made.beat()
            yield made
            running.cancel()
    finally:
        if keep is None:
            await db.aclose()
