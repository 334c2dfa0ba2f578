"""Grants and locks: who may do what in which rooms until when, and what refuses it at once.

`facts` is what every decision looks at, read in one go. Whatever takes a right away is one change with its
revocation (see `hub.change`); what brings one back is only ever a new grant, or a confirmation.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from roomgate.access.capability import Capability
from roomgate.access.decision import Facts, Room
from roomgate.access.grant import LONGEST, Grant, Lock
from roomgate.access.principal import Principal, Right
from roomgate.access.scope import narrow
from roomgate.clock import Clock, iso, parse_iso
from roomgate.errors import BadInput, Conflict, NotFound, PreconditionFailed
from roomgate.hub.change import Change, Changes
from roomgate.hub.ends import Ends
from roomgate.hub.grants import store
from roomgate.hub.grants.store import GrantRecord, LockRecord
from roomgate.hub.grants.wanted import Wanted
from roomgate.hub.identity.person import Signed
from roomgate.hub.identity.service import Identity
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.hub.rooms.service import Rooms
from roomgate.hub.sites.service import Sites
from roomgate.ids import GrantId, LockId, PersonId, RoomId, mint
from roomgate.ledger.event import GrantEnded, GrantMade, LockLifted, LockMade
from roomgate.storage.database import Database

GIVER_GONE = "its giver's account ended"
GIVER_DEMOTED = "its giver may no longer give it"
ROOM_GONE = "its room is gone"
_MOST_KNOWN = 10_000  # facts kept in memory
_LONGEST_NAME = 200  # longer than any room's: what is cut off could not have been one
LOCK_KINDS = ("person", "room", "site", "connector", "session")


class SecondPerson(Conflict):
    """The hub's configuration has somebody else answer for this, even where an administrator wants it."""

    code = "second-person"
    hint = "Ask for it on the page of approvals or with `roomgate approval ask`: somebody else answers."


@dataclass(frozen=True, slots=True)
class Explained:
    """Why somebody may or may not be in a room, line by line."""

    room: Room | None
    grants: tuple[GrantRecord, ...]
    locks: tuple[LockRecord, ...]
    active: bool


