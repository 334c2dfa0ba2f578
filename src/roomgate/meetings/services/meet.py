"""Google Meet: the device's own WebRTC join, on a cloud-registered device.

A gateway's address that is printed beside it counts as a plain SIP address.
"""

import re2

from roomgate.meetings.evidence import Evidence
from roomgate.meetings.meeting import How, Join, Step
from roomgate.meetings.services.base import Offer, Recognised

_PATH = re2.compile(r"^/[a-z]{3}-[a-z]{4}-[a-z]{3}$")


def recognise(evidence: Evidence) -> Recognised | None:
    link = next(
        (one for one in evidence.links if one.link.host == "meet.google.com" and _PATH.match(one.link.path)), None
    )
    if link is None:
        return None
    url = f"https://meet.google.com{link.link.path}"
    join = Join(How.NATIVE, url, "WebRTC Join", (("Type", "GoogleMeet"), ("Url", url)))
    step = Step("service", f"link {link.link.shown} in {link.source}", "a Google Meet meeting")
    return Recognised("meet", link.order, (Offer(join, cloud=True),), (step,))
