"""Why there is no button, or not the one that somebody expected: one stable word for each reason.

People read the sentence of a step; programs, pages and tests read the word. Whoever refuses an address or a
link says so in a sentence only, since it knows nothing of buttons; the word is found here.
"""

from enum import StrEnum

from roomgate.meetings.meeting import Step


class Reason(StrEnum):
    """Stable: a word is never used for another thing. New ones may come."""

    NO_ADDRESS = "no-address"  # a meeting, but nothing in it that a room could be sent to
    UNKNOWN_SERVICE = "unknown-service"  # a link into a service that no rule knows
    RETIRED_SERVICE = "retired-service"  # known, and ended
    FOREIGN_DOMAIN = "foreign-domain"  # neither a known service's nor the customer's
    PRIVATE_ADDRESS = "private-address"
    PREMIUM_NUMBER = "premium-number"
    LOOK_ALIKE = "look-alike"
    LINK_TEXT = "link-text"  # the words of a link show another place than it leads to
    NOT_A_LINK = "not-a-link"
    TOO_LONG = "too-long"
    WRAPPER_NOT_UNDONE = "wrapper-not-undone"
    BROADCAST = "broadcast"  # an audience's link: nobody joins
    DEVICE = "device"  # the device cannot do it
    CANCELLED = "cancelled"
    DISPUTED = "disputed"  # two events of one UID, and not one organizer


# What the sentences of a refusal have in common. The first that fits counts.
_SENTENCES: tuple[tuple[str, Reason], ...] = (
    ("premium", Reason.PREMIUM_NUMBER),
    ("no known service", Reason.FOREIGN_DOMAIN),
    ("look like another", Reason.LOOK_ALIKE),
    ("looks like", Reason.LOOK_ALIKE),
    ("behind a user name", Reason.LOOK_ALIKE),
    ("words of the link", Reason.LINK_TEXT),
    ("link text", Reason.LINK_TEXT),
    ("cannot be undone", Reason.WRAPPER_NOT_UNDONE),
    ("more than 3 wrappers", Reason.WRAPPER_NOT_UNDONE),
    ("too long", Reason.TOO_LONG),
    ("longer than", Reason.TOO_LONG),
    ("host name is a local one", Reason.PRIVATE_ADDRESS),
    ("IP address", Reason.PRIVATE_ADDRESS),
    ("IPv4 address", Reason.PRIVATE_ADDRESS),
    ("odd port", Reason.NOT_A_LINK),
    ("not a link", Reason.NOT_A_LINK),
    ("not a host name", Reason.NOT_A_LINK),
    ("not a port", Reason.NOT_A_LINK),
    ("no link has", Reason.NOT_A_LINK),
    ("no address has", Reason.NOT_A_LINK),
    ("only web links", Reason.NOT_A_LINK),
    ("within another address", Reason.NOT_A_LINK),
)


def find_reason(sentence: str) -> Reason | None:
    """The word for a refusal's sentence; None for a sentence that refuses nothing."""
    return next((reason for words, reason in _SENTENCES if words in sentence), None)


def with_reason(step: Step) -> Step:
    """The step with its word, where it has none yet and there is one."""
    said = step.decided
    if step.reason or not (
        "refused" in said or "looks like" in said or "cannot be undone" in said or "wrappers" in said
    ):
        return step
    reason = find_reason(said)
    if reason is None:
        return step
    return Step(step.step, step.saw, step.decided, reason)
