"""What the record says: one class for each kind of event.

Every field is marked `Public` (may be shown to anyone who may read the record), `Personal` (names a
person or what a person did; exports can leave it out) or not at all, which makes it **secret**: then only
its SHA-256 ever enters the record. So a field that somebody forgets to mark cannot leak.

An event is written as canonical JSON: keys sorted, no spaces, UTF-8. The record's hashes are over those
bytes; `parse_event` refuses any other spelling, so that one event has one hash. A kind that this version
does not know stays readable as `Unknown`.
"""

import hashlib
import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from roomgate.clock import parse_iso
from roomgate.errors import RoomgateError

T = TypeVar("T")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_LARGEST = 64 * 1024


class Mark(StrEnum):
    """Who may see a field."""

    PUBLIC = "public"
    PERSONAL = "personal"
    SECRET = "secret"  # noqa: S105 (a word, not a secret)


Public = Annotated[T, Mark.PUBLIC]
Personal = Annotated[T, Mark.PERSONAL]
Texts = tuple[str, ...]


class BadEvent(RoomgateError):
    """These bytes are no event of a record."""

    code = "ledger.bad-event"
    hint = "The record may be damaged or of a newer version; verify it."


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Something that happened. ``at`` is the writer's wall clock, RFC 3339 in UTC."""

    at: Public[str]

    @property
    def kind(self) -> str:
        return str(type(self).__struct_config__.tag)

    def __post_init__(self) -> None:
        for name in secret_fields(type(self)):
            value = getattr(self, name)
            if not _DIGEST.fullmatch(value):
                msgspec.structs.force_setattr(self, name, digest(value))

    def encode(self) -> bytes:
        """The canonical bytes, which the record keeps and hashes."""
        return _encoder.encode(self)


class Unknown(msgspec.Struct, frozen=True):
    """An event of a kind that this version does not know, with what it says."""

    kind: str
    at: str
    fields: dict[str, Any]


# ---- both ------------------------------------------------------------------------------------------


class ClockJumped(Event, frozen=True, kw_only=True, tag="clock.jumped"):
    """The machine's wall clock was set by so many seconds (back, if negative). It prolonged nothing."""

    by_s: Public[int]


# ---- hub: identity --------------------------------------------------------------------------------


class HubStarted(Event, frozen=True, kw_only=True, tag="hub.started"):
    """The hub began to serve."""

    version: Public[str]


class HubRestored(Event, frozen=True, kw_only=True, tag="hub.restored"):
    """The hub goes on from an older copy of its data, and is in safe mode.

    ``cause`` says who noticed (backup, witness, connector), ``here`` how many entries that copy had,
    ``elsewhere`` how many somebody else knows of (0: nobody said). The record goes on under another ``name``.
    """

    cause: Public[str]
    made: Public[str] = ""
    here: Public[int]
    elsewhere: Public[int] = 0
    name: Public[str]


class SafeModeEnded(Event, frozen=True, kw_only=True, tag="hub.safe-mode-ended"):
    """An administrator ended the safe mode; what was confirmed lives, what was not has ended for good."""

    people: Public[int]
    tokens: Public[int]
    grants: Public[int]
    by: Personal[str]


class Confirmed(Event, frozen=True, kw_only=True, tag="restoration.confirmed"):
    """An administrator says that this account, token or grant of the older copy still holds."""

    subject: Public[str]
    by: Personal[str]


class SignedIn(Event, frozen=True, kw_only=True, tag="signin"):
    """A person signed in: how (password, passkey, identity provider …) and from which address."""

    person: Personal[str]
    how: Public[str]
    source: Personal[str] = ""
    session: Public[str] = ""


class SignInFailed(Event, frozen=True, kw_only=True, tag="signin.failed"):
    """A sign-in was refused. The typed name may be a password typed in the wrong place, so it is a digest."""

    tried: str
    reason: Public[str]
    source: Personal[str] = ""


class SignedOut(Event, frozen=True, kw_only=True, tag="signed-out"):
    """A person's web session ended, by themselves, by another or by the identity provider."""

    person: Personal[str]
    why: Public[str] = ""
    session: Public[str] = ""


