"""An invitation and a device's abilities become a meeting with one join button, and the reason for it."""

from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any

from roomgate.meetings.address import belongs
from roomgate.meetings.evidence import Evidence, gather
from roomgate.meetings.invite import Invitation, Window, invitation, occurrences, parse_events
from roomgate.meetings.meeting import NO_JOIN, How, Join, Meeting, Step
from roomgate.meetings.services import meet, sip, teams, webex, zoom
from roomgate.meetings.services.base import Offer, Recognised, Service

CATALOGUE: tuple[Service, ...] = (zoom.recognise, webex.recognise, teams.recognise, meet.recognise)


@dataclass(frozen=True, slots=True)
class DeviceAbilities:
    """What a room's device can do, and where its site lets it go.

    ``registered``: with its vendor's cloud, so that its native joins work; None where that is not known.
    ``allowed_domains``: the domains that a plain SIP address may lie in; None allows any, the empty set none.
    """

    sip: bool = True
    h323: bool = True
    registered: bool | None = None
    allowed_domains: frozenset[str] | None = None


def understand(one: Invitation, device: DeviceAbilities) -> Meeting:
    """Pure and total: whatever the invitation holds, a meeting comes out, perhaps without a button."""
    evidence = gather(one)
    steps = [*one.steps, *evidence.steps]
    while evidence.older and not _says_how(evidence):
        evidence = evidence.older
        steps += [
            Step("quoted", "nothing in its own words", "the mail quoted below, or the signature, is read"),
            *evidence.steps,
        ]
    service, joins = "none", []
    if one.cancelled:
        steps.append(Step("cancelled", "the organizer called it off", "no button"))
    found = sorted((r for recognise in CATALOGUE if (r := recognise(evidence))), key=lambda r: r.order)
    plain = sip.recognise(evidence)
    if found:
        service = found[0].service
        steps += found[0].steps
        steps += [
            Step("service", f"{other.service} appears too", f"left: {service} comes first") for other in found[1:]
        ]
        joins = _choose(found[0], device, steps)
        if plain and not one.cancelled:
            joins += [join for join in _choose(plain, device, steps) if join.address not in {j.address for j in joins}]
            joins = _without_services(joins, found)
    elif plain:
        service = plain.service
        steps += plain.steps
        joins = _choose(plain, device, steps)
    else:
        steps.append(Step("service", "no known link and no labelled address", "no button"))
    if one.cancelled:
        joins = []
    first = joins[0] if joins else NO_JOIN
    if joins:
        steps.append(Step("join", f"{len(joins)} ways in", f"{first.how.value} comes first"))
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
        join=first,
        all_day=one.all_day,
        alternatives=tuple(joins[1:]),
        because=tuple(steps),
        tentative=one.tentative,
        declined_by=one.declined_by,
    )


def _says_how(evidence: Evidence) -> bool:
    return any(recognise(evidence) for recognise in (*CATALOGUE, sip.recognise))


def _choose(found: Recognised, device: DeviceAbilities, steps: list[Step]) -> list[Join]:
    kept: list[Offer] = []
    for offer in found.offers:
        if reason := _refusal(offer, device, steps):
            steps.append(Step("device", f"{offer.join.how.value} by {offer.join.command}", reason))
        else:
            kept.append(offer)
    if device.registered:
        kept.sort(key=lambda offer: not offer.preferred_on_cloud)  # stable: the service's order otherwise
    return [offer.join for offer in kept]


def _refusal(offer: Offer, device: DeviceAbilities, steps: list[Step]) -> str | None:
    if offer.domain is not None:
        allowed = device.allowed_domains
        if allowed is None:
            steps.append(Step("domain", offer.domain, "the site keeps no list of domains: any may be a button"))
        elif not any(belongs(offer.domain, domain.lower()) for domain in allowed):
            return f"refused: {offer.domain} is not among the site's allowed domains"
        else:
            steps.append(Step("domain", offer.domain, "on the site's list of allowed domains"))
    if offer.cloud:
        return "left out: the device is not registered for it" if device.registered is False else None
    if offer.join.how is How.H323:
        return None if device.h323 else "left out: the device does not speak H.323"
    return None if device.sip else "left out: the device does not speak SIP"


def _without_services(joins: list[Join], found: list[Recognised]) -> list[Join]:
    """A service's own address, printed under a label, is not offered a second time as a plain one."""
    own = {offer.join.address for one in found for offer in one.offers}
    hosts = {str(address).rsplit("@", 1)[-1] for address in own if address and "@" in address and "/" not in address}
    seen: list[Join] = []
    for join in joins:
        repeated = join.address not in own and (join.address or "").rsplit("@", 1)[-1] in hosts
        if not repeated:
            seen.append(join)
    return seen


def explain(
    raw: bytes,
    device: DeviceAbilities | None = None,
    *,
    zone: tzinfo = UTC,
    window: Window | None = None,
) -> list[dict[str, Any]]:
    """What ``roomgate meeting explain FILE`` prints: one object per event, or per occurrence in a window.

    Raises `BadInvitation`.
    """
    events = parse_events(raw, zone)
    ones = occurrences(events, window) if window else [invitation(event) for event in events]
    return [understand(one, device or DeviceAbilities()).to_json() for one in ones]
