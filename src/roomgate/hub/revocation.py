"""One mechanism for every way in which access ends.

A revocation is written in the same transaction as whatever caused it and its ledger entry, and published
after that transaction is durable. Whoever holds something open listens, and closes what matches.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from roomgate.ids import PersonId, RoomId, WebSessionId


class Cause(StrEnum):
    GRANT_REVOKED = "grant.revoked"
    GRANT_EXPIRED = "grant.expired"
    GRANT_NARROWED = "grant.narrowed"
    PERSON_DISABLED = "person.disabled"
    PERSON_DELETED = "person.deleted"
    PERSON_DEPROVISIONED = "person.deprovisioned"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 (a word, not a password)
    FACTOR_CHANGED = "factor.changed"  # a passkey, TOTP or recovery codes
    ROLE_CHANGED = "role.changed"
    SIGNED_OUT = "signed-out"
    PROVIDER_SIGNED_OUT = "provider.signed-out"
    TOKEN_REVOKED = "token.revoked"  # noqa: S105
    TOKEN_EXPIRED = "token.expired"  # noqa: S105
    LOCK = "lock"
    ROOM_REMOVED = "room.removed"
    DEVICE_CREDENTIAL = "device.credential-changed"
    CONNECTOR_DISABLED = "connector.disabled"
    POLICY_CHANGED = "policy.changed"
    SESSION_ENDED = "session.ended"
    HUB_RESTORED = "hub.restored"


class SubjectKind(StrEnum):
    PERSON = "person"  # everything of that principal
    CREDENTIAL = "credential"  # what was opened with that token or web session
    GRANT = "grant"  # what that grant covers and no other live grant of the person does
    ROOM = "room"
    SITE = "site"
    CONNECTOR = "connector"
    SESSION = "session"


# Subjects whose channels are judged again rather than closed outright: another live grant may cover them.
JUDGED_ANEW = frozenset(
    {Cause.GRANT_REVOKED, Cause.GRANT_EXPIRED, Cause.GRANT_NARROWED, Cause.ROLE_CHANGED, Cause.POLICY_CHANGED}
)


@dataclass(frozen=True, slots=True)
class Revocation:
    """What ends, and why. ``sequence`` is the position in the hub's own sequence at which it was written."""

    sequence: int
    cause: Cause
    kind: SubjectKind
    subject: str
    by: PersonId | None
    reason: str
    rooms: frozenset[RoomId] | None = None  # None: all rooms
    spared: WebSessionId | None = None  # the web session that changed its own password goes on
    written: float = field(default=0.0, compare=False)  # monotonic: just before its commit; 0: by an earlier run
