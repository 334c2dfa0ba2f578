"""The connector's end of the link: dials, proves, beats, and lets through only what its lease book admits.

Theory: there is one `LeaseBook` at a time, and each link session's book succeeds the one before. A hub that
is back in time therefore keeps its sessions; one that stays silent loses them, since leases lapse whether or
not there is a link. A cut is obeyed as it arrives, before any order that arrived earlier and still waits:
the safe direction needs no queue. All else is taken one by one, in the order of arrival.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, assert_never

import msgspec

from roomgate import log, supervise
from roomgate.clock import Clock
from roomgate.connector.enrol import SOFTWARE, Identity
from roomgate.connector.wire import Wire, connect
from roomgate.link.frames import MAX_MESSAGE, LinkBusy, Priority
from roomgate.link.messages import (
    Cut,
    CutDone,
    EffectInfo,
    EntriesKept,
    Heartbeat,
    Hello,
    LinkBroken,
    Outcome,
    RoomInfo,
    Signed,
    ToConnector,
    ToHub,
    TunnelData,
    TunnelEnd,
    Unsubscribe,
    Welcome,
    decode_at_hub,
    encode,
)
from roomgate.link.order import (
    JUDGE_WITHIN_S,
    LEASE_S,
    LeaseBook,
    Order,
    OrderRefused,
    Renewal,
    open_sealed,
    signed_outcome,
)
from roomgate.link.signing import BadSignature
from roomgate.link.version import VERSION
from roomgate.metrics.histogram import Histogram

_log = log.get("uplink")

INBOX_COUNT = 1024
INBOX_BYTES = 2 * MAX_MESSAGE
CUTS_AT_ONCE = 256
OWED_COUNT = 1024
RETRY_S = 4.0  # the longest pause between tries: well within a lease
OWED_BYTES = 2 * MAX_MESSAGE


@dataclass(frozen=True, slots=True)
class UplinkConfig:
    """``ca_pem``: the one authority of the hub's outer certificate; None means the system's."""

    identity: Identity
    ca_pem: bytes | None = None
    proxy: str | None = None  # http://host:port, reached by CONNECT
    heartbeat_s: float = 3.0
    lease_s: float = LEASE_S  # never longer than LEASE_S; tests shorten it
    connect_s: float = 10.0
    retry_s: float = RETRY_S
    tick_s: float = 0.25  # the longest pause between looks at the leases


@dataclass(frozen=True, slots=True)
class Site:
    """What a hello tells about the site; state documents follow it, whole."""

    policy: str
    policy_digest: str
    rooms: list[RoomInfo]
    effects: list[EffectInfo]
    hub_checkpoint: str = ""


class UplinkHandler(Protocol):
    """The rest of the connector, as the uplink sees it.

    `order` and the small ones are awaited one after another: they return soon, and whatever takes time (a
    judgement that waits for consent, a call at a device) goes on elsewhere. `cut` and `lapsed` may take long:
    they run beside everything else, and are finished even when the link goes down meanwhile.
    """

    def site(self) -> Site: ...

    def effects(self) -> list[EffectInfo]: ...

    def linked(self, session: str, hub: str) -> None:
        """The hub has proven its key and is heard: to be written into the ledger. ``session`` names the link."""

    def unlinked(self, session: str, reason: str) -> None:
        """And it is not heard any more."""

    async def welcome(self, welcome: Welcome) -> None:
        """A link is up: send every room's state whole, and the ledger's entries from ``ledger_size`` on."""

    async def order(self, order: Order, arrived: float) -> None:
        """Admitted: genuine, for this link, in sequence, of a living session. Judging it comes next.

        ``arrived`` is on the clock's monotonic scale. Ask `Uplink.require` again after every wait.
        """

    async def refused(self, order: Order | None, rule: str, words: str) -> None:
        """Not admitted: to be written into the ledger. None if it could not even be read as an order."""

    async def cut(self, cut: Cut) -> list[str]:
        """End all that these sessions have here; the effects undone, in words."""

    async def lapsed(self, sessions: list[str]) -> None:
        """Nobody vouched for these sessions in time: the same as a cut, with nobody to report to."""

    async def unsubscribe(self, order: str) -> None: ...

    def tunnel(self, message: TunnelData | TunnelEnd) -> None:
        """A tunnel's frame, or its end; never waits."""

    async def kept(self, size: int, checkpoint: str) -> None: ...


