"""The role that every meeting service plays: recognise itself in the evidence, and offer ways in."""

from dataclasses import dataclass
from typing import Protocol

from roomgate.meetings.evidence import Evidence, Order
from roomgate.meetings.meeting import Join, Step


@dataclass(frozen=True, slots=True)
class Offer:
    """A way in, and what it asks of the device and of the site.

    ``cloud``: only a device that is registered with its vendor's cloud has it. ``domain``: the address lies
    outside the service's own domains, so the site's list of domains decides.
    """

    join: Join
    cloud: bool = False
    preferred_on_cloud: bool = False
    domain: str | None = None


@dataclass(frozen=True, slots=True)
class Recognised:
    """A service found in an invitation: where first, how to join in the service's own order, and why."""

    service: str
    order: Order
    offers: tuple[Offer, ...]
    steps: tuple[Step, ...]


class Service(Protocol):
    """Pure: the same evidence gives the same answer, None where the service does not appear."""

    def __call__(self, evidence: Evidence) -> Recognised | None: ...
