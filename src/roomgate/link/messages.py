"""What hub and connector say to each other inside the inner TLS session, and the one decoder of each side.

Strict about shape, relaxed about news: unknown fields are ignored, since the peer may be newer. Orders and
renewals travel as `Signed`, since they must hold for a connector that does not trust the wire.
"""

from typing import Any

import msgspec

from roomgate.errors import RoomgateError


class LinkBroken(RoomgateError):
    """This link session is over; the connector dials anew."""

    code = "link.broken"


class BadMessage(LinkBroken):
    """The peer sent what is no message of the link; the link is closed."""

    code = "link.message"


class Signed(msgspec.Struct, frozen=True, tag="signed"):
    """Hub → connector. ``body`` are the exact bytes that were signed; verified before they are decoded."""

    body: bytes
    signature: bytes


class Welcome(msgspec.Struct, frozen=True, tag="welcome"):
    """Hub → connector: the hello was accepted."""

    version: int
    heartbeat_s: float
    ledger_size: int  # how many of the connector's ledger entries the hub holds
    checkpoint: str = ""  # of the hub's own ledger, signed: to be shown at the next hello


class Cut(msgspec.Struct, frozen=True, tag="cut"):
    """Hub → connector: these sessions end now, with all that they caused. The safe direction: not signed."""

    id: str
    sessions: list[str]
    reason: str  # stable word, such as grant.revoked
    words: str  # for the room's panel


class Unsubscribe(msgspec.Struct, frozen=True, tag="unsubscribe"):
    """Hub → connector: nobody watches what this order subscribed to any more."""

    order: str


class EntriesKept(msgspec.Struct, frozen=True, tag="kept"):
    """Hub → connector: ledger entries below this index are durable here; the spool may let them go."""

    size: int
    checkpoint: str = ""  # as in `Welcome`


class RoomInfo(msgspec.Struct, frozen=True):
    """A room as the site's own file names it."""

    device: str
    name: str
    state: str  # fine, offline, quarantined, locked
    words: str = ""  # why, in a sentence
    product: str = ""
    software: str = ""


class EffectInfo(msgspec.Struct, frozen=True):
    """What a session caused and what still lasts."""

    effect: str
    session: str
    principal: str
    grant: str
    room: str
    what: str  # "call 12"


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """Connector → hub, first. ``nonce`` names this link session: orders for another one are worth nothing."""

    version: int
    connector: str
    nonce: bytes
    software: str
    policy: str  # the policy's name
    policy_digest: str
    rooms: list[RoomInfo]
    effects: list[EffectInfo]
    hub_checkpoint: str = ""  # the newest of the hub's ledger that it told us: an older hub sees that it is one


class Heartbeat(msgspec.Struct, frozen=True, tag="beat"):
    """Connector → hub. Leases run from when this was sent."""

    number: int
    effects: list[EffectInfo]
    round_trip_s: float = 0.0  # of the newest heartbeat that was answered; 0: none was yet


class Outcome(msgspec.Struct, frozen=True, tag="outcome"):
    """Connector → hub: what became of an order. ``signature`` is the connector's, over `signed_part`."""

    order: str
    outcome: str  # done, refused, failed, unknown, waiting
    result: Any = None
    rule: str = ""  # what refused it
    words: str = ""  # for the person
    code: int = 0  # the device's own error code, where there was one
    signature: bytes = b""

    def signed_part(self) -> bytes:
        return msgspec.msgpack.encode([self.order, self.outcome, self.result, self.rule, self.words, self.code])


class CutDone(msgspec.Struct, frozen=True, tag="cut-done"):
    """Connector → hub: nothing of these sessions lives here any more."""

    id: str
    undone: list[str]  # effects undone, in words


class State(msgspec.Struct, frozen=True, tag="state"):
    """Connector → hub: the dashboard's part of a room's state, as far as the site lets it out."""

    room: str  # device id
    document: Any  # rooted: {"Status": {…}}; a difference unless `whole`
    whole: bool = False


class RoomState(msgspec.Struct, frozen=True, tag="room"):
    """Connector → hub: a room came, went, or is quarantined (then every session in it has been cut)."""

    room: RoomInfo
    cut: bool = False
    reason: str = ""  # stable word, such as device.credential-changed


class Feedback(msgspec.Struct, frozen=True, tag="feedback"):
    """Connector → hub: what a subscription saw. ``kind``: status, configuration, event, gap."""

    order: str
    kind: str
    document: Any


class CertificateEnd(msgspec.Struct, frozen=True):
    """``name``: what it is for, such as HTTPS; never whom or what host it names."""

    name: str
    ends: str


class Upkeep(msgspec.Struct, frozen=True, tag="upkeep"):
    """Connector → hub: what somebody may have to look after and no state tells, as far as the site lets it out.

    Each takes the place of the one before.
    """

    room: str  # device id; "": the connector's own
    certificates: list[CertificateEnd] | None = None  # None: not looked at, so not known
    call: str = ""  # how the last call ended: "fine", or of what kind its failure was; "": not known
    call_at: str = ""


class Entries(msgspec.Struct, frozen=True, tag="entries"):
    """Connector → hub: ledger entries from index ``start``, and the signed checkpoint that covers them."""

    start: int
    entries: list[bytes]
    checkpoint: str


class EffectEnded(msgspec.Struct, frozen=True, tag="effect-ended"):
    """Connector → hub: it ended by itself, was undone, or somebody in the room pressed Keep."""

    effect: str
    how: str  # ended, undone, kept


class TunnelData(msgspec.Struct, frozen=True, tag="tunnel"):
    """Both ways: a frame of the tunnel that this order opened; the hub passes it on and cannot read what is in it."""

    order: str
    data: bytes


class TunnelEnd(msgspec.Struct, frozen=True, tag="tunnel-end"):
    """Both ways: this tunnel is shut. ``cause``: a stable word."""

    order: str
    cause: str
    words: str = ""  # for the person


ToConnector = Signed | Welcome | Cut | Unsubscribe | EntriesKept | TunnelData | TunnelEnd
ToHub = (
    Hello
    | Heartbeat
    | Outcome
    | CutDone
    | State
    | RoomState
    | Feedback
    | Upkeep
    | Entries
    | EffectEnded
    | TunnelData
    | TunnelEnd
)

_encoder = msgspec.msgpack.Encoder()
_to_connector: msgspec.msgpack.Decoder[ToConnector] = msgspec.msgpack.Decoder(ToConnector)
_to_hub: msgspec.msgpack.Decoder[ToHub] = msgspec.msgpack.Decoder(ToHub)


def encode(message: ToConnector | ToHub) -> bytes:
    return _encoder.encode(message)


def decode_at_connector(raw: bytes) -> ToConnector:
    """Raises BadMessage."""
    try:
        message: ToConnector = _to_connector.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as bad:
        raise BadMessage(str(bad)) from bad
    return message


def decode_at_hub(raw: bytes) -> ToHub:
    """Raises BadMessage."""
    try:
        message: ToHub = _to_hub.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as bad:
        raise BadMessage(str(bad)) from bad
    return message
