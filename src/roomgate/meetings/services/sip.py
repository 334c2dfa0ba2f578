"""A plain SIP address: only where the invitation itself says that a device is meant to dial it.

That is a ``sip:`` address, one behind a label such as "SIP:" or "Video address", or a location that is an
address and nothing else. Its domain is judged by the site's list, since no service vouches for it.
"""

from roomgate.meetings.evidence import Evidence
from roomgate.meetings.meeting import Step, sip_join
from roomgate.meetings.services.base import Offer, Recognised

MOST_OFFERS = 3


def recognise(evidence: Evidence) -> Recognised | None:
    labelled = [one for one in evidence.printed if one.labelled]
    if not labelled:
        return None
    addresses = list(dict.fromkeys(one.address for one in labelled))[:MOST_OFFERS]
    offers = tuple(Offer(sip_join(str(address)), domain=address.host) for address in addresses)
    steps = tuple(
        Step("address", f"{one.address} in {one.source}", "labelled as a room's address")
        for one in labelled
        if one.address in addresses
    )
    return Recognised("sip", labelled[0].order, offers, steps[:MOST_OFFERS])