class PersonAdded(Event, frozen=True, kw_only=True, tag="person.added"):
    """A person or service account was created."""

    person: Personal[str]
    name: Personal[str]
    role: Public[str]
    by: Personal[str]


class PersonChanged(Event, frozen=True, kw_only=True, tag="person.changed"):
    """A person's state, role or means of sign-in changed: ``what`` names which, never the new secret."""

    person: Personal[str]
    what: Public[str]
    to: Public[str] = ""
    by: Personal[str]


class PersonRemoved(Event, frozen=True, kw_only=True, tag="person.removed"):
    """A person or service account was deleted."""

    person: Personal[str]
    reason: Personal[str] = ""
    by: Personal[str]


class IdentityLinked(Event, frozen=True, kw_only=True, tag="identity.linked"):
    """From now on a person may sign in as this subject of an identity provider."""

    person: Personal[str]
    issuer: Public[str]
    subject: Personal[str]
    by: Personal[str]


class IdentityUnlinked(Event, frozen=True, kw_only=True, tag="identity.unlinked"):
    """A person may no longer sign in as this subject; what they had signed in to that way ended."""

    person: Personal[str]
    issuer: Public[str]
    subject: Personal[str]
    by: Personal[str]


class FactorAdded(Event, frozen=True, kw_only=True, tag="factor.added"):
    """A second factor of a person counts from now on: an authenticator app, a passkey, or new recovery codes."""

    person: Personal[str]
    factor: Public[str]
    what: Public[str]
    by: Personal[str]


class FactorRemoved(Event, frozen=True, kw_only=True, tag="factor.removed"):
    """A second factor of a person counts no more."""

    person: Personal[str]
    factor: Public[str]
    what: Public[str]
    reason: Public[str] = ""
    by: Personal[str]


class FactorRefused(Event, frozen=True, kw_only=True, tag="factor.refused"):
    """A passkey was right and its counter did not go on: somebody may have a copy of it."""

    person: Personal[str]
    factor: Public[str]
    source: Personal[str] = ""


class Invited(Event, frozen=True, kw_only=True, tag="invitation.made"):
    """Somebody may sign in for the first time, or anew, by a code that serves once."""

    invitation: Public[str]
    person: Personal[str]
    until: Public[str]
    by: Personal[str]


class InvitationEnded(Event, frozen=True, kw_only=True, tag="invitation.ended"):
    """An invitation was used, cut before it was, or over."""

    invitation: Public[str]
    person: Personal[str]
    why: Public[str]
    by: Personal[str] = ""


class TokenMade(Event, frozen=True, kw_only=True, tag="token.made"):
    """An access token was made for a person or service account."""

    token: Public[str]
    person: Personal[str]
    name: Personal[str] = ""
    until: Public[str]
    by: Personal[str]
    scope: Personal[str] = ""  # words; empty: all that its owner may


class TokenRevoked(Event, frozen=True, kw_only=True, tag="token.revoked"):
    """An access token ended before its time."""

    token: Public[str]
    person: Personal[str]
    reason: Personal[str] = ""
    by: Personal[str]


class GroupChanged(Event, frozen=True, kw_only=True, tag="group.changed"):
    """A directory made, changed or deleted one of its groups: ``what`` names which."""

    group: Public[str]
    what: Public[str]
    name: Personal[str]
    members: Public[int]
    by: Personal[str]


class PersonHandedOver(Event, frozen=True, kw_only=True, tag="person.handed-over"):
    """From now on a directory keeps this person."""

    person: Personal[str]
    directory: Personal[str]
    by: Personal[str]


class DirectoryReleased(Event, frozen=True, kw_only=True, tag="directory.released"):
    """An administrator lets a directory (``person``: its service account) end as many people as it likes for a while."""

    person: Personal[str]
    until: Public[str]
    by: Personal[str]


# ---- hub: sites and rooms -------------------------------------------------------------------------


class SiteAdded(Event, frozen=True, kw_only=True, tag="site.added"):
    """A customer network was added."""

    site: Public[str]
    name: Public[str]
    by: Personal[str]


