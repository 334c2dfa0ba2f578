"""Pure: who changed a setting, when, from what to what, out of the record's entries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from roomgate.ledger.event import Event, OutcomeKnown, Permitted, Unknown

_VALUE = " Value="


@dataclass(frozen=True, slots=True)
class Changed:
    """``before`` is None where the record does not know it: it was changed at the site, or not by us."""

    at: str
    person: str
    before: str | None
    after: str
    outcome: str
    reason: str
    order: str


def contained(name: str) -> str:
    """What the entry of a change of this setting contains, and no other entry's call."""
    return f"Configuration/{name}{_VALUE}"


def build_history(
    newest_first: Sequence[Event | Unknown], outcomes: Mapping[str, OutcomeKnown], name: str
) -> list[Changed]:
    """The newest first. A value is the one before it only while every change between is one that was done."""
    start, told, value = contained(name), list[Changed](), None
    for event in reversed(newest_first):
        if not isinstance(event, Permitted) or not event.call.startswith(start):
            continue
        known = outcomes.get(event.order)
        outcome, after = known.outcome if known else "waiting", event.call.removeprefix(start)
        told.append(Changed(event.at, event.principal, value, after, outcome, event.reason, event.order))
        if outcome == "done":
            value = after
        elif outcome not in ("refused", "failed"):
            value = None  # it may have been done
    return told[::-1]


def outcomes_of(events: Iterable[Event | Unknown]) -> dict[str, OutcomeKnown]:
    """By order; of several the last."""
    return {event.order: event for event in events if isinstance(event, OutcomeKnown)}
