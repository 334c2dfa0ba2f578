"""Safe mode: a hub that goes on from an older copy of its data brings no dead right back to life.

What was revoked since the copy was made is live in it. The copy cannot tell, so nothing in it counts:
accounts, tokens and grants pause, sign-ins and sessions end. Whoever has the hub's own machine admits one
administrator; who confirms, one by one, what still holds, and then ends the safe mode, which ends the rest.

Three may notice: ``hub restore`` (always), the witness (it signed for entries that are missing here), and
connectors (each keeps the newest checkpoint of the hub's record that it was told, and shows it at its hello).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from roomgate import log
from roomgate.access.principal import Right
from roomgate.errors import Conflict, NotFound
from roomgate.hub.change import Change, Changes
from roomgate.hub.identity.person import Person, Signed
from roomgate.hub.identity.service import Identity
from roomgate.hub.restoration import store
from roomgate.hub.restoration.store import PausedThing, Restoration
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.ids import PersonId
from roomgate.ledger.checkpoint import BadNote, build_name, open_checkpoint
from roomgate.ledger.event import (
    BadEvent,
    Confirmed,
    DeviceQuarantined,
    Event,
    HubRestored,
    OrderAbout,
    PersonChanged,
    SafeModeEnded,
    SessionCut,
    Unknown,
    parse_event,
)
from roomgate.storage.database import Database
from roomgate.storage.record import Record

ORIGIN = "roomgate.hub/main"
BACKUP, WITNESS, CONNECTOR = "backup", "witness", "connector"
_MOST_TOLD = 500
_log = log.get("restoration")


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that a connector did or undid after the copy was made."""

    connector: str
    event: Event


