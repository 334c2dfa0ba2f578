"""An invitation and a device's abilities become a meeting with one join button, and the reason for it.

What is a meeting, and how it is joined, is said by rule packs (`roomgate.meetings.rules`); here it is decided
which of the ways they offer this device can take, and which the site lets it take.
"""

from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any

from roomgate.meetings.evidence import Evidence, find_telephone, gather
from roomgate.meetings.invite import Invitation, Window, occurrences, parse_events, stated
from roomgate.meetings.meeting import NO_JOIN, How, Join, Meeting, Step
from roomgate.meetings.reason import Reason, with_reason
from roomgate.meetings.rules.catalogue import Catalogue, shipped
from roomgate.meetings.rules.offer import Offer, Recognised
from roomgate.meetings.rules.reach import allowed
from roomgate.meetings.unwrap import find_imitated as find_wrapper_imitated

MOST_STEPS = 100


@dataclass(frozen=True, slots=True)
class DeviceAbilities:
    """What a room's device can do, and where its site lets it go.

    ``registered``: with its vendor's cloud, so that its native joins work; None where that is not known.
    ``allowed_domains``: the customer's own domains, in which an address may lie that no known service vouches
    for. Left out, there are none, and only known services become buttons.
    """

    sip: bool = True
    h323: bool = True
    registered: bool | None = None
    allowed_domains: frozenset[str] | None = None


def understand(one: Invitation, device: DeviceAbilities, rules: Catalogue | None = None) -> Meeting:
    """Pure and total: whatever the invitation holds, a meeting comes out, perhaps without a button.

    ``rules``: the packs to go by; left out, those of this release.
    """
    catalogue = rules or shipped()
    evidence = gather(one)
    steps = [*one.steps, *evidence.steps]
    if one.cancelled:
        steps.append(Step("cancelled", "the organizer called it off", "no button", Reason.CANCELLED))
    service, joins = _joins(catalogue, evidence, device, steps)
    if one.cancelled:
        joins = []
    if joins:
        # What no address may look like a service with networks of its own may print: it has just vouched for it.
        taken = {join.address for join in joins}
        steps = [step for step in steps if not (step.saw in taken and step.decided.startswith("refused"))]
        steps.append(
            Step("join", "1 way in" if len(joins) == 1 else f"{len(joins)} ways in", f"{joins[0].how} comes first")
        )
    elif service != "none" and not one.cancelled and not any(step.reason for step in steps):
        steps.append(Step("join", f"{service}, and no way in", "no button", Reason.NO_ADDRESS))
    return Meeting(
        uid=one.uid,
        recurrence_id=one.recurrence_id,
        service=service,
        title=one.title,
        start=one.start,
        end=one.end,
        organizer=one.organizer,
        private=one.private,
        cancelled=one.cancelled,
        join=joins[0] if joins else NO_JOIN,
        all_day=one.all_day,
        alternatives=tuple(joins[1:]),
        because=tuple([with_reason(step) for step in steps[:MOST_STEPS]]),
        tentative=one.tentative,
        declined_by=one.declined_by,
    )


def _joins(
    catalogue: Catalogue, evidence: Evidence, device: DeviceAbilities, steps: list[Step]
) -> tuple[str, list[Join]]:
    """The service, and its ways in with the best first."""
    found = _recognised(catalogue, evidence, steps)
    while not found and evidence.older:
        evidence = evidence.older
        steps += [
            Step("quoted", "nothing in its own words", "the mail quoted below, or the signature, is read"),
            *evidence.steps,
        ]
        found = _recognised(catalogue, evidence, steps)
    if not found:
        steps += [told] if (told := find_telephone(evidence)) else []
        steps.append(_nothing(catalogue, evidence))
        return "none", []
    first = found[0]
    steps += first.steps
    joins = _choose(first, device, steps)
    plain = [one for one in found[1:] if one.fallback]
    steps += [
        Step("service", f"{other.service} appears too", f"left: {first.service} comes first")
        for other in found[1:]
        if not other.fallback
    ]
    for other in plain:
        steps += other.steps
        known = {join.address for join in joins}
        hosts = {_host(offer.join) for offer in first.offers if offer.join.how is not How.NATIVE}
        more = (join for join in _choose(other, device, steps) if join.address not in known)
        joins += [join for join in more if _host(join) not in hosts]  # the service took from there what it needs
    return first.service, joins