class ConnectorEnrolling(Event, frozen=True, kw_only=True, tag="connector.enrolling"):
    """A connector used its one-time code and waits for its fingerprint to be confirmed."""

    connector: Public[str]
    site: Public[str]
    fingerprint: Public[str]
    source: Personal[str] = ""


class ConnectorEnrolled(Event, frozen=True, kw_only=True, tag="connector.enrolled"):
    """An administrator confirmed a connector's fingerprint."""

    connector: Public[str]
    site: Public[str]
    fingerprint: Public[str]
    by: Personal[str]


class ConnectorConnected(Event, frozen=True, kw_only=True, tag="connector.connected"):
    """A connector's link is up and proven."""

    connector: Public[str]
    session: Public[str] = ""
    version: Public[str] = ""
    source: Public[str] = ""


class ConnectorGone(Event, frozen=True, kw_only=True, tag="connector.gone"):
    """A connector's link ended."""

    connector: Public[str]
    session: Public[str] = ""
    reason: Public[str] = ""


class RoomSeen(Event, frozen=True, kw_only=True, tag="room.seen"):
    """A connector offered a room for the first time, or as another device than before."""

    room: Public[str]
    name: Public[str]
    site: Public[str]
    connector: Public[str]
    product: Public[str] = ""
    serial: Public[str] = ""


# ---- hub: access ----------------------------------------------------------------------------------


class GrantMade(Event, frozen=True, kw_only=True, tag="grant.made"):
    """Somebody was given access: to which rooms, for what, until when and why."""

    grant: Public[str]
    person: Personal[str]
    rooms: Public[Texts]
    capabilities: Public[Texts]
    until: Public[str]
    reason: Personal[str]
    by: Personal[str]
    sites: Public[Texts] = ()
    tags: Public[Texts] = ()
    start: Public[str] = ""
    most_uses: Public[int] = 0  # 0: not counted
    only_booked: Public[bool] = False
    loud: Public[bool] = False
    approved_by: Personal[str] = ""


class GrantEnded(Event, frozen=True, kw_only=True, tag="grant.ended"):
    """A grant ended: revoked, narrowed, expired or paused."""

    grant: Public[str]
    person: Personal[str]
    rooms: Public[Texts] = ()
    capabilities: Public[Texts] = ()
    until: Public[str] = ""
    reason: Personal[str]
    by: Personal[str]


class RequestMade(Event, frozen=True, kw_only=True, tag="request.made"):
    """Somebody asked for access for themself; a second person must answer. Rooms, sites and tags as they named them."""

    request: Public[str]
    person: Personal[str]
    rooms: Personal[Texts]
    capabilities: Public[Texts]
    role: Personal[str] = ""
    minutes: Public[int]
    reason: Personal[str]


class RequestAnswered(Event, frozen=True, kw_only=True, tag="request.answered"):
    """A request was approved (then it gave this grant), refused or withdrawn, or it lapsed."""

    request: Public[str]
    person: Personal[str]
    answer: Public[str]
    grant: Public[str] = ""
    words: Personal[str] = ""
    by: Personal[str]


class BreakGlassUsed(Event, frozen=True, kw_only=True, tag="break-glass.used"):
    """Somebody who may give took access for themself at once, without a second person. Another must acknowledge it."""

    request: Public[str]
    grant: Public[str]
    person: Personal[str]
    rooms: Public[Texts]
    capabilities: Public[Texts]
    until: Public[str]
    reason: Personal[str]


class BreakGlassAcknowledged(Event, frozen=True, kw_only=True, tag="break-glass.acknowledged"):
    """Another person has looked at a break-glass grant that is over."""

    request: Public[str]
    grant: Public[str]
    person: Personal[str]
    words: Personal[str] = ""
    by: Personal[str]


class RoleChanged(Event, frozen=True, kw_only=True, tag="role.changed"):
    """One of the hub's own roles was added, changed or removed: what it allows and what it gives from now on."""

    role: Public[str]
    what: Public[str]
    rights: Public[Texts] = ()
    capabilities: Public[Texts] = ()
    by: Personal[str]


