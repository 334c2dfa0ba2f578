"""What a pack makes of an invitation: the ways in, in the service's own order, and why."""

import msgspec

from roomgate.meetings.evidence import Order
from roomgate.meetings.meeting import Join, Step


class Offer(msgspec.Struct, frozen=True, gc=False):
    """A way in, and what it asks of the device and of the site.

    ``name``: of the offers that share it, only the first that can be used counts. ``cloud``: only a device that
    is registered with its vendor's cloud has it. ``domain``: no known service vouches for the address, so the
    site's list of domains decides. ``several``: one of a list, all of which count. ``told``: how it came about, for the
    explanation of those that are used.
    """

    name: str
    join: Join
    cloud: bool = False
    preferred_on_cloud: bool = False
    domain: str | None = None
    several: bool = False
    told: Step | None = None


class Recognised(msgspec.Struct, frozen=True, gc=False):
    """A service found in an invitation: where first, how to join, and why.

    ``rank``: the lower it is, the more the service counts beside others. ``fallback``: only for want of another,
    or as a further way beside it.
    """

    service: str
    rank: tuple[bool, int]
    order: Order
    offers: tuple[Offer, ...]
    steps: tuple[Step, ...]
    fallback: bool = False
