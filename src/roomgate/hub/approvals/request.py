"""A wish for a grant that waits for a second person, and its bounds. Pure.

Break-glass is kept as one too: it was taken before anybody answered, and what it waits for is somebody else
who acknowledges it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from roomgate.access.capability import Capability
from roomgate.access.principal import Kind, Right
from roomgate.clock import parse_iso
from roomgate.errors import BadInput
from roomgate.hub.grants.wanted import Wanted
from roomgate.hub.identity.person import Signed
from roomgate.ids import PersonId, RequestId

LONGEST_MINUTES = 7 * 24 * 60.0
LATEST = timedelta(days=30)  # from when it may be wanted
WAITS = timedelta(hours=24)
MOST_WAITING = 20  # of one person
LONGEST_WORDS = 1000
_MOST_NAMES = 20
_MOST_USES = 1_000_000
_LONGEST_NAME = 200

# What somebody may say yes to who answers requests and gives nothing otherwise. The other classes change the
# device itself, or open it: those need somebody who may give them.
EVERYDAY = frozenset(
    {
        Capability.OBSERVE, Capability.BOOKINGS, Capability.CALL, Capability.IN_CALL, Capability.AV_CONTROL,
        Capability.PRIVACY, Capability.UI,
    }
)  # fmt: skip


class State(StrEnum):
    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"  # nobody answered in time, or whoever asked is gone
    TAKEN = "taken"  # break-glass: somebody else must acknowledge it
    ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True, slots=True)
class Request:
    """Asked by whom it is for. ``until``: when it lapses; of break-glass, when its grant ends."""

    id: RequestId
    person: PersonId
    wanted: Wanted
    state: State
    asked_at: datetime
    until: datetime
    answered_by: PersonId | None = None
    answered_at: datetime | None = None
    words: str = ""  # the answer's
    grant: str | None = None

    @property
    def loud(self) -> bool:
        return self.state in (State.TAKEN, State.ACKNOWLEDGED)

    @property
    def where(self) -> str:
        """As it was asked, for a sentence."""
        return ", ".join((*self.wanted.rooms, *self.wanted.sites, *self.wanted.tags))


def may_see(signed: Signed, request: Request) -> bool:
    return signed.person.id == request.person or sees_all(signed)


def sees_all(signed: Signed) -> bool:
    return any(signed.may(right) for right in (Right.APPROVE, Right.GIVE, Right.SEE))


def may_answer(signed: Signed, request: Request) -> bool:
    """Somebody else, with the right, and a person: a program is nobody's second pair of eyes."""
    return (
        signed.person.id != request.person
        and signed.person.kind is Kind.PERSON
        and (signed.may(Right.APPROVE) or signed.may(Right.GIVE))
    )


def check_wanted(wanted: Wanted, now: datetime) -> None:
    """What may be asked for; raises BadInput. Looks at no room: an unknown one and a forbidden one are alike."""
    if wanted.minutes is None or wanted.until is not None:
        raise BadInput("Say in minutes how long it lasts.")
    if not 0 < wanted.minutes <= LONGEST_MINUTES:
        raise BadInput("What is asked for lasts at most 7 days.")
    if wanted.start is not None and not now - WAITS <= _start(wanted.start) <= now + LATEST:
        raise BadInput("It begins now, or within the next 30 days.")
    if wanted.most_uses is not None and not 1 <= wanted.most_uses <= _MOST_USES:
        raise BadInput(f"It is good for 1 to {_MOST_USES} commands.")
    if not wanted.reason.strip() or len(wanted.reason) > LONGEST_WORDS:
        raise BadInput("Say why, in 1 to 1000 characters.")
    names = (*wanted.rooms, *wanted.sites, *wanted.tags, wanted.role or "")
    if not (wanted.rooms or wanted.sites or wanted.tags) or len(names) > _MOST_NAMES + 1:
        raise BadInput(f"Name at least one room, site or tag, and at most {_MOST_NAMES}.")
    if any(len(name) > _LONGEST_NAME for name in names):
        raise BadInput(f"A name has at most {_LONGEST_NAME} characters.")
    if not wanted.capabilities and wanted.role is None:
        raise BadInput("Name at least one capability, or a role.")
    if unknown := sorted(set(wanted.capabilities) - {one.value for one in Capability}):
        raise BadInput(f"There is no capability {', '.join(unknown)[:200]}.")


def _start(text: str) -> datetime:
    try:
        return parse_iso(text)
    except (ValueError, OverflowError) as bad:  # the year 1, east of Greenwich, has no UTC
        raise BadInput("start is a time as in RFC 3339, with its zone.") from bad


def narrowed(wanted: Wanted, minutes: float | None, capabilities: tuple[str, ...] | None) -> Wanted:
    """At most what was asked for; raises BadInput for more. Capabilities, where given, take the place of a role."""
    assert wanted.minutes is not None
    if minutes is not None and not 0 < minutes <= wanted.minutes:
        raise BadInput("An answer gives at most what was asked for.")
    if capabilities is not None and not capabilities:
        raise BadInput("Name at least one capability, or a role.")
    if capabilities is not None and not set(capabilities) <= set(wanted.capabilities):
        raise BadInput("An answer gives at most what was asked for.")
    less = msgspec.structs.replace(wanted, minutes=wanted.minutes if minutes is None else minutes)
    if capabilities is not None:
        less = msgspec.structs.replace(less, capabilities=capabilities, role=None)
    return less


def check_words(words: str) -> None:
    if len(words) > LONGEST_WORDS:
        raise BadInput(f"An answer has at most {LONGEST_WORDS} characters.")