class Grants:
    def __init__(
        self,
        db: Database,
        changes: Changes,
        clock: Clock,
        identity: Identity,
        rooms: Rooms,
        sites: Sites,
        second_person: frozenset[Capability] = frozenset(),
    ) -> None:
        """``second_person``: what nobody gives themself, unless it is loud."""
        self._db = db
        self._changes = changes
        self._clock = clock
        self._identity = identity
        self._rooms = rooms
        self._sites = sites
        self._second_person = second_person
        self._ends = Ends(clock)
        self._known: dict[tuple[Principal, str], tuple[int, Room | None, Facts]] = {}  # at which version
        # Asked by locks of a session: whether there is such a session. The relay owns them.
        self.session_exists: Callable[[Connection, str], bool] = lambda conn, id: False

    async def load(self, since: datetime | None = None) -> None:
        """Know the end of every grant, at the start of the program; ``since``: a moment known to have passed."""
        for record in await self._db.read(store.unended):
            self._ends.set(record.grant.id, record.grant.until, since)

    # -- giving -------------------------------------------------------------------------------------

    async def make(
        self,
        by: Signed,
        person: str,
        rooms: list[str],
        capabilities: frozenset[Capability],
        *,
        minutes: float | None = None,
        until: datetime | None = None,
        reason: str = "",
    ) -> Grant:
        """A grant for a person (by id or name) on rooms (by name), with an end: minutes from now, or a time."""
        return await self.give(
            by,
            Wanted(
                person=person, rooms=tuple(rooms), capabilities=tuple(sorted(capabilities)), minutes=minutes,
                until=None if until is None else iso(until), reason=reason,
            ),
        )  # fmt: skip

    async def give(self, by: Signed, wanted: Wanted) -> Grant:
        """A grant, by somebody who may give it. Raises BadInput, Conflict, Forbidden."""
        by.require(Right.GIVE)
        grant = await self._changes.write(lambda change: self.give_in(change, by, wanted))
        self.given(grant)
        return grant

    def given(self, grant: Grant) -> None:
        """To be told after the commit of `give_in`: its end is watched from now on."""
        self._ends.set(grant.id, grant.until)

    def give_in(
        self, change: Change, by: Signed, wanted: Wanted, *, approved_by: PersonId | None = None, loud: bool = False
    ) -> Grant:
        """The same as part of another change: ``by`` gives, or approves what somebody else asked for."""
        minutes, until = wanted.minutes, None if wanted.until is None else parse_iso(wanted.until)
        rooms, reason, person = wanted.rooms, wanted.reason, wanted.person
        capabilities = frozenset(Capability(word) for word in wanted.capabilities)
        if (minutes is None) == (until is None):
            raise BadInput("A grant ends: give either minutes or until.")
        if minutes is not None and not 0 < minutes <= LONGEST.total_seconds() / 60:
            raise BadInput(f"A grant lives for more than 0 minutes and at most {LONGEST.days} days.")
        if len(reason) > 1000 or len(rooms) > 1000:
            raise BadInput("At most 1000 rooms, and 1000 characters of reason.")

        to = self._identity.find_in(change.conn, person)
        if to is None:
            raise BadInput(f"There is nobody called {person[:80]}.")
        if not to.active:
            raise Conflict("This account is disabled.")
        if not loud and to.id == by.person.id:
            self._require_second(capabilities)
        found = {name: self._rooms.find_in(change.conn, name) for name in rooms}
        if missing := [name for name, room in found.items() if room is None]:
            raise BadInput(f"There is no room {', '.join(missing)[:200]}.")
        end = change.now + timedelta(minutes=minutes) if minutes is not None else until
        assert end is not None
        grant = Grant(
            GrantId(mint("grant")), to.id, frozenset(r.room.id for r in found.values() if r), capabilities,
            reason, change.now, end, by.person.id, change.position(),
        )  # fmt: skip
        store.add(change.conn, grant)
        change.record(
            GrantMade, grant=grant.id, person=to.id, rooms=tuple(sorted(rooms)),
            capabilities=tuple(sorted(capabilities)), until=iso(end), reason=reason, by=by.person.id,
        )  # fmt: skip
        return grant

    async def confirm(self, id: str, by: Signed) -> GrantRecord:
        """Another administrator answers for a paused grant, from now on in the giver's place."""
        by.require(Right.GIVE)

        def unit(change: Change) -> GrantRecord:
            record = self._get(change.conn, id)
            if record.paused is None:
                raise Conflict("This grant is not paused.")
            if record.paused == ROOM_GONE:
                raise Conflict("Its room is gone; make a new grant.")
            if record.grant.person == by.person.id:
                self._require_second(record.grant.capabilities)
            store.change(change.conn, record.grant.id, paused=None, made_by=by.person.id, issued=change.position())
            grant = record.grant
            change.record(
                GrantMade, grant=grant.id, person=grant.person, rooms=self._rooms.names(change.conn, grant.rooms),
                capabilities=tuple(sorted(grant.capabilities)), until=iso(grant.until),
                reason=f"confirmed: {grant.reason}", by=by.person.id,
            )  # fmt: skip
            return self._get(change.conn, id)

        return await self._changes.write(unit)

    # -- taking -------------------------------------------------------------------------------------

    async def end(
        self, id: str, by: Signed, cause: Cause = Cause.GRANT_REVOKED, reason: str = "", version: int | None = None
    ) -> None:
        """By whoever may give or cut, or by its holder. Raises NotFound, also where it is somebody else's."""

        def unit(change: Change) -> None:
            record = self._get(change.conn, id)
            if record.grant.person != by.person.id:
                if not (by.may(Right.SEE) or by.may(Right.GIVE) or by.may(Right.CUT)):
                    raise NotFound("There is no such grant.")
                by.require(Right.GIVE, Right.CUT)
            _check_version(record, version)
            self._end(change, record, cause, by.person.id, reason or "The grant was revoked.")

        await self._changes.write(unit)
        self._ends.drop(id)

    async def narrow(
        self,
        id: str,
        by: Signed,
        *,
        until: datetime | None = None,
        capabilities: frozenset[Capability] | None = None,
        rooms: list[str] | None = None,
        version: int | None = None,
    ) -> GrantRecord:
        """An earlier end, fewer capabilities or fewer rooms. More of anything is a new grant."""
        by.require(Right.GIVE, Right.CUT)

        def unit(change: Change) -> GrantRecord:
            record = self._get(change.conn, id)
            _check_version(record, version)
            grant = record.grant
            kept = grant.rooms
            if rooms is not None:
                found = [self._rooms.find_in(change.conn, name) for name in rooms]
                kept = frozenset(r.room.id for r in found if r)
                if len(kept) != len(set(rooms)):
                    raise BadInput("One of these rooms does not exist.")
            less = replace(
                grant, rooms=kept, until=until or grant.until,
                capabilities=grant.capabilities if capabilities is None else capabilities,
            )  # fmt: skip
            if less.until > grant.until or not less.rooms <= grant.rooms or not less.capabilities <= grant.capabilities:
                raise BadInput("A grant is only ever narrowed.", hint="Make a new grant for more.")
            if less == grant:
                return record
            store.change(change.conn, grant.id, until=iso(less.until), capabilities=sorted(less.capabilities))
            store.keep_rooms(change.conn, grant.id, less.rooms)
            self._ended_entry(change, less, "narrowed", by.person.id)
            change.revoke(
                Cause.GRANT_NARROWED, SubjectKind.GRANT, grant.id, by=by.person.id, rooms=grant.rooms,
                reason="The grant was narrowed.",
            )  # fmt: skip
            return self._get(change.conn, id)

        record = await self._changes.write(unit)
        self._ends.set(record.grant.id, record.grant.until)
        return record

    async def expire(self) -> None:
        """End every grant whose time has come. Called about ten times a second."""
        for id in self._ends.due():

            def unit(change: Change, id: str = id) -> None:
                record = store.find(change.conn, id)
                if record is not None:
                    self._end(change, record, Cause.GRANT_EXPIRED, None, "The grant's time was over.")

            await self._changes.write(unit)
            self._ends.drop(id)

    # -- looking ------------------------------------------------------------------------------------

    async def facts(self, principal: Principal, room_name: str) -> tuple[Room | None, Facts]:
        """What a decision about this principal and this room looks at. One read; None for an unknown room.

        Kept in memory as long as no change was committed since. A change that is committed but not yet told
        of is the same race as with a read from the database, and `relay.heard` settles both. Unknown rooms
        are kept as well: one must not be told from a forbidden one by the time that the answer takes.
        """
        room_name = room_name[:_LONGEST_NAME]
        key, version = (principal, room_name), self._changes.version
        known = self._known.get(key)
        if known is None or known[0] != version:
            found = await self._db.read(lambda conn: self.facts_in(conn, principal, room_name))
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = known = (version, *found)
        return known[1], self._as_of_now(principal, known[2])

    def _as_of_now(self, principal: Principal, facts: Facts) -> Facts:
        """Time passes without a change: what has ended since the facts were read is taken out of them."""
        if any(self._ends.past(grant.id) for grant in facts.grants):
            facts = replace(facts, grants=tuple(g for g in facts.grants if not self._ends.past(g.id)))
        return replace(facts, active=False) if facts.active and self._identity.past(principal) else facts

    def facts_in(self, conn: Connection, principal: Principal, room_name: str) -> tuple[Room | None, Facts]:
        """The same inside a unit: for whoever must decide and write in one."""
        record = self._rooms.find_in(conn, room_name)
        own = self._own(conn, principal)
        facts = Facts(
            active=self._identity.alive(conn, principal),
            room_live=record is not None and record.trusted,
            grants=own,
            locks=tuple(r.lock for r in store.holding(conn)),
        )
        return (record.room if record is not None else None), facts

    async def live_rooms(self, principal: Principal) -> frozenset[RoomId]:
        """The rooms in which the principal has any live grant."""
        now = self._clock.now()

        def unit(conn: Connection) -> frozenset[RoomId]:
            if not self._identity.alive(conn, principal):
                return frozenset()
            return frozenset().union(*(g.rooms for g in self._own(conn, principal) if g.live(now)))

        return await self._db.read(unit)

    def _own(self, conn: Connection, principal: Principal) -> tuple[Grant, ...]:
        """The principal's grants, as far as the credential that they showed carries them."""
        own = (r.grant for r in store.of_person(conn, principal.id) if not self._ends.past(r.grant.id))
        scope = self._identity.scope_in(conn, principal)
        found = {name: self._rooms.find_in(conn, name) for name in (scope.rooms if scope else None) or ()}
        return narrow(own, scope, {name: record.room.id for name, record in found.items() if record})

    async def get(self, id: str) -> GrantRecord:
        return await self._db.read(lambda conn: self._get(conn, id))

    def lives_in(self, conn: Connection, id: str, now: datetime) -> bool:
        """Inside a unit: whether it gives anything now."""
        record = store.find(conn, id)
        return record is not None and record.grant.live(now) and not self._ends.past(record.grant.id)

    async def of_person(self, person: str) -> list[GrantRecord]:
        return await self._db.read(lambda conn: store.of_person(conn, person))

    async def of_room(self, room: str) -> list[GrantRecord]:
        """By id or name."""

        def unit(conn: Connection) -> list[GrantRecord]:
            record = self._rooms.find_in(conn, room)
            return store.of_room(conn, record.room.id) if record else []

        return await self._db.read(unit)

    async def page(self, person: str | None, room: str | None, after: str, limit: int) -> list[GrantRecord]:
        def unit(conn: Connection) -> list[GrantRecord]:
            found = self._rooms.find_in(conn, room) if room is not None else None
            # A room that is nowhere is looked for all the same: it takes as long as one of somebody else's.
            at = None if room is None else found.room.id if found else RoomId("")
            whose = self._identity.find_in(conn, person) if person is not None else None
            if person is not None and whose is None:
                return []
            return store.page(conn, whose.id if whose else None, at, after, limit)

        return await self._db.read(unit)

    async def room_names(self, records: list[GrantRecord]) -> dict[RoomId, str]:
        """The names of the rooms of these grants, those of removed rooms too."""
        wanted = frozenset().union(*(r.grant.rooms for r in records))
        return await self._db.read(lambda conn: self._rooms.names_by_id(conn, wanted))

    async def explain(self, person: str, room: str) -> Explained:
        """What speaks for and against a person in a room."""

        def unit(conn: Connection) -> Explained:
            who, record = self._identity.find_in(conn, person), self._rooms.find_in(conn, room)
            if who is None or record is None:
                return Explained(record.room if record else None, (), (), active=False)
            at = {
                "person": who.id,
                "room": record.room.id,
                "site": record.room.site,
                "connector": record.room.connector,
            }
            return Explained(
                record.room,
                tuple(r for r in store.of_person(conn, who.id) if record.room.id in r.grant.rooms),
                tuple(r for r in store.holding(conn) if at.get(r.lock.kind) == r.lock.subject),
                active=who.active,
            )

        return await self._db.read(unit)

    # -- locks --------------------------------------------------------------------------------------

    async def lock(self, kind: str, subject: str, reason: str, by: Signed) -> LockRecord:
        """Refuse everything of a person, room, site, connector (by id or name) or session, from now on."""
        by.require(Right.CUT)
        if kind not in LOCK_KINDS:
            raise BadInput(f"A lock is on one of {', '.join(LOCK_KINDS)}.")
        if len(reason) > 1000:
            raise BadInput("At most 1000 characters of reason.")

        def unit(change: Change) -> LockRecord:
            id = self._subject(change.conn, kind, subject)
            if kind == "person":
                self._identity.lock_out(change, PersonId(id))
            revocation = change.revoke(
                Cause.LOCK, SubjectKind(kind), id, by=by.person.id, reason=reason or "It was locked."
            )
            record = LockRecord(
                Lock(LockId(mint("lock")), kind, id, reason), by.person.id, revocation.sequence, change.at
            )
            store.add_lock(change.conn, record)
            change.record(LockMade, lock=record.lock.id, subject=f"{kind} {id}", reason=reason, by=by.person.id)
            return record

        return await self._changes.write(unit)

    async def lift(self, id: str, by: Signed) -> None:
        """From now on it may be asked again; what was cut or ended stays so."""
        by.require(Right.GIVE)

        def unit(change: Change) -> None:
            record = store.find_lock(change.conn, id)
            if record is None:
                raise NotFound("There is no such lock.")
            if record.lock.kind == "person" and record.lock.subject == by.person.id:
                raise Conflict("Nobody lifts a lock on themself.")
            store.lift(change.conn, record.lock.id, change.position(), by.person.id)
            change.record(LockLifted, lock=id, subject=f"{record.lock.kind} {record.lock.subject}", by=by.person.id)

        await self._changes.write(unit)

    async def locks(self) -> list[LockRecord]:
        return await self._db.read(store.holding)

    # -- what identity and rooms tell, inside their own changes ------------------------------------------

    def person_gone(self, change: Change, person: PersonId, cause: Cause, by: PersonId | None) -> None:
        """Their grants end (the person's own revocation cuts everything); those that they gave pause."""
        for record in store.of_person(change.conn, person):
            store.change(change.conn, record.grant.id, ended=cause.value)
            self._ended_entry(change, record.grant, "the account ended", by)
        self._pause(change, store.given_by(change.conn, person), GIVER_GONE, by)

    def giver_lost_right(self, change: Change, person: PersonId, by: PersonId | None) -> None:
        self._pause(change, store.given_by(change.conn, person), GIVER_DEMOTED, by)

    def person_locked(self, conn: Connection, person: PersonId) -> bool:
        return store.locked(conn, "person", person)

    def rooms_gone(self, change: Change, gone: frozenset[RoomId], by: PersonId | None) -> None:
        """Grants that have no room left pause; the rooms' own revocations cut everything in them."""
        for room in sorted(gone):
            for record in store.of_room(change.conn, room):
                left = [r for r in record.grant.rooms if self._rooms.find_in(change.conn, r) is not None]
                if not left and record.paused != ROOM_GONE:
                    store.change(change.conn, record.grant.id, paused=ROOM_GONE)
                    self._ended_entry(change, record.grant, f"paused: {ROOM_GONE}", by)

    # -- inside -------------------------------------------------------------------------------------

    def _get(self, conn: Connection, id: str) -> GrantRecord:
        record = store.find(conn, id)
        if record is None:
            raise NotFound("There is no such grant.")
        return record

    def _require_second(self, capabilities: frozenset[Capability]) -> None:
        """Raises SecondPerson for what somebody wants to give themself."""
        if alone := sorted(capabilities & self._second_person):
            raise SecondPerson(f"A second person answers for {', '.join(alone)}.")

    def _end(self, change: Change, record: GrantRecord, cause: Cause, by: PersonId | None, reason: str) -> None:
        store.change(change.conn, record.grant.id, ended=cause.value)
        self._ended_entry(change, record.grant, reason, by)
        change.revoke(cause, SubjectKind.GRANT, record.grant.id, by=by, reason=reason, rooms=record.grant.rooms)

    def _pause(self, change: Change, records: list[GrantRecord], why: str, by: PersonId | None) -> None:
        for record in records:
            store.change(change.conn, record.grant.id, paused=why)
            self._ended_entry(change, record.grant, f"paused: {why}", by)
            # A pause takes away all that the grant gives, and another grant may cover what is open: judged anew.
            change.revoke(
                Cause.GRANT_NARROWED, SubjectKind.GRANT, record.grant.id, by=by, rooms=record.grant.rooms,
                reason=f"The grant is paused: {why}.",
            )  # fmt: skip

    def _ended_entry(self, change: Change, grant: Grant, reason: str, by: PersonId | None) -> None:
        change.record(
            GrantEnded, grant=grant.id, person=grant.person, rooms=self._rooms.names(change.conn, grant.rooms),
            capabilities=tuple(sorted(grant.capabilities)), until=iso(grant.until), reason=reason, by=by or "",
        )  # fmt: skip

    def _subject(self, conn: Connection, kind: str, subject: str) -> str:
        match kind:
            case "person":
                person = self._identity.find_in(conn, subject)
                found = person.id if person else None
            case "room":
                room = self._rooms.find_in(conn, subject)
                found = room.room.id if room else None  # type: ignore[assignment]  # each kind has an id of its own
            case "session":
                found = subject if self.session_exists(conn, subject) else None  # type: ignore[assignment]  # as above
            case _:
                found = self._sites.subject_in(conn, kind, subject)  # type: ignore[assignment]  # as above
        if found is None:
            raise NotFound(f"There is no {kind} {subject[:80]}.")
        return found


def _check_version(record: GrantRecord, version: int | None) -> None:
    if version is not None and record.version != version:
        raise PreconditionFailed("It was changed since you looked.")
