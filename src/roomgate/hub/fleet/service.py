"""Plans over many rooms: made from a document, looked at, started, halted, gone on with, and what drifted since.

A plan is its maker's. Whoever has the right to see sees it too, and whoever has the right to cut may halt it; but
nobody has it applied in somebody else's name.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
from sqlalchemy import Connection

from roomgate.access.capability import Capability, Classes
from roomgate.access.decision import Denied, Room
from roomgate.access.principal import Principal, Right
from roomgate.clock import Clock, iso
from roomgate.errors import BadInput, Conflict, NotFound, PreconditionFailed, RoomgateError
from roomgate.fleet.difference import HIDDEN, Step
from roomgate.fleet.document import BadDocument, Document, parse_document
from roomgate.fleet.layers import NOTHING, About, Layers, chosen, require_known
from roomgate.fleet.notation import read_tables
from roomgate.fleet.waves import Options
from roomgate.hub.change import Change, Changes
from roomgate.hub.fleet import store
from roomgate.hub.fleet.drift import MOST_ASKS, Changed, by_whom, last_changes
from roomgate.hub.fleet.engine import Engine
from roomgate.hub.fleet.look import Away, Looks, Relay
from roomgate.hub.fleet.plan import OVER, Mark, Plan, PlanRoom, RoomState, State
from roomgate.hub.fleet.run import AT_ONCE, Known, Wait, wait_for
from roomgate.hub.grants.service import Grants
from roomgate.hub.identity.person import Forbidden, Signed
from roomgate.hub.identity.sealing import Seal
from roomgate.hub.identity.service import Identity
from roomgate.hub.rooms.service import Rooms
from roomgate.hub.rooms.state import RoomSummary
from roomgate.hub.sites.service import Sites
from roomgate.ids import RoomId, mint
from roomgate.ledger.event import PlanHalted, PlanMade, PlanStarted
from roomgate.storage.database import Database
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

KINDS = ("document", "upgrade", "restore")
_PAST_S = 20.0
_MOST_SITES = 100_000
MOST_UNFINISHED = 100  # plans of one person
NO_SUCH_PLAN = "There is no such plan."
NO_ROOMS = "The document is about no room of yours."


@dataclass(frozen=True, slots=True)
class Shown:
    """A plan for whoever looks: with how its rooms stand, and whether it is theirs to start."""

    plan: Plan
    counts: dict[RoomState, int]
    mine: bool


@dataclass(frozen=True, slots=True)
class ShownRoom:
    """A room of a plan. Values of steps are those that whoever looks may read in this room now; others are hidden."""

    row: PlanRoom
    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Drifted:
    """One thing that is not as the document says. ``by`` None: not by an ask of this hub."""

    room: str
    step: Step
    by: str | None
    at: str | None


class Fleet:
    def __init__(
        self,
        db: Database,
        changes: Changes,
        clock: Clock,
        identity: Identity,
        rooms: Rooms,
        grants: Grants,
        sites: Sites,
        seal: Seal,
    ) -> None:
        self._db = db
        self._changes = changes
        self._clock = clock
        self._identity = identity
        self._rooms = rooms
        self._grants = grants
        self._sites = sites
        self._seal = seal
        self._engine: Engine | None = None
        self._looks: Looks | None = None

    def bind(self, relay: Relay, catalogue: Catalogue, wait: Wait = wait_for) -> None:
        """Once, when the relay is there, before anything is asked."""
        self._looks = Looks(relay, self._grants, self._clock, catalogue)
        self._engine = Engine(
            self._db, self._changes, self._looks, self._grants, self._clock, self._seal, self._learn, wait
        )  # fmt: skip

    @property
    def engine(self) -> Engine:
        assert self._engine is not None, "bind() comes first"
        return self._engine

    @property
    def looks(self) -> Looks:
        assert self._looks is not None, "bind() comes first"
        return self._looks

    async def run(self) -> None:
        """Carry plans out; to be supervised."""
        await self.engine.run()

    # -- making ------------------------------------------------------------------------------------

    async def make(self, signed: Signed, text: str, options: Options | None = None, kind: str = "document") -> Plan:
        """A plan from a document's text (TOML, YAML or JSON), looking at its rooms from now on.

        Raises BadDocument with every complaint, BadInput, Conflict.
        """
        if kind not in KINDS:
            raise BadInput(f"A plan is one of {', '.join(KINDS)}.")
        options = (options or Options()).checked()
        document = await self._parse(text)
        rooms = await self._chosen(signed, document)
        now = iso(self._clock.now())
        raw = text.encode()
        plan = Plan(
            mint("plan"), "upgrade" if document.upgrade else kind, document.name, hashlib.sha256(raw).hexdigest(),
            options, State.PLANNING, "", signed.person.id, signed.principal.credential, now, None, None, 1,
        )  # fmt: skip

        def unit(change: Change) -> None:
            if store.unfinished(change.conn, signed.person.id) >= MOST_UNFINISHED:
                raise Conflict("You have 100 plans that are not over.", hint="Cancel one that you need no more.")
            store.add(change.conn, plan, self._seal.close(raw, plan.id))
            store.add_rooms(change.conn, plan.id, [room.id for room in rooms])
            change.record(
                PlanMade, plan=plan.id, name=plan.name, digest=plan.digest, rooms=len(rooms), by=signed.person.id
            )  # fmt: skip

        await self._changes.write(unit, of_access=False)
        self.engine.wake()
        return plan

    async def make_again(self, id: str, signed: Signed) -> Plan:
        """A new plan from the document of one of theirs. Raises NotFound, Forbidden, and as `make`."""
        plan = await self._db.read(lambda conn: self._of_maker(conn, id, signed))
        return await self.make(signed, await self.text(id), plan.options, plan.kind)

    async def _parse(self, text: str) -> Document:
        """Beside the loop: a large one takes a second, and whoever's access ends meanwhile is not to wait."""
        return await asyncio.to_thread(lambda: parse_document(read_tables(text), self.looks.catalogue))

    async def _chosen(self, signed: Signed, document: Document) -> list[RoomSummary]:
        """The rooms that the document is about, of those that whoever asks may see. Raises BadDocument."""
        granted = await self._grants.live_rooms(signed.principal)
        mine = self._rooms.list_for(signed, granted)
        names = await self._site_names()
        abouts = {room.id: _about(room, names) for room in mine}
        require_known(document, abouts.values())
        found = [room for room in mine if chosen(document, abouts[room.id])]
        layers, complaints = Layers(document), list[str]()
        kept = []
        for room in found:
            try:
                if document.upgrade is not None or layers.wanted(abouts[room.id]) != NOTHING:
                    kept.append(room)
            except BadDocument as bad:
                complaints += bad.complaints
        if complaints:
            raise BadDocument(complaints)
        if not kept:
            raise BadInput(NO_ROOMS, hint="Look at `only`, and at what the layers name.")
        return kept

    async def _site_names(self) -> dict[str, str]:
        return {str(site.id): site.name for site in await self._sites.sites(limit=_MOST_SITES)}

    async def _learn(self, plan: Plan) -> Known:
        """What carrying out takes; raises RoomgateError where it cannot be had any more."""
        document = await self._document(plan.id)
        person = await self._identity.get(plan.person)
        principal = Principal(person.id, person.name, person.kind, plan.credential)
        names = await self._site_names()

        def about(room: str) -> About | None:
            found = self._rooms.record(RoomId(room))
            if found is None:
                return None
            site = str(found.room.site)
            return About(found.room.name, names.get(site, site), found.room.tags, found.product, found.software)

        def place(room: str) -> str:
            found = self._rooms.record(RoomId(room))
            return "" if found is None else found.room.connector

        return Known(document, Layers(document), principal, about, place, document.bodies())

    async def _document(self, id: str) -> Document:
        return await self._parse(await self.text(id))

    async def text(self, id: str) -> str:
        """The document as it was given. Raises RoomgateError where it was sealed by another key."""
        return self.engine.unseal(await self._db.read(lambda conn: store.document(conn, id)), id).decode()

    # -- looking -----------------------------------------------------------------------------------

    async def get(self, id: str, signed: Signed) -> Shown:
        """Raises NotFound, also where it is somebody else's."""

        def unit(conn: Connection) -> Shown:
            return self._shown(conn, self._mine(conn, id, signed), signed)

        return await self._db.read(unit)

    async def past(self, id: str, signed: Signed, state: str) -> Shown:
        """The same, once it is in that state no more; after 20 seconds as it is then. Raises NotFound."""
        over = self.engine.over(id)
        shown = await self.get(id, signed)
        if shown.plan.state.value != state or shown.plan.state not in (State.PLANNING, State.RUNNING):
            return shown
        await wait_for(_PAST_S, over)
        return await self.get(id, signed)

    async def page(self, signed: Signed, after: str, limit: int) -> list[Shown]:
        whose = None if signed.may(Right.SEE) else signed.person.id

        def unit(conn: Connection) -> list[Shown]:
            return [self._shown(conn, plan, signed) for plan in store.page(conn, whose, after, limit)]

        return await self._db.read(unit)

    async def newest(self, signed: Signed, limit: int) -> list[Shown]:
        whose = None if signed.may(Right.SEE) else signed.person.id

        def unit(conn: Connection) -> list[Shown]:
            return [self._shown(conn, plan, signed) for plan in store.newest(conn, whose, limit)]

        return await self._db.read(unit)

    def _shown(self, conn: Connection, plan: Plan, signed: Signed) -> Shown:
        return Shown(plan, store.counts(conn, plan.id), plan.person == signed.person.id)

    def _mine(self, conn: Connection, id: str, signed: Signed) -> Plan:
        plan = store.find(conn, id)
        if plan is None or not (plan.person == signed.person.id or signed.may(Right.SEE)):
            raise NotFound(NO_SUCH_PLAN)
        return plan

    async def rooms(
        self, id: str, signed: Signed, states: Sequence[RoomState] | None = None, after: str = "", limit: int = 50
    ) -> list[ShownRoom]:
        """By their ids, with their steps. Raises NotFound."""

        def unit(conn: Connection) -> list[PlanRoom]:
            self._mine(conn, id, signed)
            return store.rooms(conn, id, self.engine.unseal, states=states, after=after, limit=limit)

        return [await self._shown_room(row, signed) for row in await self._db.read(unit)]

    async def room(self, id: str, room: str, signed: Signed) -> ShownRoom:
        """One of its rooms, by name or id. Raises NotFound."""

        def unit(conn: Connection) -> list[PlanRoom]:
            self._mine(conn, id, signed)
            record = self._rooms.find_in(conn, room)
            return store.rooms(conn, id, self.engine.unseal, ids=[record.room.id if record else room])

        found = await self._db.read(unit)
        if not found:
            raise NotFound(NO_SUCH_PLAN)
        return await self._shown_room(found[0], signed)

    async def _shown_room(self, row: PlanRoom, signed: Signed) -> ShownRoom:
        summary = self._rooms.summary(RoomId(row.room))
        room, facts = await self._grants.facts(signed.principal, row.room)
        held = frozenset[Capability]()
        if room is not None and facts.active and not _locked(room, signed, facts.locks):
            open = facts.open(signed.principal.id, room, self._clock.now())
            held = frozenset[Capability]().union(*(grant.capabilities for grant in open))
        steps = tuple(_seen(step, held, self.looks.catalogue) for step in row.steps)
        return ShownRoom(row, summary.name if summary else row.room, steps)

    # -- carrying out ------------------------------------------------------------------------------

    async def start(self, id: str, signed: Signed, version: int | None = None) -> Shown:
        """Have it applied, by the credential that says so. Raises NotFound, Forbidden, Conflict."""
        return await self._begin(id, signed, version, State.PLANNED, again=False)

    async def resume(self, id: str, signed: Signed, version: int | None = None, *, again: bool = False) -> Shown:
        """Go on with what was halted; ``again``: also with rooms in which something failed."""
        return await self._begin(id, signed, version, State.HALTED, again=again)

    async def _begin(self, id: str, signed: Signed, version: int | None, state: State, *, again: bool) -> Shown:
        def unit(change: Change) -> Shown:
            plan = self._of_maker(change.conn, id, signed)
            _check(plan, version)
            if plan.state is not state:
                raise Conflict(f"This plan is {plan.state.value}.", hint=_NEXT[plan.state])
            if taken := store.taken(change.conn, id):
                raise Conflict(
                    f"Another plan that runs is about to change {taken} of these rooms.",
                    hint="Wait until it is over, or have it halted or cancelled.",
                )
            if again:
                for row in store.rooms(change.conn, id, states=(RoomState.FAILED, RoomState.OFFLINE)):
                    store.save_room(change.conn, _afresh(row))
            unread = bool(store.rooms(change.conn, id, states=(RoomState.READING,), limit=1)) and plan.started is None
            values = {"credential": signed.principal.credential, "words": ""}
            if unread:  # it was halted while it looked
                store.change(change.conn, id, (state,), state=State.PLANNING.value, **values)
            else:
                store.change(change.conn, id, (state,), state=State.RUNNING.value, started=change.at, **values)
                change.record(PlanStarted, plan=id, by=signed.person.id)
            return self._shown(change.conn, self._mine(change.conn, id, signed), signed)

        shown = await self._changes.write(unit, of_access=False)
        self.engine.wake()
        return shown

    async def halt(self, id: str, signed: Signed, words: str = "", version: int | None = None) -> Shown:
        """Ask for nothing more. What is under way at a device goes to its end, and is told."""
        return await self._stop(id, signed, words or "Halted.", version, State.HALTED, (State.RUNNING, State.PLANNING))

    async def cancel(self, id: str, signed: Signed, words: str = "", version: int | None = None) -> Shown:
        """Be done with it, as it is."""
        live = tuple(state for state in State if state not in OVER)
        return await self._stop(id, signed, words or "Cancelled.", version, State.CANCELLED, live)

    async def _stop(
        self, id: str, signed: Signed, words: str, version: int | None, to: State, live: Sequence[State]
    ) -> Shown:
        if len(words) > 300:
            raise BadInput("At most 300 characters of words.")

        def unit(change: Change) -> Shown:
            plan = self._mine(change.conn, id, signed)
            if plan.person != signed.person.id:
                signed.require(Right.CUT)
            _check(plan, version)
            if plan.state not in live:
                raise Conflict(f"This plan is {plan.state.value}.", hint=_NEXT[plan.state])
            ended = {"ended": change.at} if to in OVER else {}
            store.change(change.conn, id, live, state=to.value, words=words, **ended)
            change.record(PlanHalted, plan=id, why=words, by=signed.person.id)
            return self._shown(change.conn, self._mine(change.conn, id, signed), signed)

        shown = await self._changes.write(unit, of_access=False)
        self.engine.stop(id, words)
        return shown

    def _of_maker(self, conn: Connection, id: str, signed: Signed) -> Plan:
        plan = self._mine(conn, id, signed)
        if plan.person != signed.person.id:
            raise Forbidden("A plan is started by whoever made it.", hint="Make one of your own from its document.")
        return plan

    # -- drift -------------------------------------------------------------------------------------

    async def drift_of(self, id: str, signed: Signed) -> list[Drifted]:
        """What is not as the plan left it, or meant it. Raises NotFound, Forbidden: it is asked as its maker."""

        def unit(conn: Connection) -> list[PlanRoom]:
            self._of_maker(conn, id, signed)
            return store.rooms(conn, id)

        rows = await self._db.read(unit)
        document = await self._document(id)
        mine = {room.id: room for room in await self._chosen(signed, document)}
        since = {row.room: row.at or "" for row in rows}
        return await self._drifted(signed, document, [mine[r] for r in map(RoomId, since) if r in mine], since)

    async def drift(self, text: str, signed: Signed) -> list[Drifted]:
        """What is not as a document says, in all its rooms. Raises as `make`."""
        document = await self._parse(text)
        return await self._drifted(signed, document, await self._chosen(signed, document), {})

    async def _drifted(
        self, signed: Signed, document: Document, rooms: Sequence[RoomSummary], since: dict[str, str]
    ) -> list[Drifted]:
        names, layers, gate = await self._site_names(), Layers(document), asyncio.Semaphore(AT_ONCE)

        async def look(room: RoomSummary) -> list[Drifted]:
            async with gate:
                visitor = self.looks.visit(signed.principal, room.id)
                wanted = NOTHING if document.upgrade else layers.wanted(_about(room, names))
                try:
                    steps = await self.looks.steps(visitor, wanted, document.upgrade, "What has drifted", noting=True)
                except (Away, Denied) as away:
                    return [Drifted(room.name, _unread(away), None, None)]
            steps = [one for one in steps if not one.blind]
            if not steps:
                return []
            after = since.get(room.id, "")
            asks = await self._db.read(lambda conn: store.done_asks(conn, room.name, after, MOST_ASKS))
            changes = last_changes(asks)
            return [self._by(room, one, by_whom(one, changes), signed) for one in steps]

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(look(room), name="fleet.drift") for room in rooms]
        found = sorted((one for task in tasks for one in task.result()), key=lambda one: one.room)
        return await self._named(found)

    def _by(self, room: RoomSummary, step: Step, change: Changed | None, signed: Signed) -> Drifted:
        if change is None:
            return Drifted(room.name, step, None, None)
        known = change.person == signed.person.id or signed.may(Right.SEE)
        return Drifted(room.name, step, change.person if known else "somebody else", change.at)

    async def _named(self, found: list[Drifted]) -> list[Drifted]:
        """With people's names for their ids."""

        def unit(conn: Connection) -> dict[str, str]:
            ids = {one.by for one in found if one.by}
            people = {id: self._identity.find_in(conn, id) for id in ids}
            return {id: person.name for id, person in people.items() if person is not None}

        names = await self._db.read(unit)
        return [replace(one, by=names.get(one.by, one.by) if one.by else None) for one in found]


