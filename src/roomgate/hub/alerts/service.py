"""Alerts: a look every few seconds at what changed, kept, and shown to whoever may see what they are about.

Of ten thousand rooms only those are looked at that were told of. What is open lies in memory and in the table
alike; a look that could not be written is taken again from the table.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from roomgate.access.principal import Right
from roomgate.clock import Clock, iso, parse_iso
from roomgate.errors import NotFound
from roomgate.hub.alerts import store
from roomgate.hub.alerts.rules import (
    CALL_IS_NEWS,
    FLAPS_WITHIN_S,
    Condition,
    ConnectorFacts,
    Key,
    Kind,
    News,
    RoomFacts,
    Severity,
    Tracker,
    forgotten_call,
    gone,
    judge_connector,
    judge_findings,
    judge_hub,
    judge_plans,
    judge_room,
    order,
)
from roomgate.hub.alerts.store import Alert
from roomgate.hub.findings.service import Findings
from roomgate.hub.grants.service import Grants
from roomgate.hub.identity.person import Signed
from roomgate.hub.rooms.service import Rooms
from roomgate.ids import RoomId, mint
from roomgate.storage.database import Database

LOOK_EVERY_S = 2.0
FORGET_EVERY_S = 3600.0
KEPT = timedelta(days=90)
MOST_FINDINGS, MOST_PLANS = 200, 100  # that are looked at
NO_SUCH = "There is no such alert."


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody may see: of ``rooms`` alone, or of all where it is None."""

    rooms: frozenset[str] | None
    hidden: frozenset[str]  # kinds

    def of(self, alert: Alert) -> bool:
        if alert.kind in self.hidden:
            return False
        return self.rooms is None or alert.room in self.rooms