class RoomTagged(Event, frozen=True, kw_only=True, tag="room.tagged"):
    """A room's tags were changed, and with them which grants cover it."""

    room: Public[str]
    tags: Public[Texts] = ()
    by: Personal[str]


class LockMade(Event, frozen=True, kw_only=True, tag="lock.made"):
    """Everything of a person, room, site or connector is refused until the lock is lifted."""

    lock: Public[str]
    subject: Public[str]
    reason: Personal[str]
    by: Personal[str]


class LockLifted(Event, frozen=True, kw_only=True, tag="lock.lifted"):
    """A lock was taken away; nothing issued before it lives again."""

    lock: Public[str]
    subject: Public[str]
    reason: Personal[str] = ""
    by: Personal[str]


class Permitted(Event, frozen=True, kw_only=True, tag="permit"):
    """The hub decided yes, and this was durable before the order left."""

    ask: Public[str]
    order: Public[str]
    principal: Personal[str]
    room: Public[str]
    call: Personal[str]
    digest: Public[str]
    grant: Public[str]
    reason: Personal[str] = ""
    connector: Public[str] = ""
    session: Public[str] = ""


class Refused(Event, frozen=True, kw_only=True, tag="denied"):
    """The hub decided no, by the named rule."""

    ask: Public[str]
    principal: Personal[str]
    room: Public[str]
    call: Personal[str]
    rule: Public[str]


class OutcomeKnown(Event, frozen=True, kw_only=True, tag="outcome"):
    """What the connector said became of an order: done, refused, failed or unknown."""

    order: Public[str]
    outcome: Public[str]
    detail: Personal[str] = ""
    room: Public[str] = ""
    connector: Public[str] = ""


class Revoked(Event, frozen=True, kw_only=True, tag="revocation"):
    """Whatever the subject opened before this sequence falls, within the scope."""

    sequence: Public[int]
    cause: Public[str]
    subject: Public[str]
    scope: Public[str]
    by: Personal[str]
    reason: Personal[str] = ""


class FindingMade(Event, frozen=True, kw_only=True, tag="finding"):
    """Something that an administrator should look at."""

    finding: Public[str]
    severity: Public[str]
    title: Public[str]
    detail: Personal[str] = ""
    order: Public[str] = ""
    room: Public[str] = ""
    person: Personal[str] = ""


class FindingClosed(Event, frozen=True, kw_only=True, tag="finding.closed"):
    """Somebody dealt with a finding and said how, or published a report by which it is over."""

    finding: Public[str]
    severity: Public[str]
    title: Public[str]
    reason: Personal[str]
    by: Personal[str]


class PlanMade(Event, frozen=True, kw_only=True, tag="plan.made"):
    """A document says what rooms should have; ``digest`` is its SHA-256, ``rooms`` how many it is about."""

    plan: Public[str]
    name: Public[str] = ""
    digest: Public[str]
    rooms: Public[int]
    by: Personal[str]


class PlanStarted(Event, frozen=True, kw_only=True, tag="plan.started"):
    """Somebody had a plan applied, or went on with it; each step is an ask of theirs."""

    plan: Public[str]
    by: Personal[str]


class PlanHalted(Event, frozen=True, kw_only=True, tag="plan.halted"):
    """A plan stopped before its end: by failures, by somebody, or since its person's access ended."""

    plan: Public[str]
    why: Public[str]
    by: Personal[str] = ""


class PlanEnded(Event, frozen=True, kw_only=True, tag="plan.ended"):
    """A plan came to its end; in so many rooms it was done, in so many it was not."""

    plan: Public[str]
    done: Public[int]
    failed: Public[int]


class AlertRouteChanged(Event, frozen=True, kw_only=True, tag="alert-route.changed"):
    """Where alerts are sent to was added or removed. The address may hold a secret, so it is a digest."""

    route: Public[str]
    what: Public[str]
    address: str
    by: Personal[str]


# ---- connector ------------------------------------------------------------------------------------


