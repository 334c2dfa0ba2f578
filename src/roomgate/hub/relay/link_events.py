"""What connectors say, taken in: the handler that the link's endpoint calls.

Nothing here waits long: while a call is awaited nothing more of that link is read. What must look something
up (an effect of a session from before the hub's restart) goes on in the relay's own group.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol, assert_never

from roomgate import log
from roomgate.access.capability import Classes
from roomgate.access.decision import Denied, Room
from roomgate.access.principal import Kind as PrincipalKind
from roomgate.access.principal import Principal
from roomgate.clock import Clock, iso, parse_iso
from roomgate.errors import RoomgateError
from roomgate.hub.change import Changes
from roomgate.hub.channels import Cutoff, Kind, Session, concerns, outright
from roomgate.hub.relay import store
from roomgate.hub.relay.cut import FactsSource, apply
from roomgate.hub.relay.links import Links, LinkSession, Live
from roomgate.hub.relay.masking import read_masked
from roomgate.hub.relay.service import Relay
from roomgate.hub.relay.sessions import Book
from roomgate.hub.relay.standing import stand
from roomgate.hub.revocation import JUDGED_ANEW, Cause, SubjectKind
from roomgate.ids import ConnectorId, GrantId, PersonId, RoomId, SessionId, SiteId
from roomgate.ledger.event import ConnectorConnected, ConnectorGone
from roomgate.link.messages import (
    CutDone,
    EffectEnded,
    EffectInfo,
    Entries,
    EntriesKept,
    Feedback,
    Heartbeat,
    Hello,
    Outcome,
    RoomInfo,
    RoomState,
    State,
    ToHub,
    TunnelData,
    TunnelEnd,
    Upkeep,
)
from roomgate.storage.database import Database
from roomgate.storage.record import Record
from roomgate.xapi.schema import Catalogue

RESTORE_WITHIN_S = 5.0

_log = log.get("relay")


class RoomsTold(Protocol):
    """The rooms, as connectors tell of them."""

    async def saw(self, connector: ConnectorId, site: SiteId, told: list[RoomInfo]) -> list[Room]: ...
    async def changed(self, connector: ConnectorId, site: SiteId, info: RoomInfo) -> None: ...
    def link_changed(self, connector: ConnectorId, up: bool) -> None: ...
    def state_changed(self, room: RoomId, document: dict[str, Any], whole: bool) -> None: ...
    def upkeep_changed(self, connector: ConnectorId, told: Upkeep) -> None: ...
    def by_device(self, connector: str, device: str) -> Room | None: ...


class SiteLedgers(Protocol):
    """The connectors' own ledgers, kept at the hub."""

    async def keep_site_entries(
        self, connector: ConnectorId, public_key: bytes, start: int, entries: Sequence[bytes], checkpoint: str
    ) -> int:
        """Raises where the checkpoint does not verify; gives how many entries are durable here now."""


CHECKPOINT_EVERY_S = 10.0


class Memory(Protocol):
    """What notices that this hub goes on from an older copy of its data."""

    async def told(self, checkpoint: str) -> None:
        """A connector shows the newest checkpoint of this hub that it was told."""


