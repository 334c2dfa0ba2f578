"""The cut: one listener for every revocation, whatever caused it.

What it concerns is refused from this moment on, synchronously. Then, all at once: the connectors are told,
ahead of everything that waits; every open channel is closed, each within its own deadline; and where another
live grant may cover what is open, that is judged anew by the same decision that judges asks.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol

from sqlalchemy import Connection

from roomgate import log
from roomgate.access.decision import Denied, Facts, Room
from roomgate.access.principal import Principal
from roomgate.clock import Clock, iso
from roomgate.hub.bus import Bus
from roomgate.hub.channels import Channels, Cutoff, Kind, Session
from roomgate.hub.cuts.fall import Fall
from roomgate.hub.cuts.service import Cuts
from roomgate.hub.relay import store
from roomgate.hub.relay.asked import Asks
from roomgate.hub.relay.heard import Heard
from roomgate.hub.relay.links import Links
from roomgate.hub.relay.sessions import Book
from roomgate.hub.relay.standing import Standing, permits, stand
from roomgate.hub.relay.watch import Watch
from roomgate.hub.revocation import Cause, Revocation
from roomgate.ids import ConnectorId, GrantId
from roomgate.storage.database import Database
from roomgate.xapi.schema import Catalogue

JUDGE_WITHIN_S = 2.0  # no verdict by then is a no

_log = log.get("cut")

WORDS: dict[Cause, str] = {
    Cause.GRANT_REVOKED: "The access was taken back.",
    Cause.GRANT_EXPIRED: "The time of the access is over.",
    Cause.GRANT_NARROWED: "The access was narrowed.",
    Cause.PERSON_DISABLED: "The account was disabled.",
    Cause.PERSON_DELETED: "The account was deleted.",
    Cause.PERSON_DEPROVISIONED: "The account was ended by the directory that keeps it.",
    Cause.FACTOR_CHANGED: "The account's second factor was changed.",
    Cause.PROVIDER_SIGNED_OUT: "The identity provider signed the person out.",
    Cause.PASSWORD_CHANGED: "The account's password was changed.",
    Cause.ROLE_CHANGED: "The account's role was changed.",
    Cause.SIGNED_OUT: "The person signed out.",
    Cause.TOKEN_REVOKED: "The access token was revoked.",
    Cause.TOKEN_EXPIRED: "The access token's time is over.",
    Cause.LOCK: "It was locked.",
    Cause.ROOM_REMOVED: "The room was removed.",
    Cause.DEVICE_CREDENTIAL: "The device's own password or certificate was changed.",
    Cause.CONNECTOR_DISABLED: "The site's connector was disabled.",
    Cause.POLICY_CHANGED: "The site's policy was changed.",
    Cause.SESSION_ENDED: "The session was ended.",
    Cause.HUB_RESTORED: "The hub goes on from an older copy of its data.",
}


class FactsSource(Protocol):
    """Where the facts of a decision come from, read in one go."""

    async def facts(self, principal: Principal, room_name: str) -> tuple[Room | None, Facts]: ...

    def use_in(self, conn: Connection, grant: GrantId) -> int | None:
        """Count one use of a grant, within the unit that writes the permit down; None where none is left."""

    def used(self, grant: GrantId, count: int) -> None:
        """That unit is committed."""


class Cutter:
    """Holds nothing of its own: it applies revocations to the book, the links and the channels."""

    def __init__(
        self,
        bus: Bus,
        book: Book,
        heard: Heard,
        channels: Channels,
        links: Links,
        asks: Asks,
        grants: FactsSource,
        db: Database,
        clock: Clock,
        catalogue: Catalogue,
        cuts: Cuts,
    ) -> None:
        self._book = book
        self._heard = heard
        self._channels = channels
        self._links = links
        self._asks = asks
        self._grants = grants
        self._db = db
        self._clock = clock
        self._catalogue = catalogue
        self._cuts = cuts
        bus.listen(Revocation, self.hear)

    async def hear(self, revocation: Revocation) -> None:
        """Returns when every local channel that had to fall has fallen or run out of its deadline."""
        fall = self._cuts.begin(revocation)
        why = Cutoff(revocation.cause.value, WORDS[revocation.cause])
        self._heard.take(revocation)
        ended, doubtful = self._book.concerned(revocation)
        falling = [*self._channels.of(ended), *self._channels.pages_matching(revocation)]
        self._channels.refuse(falling, why)
        self._end(ended, why, fall)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._channels.close(falling, why, fall.closed), name="cut.channels")
                if doubtful:
                    group.create_task(self._judge_all(doubtful, why, fall), name="cut.judge")
        finally:
            fall.ended_here()

    def _end(self, sessions: Iterable[Session], why: Cutoff, fall: Fall) -> None:
        """Refuse, and tell the connectors: nothing waits in here."""
        told: dict[ConnectorId, list[str]] = defaultdict(list)
        ended: list[Session] = []
        for session in sessions:
            self._book.end(session, why)
            ended.append(session)
            if session.vouched:  # the connector has heard of it
                told[session.room.connector].append(session.id)
        if not ended:
            return
        self._links.cut(told, why, fall)
        fall.sessions += len(ended)
        for session in ended:
            for kind in self._asks.release(session):
                fall.closed(kind)
            self._end_watches(self._links.watches_of(session), why, fall)
        at, ids = iso(self._clock.now()), [str(session.id) for session in ended]
        self._db.write_soon(lambda conn: store.end_sessions(conn, ids, why.cause, at))

    def _end_watches(self, watches: Sequence[Watch], why: Cutoff, fall: Fall) -> None:
        for watch in watches:
            watch.end(why)
        fall.closed("subscription", len(watches))

    async def _judge_all(self, sessions: list[Session], why: Cutoff, fall: Fall) -> None:
        async with asyncio.TaskGroup() as group:
            for session in sessions:
                group.create_task(self._judge(session, why, fall), name="cut.judge-one")

    async def _judge(self, session: Session, why: Cutoff, fall: Fall) -> None:
        """Judge one session anew; no verdict is a no."""
        try:
            async with asyncio.timeout(JUDGE_WITHIN_S):
                standing, facts = await self._standing(session)
        except Exception as no:  # denied, or the facts cannot be had: both end it
            if not isinstance(no, Denied):
                _log.error("cut.no-verdict", session=session.id, error=f"{type(no).__name__}: {no}"[:200])
            self._end([session], why, fall)
            await self._channels.close(self._channels.of([session]), why, fall.closed)
            return
        apply(session, standing)
        now = self._clock.now()
        fallen = [
            watch
            for watch in self._links.watches_of(session)
            if not permits(session, watch.call, facts, now, self._catalogue)
        ]
        self._end_watches(fallen, why, fall)
        for asked in self._asks.under_way(session):
            if not permits(session, asked.call, facts, now, self._catalogue):
                asked.fall(why)
        if session.kind is Kind.PAGE:
            # A page shows what its grants gave when it was drawn: it is drawn anew.
            await self._channels.close(self._channels.of([session]), why, fall.closed)

    async def _standing(self, session: Session) -> tuple[Standing, Facts]:
        while True:
            mark = self._heard.mark()
            room, facts = await self._grants.facts(session.principal, session.room.name)
            standing = stand(session.principal, room, facts, self._clock.now(), self._catalogue, session)
            assert room is not None, "stand() refuses a room that is not there"
            session.room = room  # with the tags that it bears now
            if self._heard.clear(mark, session.principal, session.room, session.id, session.grants):
                return standing, facts


def apply(session: Session, standing: Standing) -> None:
    """What the grants give now is what the session may carry from now on."""
    session.grants = standing.grants
    session.capabilities = standing.capabilities
    session.until = standing.until