class ConnectorStarted(Event, frozen=True, kw_only=True, tag="connector.started"):
    """The connector began its work; ``policy`` is the digest of the site's policy."""

    version: Public[str]
    policy: Public[str] = ""


class LinkUp(Event, frozen=True, kw_only=True, tag="link.up"):
    """The link to the hub is up and the hub has proven its key."""

    session: Public[str] = ""
    hub: Public[str] = ""


class LinkDown(Event, frozen=True, kw_only=True, tag="link.down"):
    """The link to the hub ended."""

    session: Public[str] = ""
    reason: Public[str] = ""


class OrderRefused(Event, frozen=True, kw_only=True, tag="order.refused"):
    """The site said no to an order, by the named rule; nothing reached the device."""

    order: Public[str]
    room: Public[str]
    call: Personal[str]
    digest: Public[str]
    principal: Personal[str]
    rule: Public[str]
    detail: Personal[str] = ""


class OrderAbout(Event, frozen=True, kw_only=True, tag="order.about"):
    """About to call the device: durable before the call. ``consent`` says whose yes it has, if it needs one."""

    order: Public[str]
    room: Public[str]
    call: Personal[str]
    digest: Public[str]
    principal: Personal[str]
    grant: Public[str]
    consent: Public[str] = ""


class OrderOutcome(Event, frozen=True, kw_only=True, tag="order.outcome"):
    """What the device answered: done, failed or unknown."""

    order: Public[str]
    outcome: Public[str]
    detail: Personal[str] = ""
    room: Public[str] = ""


class ConsentAsked(Event, frozen=True, kw_only=True, tag="consent.asked"):
    """The room's panel shows the question."""

    order: Public[str]
    room: Public[str]
    principal: Personal[str]
    call: Personal[str] = ""


class ConsentAnswered(Event, frozen=True, kw_only=True, tag="consent.answered"):
    """Somebody in the room answered, or nobody did in time."""

    order: Public[str]
    room: Public[str]
    answer: Public[str]


class SessionCut(Event, frozen=True, kw_only=True, tag="session.cut"):
    """A person's session in a room was ended: by a revocation, a lapsed lease or the site."""

    session: Public[str]
    room: Public[str]
    principal: Personal[str]
    cause: Public[str]
    sequence: Public[int] = 0


class EffectBegun(Event, frozen=True, kw_only=True, tag="effect.begun"):
    """A session caused something that outlasts the call: a meeting, a share, a camera's position."""

    effect: Public[str]
    order: Public[str]
    room: Public[str]
    principal: Personal[str]
    what: Public[str]


class EffectUndone(Event, frozen=True, kw_only=True, tag="effect.undone"):
    """What a session had caused was undone."""

    effect: Public[str]
    room: Public[str]
    cause: Public[str]
    outcome: Public[str] = ""
    order: Public[str] = ""


class EffectKept(Event, frozen=True, kw_only=True, tag="effect.kept"):
    """Somebody in the room pressed Keep: the effect is the room's own from now on."""

    effect: Public[str]
    room: Public[str]
    order: Public[str] = ""


class DeviceConnected(Event, frozen=True, kw_only=True, tag="device.connected"):
    """A device's session is up, its certificate as pinned."""

    room: Public[str]
    device: Public[str] = ""
    version: Public[str] = ""
    transport: Public[str] = ""


class DeviceGone(Event, frozen=True, kw_only=True, tag="device.gone"):
    """A device's session ended."""

    room: Public[str]
    device: Public[str] = ""
    reason: Public[str] = ""


class DeviceQuarantined(Event, frozen=True, kw_only=True, tag="device.quarantined"):
    """A device's certificate or account changed; nothing is done there until the site confirms."""

    room: Public[str]
    device: Public[str] = ""
    reason: Public[str]


class DeviceConfirmed(Event, frozen=True, kw_only=True, tag="device.confirmed"):
    """Someone at the site confirmed a quarantined device."""

    room: Public[str]
    device: Public[str] = ""
    by: Personal[str]


