"""Grants and locks: who may do what in which rooms until when, and what refuses it at once.

`facts` is what every decision looks at, read in one go. Whatever takes a right away is one change with its
revocation (see `hub.change`); what brings one back is only ever a new grant, or a confirmation.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from roomgate.access.capability import Capability
from roomgate.access.decision import Facts
from roomgate.access.giving import within
from roomgate.access.grant import Grant, Lock, Room
from roomgate.access.principal import Principal, Right
from roomgate.access.scope import narrow
from roomgate.clock import Clock, iso
from roomgate.errors import BadInput, Conflict, NotFound, PreconditionFailed
from roomgate.hub.change import Change, Changes
from roomgate.hub.ends import Ends
from roomgate.hub.grants import store
from roomgate.hub.grants.store import GrantRecord, LockRecord
from roomgate.hub.grants.terms import Terms, no_more
from roomgate.hub.grants.wanted import Wanted
from roomgate.hub.identity.person import Forbidden, Person, Signed
from roomgate.hub.identity.service import Identity
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.hub.rooms.service import Rooms
from roomgate.hub.rooms.tags import parse_tags
from roomgate.hub.sites.service import Sites
from roomgate.ids import ConnectorId, GrantId, LockId, PersonId, RoomId, RoomName, SiteId, mint
from roomgate.ledger.event import GrantEnded, GrantMade, LockLifted, LockMade
from roomgate.storage.database import Database

GIVER_GONE = "its giver's account ended"
GIVER_DEMOTED = "its giver may no longer give it"
ROOM_GONE = "its room is gone"
NOWHERE = Room(RoomId(""), RoomName(""), SiteId(""), ConnectorId(""))
_MOST_KNOWN = 10_000  # facts kept in memory
_LONGEST_NAME = 200  # longer than any room's: what is cut off could not have been one
LOCK_KINDS = ("person", "room", "site", "connector", "session")


class SecondPerson(Conflict):
    """The hub's configuration has somebody else answer for this, even where an administrator wants it."""

    code = "second-person"
    hint = "Ask for it on the page of approvals or with `roomgate approval ask`: somebody else answers."