class Restorations:
    def __init__(self, db: Database, changes: Changes, record: Record, identity: Identity) -> None:
        self._db = db
        self._changes = changes
        self._record = record
        self._identity = identity
        self._now: Restoration | None = None

    async def load(self) -> None:
        """Know at the start whether the safe mode holds, and by which name the record goes on."""
        restored, latest = await self._db.read(lambda conn: (store.count(conn), store.latest(conn)))
        self._record.rename(build_name(ORIGIN, restored))
        self._now = latest if latest and latest.ended is None else None
        if self._now:
            self._say(self._now)

    @property
    def safe_mode(self) -> Restoration | None:
        """The restoration whose safe mode holds, or None."""
        return self._now

    @property
    def name(self) -> str:
        """The record's verifier key, by which a witness must know it."""
        return str(self._record.verifier)

    # -- noticing -----------------------------------------------------------------------------------

    async def enter(self, cause: str, *, elsewhere: int = 0, made: str | None = None) -> None:
        """Pause everything. Safe to repeat: while the safe mode holds it only notes what more is known."""
        here = await self._record.size()

        def unit(change: Change) -> Restoration:
            known = store.latest(change.conn)
            if known is not None and known.ended is None:
                store.know_more(change.conn, known.id, elsewhere)
            else:
                id = store.count(change.conn) + 1
                sizes = store.site_sizes(change.conn)
                store.add(change.conn, Restoration(id, cause, change.at, made, here, elsewhere, sizes, None))
                name = build_name(ORIGIN, id)
                self._record.rename(name)
                change.record(HubRestored, cause=cause, made=made or "", here=here, elsewhere=elsewhere, name=name)
                for person in store.pause_all(change.conn, change.at):
                    change.revoke(
                        Cause.HUB_RESTORED, SubjectKind.PERSON, person, by=None, reason="The hub was restored."
                    )
            latest = store.latest(change.conn)
            assert latest is not None
            return latest

        before, self._now = self._now, await self._changes.write(unit)
        if before is None:
            self._say(self._now)

    async def behind_witness(self, size: int) -> None:
        """The witness has signed for a longer record, or for another one (then ``size`` is 0)."""
        await self.enter(WITNESS, elsewhere=size)

    async def told(self, checkpoint: str) -> None:
        """A connector shows the newest checkpoint of this hub that it knows. Only our own signature counts."""
        try:
            shown = open_checkpoint(checkpoint, self._record.verifier)
        except BadNote:
            return  # of another hub, or by the name from before a restoration
        here = await self._record.size()
        if shown.size > here or (shown.size and await self._record.root(shown.size) != shown.root):
            await self.enter(CONNECTOR, elsewhere=shown.size)

    # -- confirming ---------------------------------------------------------------------------------

    async def admit(self, name: str, password_hash: str | None) -> Person:
        """Let one administrator sign in, by whoever has the hub's own machine; with a new password, if one is given.

        Raises NotFound, or Conflict for somebody who was no active administrator.
        """

        def unit(change: Change) -> Person:
            person = self._identity.find_in(change.conn, name)
            if person is None:
                raise NotFound(f"There is nobody called {name[:80]} in this copy.")
            if "administrator" not in person.roles or not (person.active or person.paused):
                raise Conflict(f"{person.name} is no active administrator in this copy.")
            store.admit(change.conn, person.id, password_hash)
            change.record(PersonChanged, person=person.id, what="admitted", to="yes", by="hub")
            return person

        return await self._changes.write(unit)

    async def names(self, by: Signed) -> dict[str, str]:
        """Everybody's name in this copy, by id."""
        by.require(Right.PEOPLE)
        return await self._db.read(store.names_of)

    async def paused(self, by: Signed) -> list[PausedThing]:
        by.require(Right.PEOPLE)
        return await self._db.read(store.paused)

    async def confirm(
        self, people: Sequence[str], tokens: Sequence[str], grants: Sequence[str], by: Signed
    ) -> list[PausedThing]:
        """These still hold, says an administrator, who answers for the grants from now on; gives what waits still.

        All or none: raises NotFound where one of them does not wait.
        """
        by.require(Right.PEOPLE)
        by.require(Right.GIVE)

        def unit(change: Change) -> list[PausedThing]:
            for kind, ids in (("people", people), ("tokens", tokens), ("grants", grants)):
                for id in ids:
                    more: dict[str, object] = {} if kind == "people" else {"issued": change.position()}
                    if kind == "grants":
                        more |= {"made_by": by.person.id, "approved_by": None}
                    if not store.confirm(change.conn, kind, id, **more):
                        raise NotFound(f"Nothing called {id[:80]} waits to be confirmed.")
                    change.record(Confirmed, subject=f"{kind} {id}", by=by.person.id)
            return store.paused(change.conn)

        return await self._changes.write(unit)

    async def end(self, by: Signed) -> None:
        """The safe mode is over; what was not confirmed has ended for good. Raises Conflict if there is none."""
        by.require(Right.PEOPLE)
        by.require(Right.GIVE)

        def unit(change: Change) -> None:
            known = store.latest(change.conn)
            if known is None or known.ended is not None:
                raise Conflict("There is no safe mode to end.")
            accounts, tokens, grants = store.end_paused(change.conn)
            store.end(change.conn, known.id, change.at, by.person.id)
            change.record(SafeModeEnded, people=accounts, tokens=tokens, grants=grants, by=by.person.id)

        await self._changes.write(unit)
        self._now = None
        _log.info("hub.safe-mode-ended", by=by.person.id)

    async def since(self, by: Signed) -> list[Told]:
        """What connectors tell of the time after the copy was made: sessions cut, calls made, rooms quarantined."""
        by.require(Right.PEOPLE)
        now = self._now
        if now is None:
            return []
        raws = await self._db.read(
            lambda conn: [
                (connector, raw)
                for connector in sorted(store.site_sizes(conn))
                for raw in store.site_entries_from(conn, connector, now.site_sizes.get(connector, 0), _MOST_TOLD)
            ]
        )
        told = [(connector, _read(raw)) for connector, raw in raws]
        return [
            Told(connector, event)
            for connector, event in told
            if isinstance(event, SessionCut | OrderAbout | DeviceQuarantined)
        ]

    def _say(self, now: Restoration) -> None:
        _log.warning(
            "hub.safe-mode", cause=now.cause, here=now.here, elsewhere=now.elsewhere,
            hint="roomgate hub admit lets an administrator in, who confirms what still holds",
        )  # fmt: skip


def _read(raw: bytes) -> Event | Unknown | None:
    try:
        return parse_event(raw)
    except BadEvent:
        return None


def whose(event: Event) -> tuple[str, str, str]:
    """Room, person and what happened, for a page or an answer."""
    match event:
        case SessionCut():
            return event.room, PersonId(event.principal), f"session cut: {event.cause}"
        case OrderAbout():
            return event.room, PersonId(event.principal), f"called: {event.call}"
        case DeviceQuarantined():
            return event.room, "", "room quarantined"
        case _:
            return "", "", event.kind