class DeviceLeft(Event, frozen=True, kw_only=True, tag="device.left"):
    """The connector is being uninstalled: what it took off a device, and what is still there, in words."""

    room: Public[str]
    device: Public[str] = ""
    removed: Public[Texts] = ()
    remains: Public[Texts] = ()


class BookingPut(Event, frozen=True, kw_only=True, tag="booking.put"):
    """A room's booking list was written: how many bookings, from which calendar."""

    room: Public[str]
    bookings: Public[int]
    source: Public[str] = ""


class BookingAsked(Event, frozen=True, kw_only=True, tag="booking.asked"):
    """A room wishes something of its calendar (book, end, release), and why; written before the calendar is asked."""

    room: Public[str]
    booking: Public[str]
    wish: Public[str]
    cause: Public[str]


class BookingAnswered(Event, frozen=True, kw_only=True, tag="booking.answered"):
    """What came of it: done, refused, or kept (the calendar cannot be written; the room alone shows the meeting no more)."""

    room: Public[str]
    booking: Public[str]
    wish: Public[str]
    outcome: Public[str]
    words: Public[str] = ""


class BookingCheckedIn(Event, frozen=True, kw_only=True, tag="booking.checked-in"):
    """Somebody came to a meeting, as far as the room can tell, and by which sign."""

    room: Public[str]
    booking: Public[str]
    sign: Public[str]


class CallPanelShown(Event, frozen=True, kw_only=True, tag="call-panel.shown"):
    """The connector is about to put the panel with a meeting service's controls on a device that is in a call."""

    room: Public[str]
    device: Public[str] = ""
    service: Public[str]


class CallPanelRemoved(Event, frozen=True, kw_only=True, tag="call-panel.removed"):
    """That panel is gone from the device: the call ended, or an earlier run of the connector had left it."""

    room: Public[str]
    device: Public[str] = ""


class CallPanelForeign(Event, frozen=True, kw_only=True, tag="call-panel.foreign"):
    """A panel that this connector did not put there has the id of its own: it was left as it is, and none is shown."""

    room: Public[str]
    device: Public[str] = ""


class ControlPressed(Event, frozen=True, kw_only=True, tag="control.pressed"):
    """Somebody in the room pressed a control of that panel; its tones are sent next, once."""

    room: Public[str]
    service: Public[str]
    control: Public[str]


class PrivilegedUsed(Event, frozen=True, kw_only=True, tag="privileged.used"):
    """The device's privileged account was used, and for what."""

    room: Public[str]
    what: Public[str]
    order: Public[str] = ""


class VaultChanged(Event, frozen=True, kw_only=True, tag="vault.changed"):
    """A device credential was stored, rotated or removed at the site."""

    room: Public[str]
    what: Public[str]
    by: Personal[str] = ""


class TunnelOpened(Event, frozen=True, kw_only=True, tag="tunnel.opened"):
    """Somebody outside has an end-to-end connection to the device's own page; what goes through it nobody sees."""

    order: Public[str]
    room: Public[str]
    principal: Personal[str]


class TunnelClosed(Event, frozen=True, kw_only=True, tag="tunnel.closed"):
    """The tunnel is shut: why, and how many bytes went each way."""

    order: Public[str]
    room: Public[str]
    cause: Public[str]
    to_device: Public[int] = 0
    from_device: Public[int] = 0


class BackupMade(Event, frozen=True, kw_only=True, tag="backup.made"):
    """The site keeps a sealed copy of a room's settings, panels and macros; ``digest`` is over its plain text."""

    room: Public[str]
    backup: Public[str]
    digest: Public[str]
    by: Personal[str] = ""
    order: Public[str] = ""


class BackupRemoved(Event, frozen=True, kw_only=True, tag="backup.removed"):
    """A backup is gone: by somebody, or because newer ones took its place."""

    room: Public[str]
    backup: Public[str]
    by: Personal[str] = ""
    order: Public[str] = ""


class LogsCollected(Event, frozen=True, kw_only=True, tag="logs.collected"):
    """A bundle of logs left the site with its secrets taken out. ``original`` is the SHA-256 of what was read."""

    order: Public[str]
    room: Public[str]
    principal: Personal[str]
    original: Public[str]
    sent: Public[str]
    hidden: Public[int] = 0