class LinkEvents:
    def __init__(
        self,
        relay: Relay,
        links: Links,
        book: Book,
        rooms: RoomsTold,
        ledgers: SiteLedgers,
        grants: FactsSource,
        changes: Changes,
        db: Database,
        record: Record,
        clock: Clock,
        catalogue: Catalogue,
        memory: Memory | None = None,
    ) -> None:
        self._relay = relay
        self._links = links
        self._book = book
        self._rooms = rooms
        self._ledgers = ledgers
        self._grants = grants
        self._changes = changes
        self._db = db
        self._record = record
        self._clock = clock
        self._catalogue = catalogue
        self._memory = memory
        self._restoring: set[SessionId] = set()
        self._latest: dict[ConnectorId, asyncio.Task[None]] = {}  # the newest change of a room that is being kept
        self._checkpoint: tuple[float, str] | None = None

    async def arrived(self, link: LinkSession) -> None:
        hello = link.hello
        if hello.hub_checkpoint and self._memory is not None:
            await self._memory.told(hello.hub_checkpoint)
        await self._rooms.saw(link.connector, link.site, hello.rooms)
        self._links.arrived(link)
        self._rooms.link_changed(link.connector, True)
        self._record.add_soon(
            ConnectorConnected(
                at=iso(self._clock.now()),
                connector=link.connector,
                session=link.nonce.hex(),
                version=hello.software[:80],
            )
        )

    async def gone(self, link: LinkSession) -> None:
        self._links.gone(link)
        self._rooms.link_changed(link.connector, False)
        self._record.add_soon(
            ConnectorGone(at=iso(self._clock.now()), connector=link.connector, session=link.nonce.hex())
        )

    async def message(self, link: LinkSession, message: ToHub) -> None:
        live = self._links.find(link.connector)
        if live is None or live.link is not link:
            return  # a link that was replaced says nothing more
        match message:
            case Heartbeat():
                self._beat(live, message)
            case Outcome():
                if not self._links.outcome(message, link.connector):
                    self._relay.late_outcome(message, link.connector)
            case TunnelData() | TunnelEnd():
                self._links.tunnel(message, link.connector)
            case Feedback():
                watch = self._links.find_watch(message.order)
                # The order's id is the connector's to know, and only its own rooms are its to speak of.
                if watch is not None and watch.session.room.connector == link.connector:
                    watch.feed(message.kind, message.document)
            case State():
                room = self._rooms.by_device(link.connector, message.room)
                if room is not None and isinstance(message.document, dict):
                    self._rooms.state_changed(room.id, message.document, message.whole)
            case Upkeep():
                self._rooms.upkeep_changed(link.connector, message)
            case RoomState():
                await self._room(link, message)
            case CutDone():
                self._links.cut_done(message.id, link.connector)
            case EffectEnded():
                self._book.effect_ended(message.effect)
            case Entries():
                await self._entries(link, message)
            case Hello():
                _log.warning("relay.second-hello", connector=link.connector)
            case _:
                assert_never(message)

    def _beat(self, live: Live, beat: Heartbeat) -> None:
        connector = live.link.connector
        unknown = self._book.report(connector, beat.effects)
        self._links.beat(live, beat.round_trip_s)
        for watch in self._links.take_lost(connector):
            self._relay.resubscribe(watch)
        for session, effects in unknown.items():
            if session not in self._restoring:
                self._restoring.add(session)
                self._relay.background(self._restore(live, session, effects), name="relay.restore")

    async def _entries(self, link: LinkSession, message: Entries) -> None:
        key = link.key.public_bytes_raw()
        try:
            size = await self._ledgers.keep_site_entries(
                link.connector, key, message.start, message.entries, message.checkpoint
            )
        except RoomgateError as refused:
            # A finding by now. The link stays: a connector whose record is in doubt can still be cut.
            _log.warning("relay.entries-refused", connector=link.connector, error=refused.code)
            return
        link.send(EntriesKept(size, await self.checkpoint()))

    async def checkpoint(self) -> str:
        """A recent checkpoint of the hub's own ledger: one for all connectors, a few seconds old at most."""
        now = self._clock.monotonic()
        if self._checkpoint is None or now - self._checkpoint[0] >= CHECKPOINT_EVERY_S:
            self._checkpoint = now, await self._record.checkpoint()
        return self._checkpoint[1]

    async def _room(self, link: LinkSession, message: RoomState) -> None:
        """A room came, went or was quarantined. What the connector has cut falls here too, by the one mechanism."""
        if not message.cut:
            # Very many come at once when a site starts: the link's reader, and with it the heartbeats, waits for none.
            if begun := self._relay.background(self._changed(link, message.room), "relay.room"):
                self._latest[link.connector] = begun
            return
        if (latest := self._latest.pop(link.connector, None)) is not None:
            await asyncio.wait([latest])  # what was told before is known before
        await self._rooms.changed(link.connector, link.site, message.room)
        room = self._rooms.by_device(link.connector, message.room.device)
        if room is None:
            return
        cause = _cause(message.reason)
        words = message.room.words or message.reason
        await self._changes.write(
            lambda change: change.revoke(cause, SubjectKind.ROOM, room.id, by=None, reason=words[:300])
        )

    async def _changed(self, link: LinkSession, room: RoomInfo) -> None:
        try:
            await self._rooms.changed(link.connector, link.site, room)
        except RoomgateError as fault:
            _log.warning("relay.room-not-kept", connector=link.connector, error=fault.code)

    # -- sessions from before a restart ------------------------------------------------------------------

    async def _restore(self, live: Live, id: SessionId, effects: list[EffectInfo]) -> None:
        """An effect lasts, and its session is not in the book: judge it by what was written down, or cut it."""
        connector = live.link.connector
        try:
            async with asyncio.timeout(RESTORE_WITHIN_S):
                session = await self._judged(connector, id, effects)
        except Exception as no:  # denied, unknown, or no verdict in time: all end it
            cause = no.rule if isinstance(no, Denied) else "session.unknown"
            _log.info("relay.not-restored", session=id, cause=cause, error=type(no).__name__)
            why = Cutoff(cause, "The access under which this was begun is over.")
            self._links.cut({connector: [id]}, why)
        else:
            self._book.restore(session)
            self._links.vouch(live, session)
        finally:
            self._restoring.discard(id)

    async def _judged(self, connector: ConnectorId, id: SessionId, effects: list[EffectInfo]) -> Session:
        kept = await self._db.read(lambda conn: store.find_session(conn, id))
        if kept is None or kept.ended is not None or kept.connector != connector:
            raise Denied("session.unknown", "There is no such session.")
        principal = Principal(PersonId(kept.person), kept.person_name, PrincipalKind(kept.person_kind), kept.credential)
        uses = frozenset(call for call in map(read_masked, kept.calls) if Classes.shipped().intrusive(call))
        room, facts = await self._grants.facts(principal, kept.room_name)
        if room is None:
            raise Denied("room.gone", "There is no such room.")
        session = Session(
            id, principal, room, Kind(kept.kind), parse_iso(kept.opened_at), touched=self._clock.monotonic(),
            opened=kept.opened, grant=GrantId(kept.grant), grants=frozenset(grant.id for grant in facts.grants),
            uses=uses, effects={effect.effect for effect in effects},
        )  # fmt: skip
        # Issued before: what was revoked since it was opened does not come back, whatever was lifted meanwhile.
        for revocation in await self._changes.since(kept.opened):
            if outright(revocation) and concerns(revocation, principal, room, id, session.grants):
                raise Denied(revocation.cause.value, revocation.reason)
        apply(session, stand(principal, room, facts, self._clock.now(), self._catalogue, session))
        return session


def _cause(reason: str) -> Cause:
    """The connector's word as a cause. What it has cut is over, so none that would be judged anew."""
    try:
        cause = Cause(reason)
    except ValueError:
        return Cause.DEVICE_CREDENTIAL if reason.startswith("device.") else Cause.SESSION_ENDED
    return Cause.SESSION_ENDED if cause in JUDGED_ANEW else cause