def _recognised(catalogue: Catalogue, evidence: Evidence, steps: list[Step]) -> list[Recognised]:
    found = catalogue.recognise(evidence)
    while found and found[0].fallback and not found[0].offers:
        steps += found.pop(0).steps  # an address that is none makes no service
    return found


def _nothing(catalogue: Catalogue, evidence: Evidence) -> Step:
    strange = next((one.link.host for one in evidence.links if not catalogue.knows_host(one.link.host)), None)
    if strange is None:
        return Step("service", "no known link and no labelled address", "no button", Reason.NO_ADDRESS)
    saw = f"no known link and no labelled address; a link to {strange}"[:200]
    if wrapper := find_wrapper_imitated(strange):
        told = f"no button: the link looks like one that {wrapper} wrapped, but its host does not belong to it"
        return Step("service", saw, told)
    if name := catalogue.find_imitated(strange):
        return Step("service", saw, f"no button: the host looks like {name} but does not belong to it")
    return Step("service", saw, "no button: no rule knows such a service", Reason.UNKNOWN_SERVICE)


def _choose(found: Recognised, device: DeviceAbilities, steps: list[Step]) -> list[Join]:
    kept: list[Offer] = []
    names: set[str] = set()
    targets: set[tuple[How, str | None, str | None]] = set()
    for offer in found.offers:
        if offer.name in names and not offer.several:
            continue
        join = offer.join
        target = join.how, join.address, join.command
        if refused := _refusal(offer, device, steps):
            steps.append(refused)
        elif target not in targets:
            kept.append(offer)
            names.add(offer.name)
            targets.add(target)
            steps += [offer.told] if offer.told else []
    if device.registered:
        kept.sort(key=lambda offer: not offer.preferred_on_cloud)  # stable: the service's order otherwise
    return [offer.join for offer in kept]


def _host(join: Join) -> str:
    return (join.address or "").rpartition("@")[2]


def _refusal(offer: Offer, device: DeviceAbilities, steps: list[Step]) -> Step | None:
    saw = f"{offer.join.how} by {offer.join.command}"
    if offer.domain is not None:
        if not allowed(offer.domain, device.allowed_domains):
            told = f"refused: {offer.domain} is not among the site's allowed domains"
            return Step("domain", saw, told[:200], Reason.FOREIGN_DOMAIN)
        steps.append(Step("domain", offer.domain[:200], "on the site's list of allowed domains"))
    if offer.cloud:
        unable = device.registered is False
        return Step("device", saw, "left out: the device is not registered for it", Reason.DEVICE) if unable else None
    if offer.join.how is How.H323:
        unable = not device.h323
        return Step("device", saw, "left out: the device does not speak H.323", Reason.DEVICE) if unable else None
    return None if device.sip else Step("device", saw, "left out: the device does not speak SIP", Reason.DEVICE)


def explain(
    raw: bytes,
    device: DeviceAbilities | None = None,
    *,
    zone: tzinfo = UTC,
    window: Window | None = None,
    rules: Catalogue | None = None,
) -> list[dict[str, Any]]:
    """What ``roomgate meeting explain FILE`` prints: one object per event, or per occurrence in a window; of an event
    that stands there twice its latest word.

    Raises `BadInvitation`.
    """
    events = parse_events(raw, zone)
    ones = occurrences(events, window) if window else stated(events)
    return [understand(one, device or DeviceAbilities(), rules).to_json() for one in ones]