_NEXT = {
    State.PLANNING: "Wait until it has looked at its rooms.",
    State.PLANNED: "Start it.",
    State.RUNNING: "It is being applied; halt it first.",
    State.HALTED: "Go on with it, or cancel it.",
    State.DONE: "Make a new plan from its document.",
    State.CANCELLED: "Make a new plan from its document.",
}


def _about(room: RoomSummary, sites: dict[str, str]) -> About:
    return About(room.name, sites.get(room.site, room.site), room.tags, room.product, room.software)


def _check(plan: Plan, version: int | None) -> None:
    if version is not None and plan.version != version:
        raise PreconditionFailed("It was changed since you looked.")


def _afresh(row: PlanRoom) -> PlanRoom:
    """A room to be looked at once more: what was not done may be asked again, since the reading comes first."""
    marks = tuple(one if one in (Mark.DONE, Mark.LEFT) else Mark.TO_DO for one in row.marks)
    return replace(row, state=RoomState.READING, marks=marks, told={}, tries=0, words="", at=None)


def _locked(room: Room, signed: Signed, locks: Sequence[object]) -> bool:
    subjects = {signed.principal.id, room.id, room.site, room.connector}
    return any(getattr(lock, "subject", None) in subjects for lock in locks)


def _seen(step: Step, held: frozenset[Capability], catalogue: Catalogue) -> Step:
    """The step as somebody with these classes in the room may see it, and never with what it sends."""
    path = Path.parse(step.path) if step.path else None
    classes = Classes.shipped()
    may = path is not None and classes.of(Path((path.root, *path.words))) in held
    shown = msgspec.structs.replace(step, arguments={}, body="")
    if may or not step.path:
        return shown
    return msgspec.structs.replace(shown, before=None if step.before is None else HIDDEN, after=HIDDEN)


def _unread(fault: RoomgateError) -> Step:
    return Step("room", "not read", "", "", after="", verdict="refused", rule=fault.code, words=fault.message[:300])
