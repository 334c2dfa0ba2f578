"""Orders and renewals: what the hub signs, and what the connector makes of it before anything else.

An order is good once, in one link session, in sequence, and while its session's lease lives. Time is the
connector's own monotonic clock: wall clocks decide nothing here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from roomgate.errors import RoomgateError
from roomgate.link.messages import BadMessage, Outcome, Signed
from roomgate.link.signing import ORDER, OUTCOME, RENEWAL, BadSignature, sign, verify
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.path import Path

LEASE_S = 15.0  # the longest that a session lives without a fresh word from the hub
CUTS_KEPT = 65_536
JUDGE_WITHIN_S = 5.0  # an order that waited longer from its arrival to its judgement is dropped


class OrderRefused(RoomgateError):
    """The order is not good here; ``rule`` says why."""

    code = "order.refused"

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


class Order(msgspec.Struct, frozen=True, tag="order"):
    """The signed wish of the hub for one thing."""

    id: str
    link: bytes  # the connector's nonce of this link session
    sequence: int
    session: str
    site: str
    connector: str
    room: str  # the room's name, for the site's policy and the panel
    device: str
    verb: str
    path: list[str | int]
    arguments: list[tuple[str, str | int | list[str | int]]]
    body: str | None
    digest: str  # SHA-256 of the canonical call
    principal: str
    principal_name: str
    principal_kind: str
    grant: str
    reason: str
    held: list[str]  # the capabilities that a read may carry

    def call(self) -> Call:
        """The call, which must be exactly the one that was hashed; raises OrderRefused."""
        arguments = tuple((n, tuple(v) if isinstance(v, list) else v) for n, v in self.arguments)
        try:
            call = Call(Verb(self.verb), Path.of(*self.path), arguments, self.body)
        except Exception as bad:
            raise OrderRefused("order.malformed", "The order holds no xAPI call.") from bad
        if call.digest() != self.digest:
            raise OrderRefused("order.digest", "The order's arguments are not those that were hashed.")
        return call


class Renewal(msgspec.Struct, frozen=True, tag="renewal"):
    """The signed word that these sessions still live, in answer to one heartbeat."""

    link: bytes
    sequence: int
    heartbeat: int
    sessions: list[str]


_signed = msgspec.msgpack.Decoder(Order | Renewal)


def seal(key: Ed25519PrivateKey, body: Order | Renewal) -> Signed:
    """Sign; the signature is over the bytes as sent."""
    raw = msgspec.msgpack.encode(body)
    return Signed(raw, sign(key, ORDER if isinstance(body, Order) else RENEWAL, raw))


def open_sealed(key: Ed25519PublicKey, signed: Signed) -> Order | Renewal:
    """Verify, then decode: raises BadSignature or BadMessage. The domain must match what it says it is."""
    for domain, kind in ((ORDER, Order), (RENEWAL, Renewal)):
        try:
            verify(key, domain, signed.body, signed.signature)
        except BadSignature:
            continue
        try:
            body = _signed.decode(signed.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as bad:
            raise BadMessage(str(bad)) from bad
        if not isinstance(body, kind):
            raise BadSignature("Signed for one purpose, used for another.")
        return body
    raise BadSignature("The signature is not the pinned key's.")


def signed_outcome(key: Ed25519PrivateKey, outcome: Outcome) -> Outcome:
    """The outcome with the connector's signature."""
    return msgspec.structs.replace(outcome, signature=sign(key, OUTCOME, outcome.signed_part()))


def check_outcome(key: Ed25519PublicKey, outcome: Outcome) -> None:
    """Raises BadSignature unless the connector with this key signed it."""
    verify(key, OUTCOME, outcome.signed_part(), outcome.signature)


@dataclass(slots=True)
class LeaseBook:
    """The connector's view of which sessions live. Pure: the caller hands in its monotonic clock.

    Theory: a heartbeat is remembered with the moment it was *sent*. A renewal that answers it makes its
    sessions live until that moment + LEASE_S, so a delayed renewal prolongs nothing. Sequences only rise,
    so nothing is worth anything twice. A session that was cut never comes back: ids are not used again.
    """

    link: bytes
    lease_s: float = LEASE_S
    _sent: dict[int, float] = field(default_factory=dict)
    _until: dict[str, float] = field(default_factory=dict)
    _cut: dict[str, None] = field(default_factory=dict)  # a set that knows its order
    _sequence: int = 0

    def succeed(self, link: bytes) -> Self:
        """The book of the next link session: numbers begin again, what lives goes on living for as long as it
        would have, what was cut stays cut. Heartbeats of the old session are answered no more.
        """
        return type(self)(link, self.lease_s, {}, self._until, self._cut)

    def hold(self, sessions: Iterable[str], now: float) -> None:
        """Sessions that an earlier run of the connector left behind: one lease from now, and no more."""
        for session in sessions:
            if session not in self._cut:
                self._until.setdefault(session, now + self.lease_s)

    def beat(self, number: int, now: float) -> None:
        """A heartbeat is being sent."""
        self._sent[number] = now
        for old in [n for n, at in self._sent.items() if at < now - self.lease_s]:
            del self._sent[old]

    def _advance(self, link: bytes, sequence: int) -> None:
        if link != self.link:
            raise OrderRefused("order.link", "It was made for another link session.")
        if sequence != self._sequence + 1:
            raise OrderRefused("order.sequence", f"Expected number {self._sequence + 1}, got {sequence}.")
        self._sequence = sequence

    def renew(self, renewal: Renewal) -> float | None:
        """When the heartbeat that it answers was sent; None for an old one, which renews nothing.

        Raises OrderRefused for another link session or a wrong number.
        """
        self._advance(renewal.link, renewal.sequence)
        sent = self._sent.get(renewal.heartbeat)
        if sent is None:
            return None
        for session in renewal.sessions:
            if session not in self._cut:
                self._until[session] = max(self._until.get(session, 0.0), sent + self.lease_s)
        return sent

    def admit(self, order: Order, now: float) -> None:
        """The next order of this link session, of a living session; raises OrderRefused."""
        self._advance(order.link, order.sequence)
        self.require(order.session, now)

    def require(self, session: str, now: float) -> None:
        """Raises OrderRefused unless the session's lease lives."""
        if session in self._cut:
            raise OrderRefused("session.cut", "This session was cut.")
        if self._until.get(session, 0.0) <= now:
            raise OrderRefused("session.lease", "The hub has not vouched for this session lately.")

    def live(self, session: str, now: float) -> bool:
        return session not in self._cut and self._until.get(session, 0.0) > now

    def cut(self, session: str) -> None:
        """For good. The oldest cuts are forgotten in the end: no hub that keeps to the rules names them again,
        and one that does not has no need to, since it can make up a session.
        """
        self._until.pop(session, None)
        self._cut[session] = None
        if len(self._cut) > CUTS_KEPT:
            del self._cut[next(iter(self._cut))]

    def lapsed(self, now: float) -> list[str]:
        """Sessions whose lease has run out since the last call; they are cut for good."""
        gone = [session for session, until in self._until.items() if until <= now]
        for session in gone:
            self.cut(session)
        return gone

    def next_lapse(self) -> float | None:
        return min(self._until.values(), default=None)