class Dial(Protocol):
    """`wire.connect`, or what stands for it where there is no network."""

    async def __call__(
        self,
        identity: Identity,
        heard: Callable[[ToConnector, int], None],
        *,
        ca_pem: bytes | None,
        proxy: str | None,
        within_s: float,
    ) -> Wire: ...


class Uplink:
    """`run` it in a task; `send` through it at any time."""

    def __init__(self, config: UplinkConfig, handler: UplinkHandler, clock: Clock, dial: Dial = connect) -> None:
        if not 0 < config.lease_s <= LEASE_S:
            raise ValueError("a lease is never longer than the protocol's")
        self._config = config
        self._handler = handler
        self._clock = clock
        self._dial = dial
        self._hub_key = config.identity.hub_key
        self._book = LeaseBook(b"", config.lease_s)
        self._wire: Wire | None = None  # set while a link is welcomed
        self._beats = 0
        self._answered = 0  # the newest heartbeat that was
        self._round_trip_s = 0.0  # of it, until the hub is told
        self.round_trips = Histogram()
        self.ups = 0  # how often a link came up
        self._owed: deque[bytes] = deque()  # outcomes that the hub has not been sent
        self._inbox: deque[tuple[ToConnector, float, int]] = deque()
        self._inbox_bytes = 0
        self._arrival = asyncio.Event()
        self._cutting = 0
        self._group: asyncio.TaskGroup | None = None

    @property
    def up(self) -> bool:
        return self._wire is not None

    # the lease book of the moment, for those who act: it changes with every link session

    def live(self, session: str, now: float) -> bool:
        return self._book.live(session, now)

    def require(self, session: str, now: float) -> None:
        """Raises OrderRefused unless the session's lease lives."""
        self._book.require(session, now)

    def inherit(self, sessions: Iterable[str]) -> None:
        """At the start, before `run`: sessions of an earlier run of this program whose effects still last.

        They live for one lease, in which the hub may vouch for them; else they lapse like any other.
        """
        self._book.hold(sessions, self._clock.monotonic())

    def cut(self, session: str) -> None:
        """The site itself ended this session: no renewal brings it back."""
        self._book.cut(session)

    async def run(self) -> None:
        """Keep the link up for ever, and the leases watched all the while. Cancelling ends both."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self._watch(), name="uplink.leases")
            await supervise.keep("uplink", self._hold, first_s=0.25, most_s=self._config.retry_s)

    # sending

    def send(self, message: ToHub, *, urgent: bool = False) -> bool:
        """Queue a message; never waits. True if it is on its way, or an outcome, which is kept until it is.

        False if there is no link or no room for it: a hello and whole states follow a reconnect, so the caller
        marks that state as due again. Outcomes are signed here. Raises TooBig for anything else that is.
        """
        if isinstance(message, Outcome):
            self.outcome(message)
            return True
        if self._wire is None:
            return False
        return self._put(self._wire, message, Priority.URGENT if urgent else Priority.REST)

    async def carry(self, message: TunnelData) -> None:
        """Send a tunnel's frame, after everything else; waits while there is no room. Raises LinkBroken."""
        wire = self._wire
        if wire is None:
            raise LinkBroken("There is no link.")
        await wire.carry(encode(message))

    def outcome(self, outcome: Outcome) -> None:
        """Sign and send; kept, within bounds, while there is no link.

        One that was on its way when the link broke is lost to the hub, which then calls it unknown; the
        ledger here has it.
        """
        key = self._config.identity.key
        raw = encode(signed_outcome(key, outcome))
        if len(raw) > MAX_MESSAGE:
            words = "What the device answered is too big to be sent."
            raw = encode(signed_outcome(key, msgspec.structs.replace(outcome, result=None, words=words)))
        self._owed.append(raw)
        while len(self._owed) > OWED_COUNT or sum(map(len, self._owed)) > OWED_BYTES:
            self._owed.popleft()  # the ledger has it; the hub finds the gap when it compares
            _log.warning("uplink.outcome-dropped")
        if self._wire is not None:
            self._wire.wake()

    def _put(self, wire: Wire, message: ToHub, priority: Priority) -> bool:
        try:
            wire.sender.put(encode(message), priority)
        except LinkBusy:
            return False
        except LinkBroken as why:
            wire.fail(why)
            return False
        wire.wake()
        return True

    def _pay(self, wire: Wire) -> None:
        while self._owed and wire.sender.room_for(len(self._owed[0]), Priority.SIGNED):
            wire.sender.put(self._owed.popleft(), Priority.SIGNED)

    # one link session

    async def _hold(self) -> None:
        """One link session from dialling to its end; always ends with an error that says why."""
        config = self._config
        self._inbox.clear()
        self._inbox_bytes = 0
        wire = await self._dial(
            config.identity, self._heard, ca_pem=config.ca_pem, proxy=config.proxy, within_s=config.connect_s
        )
        link, reason = "", "the connector ended it"
        try:
            self._book = self._book.succeed(secrets.token_bytes(16))
            site = self._handler.site()
            wire.sender.put(
                encode(
                    Hello(
                        VERSION,
                        config.identity.connector,
                        self._book.link,
                        SOFTWARE,
                        site.policy,
                        site.policy_digest,
                        site.rooms,
                        site.effects,
                        site.hub_checkpoint,
                    )
                ),
                Priority.SIGNED,
            )
            async with asyncio.TaskGroup() as group:
                group.create_task(_ended(wire), name="uplink.ended")
                group.create_task(wire.write(lambda: self._pay(wire) if self._wire else None), name="uplink.write")
                try:
                    async with asyncio.timeout(config.connect_s):
                        welcome = await self._welcomed()
                except TimeoutError as silent:
                    raise LinkBroken("The hub did not welcome us.") from silent
                self._wire = wire
                self.ups += 1
                link = self._book.link.hex()
                self._handler.linked(link, config.identity.hub)
                _log.info("link.up", hub=config.identity.hub)
                beat_s = min(config.heartbeat_s, max(1.0, welcome.heartbeat_s))
                group.create_task(self._beat(wire, beat_s), name="uplink.beat")
                await self._handler.welcome(welcome)
                wire.wake()
                while True:
                    await self._take(*await self._next())
        except ExceptionGroup as many:
            broken, others = many.split(LinkBroken)
            if others is not None or broken is None:
                raise
            reason = _first(broken)
            raise LinkBroken(reason) from many
        finally:
            self._wire = None
            if link:
                self._handler.unlinked(link, reason)
            for raw in reversed(wire.sender.unsent(Priority.SIGNED)):
                if isinstance(decode_at_hub(raw), Outcome):
                    self._owed.appendleft(raw)
            await wire.close()

    async def _welcomed(self) -> Welcome:
        message, _ = await self._next()
        if not isinstance(message, Welcome) or message.version != VERSION:
            raise LinkBroken("The hub did not welcome us in our version.")
        return message

    async def _beat(self, wire: Wire, every_s: float) -> None:
        while True:
            self._beats += 1
            self._book.beat(self._beats, self._clock.monotonic())
            took_s, self._round_trip_s = self._round_trip_s, 0.0
            self._put(wire, Heartbeat(self._beats, self._handler.effects(), took_s), Priority.URGENT)
            await asyncio.sleep(every_s)

    # hearing

    def _heard(self, message: ToConnector, size: int) -> None:
        if isinstance(message, Cut):
            for session in message.sessions:
                self._book.cut(session)
            self._begin(lambda: self._cut(message), "uplink.cut")
            if self._cutting > CUTS_AT_ONCE:
                raise LinkBroken("The hub sends more cuts than can be done at once.")
            return
        if len(self._inbox) >= INBOX_COUNT or self._inbox_bytes + size > INBOX_BYTES:
            raise LinkBroken("The hub sends faster than the site can take.")
        if isinstance(message, TunnelData | TunnelEnd):
            if self._wire is not None:
                self._handler.tunnel(message)  # bounded by its own windows, and no order waits for it
            return
        self._inbox.append((message, self._clock.monotonic(), size))
        self._inbox_bytes += size
        self._arrival.set()

    async def _next(self) -> tuple[ToConnector, float]:
        while not self._inbox:
            self._arrival.clear()
            await self._arrival.wait()
        message, arrived, size = self._inbox.popleft()
        self._inbox_bytes -= size
        return message, arrived

    async def _take(self, message: ToConnector, arrived: float) -> None:
        match message:
            case Signed():
                await self._signed(message, arrived)
            case Unsubscribe(order=order):
                await self._handler.unsubscribe(order)
            case EntriesKept(size=size, checkpoint=checkpoint):
                await self._handler.kept(size, checkpoint)
            case Welcome() | Cut() | TunnelData() | TunnelEnd():
                raise LinkBroken("The hub said what it may not say now.")
            case _:
                assert_never(message)

    async def _signed(self, signed: Signed, arrived: float) -> None:
        try:
            body = open_sealed(self._hub_key, signed)
        except (BadSignature, LinkBroken) as bad:
            await self._handler.refused(None, "order.signature", bad.message)
            raise LinkBroken("The hub sent what its key did not sign.") from bad
        try:
            if isinstance(body, Renewal):
                self._lapse()  # first: a renewal revives nothing that has lapsed already
                sent = self._book.renew(body)
                if sent is not None and body.heartbeat > self._answered:
                    self._answered, self._round_trip_s = body.heartbeat, arrived - sent
                    self.round_trips.add(self._round_trip_s)
                return
            now = self._clock.monotonic()
            self._book.admit(body, now)
            if body.connector != self._config.identity.connector:
                raise OrderRefused("order.connector", "It was made for another connector.")
            if now - arrived > JUDGE_WITHIN_S:
                raise OrderRefused("order.late", "It waited too long before it could be judged.")
        except OrderRefused as no:
            order = body if isinstance(body, Order) else None
            await self._handler.refused(order, no.rule, no.message)
            if order is not None:
                self.send(Outcome(order.id, "refused", None, no.rule, no.message))
            return
        await self._handler.order(body, arrived)

    # ending sessions

    async def _cut(self, cut: Cut) -> None:
        undone = await self._handler.cut(cut)
        self.send(CutDone(cut.id, undone), urgent=True)

    async def _watch(self) -> None:
        while True:
            self._lapse()
            due = self._book.next_lapse()
            wait_s = self._config.tick_s
            if due is not None:
                wait_s = min(wait_s, max(due - self._clock.monotonic(), 0.005))
            await asyncio.sleep(wait_s)

    def _lapse(self) -> None:
        gone = self._book.lapsed(self._clock.monotonic())
        if gone:
            _log.warning("lease.lapsed", sessions=len(gone))
            self._begin(lambda: self._handler.lapsed(gone), "uplink.lapsed")

    def _begin(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        assert self._group is not None
        self._cutting += 1
        self._group.create_task(self._finish(work), name=name)

    async def _finish(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception as fault:  # the outermost edge: one cut that fails stops neither the link nor the others
            _log.error("uplink.cut-failed", error=f"{type(fault).__name__}: {fault}"[:300])
        finally:
            self._cutting -= 1


async def _ended(wire: Wire) -> None:
    await asyncio.shield(wire.ended)


def _first(group: BaseExceptionGroup[BaseException]) -> str:
    fault: BaseException = group
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return str(fault)