@dataclass(frozen=True, slots=True)
class Explained:
    """Why somebody may or may not be in a room, line by line; ``facts`` is what a decision would look at."""

    person: Person | None
    room: Room | None
    grants: tuple[GrantRecord, ...]  # on this room
    locks: tuple[LockRecord, ...]  # on it or them
    active: bool
    facts: Facts


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
        self._terms = Terms(rooms, sites)
        self._ends = Ends(clock)
        self._known: dict[tuple[Principal, str], tuple[int, Room | None, Facts]] = {}  # at which version
        self._known_of: dict[Principal, tuple[int, Facts]] = {}  # the same, in the room that was asked about last
        self._used: dict[GrantId, int] = {}  # of what was counted since the facts that are kept were read
        self._booked: set[RoomId] = set()  # rooms in which something may be open because they are booked
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
        """The same as part of another change: ``by`` gives, or approves what somebody else asked for.

        Raises Forbidden for more than ``by`` has to give (see `access.giving`).
        """
        to = self._identity.find_in(change.conn, wanted.person)
        if to is None:
            raise BadInput(f"There is nobody called {wanted.person[:80]}.")
        if not to.active:
            raise Conflict("This account is disabled.")
        grant = self._terms.build(change, to.id, by.person.id, wanted)
        if not loud and to.id == by.person.id:
            self._require_second(grant.capabilities)
        if not self._answers(change.conn, by.person, grant, approving=approved_by is not None):
            raise Forbidden(
                "Nobody gives what they do not have.",
                hint="Give less of it, for a shorter time, or ask an administrator.",
            )
        store.add(change.conn, grant, loud=loud, approved_by=approved_by)
        self._made_entry(change, grant, grant.reason, loud=loud, approved_by=approved_by)
        return grant

    async def confirm(self, id: str, by: Signed) -> GrantRecord:
        """Another administrator answers for a paused grant, from now on in the giver's place.

        Another than whoever gave it, and than whoever has it.
        """
        by.require(Right.GIVE)

        def unit(change: Change) -> GrantRecord:
            record = self._get(change.conn, id)
            if record.paused is None:
                raise Conflict("This grant is not paused.")
            if record.paused == ROOM_GONE:
                raise Conflict("Its room is gone; make a new grant.")
            if by.person.id in (record.grant.person, record.grant.made_by):
                raise Forbidden("Somebody else must confirm it.", hint="Neither its giver nor its holder may.")
            position = change.position()
            # From now on it is the confirmer's own giving, by nobody's approval.
            taken = replace(record.grant, made_by=by.person.id, issued=position, paused=False)
            if not self._answers(change.conn, by.person, taken, approving=False):
                raise Forbidden("Nobody gives what they do not have.")
            store.change(
                change.conn, taken.id, paused=None, made_by=by.person.id, issued=position, approved_by=None
            )  # fmt: skip
            self._made_entry(change, taken, f"confirmed: {taken.reason}", loud=record.loud, approved_by=None)
            return self._get(change.conn, id)

        return await self._changes.write(unit)

    def _answers(self, conn: Connection, giver: Person, grant: Grant, *, approving: bool) -> bool:
        """Whether the giver may answer for a grant, as things are now."""
        power = giver.power
        if (Right.APPROVE if approving else Right.GIVE) not in power.rights:
            return False
        reach = power.approves if approving else power.gives
        if within(grant, giver.id, reach, (), ()):
            return True
        own = [r.grant for r in store.of_person(conn, giver.id) if not self._ends.past(r.grant.id)]
        rooms = [record.room for id in sorted(grant.rooms) if (record := self._rooms.find_in(conn, id))]
        return within(grant, giver.id, reach, own, rooms)

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
        self._forget(id)

    async def narrow(
        self,
        id: str,
        by: Signed,
        *,
        until: datetime | None = None,
        capabilities: frozenset[Capability] | None = None,
        rooms: list[str] | None = None,
        sites: list[str] | None = None,
        tags: list[str] | None = None,
        most_uses: int | None = None,
        only_booked: bool = False,
        version: int | None = None,
    ) -> GrantRecord:
        """An earlier end, fewer of anything, or only while booked. More of anything is a new grant."""
        by.require(Right.GIVE, Right.CUT)

        def unit(change: Change) -> GrantRecord:
            record = self._get(change.conn, id)
            _check_version(record, version)
            grant = record.grant
            less = replace(
                grant,
                rooms=grant.rooms if rooms is None else self._terms.room_ids(change.conn, rooms),
                sites=grant.sites if sites is None else self._terms.site_ids(change.conn, sites),
                tags=grant.tags if tags is None else parse_tags(tags),
                until=until or grant.until,
                capabilities=grant.capabilities if capabilities is None else capabilities,
                most_uses=grant.most_uses if most_uses is None else most_uses,
                only_booked=grant.only_booked or only_booked,
            )
            if not no_more(less, grant):
                raise BadInput("A grant is only ever narrowed.", hint="Make a new grant for more.")
            if less == grant:
                return record
            store.change(
                change.conn, grant.id, until=iso(less.until), capabilities=sorted(less.capabilities),
                most_uses=less.most_uses, only_booked=less.only_booked, **store.scope(less),
            )  # fmt: skip
            store.keep_rooms(change.conn, grant.id, less.rooms)
            self._ended_entry(change, less, "narrowed", by.person.id)
            self._narrowed(change, grant, by.person.id, "The grant was narrowed.")
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
            self._forget(id)
        for room in [one for one in self._booked if not self._rooms.booked(one)]:
            await self._changes.write(partial(self._booking_over, room))
            self._booked.discard(room)

    def _booking_over(self, room: RoomId, change: Change) -> None:
        """What was open because the room was booked is judged anew."""
        record = self._rooms.find_in(change.conn, room)
        for one in store.of_room(change.conn, record.room) if record else ():
            if one.grant.only_booked:
                change.revoke(
                    Cause.GRANT_NARROWED, SubjectKind.GRANT, one.grant.id, by=None, rooms=frozenset({room}),
                    reason="The room's booking is over, or not known any more.",
                )  # fmt: skip

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
            # What is the person's alone is read once for all of their rooms: a plan over thousands asks in each.
            whose = self._known_of.get(principal)
            own = whose[1] if whose is not None and whose[0] == version else None
            room, facts = await self._db.read(lambda conn: self.facts_in(conn, principal, room_name, own))
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
                self._known_of.clear()
            self._known_of[principal] = version, facts
            self._known[key] = known = version, room, facts
        return known[1], self._as_of_now(principal, known[1], known[2])

    def _as_of_now(self, principal: Principal, room: Room | None, facts: Facts) -> Facts:
        """Time passes, commands are counted and bookings begin and end without a change of what was read."""
        if any(self._ends.past(grant.id) for grant in facts.grants):
            facts = replace(facts, grants=tuple(g for g in facts.grants if not self._ends.past(g.id)))
        if facts.uses:
            facts = replace(facts, uses={id: max(n, self._used.get(id, 0)) for id, n in facts.uses.items()})
        if room is not None and any(g.only_booked and g.covers(room) for g in facts.grants):
            facts = replace(facts, booked=self._is_booked(room.id))
        return replace(facts, active=False) if facts.active and self._identity.past(principal) else facts

    def _is_booked(self, room: RoomId) -> bool:
        """Whether it is, as far as is known; then its end is waited for."""
        booked = self._rooms.booked(room)
        if booked:
            self._booked.add(room)
        return booked

    def facts_in(
        self, conn: Connection, principal: Principal, room_name: str, own: Facts | None = None
    ) -> tuple[Room | None, Facts]:
        """What a decision looks at as the database has it: without whether the room is booked, which it does not know.

        ``own``: what was read of the same principal, in whatever room, and is still true.
        """
        record = self._rooms.find_in(conn, room_name)
        facts = self._own_facts(conn, principal) if own is None else own
        live = record is not None and record.trusted
        return (record.room if record is not None else None), replace(facts, room_live=live)

    def _own_facts(self, conn: Connection, principal: Principal) -> Facts:
        """All that a decision looks at but the room."""
        own = self._own(conn, principal)
        return Facts(
            active=self._identity.alive(conn, principal),
            room_live=False,
            grants=tuple(r.grant for r in own),
            locks=tuple(r.lock for r in store.holding(conn)),
            uses={r.grant.id: r.used for r in own if r.grant.most_uses is not None},
        )

    def use_in(self, conn: Connection, grant: GrantId) -> int | None:
        """Part of the unit that writes a permit down: count it. None where nothing is left of the grant."""
        return store.use(conn, grant)

    def used(self, grant: GrantId, count: int) -> None:
        """To be told after that unit's commit."""
        self._used[grant] = max(count, self._used.get(grant, 0))

    async def live_rooms(self, principal: Principal, giving: Capability | None = None) -> frozenset[RoomId]:
        """The rooms in which a grant of the principal gives something now, or this: to list, never to decide by."""
        now = self._clock.now()

        def unit(conn: Connection) -> tuple[set[RoomId], set[RoomId]]:
            found: tuple[set[RoomId], set[RoomId]] = (set(), set())
            if not self._identity.alive(conn, principal):
                return found
            for grant in (record.grant for record in self._own(conn, principal)):
                if grant.live(now) and (giving is None or giving in grant.capabilities):
                    found[grant.only_booked].update(self._rooms_of(conn, grant))
            return found

        always, booked = await self._db.read(unit)
        return frozenset(always | {room for room in booked if self._is_booked(room)})

    def _rooms_of(self, conn: Connection, grant: Grant) -> frozenset[RoomId]:
        return (
            grant.rooms if grant.named is not None else grant.rooms | self._rooms.under(conn, grant.sites, grant.tags)
        )

    def _own(self, conn: Connection, principal: Principal) -> list[GrantRecord]:
        """The principal's grants, as far as the credential that they showed carries them."""
        own = [r for r in store.of_person(conn, principal.id) if not self._ends.past(r.grant.id)]
        scope = self._identity.scope_in(conn, principal)
        if scope is None:
            return own
        found = {name: self._rooms.find_in(conn, name) for name in scope.rooms or ()}
        named = {name: record.room for name, record in found.items() if record}
        return [replace(r, grant=left) for r in own for left in narrow((r.grant,), scope, named)]

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
            return store.of_room(conn, record.room) if record else []

        return await self._db.read(unit)

    async def page(self, person: str | None, room: str | None, after: str, limit: int) -> list[GrantRecord]:
        def unit(conn: Connection) -> list[GrantRecord]:
            found = self._rooms.find_in(conn, room) if room is not None else None
            # A room that is nowhere is looked for all the same: it takes as long as one of somebody else's.
            at = None if room is None else found.room if found else NOWHERE
            whose = self._identity.find_in(conn, person) if person is not None else None
            if person is not None and whose is None:
                return []
            return store.page(conn, whose.id if whose else None, at, after, limit)

        return await self._db.read(unit)

    async def room_names(self, records: list[GrantRecord]) -> dict[RoomId, str]:
        """The names of the rooms of these grants, those of removed rooms too."""
        wanted = frozenset().union(*(r.grant.rooms for r in records))
        return await self._db.read(lambda conn: self._rooms.names_by_id(conn, wanted))

    async def rooms_under(self, record: GrantRecord) -> dict[RoomId, str]:
        """The rooms that a grant covers now, by name."""

        def unit(conn: Connection) -> dict[RoomId, str]:
            return self._rooms.names_by_id(conn, self._rooms_of(conn, record.grant))

        return await self._db.read(unit)

    async def explain(self, person: str, room: str) -> Explained:
        """What speaks for and against a person in a room."""

        def unit(conn: Connection) -> Explained:
            who, record = self._identity.find_in(conn, person), self._rooms.find_in(conn, room)
            if who is None or record is None:
                return Explained(who, record.room if record else None, (), (), False, Facts(False, record is not None))
            at = {
                "person": who.id,
                "room": record.room.id,
                "site": record.room.site,
                "connector": record.room.connector,
            }
            own = [r for r in store.of_person(conn, who.id) if not self._ends.past(r.grant.id)]
            locks = store.holding(conn)
            facts = Facts(
                who.active,
                record.trusted,
                tuple(r.grant for r in own),
                tuple(r.lock for r in locks),
                {r.grant.id: r.used for r in own if r.grant.most_uses is not None},
            )
            return Explained(
                who,
                record.room,
                tuple(r for r in own if r.grant.covers(record.room)),
                tuple(r for r in locks if at.get(r.lock.kind) == r.lock.subject),
                who.active,
                facts,
            )

        found = await self._db.read(unit)
        booked = found.room is not None and self._rooms.booked(found.room.id)
        return replace(found, facts=replace(found.facts, booked=booked))

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
        self._judge_given(change, person, by)

    def person_locked(self, conn: Connection, person: PersonId) -> bool:
        return store.locked(conn, "person", person)

    def rooms_gone(self, change: Change, gone: frozenset[RoomId], by: PersonId | None) -> None:
        """Grants that have no room left pause; the rooms' own revocations cut everything in them."""
        for room in sorted(gone):
            for record in store.naming(change.conn, room):
                grant = record.grant
                left = [r for r in grant.rooms if self._rooms.find_in(change.conn, r) is not None]
                if not left and grant.named is not None and record.paused != ROOM_GONE:
                    store.change(change.conn, grant.id, paused=ROOM_GONE)
                    self._ended_entry(change, grant, f"paused: {ROOM_GONE}", by)

    def tags_changed(self, change: Change, before: Room, after: Room, by: Signed) -> None:
        """Which grants cover the room follows its tags: what covers it no more is cut, what covers it now is given.

        So to tag a room is to give, and takes the same: raises Forbidden for more than ``by`` has to give.
        """
        for record in {r.grant.id: r for room in (before, after) for r in store.reaching(change.conn, room)}.values():
            grant = record.grant
            if not grant.covers(after):
                self._narrowed(change, grant, by.person.id, "The room lost a tag.", frozenset({after.id}))
            elif not grant.covers(before):
                here = replace(
                    grant, rooms=frozenset({after.id}), sites=frozenset(), tags=frozenset(), paused=False,
                    issued=change.position(),
                )  # fmt: skip
                if not self._answers(change.conn, by.person, here, approving=False):
                    raise Forbidden("By this tag a grant would cover the room that gives more than you have to give.")

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
        change.revoke(cause, SubjectKind.GRANT, record.grant.id, by=by, reason=reason, rooms=record.grant.named)
        self._judge_given(change, record.grant.person, by)

    def _pause(self, change: Change, records: list[GrantRecord], why: str, by: PersonId | None) -> None:
        for id in [record.grant.id for record in records]:
            record = store.find(change.conn, id)  # the pause of one before it may have taken it along
            if record is None or record.paused is not None:
                continue
            store.change(change.conn, id, paused=why)
            self._ended_entry(change, record.grant, f"paused: {why}", by)
            # A pause takes away all that the grant gives, and another grant may cover what is open: judged anew.
            self._narrowed(change, record.grant, by, f"The grant is paused: {why}.")

    def _narrowed(
        self, change: Change, grant: Grant, by: PersonId | None, reason: str, rooms: frozenset[RoomId] | None = None
    ) -> None:
        """Judge anew what stands on the grant, in all its rooms or in some; and what its holder gave by it."""
        change.revoke(
            Cause.GRANT_NARROWED, SubjectKind.GRANT, grant.id, by=by, rooms=rooms or grant.named, reason=reason
        )
        self._judge_given(change, grant.person, by)

    def _judge_given(self, change: Change, person: PersonId, by: PersonId | None) -> None:
        """Pause what somebody gave and may not give now. It ends, since a grant rests on older ones alone."""
        given = store.given_by(change.conn, person)
        giver = self._identity.find_in(change.conn, person) if given else None
        if giver is not None:
            beyond = [
                r for r in given if not self._answers(change.conn, giver, r.grant, approving=r.approved_by is not None)
            ]
            self._pause(change, beyond, GIVER_DEMOTED, by)

    def _made_entry(
        self, change: Change, grant: Grant, reason: str, *, loud: bool, approved_by: PersonId | None
    ) -> None:
        change.record(
            GrantMade, grant=grant.id, person=grant.person, rooms=self._rooms.names(change.conn, grant.rooms),
            capabilities=tuple(sorted(grant.capabilities)), until=iso(grant.until), reason=reason, by=grant.made_by,
            sites=tuple(sorted(grant.sites)), tags=tuple(sorted(grant.tags)),
            start=iso(grant.start) if grant.start > change.now else "", most_uses=grant.most_uses or 0,
            only_booked=grant.only_booked, loud=loud, approved_by=approved_by or "",
        )  # fmt: skip

    def _ended_entry(self, change: Change, grant: Grant, reason: str, by: PersonId | None) -> None:
        change.record(
            GrantEnded, grant=grant.id, person=grant.person, rooms=self._rooms.names(change.conn, grant.rooms),
            capabilities=tuple(sorted(grant.capabilities)), until=iso(grant.until), reason=reason, by=by or "",
        )  # fmt: skip

    def _forget(self, id: str) -> None:
        self._ends.drop(id)
        self._used.pop(GrantId(id), None)

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
