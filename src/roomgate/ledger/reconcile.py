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
from roomgate.ledger.event import (
    ConnectorConnected,
    ConnectorGone,
    Event,
    HubStarted,
    OrderAbout,
    OrderOutcome,
    OrderRefused,
    OutcomeKnown,
    Permitted,
    Unknown,
)

GRACE = timedelta(minutes=2)
NEAR = timedelta(seconds=15)  # how far a restart or a lost link may lie from what it explains
Interruption = HubStarted | ConnectorGone | ConnectorConnected
UNKNOWN = "unknown"
REFUSED = "refused"


class Kind(StrEnum):
    """How the two records disagree."""

    NOT_PERMITTED = "site-only"
    NO_TRACE = "hub-only"
    OTHER_CALL = "other-call"
    TWICE = "twice"
    OTHER_OUTCOME = "other-outcome"
    INTERRUPTED = "interrupted"


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
    first_told: dict[str, OutcomeKnown] = {}
    breaks: list[Interruption] = []
    for event in hub:
        match event:
            case Permitted():
                permits[event.order] = event
            case OutcomeKnown():
                told[event.order] = event
                first_told.setdefault(event.order, event)
            case HubStarted() | ConnectorGone() | ConnectorConnected():
                breaks.append(event)

    traces: dict[str, _Trace] = {}
    for event in site:
        match event:
            case OrderAbout():
                traces.setdefault(event.order, _Trace()).about.append(event)
            case OrderRefused():
                traces.setdefault(event.order, _Trace()).refused = event
            case OrderOutcome():
                traces.setdefault(event.order, _Trace()).outcome = event

    found = [
        d for order, trace in traces.items() for d in _judge_trace(trace, permits.get(order), told.get(order), breaks)
    ]
    for order, permit in permits.items():
        if order in traces or _never_sent(told.get(order)) or now - parse_iso(permit.at) <= grace:
            continue
        title = "the site has no trace of an order that the hub permitted"
        if why := _interrupted(permit, first_told.get(order), breaks):
            found.append(_from_permit(Kind.INTERRUPTED, permit, f"{title}: {why}"))
        else:
            found.append(_from_permit(Kind.NO_TRACE, permit, title))
    return sorted(found, key=lambda d: d.at)


def _judge_trace(
    trace: _Trace, permit: Permitted | None, told: OutcomeKnown | None, breaks: list[Interruption]
) -> Iterable[Discrepancy]:
    first = trace.first
    if permit is None:
        if first is not None and not trace.about and _is_read(first.call) and _hub_restarted(first, breaks):
            title = "the site refused a read that the hub was not given the time to record: it was started anew"
            yield _from_site(Kind.INTERRUPTED, first, title, trace.refused)
        elif first is not None:
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


def _is_read(call: str) -> bool:
    """By the call's text, as a record has it."""
    return call.startswith(("Status", "Event")) or (call.startswith("Configuration") and " Value=" not in call)


def _interrupted(permit: Permitted, told: OutcomeKnown | None, breaks: list[Interruption]) -> str:
    """Which interruption explains that the site knows nothing of this order; "" for none.

    All times are of the hub's own record. An outcome that the hub never recorded is explained by its next
    start, however late: while it runs it records every end.
    """
    begin = parse_iso(permit.at)
    end = parse_iso(told.at) + NEAR if told is not None else None
    for event in breaks:
        if parse_iso(event.at) < begin:
            continue
        match event:
            case HubStarted() if end is None or parse_iso(event.at) <= end:
                return "the hub was started anew while it was under way"
            case ConnectorGone(connector=lost) | ConnectorConnected(connector=lost):
                if lost == permit.connector and end is not None and parse_iso(event.at) <= end:
                    return "the link to the site was lost while it was under way"
    return ""


def _hub_restarted(seen: OrderAbout | OrderRefused, breaks: list[Interruption]) -> bool:
    """By two clocks, the site's and the hub's: where they differ much, the finding stays the stricter one."""
    at = parse_iso(seen.at)
    return any(isinstance(b, HubStarted) and abs(parse_iso(b.at) - at) <= NEAR for b in breaks)


def _never_sent(told: OutcomeKnown | None) -> bool:
    """The hub itself says that the order was never carried out, so that the site need not know of it."""
    return told is not None and told.outcome not in ("done", UNKNOWN)


def _from_site(kind: Kind, seen: OrderAbout | OrderRefused, title: str, refused: OrderRefused | None) -> Discrepancy:
    rule = refused.rule if refused is not None else ""
    return Discrepancy(kind, seen.order, seen.room, seen.call, seen.principal, title, rule, seen.at)


def _from_permit(kind: Kind, permit: Permitted, title: str) -> Discrepancy:
    return Discrepancy(kind, permit.order, permit.room, permit.call, permit.principal, title, at=permit.at)
