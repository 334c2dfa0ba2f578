"""The live links of this hub: what is sent over them, and who waits for what comes back.

Theory: an order is sent once, over one link session, and is never sent again. Its answer is awaited by the
order's id, not by the link: a connector keeps an outcome that it could not deliver, and delivers it over the
next link. Whoever asked is told "unknown" when the link goes; the record gets the outcome when it comes.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from roomgate import log
from roomgate.access.decision import Permit, Room
from roomgate.clock import Clock
from roomgate.errors import RoomgateError, Unreachable
from roomgate.hub.channels import Cutoff, Session
from roomgate.hub.cuts.fall import Fall
from roomgate.hub.relay.asked import Asked
from roomgate.hub.relay.orders import build_order, build_renewal
from roomgate.hub.relay.sessions import Book
from roomgate.hub.relay.watch import Watch
from roomgate.ids import ConnectorId, DeviceId, OrderId, SiteId, mint
from roomgate.link.messages import Cut, Hello, Outcome, ToConnector, TunnelData, TunnelEnd, Unsubscribe
from roomgate.link.order import LEASE_S, Order, Renewal
from roomgate.metrics.histogram import Histogram

READY_WITHIN_S = 2.0  # how long an ask waits for the first heartbeat of a link that has just come up
MOST_WAITING = 512  # orders under way over one link

Heard = Callable[[Outcome], None]  # never raises, never waits

_log = log.get("relay")


class Carrying(Protocol):
    """The hub's end of one tunnel; nothing of it waits."""

    @property
    def connector(self) -> str: ...

    def feed(self, data: bytes) -> None:
        """A frame came."""

    def ended(self, cause: str) -> None:
        """The connector has shut it."""

    def lost(self) -> None:
        """Its link has gone."""


class LinkSession(Protocol):
    """The hub's end of one link session."""

    @property
    def connector(self) -> ConnectorId: ...

    @property
    def site(self) -> SiteId: ...

    @property
    def hello(self) -> Hello: ...

    @property
    def nonce(self) -> bytes: ...

    @property
    def key(self) -> Ed25519PublicKey: ...

    @property
    def last_heartbeat(self) -> int:
        """The number of the newest heartbeat; 0 before the first."""

    def send_signed(self, make: Callable[[bytes, int], Order | Renewal]) -> None:
        """Number, sign and queue what ``make(nonce, sequence)`` gives; never waits.

        Raises an error of the link when it cannot, and then the number was not taken.
        """

    def send(self, message: ToConnector, urgent: bool = False) -> None:
        """Queue it; never waits. Raises an error of the link when it cannot."""

    async def carry(self, message: TunnelData) -> None:
        """Send a tunnel's frame after everything else; waits while there is no room. Raises LinkBroken."""


@dataclass(slots=True, eq=False)
class Waiting:
    """An order under way."""

    order: OrderId
    connector: ConnectorId
    heard: Heard  # called once, with the final outcome
    consent: asyncio.Event  # set once the room is being asked


@dataclass(slots=True, eq=False)
class Live:
    """One link that is up."""

    link: LinkSession
    ready: asyncio.Event = field(default_factory=asyncio.Event)  # a heartbeat has come
    gone: bool = False


