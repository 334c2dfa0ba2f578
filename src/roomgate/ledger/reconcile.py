"""Joins the hub's record and a site's by order: what one has and the other lacks is a finding.

The hub permits, the site acts or refuses. A hub that was taken over can send orders without recording
them; the site still records what it saw. A connector that was taken over can act without an order, or
keep silent about one; the hub still records what it permitted.

What an interruption explains is a note, and only what it can explain: a program that is killed loses what it had
not yet flushed, which is its last second of reads and outcomes. Never a command that was done, since both sides
write that down before it is done; never a refusal that has other reasons than the interruption itself.
"""

from collections import deque
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
MOST_BREAKS = 1000
UNFLUSHED = timedelta(seconds=2)  # how long after the last entry of a killed hub it may have worked on
BY_INTERRUPTION = frozenset({"order.link", "order.late", "session.lease", "session.cut"})  # rules of the site
Interruption = HubStarted | ConnectorGone | ConnectorConnected
UNKNOWN = "unknown"
REFUSED = "refused"


class Kind(StrEnum):
    """How the two records disagree."""

    FORGED = "forged"
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


@dataclass(slots=True)
class Breaks:
    """What interrupted the two, of late, by the hub's record: it is fed all of it, in order."""

    events: deque[Interruption] = field(default_factory=lambda: deque(maxlen=MOST_BREAKS))
    starts: deque[tuple[datetime, datetime]] = field(  # the last entry before, and the start
        default_factory=lambda: deque(maxlen=MOST_BREAKS)
    )
    _latest: str = ""

    def saw(self, event: Event | Unknown) -> None:
        if isinstance(event, Interruption):
            self.events.append(event)
        if isinstance(event, HubStarted):
            self.starts.append((parse_iso(self._latest or event.at), parse_iso(event.at)))
        if isinstance(event, Event):
            self._latest = max(self._latest, event.at)

    def lost_at(self, text: str) -> bool:
        """Whether the hub may have done it then and been killed before it was on the disk.

        By two clocks, the site's and the hub's: where they differ much, the finding stays the stricter one.
        """
        at = parse_iso(text)
        return any(
            start - NEAR <= at <= start + UNFLUSHED or last <= at <= last + UNFLUSHED for last, start in self.starts
        )


def reconcile(
    hub: Iterable[Event | Unknown],
    site: Iterable[Event | Unknown],
    *,
    now: datetime,
    grace: timedelta = GRACE,
    breaks: Breaks | None = None,
) -> list[Discrepancy]:
    """Every order on which the two disagree, in the order in which they came.

    ``hub`` should begin before ``site`` does, or permits will seem to be missing; where it is not the whole
    record, ``breaks`` has seen that. A permit younger than ``grace`` may still be on its way.
    """
    permits: dict[str, Permitted] = {}
    told: dict[str, OutcomeKnown] = {}
    first_told: dict[str, OutcomeKnown] = {}
    seen = Breaks()
    for event in hub:
        seen.saw(event)
        match event:
            case Permitted():
                permits[event.order] = event
            case OutcomeKnown():
                told[event.order] = event
                first_told.setdefault(event.order, event)

    breaks = breaks or seen
    traces: dict[str, _Trace] = {}
    found: list[Discrepancy] = []
    for event in site:
        match event:
            case OrderRefused(order=""):  # nobody can be named for what the hub's key did not sign
                title = "something came over the link that the hub's key did not sign"
                found.append(_from_site(Kind.FORGED, event, title, event))
            case OrderAbout():
                traces.setdefault(event.order, _Trace()).about.append(event)
            case OrderRefused():
                traces.setdefault(event.order, _Trace()).refused = event
            case OrderOutcome():
                traces.setdefault(event.order, _Trace()).outcome = event

    for order, trace in traces.items():
        found += _judge_trace(trace, permits.get(order), told.get(order), breaks)
    for order, permit in permits.items():
        if order in traces or _never_sent(told.get(order)) or now - parse_iso(permit.at) <= grace:
            continue
        title = "the site has no trace of an order that the hub permitted"
        if why := _interrupted(permit, first_told.get(order), breaks.events):
            found.append(_from_permit(Kind.INTERRUPTED, permit, f"{title}: {why}"))
        else:
            found.append(_from_permit(Kind.NO_TRACE, permit, title))
    return sorted(found, key=lambda d: d.at)


def _judge_trace(
    trace: _Trace, permit: Permitted | None, told: OutcomeKnown | None, breaks: Breaks
) -> Iterable[Discrepancy]:
    first = trace.first
    if permit is None:
        if first is None:
            yield from _judge_read(trace, breaks)
        elif not trace.about and _is_read(first.call) and _by_interruption(trace.refused, breaks):
            title = "the site refused a read that the hub was not given the time to record: it was started anew"
            yield _from_site(Kind.INTERRUPTED, first, title, trace.refused)
        else:
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


def _judge_read(trace: _Trace, breaks: Breaks) -> Iterable[Discrepancy]:
    """The site writes an outcome alone for what it read: for a command "about to" is durable before."""
    seen = trace.outcome
    if seen is None:
        return
    title, kind = "the site answered a read that the hub's ledger does not have", Kind.NOT_PERMITTED
    if breaks.lost_at(seen.at):
        title, kind = f"{title}: the hub was started anew before it could record it", Kind.INTERRUPTED
    yield Discrepancy(kind, seen.order, seen.room, "", "", title, at=seen.at)


def _by_interruption(refused: OrderRefused | None, breaks: Breaks) -> bool:
    return refused is not None and refused.rule in BY_INTERRUPTION and breaks.lost_at(refused.at)


def _is_read(call: str) -> bool:
    """By the call's text, as a record has it."""
    return call.startswith(("Status", "Event")) or (call.startswith("Configuration") and " Value=" not in call)


def _interrupted(permit: Permitted, told: OutcomeKnown | None, breaks: Iterable[Interruption]) -> str:
    """Which interruption explains that the site knows nothing of this order; "" for none.

    All times are of the hub's own record. An outcome that the hub never recorded is explained by its next
    start, however late: while it runs it records every end. A command that was done is explained by nothing:
    the site wrote it down before.
    """
    if told is not None and told.outcome == "done" and not _is_read(permit.call):
        return ""
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


def _never_sent(told: OutcomeKnown | None) -> bool:
    """The hub itself says that the order was never carried out, so that the site need not know of it."""
    return told is not None and told.outcome not in ("done", UNKNOWN)


def _from_site(kind: Kind, seen: OrderAbout | OrderRefused, title: str, refused: OrderRefused | None) -> Discrepancy:
    rule = refused.rule if refused is not None else ""
    return Discrepancy(kind, seen.order, seen.room, seen.call, seen.principal, title, rule, seen.at)


def _from_permit(kind: Kind, permit: Permitted, title: str) -> Discrepancy:
    return Discrepancy(kind, permit.order, permit.room, permit.call, permit.principal, title, at=permit.at)