class SettingReverted(Event, frozen=True, kw_only=True, tag="setting.reverted"):
    """A change that could have cut the site's own way to the device was taken back, or could not be."""

    order: Public[str]
    room: Public[str]
    path: Public[str]
    outcome: Public[str]


# ---- exposure checks ------------------------------------------------------------------------------


class CheckEvidence(Event, frozen=True, kw_only=True, tag="check.evidence"):
    """A file of an exposure check's folder, as it was when the run was sealed."""

    file: Public[str]
    sha256: Public[str]
    size_bytes: Public[int]


class CheckJudged(Event, frozen=True, kw_only=True, tag="check.judged"):
    """What an exposure check concluded of one weakness: pass, fail, inconclusive or not-applicable."""

    id: Public[str]
    outcome: Public[str]


# ---- reading and looking up -----------------------------------------------------------------------

KINDS: dict[str, type[Event]] = {str(kind.__struct_config__.tag): kind for kind in Event.__subclasses__()}

_encoder = msgspec.json.Encoder(order="sorted")
_marks: dict[type[Event], dict[str, Mark]] = {}


def marks(kind: type[Event]) -> dict[str, Mark]:
    """Each field of a kind and who may see it; unmarked fields are secret."""
    if kind not in _marks:
        hints = get_type_hints(kind, include_extras=True)
        _marks[kind] = {name: _mark(hints[name]) for name in kind.__struct_fields__}
    return _marks[kind]


@cache
def secret_fields(kind: type[Event]) -> tuple[str, ...]:
    return tuple(name for name, mark in marks(kind).items() if mark is Mark.SECRET)


def filed_under(event: Event | Unknown) -> tuple[str | None, str | None, str | None]:
    """The order, room and person that an event can be looked up by; None where it has none."""
    order, room, person, principal = (
        event.fields.get(name) if isinstance(event, Unknown) else getattr(event, name, None)
        for name in ("order", "room", "person", "principal")
    )
    return order or None, room or None, person or principal or None


def digest(secret: str) -> str:
    """How a secret stands in the record."""
    return "sha256:" + hashlib.sha256(secret.encode()).hexdigest()


def describe() -> Iterator[tuple[str, str, dict[str, Mark]]]:
    """Kind, meaning and marked fields of every event, for the reference page."""
    for tag, kind in KINDS.items():
        yield tag, (kind.__doc__ or "").strip(), marks(kind)


def parse_event(raw: bytes) -> Event | Unknown:
    """Read an event's canonical bytes; raises BadEvent for anything else."""
    if len(raw) > _LARGEST:
        raise BadEvent("an event is at most 64 KiB")
    try:  # nearly always: one that this version knows, with nothing beside what it knows
        event: Event = _known().decode(raw)
        if event.encode() == raw:
            parse_iso(event.at)
            return event
    except (msgspec.MsgspecError, ValueError, RecursionError):
        pass  # what is wrong with it is said below
    try:
        plain = msgspec.json.decode(raw)
        if not isinstance(plain, dict) or _encoder.encode(plain) != raw:
            raise BadEvent("an event is one object in canonical JSON")
        kind, at = plain.get("kind"), plain.get("at")
        if not isinstance(kind, str) or not isinstance(at, str):
            raise BadEvent("an event says its kind and its time")
        parse_iso(at)
        if known := KINDS.get(kind):
            return msgspec.convert(plain, known)
    except (msgspec.MsgspecError, ValueError, RecursionError) as bad:
        raise BadEvent(str(bad)) from bad
    return Unknown(kind, at, {name: value for name, value in plain.items() if name not in ("kind", "at")})


@cache
def _known() -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(Union[tuple(KINDS.values())])  # noqa: UP007 (of as many as there are)


def _mark(hint: object) -> Mark:
    if get_origin(hint) is Annotated:
        for word in get_args(hint)[1:]:
            if isinstance(word, Mark):
                return word
    return Mark.SECRET