class Links:
    """All of them; synchronous throughout, so nothing comes between a check and the send that it allows."""

    def __init__(self, book: Book, clock: Clock) -> None:
        self.book = book
        self._clock = clock
        self.round_trips = Histogram()  # of heartbeats, as connectors measure them
        self._live: dict[ConnectorId, Live] = {}
        self._gone: dict[ConnectorId, float] = {}  # when its last link went
        self._waiting: dict[OrderId, Waiting] = {}
        self._watches: dict[OrderId, Watch] = {}
        self._lost: list[Watch] = []  # their link has gone; to be subscribed again over the next one
        self._by_session: defaultdict[Session, set[Watch]] = defaultdict(set)  # that are not closed
        self._tunnels: dict[OrderId, Carrying] = {}
        self._falls: dict[str, Fall] = {}  # by the cut that a connector has not confirmed

    # -- coming and going ----------------------------------------------------------------------------

    def arrived(self, link: LinkSession) -> Live:
        """A connector is there."""
        live = Live(link)
        self._live[link.connector] = live
        away_s = self._clock.monotonic() - self._gone.pop(link.connector, self._clock.monotonic())
        if away_s >= LEASE_S:
            # Their leases have lapsed there, with all that they had caused: those ids never live again.
            for session in self.book.of_connector(link.connector):
                self.book.reissue(session)
        return live

    def gone(self, link: LinkSession) -> None:
        live = self._live.get(link.connector)
        if live is None or live.link is not link:
            return
        live.gone = True
        del self._live[link.connector]
        self._gone[link.connector] = self._clock.monotonic()
        for waiting in [one for one in self._waiting.values() if one.connector == link.connector]:
            del self._waiting[waiting.order]
            words = "The link to the site was lost: look at the room before you ask again."
            waiting.heard(Outcome(waiting.order, "unknown", rule="link.lost", words=words))
        for watch in self.watches(link.connector):
            del self._watches[watch.order]
            self._lost.append(watch)
            watch.gap()
        for order, tunnel in list(self._tunnels.items()):
            if tunnel.connector == link.connector:
                del self._tunnels[order]
                tunnel.lost()

    def find(self, connector: ConnectorId) -> Live | None:
        return self._live.get(connector)

    def ready(self, room: Room) -> Live | None:
        """The link that reaches a room and beats, if there is one now."""
        live = self._live.get(room.connector)
        return live if live is not None and live.ready.is_set() and not live.gone else None

    async def get(self, room: Room) -> Live:
        """The link that reaches a room, once it beats; raises Unreachable."""
        live = self._live.get(room.connector)
        if live is None or live.gone:
            raise Unreachable("The site's connector is not connected.")
        if not live.ready.is_set():
            try:
                async with asyncio.timeout(READY_WITHIN_S):
                    await live.ready.wait()
            except TimeoutError as late:
                raise Unreachable("The site's connector does not answer.") from late
            if live.gone:
                raise Unreachable("The site's connector is not connected.")
        return live

    # -- sending -------------------------------------------------------------------------------------

    def order(self, live: Live, permit: Permit, asked: Asked, device: DeviceId, heard: Heard) -> None:
        """Sign and send one order, once. A session that the connector has not heard of is vouched for first.

        ``heard`` is called with the final outcome, as it comes, or with "unknown" when the link goes; after `forget`
        no more. Raises Unreachable; then nothing was sent.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise Unreachable("Too many asks are under way.", hint="Try again in a moment.")
        if asked.session.vouched != live.link.nonce:
            self._renew(live, [asked.session])
        self._waiting[asked.order] = Waiting(asked.order, live.link.connector, heard, asked.consent)
        try:
            self._signed(live, lambda nonce, sequence: build_order(permit, asked, device, nonce, sequence))
        except Unreachable:
            del self._waiting[asked.order]
            raise

    def forget(self, order: OrderId) -> None:
        self._waiting.pop(order, None)

    def beat(self, live: Live, round_trip_s: float = 0.0) -> None:
        """Answer a heartbeat with the word that what lives, lives."""
        if 0 < round_trip_s < LEASE_S:
            self.round_trips.add(round_trip_s)
        now = self._clock.now()
        living = self.book.living(live.link.connector)
        self._renew(live, [s for s in living if s.until is None or now < s.until])
        live.ready.set()

    def vouch(self, live: Live, session: Session) -> None:
        """The word for one session, ahead of the next heartbeat."""
        self._renew(live, [session])

    def _renew(self, live: Live, sessions: Iterable[Session]) -> None:
        named = list(sessions)
        beat = live.link.last_heartbeat
        self._signed(live, lambda nonce, sequence: build_renewal(named, nonce, sequence, beat))
        for session in named:
            session.vouched = live.link.nonce

    def _signed(self, live: Live, make: Callable[[bytes, int], Order | Renewal]) -> None:
        if live.gone:
            raise Unreachable("The site's connector is not connected.")
        try:
            live.link.send_signed(make)
        except RoomgateError as fault:
            raise Unreachable("The site's connector cannot keep up.") from fault

    def _plain(self, live: Live, message: ToConnector, urgent: bool = False) -> bool:
        """Whether it is on its way. What is not, fails closed: without a link the leases lapse."""
        try:
            live.link.send(message, urgent)
        except RoomgateError as fault:
            _log.warning("relay.not-sent", connector=live.link.connector, error=fault.message[:200])
            return False
        return True

    # -- cutting -------------------------------------------------------------------------------------

    def cut(self, sessions: Mapping[ConnectorId, list[str]], why: Cutoff, fall: Fall | None = None) -> None:
        """Tell the connectors concerned, ahead of everything that waits. One that is away lets leases lapse."""
        for connector, ids in sessions.items():
            live = self._live.get(connector)
            cut = Cut(mint("cut"), sorted(ids), why.cause, why.words)
            sent = live is not None and self._plain(live, cut, urgent=True)
            if fall is not None and sent:
                fall.told(connector, cut.id)
                self._falls[cut.id] = fall
            elif fall is not None:
                fall.away(connector)

    def cut_done(self, cut: str, connector: ConnectorId) -> None:
        """A connector says that it has cut: its own word, of a cut that it was told."""
        fall = self._falls.get(cut)
        if fall is not None and fall.said(cut, connector):
            del self._falls[cut]

    # -- hearing -------------------------------------------------------------------------------------

    def outcome(self, outcome: Outcome, connector: ConnectorId) -> bool:
        """Hand an outcome to whoever waits for it; False if nobody does. An order is answered by whom it went to."""
        waiting = self._waiting.get(OrderId(outcome.order))
        if waiting is None or waiting.connector != connector:
            return False
        if outcome.outcome == "waiting":
            waiting.consent.set()
        else:
            del self._waiting[waiting.order]
            waiting.heard(outcome)
        return True

    # -- tunnels -------------------------------------------------------------------------------------

    def add_tunnel(self, order: OrderId, tunnel: Carrying) -> None:
        self._tunnels[order] = tunnel

    def drop_tunnel(self, order: OrderId) -> None:
        self._tunnels.pop(order, None)

    def end_tunnel(self, live: Live, end: TunnelEnd) -> None:
        """The person's end is gone. One that cannot be told finds out by what it sends next, or by its lease."""
        if not live.gone:
            self._plain(live, end)

    def tunnel(self, message: TunnelData | TunnelEnd, connector: ConnectorId) -> None:
        """What a connector says of a tunnel, if it is one of its own."""
        tunnel = self._tunnels.get(OrderId(message.order))
        if tunnel is None or tunnel.connector != connector:
            return
        if isinstance(message, TunnelData):
            tunnel.feed(message.data)
        else:
            tunnel.ended(message.cause)

    # -- watching ------------------------------------------------------------------------------------

    def add_watch(self, watch: Watch) -> None:
        self._watches[watch.order] = watch
        self._by_session[watch.session].add(watch)

    def find_watch(self, order: str) -> Watch | None:
        return self._watches.get(OrderId(order))

    def watches(self, connector: ConnectorId) -> list[Watch]:
        return [watch for watch in self._watches.values() if watch.session.room.connector == connector]

    def watches_of(self, session: Session) -> list[Watch]:
        return list(self._by_session.get(session, ()))

    def take_lost(self, connector: ConnectorId) -> list[Watch]:
        """The watches that an earlier link of this connector carried; whoever takes them subscribes them again."""
        mine = [watch for watch in self._lost if watch.session.room.connector == connector]
        self._lost = [watch for watch in self._lost if watch not in mine]
        return mine

    def forget_watch(self, watch: Watch) -> None:
        """The connector does not have it (any more); it may be added again."""
        self._watches.pop(watch.order, None)

    def drop_watch(self, watch: Watch) -> None:
        """Nobody watches any more: the connector may let go. One that is told of the cut lets go by itself."""
        mine = self._by_session.get(watch.session)
        if mine is not None:
            mine.discard(watch)
            if not mine:
                del self._by_session[watch.session]
        if watch in self._lost:
            self._lost.remove(watch)
        if self._watches.pop(watch.order, None) is None:
            return
        live = self._live.get(watch.session.room.connector)
        told = watch.ended is not None and watch.session.ended is not None
        if live is not None and not told:
            self._plain(live, Unsubscribe(watch.order))
