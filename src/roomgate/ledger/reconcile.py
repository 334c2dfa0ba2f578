"""Joins the hub's record and a site's by order: what one has and the other lacks is a finding.

The hub permits, the site acts or refuses. A hub that was taken over can send orders without recording
them; the site still records what it saw. A connector that was taken over can act without an order, or
keep silent about one; the hub still records what it permitted.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from roomgate.clock import parse_iso
from roomgate.ledger.event import Event, OrderAbout, OrderOutcome, OrderRefused, OutcomeKnown, Permitted, Unknown

GRACE = timedelta(minutes=2)
UNKNOWN = "unknown"
REFUSED = "refused"


class Kind(StrEnum):
    """How the two records disagree."""

    NOT_PERMITTED = "site-only"
    NO_TRACE = "hub-only"
    OTHER_CALL = "other-call"
    TWICE = "twice"
    OTHER_OUTCOME = "other-outcome"


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One order on which the records disagree, in words for an administrator."""

    kind: Kind
    order: str
    room: str
    call: str
    principal: str
    title: str
    rule: str = ""
    at: str = ""


@dataclass(slots=True)
class _Trace:
    """What the site says of one order."""

    about: list[OrderAbout] = field(default_factory=list)
    refused: OrderRefused | None = None
    outcome: OrderOutcome | None = None

    @property
    def first(self) -> OrderAbout | OrderRefused | None:
        return self.about[0] if self.about else self.refused


def reconcile(
    hub: Iterable[Event | Unknown], site: Iterable[Event | Unknown], *, now: datetime, grace: timedelta = GRACE
) -> list[Discrepancy]:
    """Every order on which the two disagree, in the order in which they came.

    ``hub`` should begin before ``site`` does, or permits will seem to be missing. A permit younger than
    ``grace`` may still be on its way.
    """
    permits: dict[str, Permitted] = {}
    told: dict[str, OutcomeKnown] = {}
    for event in hub:
        match event:
            case Permitted():
                permits[event.order] = event
            case OutcomeKnown():
                told[event.order] = event

    traces: dict[str, _Trace] = {}
    for event in site:
        match event:
            case OrderAbout():
                traces.setdefault(event.order, _Trace()).about.append(event)
            case OrderRefused():
                traces.setdefault(event.order, _Trace()).refused = event
            case OrderOutcome():
                traces.setdefault(event.order, _Trace()).outcome = event

    found = [d for order, trace in traces.items() for d in _judge_trace(trace, permits.get(order), told.get(order))]
    for order, permit in permits.items():
        if order not in traces and not _never_sent(told.get(order)) and now - parse_iso(permit.at) > grace:
            found.append(
                _from_permit(Kind.NO_TRACE, permit, "the site has no trace of an order that the hub permitted")
            )
    return sorted(found, key=lambda d: d.at)


def _judge_trace(trace: _Trace, permit: Permitted | None, told: OutcomeKnown | None) -> Iterable[Discrepancy]:
    first = trace.first
    if permit is None:
        if first is not None:
            did = "acted on" if trace.about else "refused"
            title = f"the site {did} an order that the hub's ledger does not have"
            yield _from_site(Kind.NOT_PERMITTED, first, title, trace.refused)
        return
    if first is not None and (first.digest, first.room, first.principal) != (
        permit.digest,
        permit.room,
        permit.principal,
    ):
        title = f"the site was asked for something else than the hub permitted: {permit.call} in {permit.room}"
        yield _from_site(Kind.OTHER_CALL, first, title, trace.refused)
    if len(trace.about) > 1:
        yield _from_permit(Kind.TWICE, permit, f"the site acted {len(trace.about)} times on one order")
    here = REFUSED if trace.refused is not None else trace.outcome.outcome if trace.outcome is not None else UNKNOWN
    there = told.outcome if told is not None else UNKNOWN
    if UNKNOWN not in (here, there) and here != there:
        yield _from_permit(Kind.OTHER_OUTCOME, permit, f"the hub recorded “{there}”, the site “{here}”")


def _never_sent(told: OutcomeKnown | None) -> bool:
    """The hub itself says that the order was never carried out, so that the site need not know of it."""
    return told is not None and told.outcome not in ("done", UNKNOWN)


def _from_site(kind: Kind, seen: OrderAbout | OrderRefused, title: str, refused: OrderRefused | None) -> Discrepancy:
    rule = refused.rule if refused is not None else ""
    return Discrepancy(kind, seen.order, seen.room, seen.call, seen.principal, title, rule, seen.at)


def _from_permit(kind: Kind, permit: Permitted, title: str) -> Discrepancy:
    return Discrepancy(kind, permit.order, permit.room, permit.call, permit.principal, title, at=permit.at)
