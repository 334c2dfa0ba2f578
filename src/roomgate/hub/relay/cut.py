"""The cut: one listener for every revocation, whatever caused it.

What it concerns is refused from this moment on, synchronously. Then, all at once: the connectors are told,
ahead of everything that waits; every open channel is closed, each within its own deadline; and where another
live grant may cover what is open, that is judged anew by the same decision that judges asks.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol

from roomgate import log
from roomgate.access.decision import Denied, Facts, Room
from roomgate.access.principal import Principal
from roomgate.clock import Clock, iso
from roomgate.hub.bus import Bus
from roomgate.hub.channels import Channels, Cutoff, Kind, Session
from roomgate.hub.relay import store
from roomgate.hub.relay.asked import Asks
from roomgate.hub.relay.heard import Heard
from roomgate.hub.relay.links import Links
from roomgate.hub.relay.sessions import Book
from roomgate.hub.relay.standing import Standing, permits, stand
from roomgate.hub.revocation import Cause, Revocation
from roomgate.ids import ConnectorId
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
        bus.listen(Revocation, self.hear)

    async def hear(self, revocation: Revocation) -> None:
        """Returns when every local channel that had to fall has fallen or run out of its deadline."""
        began = self._clock.monotonic()
        why = Cutoff(revocation.cause.value, WORDS[revocation.cause])
        self._heard.take(revocation)
        ended, doubtful = self._book.concerned(revocation)
        pages = [one for one in self._channels.matching(revocation) if one.session is None]
        self._end(ended, why, began)

        async with asyncio.TaskGroup() as group:
            group.create_task(self._channels.close([*self._channels.of(ended), *pages], why), name="cut.channels")
            if doubtful:
                group.create_task(self._judge_all(doubtful, why, began), name="cut.judge")

    def _end(self, sessions: Iterable[Session], why: Cutoff, began: float) -> None:
        """Refuse, and tell the connectors: nothing waits in here."""
        told: dict[ConnectorId, list[str]] = defaultdict(list)
        ids: list[str] = []
        for session in sessions:
            self._book.end(session, why)
            self._asks.release(session)
            ids.append(session.id)
            for watch in self._links.watches_of(session):
                watch.end(why)
            if session.vouched:  # the connector has heard of it
                told[session.room.connector].append(session.id)
        if not ids:
            return
        self._links.cut(told, why, began)
        at = iso(self._clock.now())
        self._db.write_soon(lambda conn: store.end_sessions(conn, ids, why.cause, at))

    async def _judge_all(self, sessions: list[Session], why: Cutoff, began: float) -> None:
        async with asyncio.TaskGroup() as group:
            for session in sessions:
                group.create_task(self._judge(session, why, began), name="cut.judge-one")

    async def _judge(self, session: Session, why: Cutoff, began: float) -> None:
        """Judge one session anew; no verdict is a no."""
        try:
            async with asyncio.timeout(JUDGE_WITHIN_S):
                standing, facts = await self._standing(session)
        except Exception as no:  # denied, or the facts cannot be had: both end it
            if not isinstance(no, Denied):
                _log.error("cut.no-verdict", session=session.id, error=f"{type(no).__name__}: {no}"[:200])
            self._end([session], why, began)
            await self._channels.close(self._channels.of([session]), why)
            return
        apply(session, standing)
        now = self._clock.now()
        for watch in self._links.watches_of(session):
            if not permits(session, watch.call, facts, now, self._catalogue):
                watch.end(why)
        for asked in self._asks.under_way(session):
            if not permits(session, asked.call, facts, now, self._catalogue):
                asked.fall(why)
        if session.kind is Kind.PAGE:
            # A page shows what its grants gave when it was drawn: it is drawn anew.
            await self._channels.close(self._channels.of([session]), why)

    async def _standing(self, session: Session) -> tuple[Standing, Facts]:
        while True:
            mark = self._heard.mark()
            room, facts = await self._grants.facts(session.principal, session.room.name)
            standing = stand(session.principal, room, facts, self._clock.now(), self._catalogue, session)
            if self._heard.clear(mark, session.principal, session.room, session.id, session.grants):
                return standing, facts


def apply(session: Session, standing: Standing) -> None:
    """What the grants give now is what the session may carry from now on."""
    session.grants = standing.grants
    session.capabilities = standing.capabilities
    session.until = standing.until