class Alerts:
    def __init__(
        self, db: Database, clock: Clock, rooms: Rooms, grants: Grants, findings: Findings, after_s: float,
        own: Callable[[], Sequence[tuple[str, datetime]]] = tuple,
    ) -> None:  # fmt: skip
        """``own`` gives the hub's own certificates, from the disk."""
        self._db = db
        self._clock = clock
        self._rooms = rooms
        self._grants = grants
        self._findings = findings
        self._after_s = after_s
        self._load_own = own
        self._tracker = Tracker(after_s)
        self._open: dict[Key, Alert] = {}
        self._came: dict[str, int] = {}
        self._ups: defaultdict[str, deque[float]] = defaultdict(deque)
        self._forgot: float | None = None
        self.told: Callable[[], None] = lambda: None  # called after something was raised or ended

    async def load(self) -> None:
        """Go on from what the table says is open."""
        kept = await self._db.read(store.open_ones)
        self._tracker = Tracker(self._after_s)
        self._open = {}
        known = [one for one in kept if one.kind in frozenset(Kind)]
        for alert in known:
            self._open[_key(alert)] = alert
        self._tracker.restore(Condition(_key(one), Severity(one.severity), one.words) for one in known)

    async def run(self) -> None:
        """For ever. Started anew after a failure it takes everything from the table again."""
        with self._rooms.watch() as watch:
            await self.load()
            await self.look(self._rooms.ids() | {RoomId(one) for one in self._tracker.rooms()})
            while True:
                await asyncio.sleep(LOOK_EVERY_S)
                await self.look(watch.take())

    async def look(self, changed: Iterable[RoomId]) -> None:
        """Judge these rooms, every connector, findings and plans; keep what comes of it."""
        now = self._clock.monotonic()
        hourly = self._forgot is None or now - self._forgot >= FORGET_EVERY_S
        if hourly:  # what ends with time alone, and not because something was told
            changed = {*changed, *self._rooms.ids()}
            self._tracker.absorb(judge_hub(await asyncio.to_thread(self._load_own), self._clock.now()), now)
        for room in changed:
            self._judge_room(room, now)
        self._judge_connectors(now)
        found = await self._findings.page(limit=MOST_FINDINGS)
        told = ((one.id, one.severity, one.title) for one in found)
        self._tracker.absorb(judge_findings(told, all_of_them=len(found) < MOST_FINDINGS), now)
        halted = await self._db.read(lambda conn: store.halted_plans(conn, MOST_PLANS))
        self._tracker.absorb(judge_plans(halted, all_of_them=len(halted) < MOST_PLANS), now)
        if news := self._tracker.due(now):
            await self._keep(news)
        if hourly:
            self._forgot = now
            oldest = iso(self._clock.now() - KEPT)
            self._db.write_soon(lambda conn: store.forget(conn, oldest))

    def _judge_room(self, room: RoomId, now: float) -> None:
        told = self._rooms.told(room)
        judged = gone(room)
        if told is not None:
            facts = RoomFacts(
                room, told.trusted, told.linked, told.state, told.words, told.news, told.document, told.upkeep
            )
            judged = judge_room(facts, self._clock.now())
        self._tracker.absorb(judged, now)
        last = self._open.get(Key(room, Kind.CALL, ""))
        if (
            last is not None
            and Kind.CALL not in judged.kinds
            and self._clock.now() - parse_iso(last.since) > CALL_IS_NEWS
        ):
            self._tracker.absorb(forgotten_call(room), now)

    def _judge_connectors(self, now: float) -> None:
        there = self._rooms.connectors()
        for connector in sorted(there):
            ups = self._ups[connector]
            came = self._rooms.came[connector]
            ups.extend([now] * min(came - self._came.get(connector, 0), 100))
            self._came[connector] = came
            while ups and now - ups[0] > FLAPS_WITHIN_S:
                ups.popleft()
            own = self._rooms.own_upkeep(connector)
            facts = ConnectorFacts(
                connector, self._rooms.linked(connector), len(ups), own.certificates if own is not None else None
            )
            self._tracker.absorb(judge_connector(facts, self._clock.now()), now)
        for one in self._tracker.connectors() - there:
            self._tracker.absorb(gone(connector=one), now)

    async def _keep(self, news: News) -> None:
        at = iso(self._clock.now())
        open, known = self._open, dict(self._open)

        def unit(conn: Connection) -> dict[Key, Alert]:
            place = store.place(conn)
            fresh = {}
            for key in news.ended:
                place += 1
                store.end(conn, known[key].id, at, place)
            for one in news.raised:
                place += 1
                alert = Alert(
                    mint("alert"), one.key.room, one.key.kind.value, one.severity.value, one.key.subject, one.words,
                    at, raised=place,
                )  # fmt: skip
                store.add(conn, alert)
                fresh[one.key] = alert
            for one in news.changed:
                store.say(conn, known[one.key].id, one.severity.value, one.words)
            return fresh

        fresh = await self._db.write(unit)
        for key in news.ended:
            open.pop(key, None)
        for one in news.changed:
            open[one.key] = replace(open[one.key], severity=one.severity.value, words=one.words)
        open.update(fresh)
        self.told()

    # -- looking --------------------------------------------------------------------------------------

    async def sight(self, signed: Signed) -> Sight:
        """All with the right to see, those of live grants otherwise; of a locked room then nothing."""
        hidden = frozenset() if signed.may(Right.AUDIT) else frozenset({Kind.FINDING.value})
        if signed.may(Right.SEE):
            return Sight(None, hidden)
        granted = await self._grants.live_rooms(signed.principal)
        locks = {(one.lock.kind, one.lock.subject) for one in await self._grants.locks()}
        rooms = self._rooms.list_for(signed, granted)
        return Sight(
            frozenset(
                room.id
                for room in rooms
                if not {("room", room.id), ("site", room.site), ("connector", room.connector)} & locks
            ),
            hidden,
        )

    def count(self, signed: Signed) -> int:
        """Of those that nobody looks after yet: for whoever sees all rooms, and 0 for everybody else."""
        if not signed.may(Right.SEE):
            return 0
        audits = signed.may(Right.AUDIT)
        return sum(one.seen_by is None and (audits or one.kind != Kind.FINDING) for one in self._open.values())

    def by_severity(self) -> dict[str, int]:
        """How many are open."""
        return {one.value: sum(alert.severity == one for alert in self._open.values()) for one in Severity}

    async def open_for(self, signed: Signed) -> list[Alert]:
        """What to do first comes first."""
        sight = await self.sight(signed)
        return sorted(
            (one for one in self._open.values() if sight.of(one)),
            key=lambda one: (one.seen_by is not None, order(one.kind, one.severity), one.since, one.id),
        )

    async def ended_for(self, signed: Signed, before: int | None = None, limit: int = 50) -> list[Alert]:
        """The newest first."""
        sight = await self.sight(signed)
        return await self._db.read(lambda conn: store.ended(conn, sight.rooms, sight.hidden, before, limit))

    async def names(self, alerts: Sequence[Alert]) -> dict[str, str]:
        """The names of their rooms by id, of those that are gone too."""
        ids = frozenset(RoomId(one.room) for one in alerts if one.room)
        found = await self._db.read(lambda conn: self._rooms.names_by_id(conn, ids))
        return {str(id): name for id, name in found.items()}

    async def see(self, id: str, by: Signed) -> Alert:
        """ "I look after it". Raises NotFound for what is not there or not theirs, Forbidden. Safe to repeat."""
        sight = await self.sight(by)
        key = next((key for key, one in self._open.items() if one.id == id and sight.of(one)), None)
        if key is None:
            raise NotFound(NO_SUCH)
        by.require(Right.CUT, Right.GIVE, Right.SITES)
        at = iso(self._clock.now())
        if await self._db.write(lambda conn: store.see(conn, id, by.person.id, at)) and key in self._open:
            self._open[key] = replace(self._open[key], seen_by=by.person.id, seen_at=at)
        alert = self._open.get(key)
        if alert is None:
            raise NotFound(NO_SUCH)
        return alert


def _key(alert: Alert) -> Key:
    return Key(alert.room, Kind(alert.kind), alert.subject)
