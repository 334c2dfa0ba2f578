"""Webex: the printed video address, else number and site; on a cloud-registered device its own command.

The MTID of a ``j.php`` link is not the meeting number, so such a link alone makes no SIP address. Forms as
in public invitations and help.webex.com.
"""

import re2

from roomgate.meetings.evidence import Evidence, Found, Printed
from roomgate.meetings.meeting import How, Join, Step, sip_join
from roomgate.meetings.services.base import Offer, Recognised

_SITE = "webex.com"
_NOT_SITES = ("m.webex.com", "lync.webex.com")  # gateways into other services
_JOIN_PATH = re2.compile(r"(?:^|/)j\.php$")
_PERSONAL = re2.compile(r"^/(?:meet|join)/([A-Za-z0-9][A-Za-z0-9._-]{0,63})$")
_DIGITS = re2.compile(r"^[0-9]{9,11}$")
_NUMBER = re2.compile(r"(?i)(?:meeting number|access code)[^:0-9\n]{0,40}[:)]?\s*:?\s*([0-9](?: ?[0-9]){8,10})\b")
_NUMERIC = re2.compile(
    r"(?i)\b([0-9]{4,12})\)? (?:when dialing )?(?:from|on) (?:an? )?(?:phones?|video (?:systems?|devices?))"
)
_PASSWORD = re2.compile(r"(?i)meeting password\s*:\s*([^\s(]{1,64})")


def recognise(evidence: Evidence) -> Recognised | None:
    link = next((one for one in evidence.links if _is_link(one)), None)
    printed = _best([one for one in evidence.printed if _is_printed(one)])
    if link is None and printed is None:
        return None
    order = min(one.order for one in (link, printed) if one is not None)
    steps: list[Step] = []
    if link:
        steps.append(Step("service", f"link {link.link.shown} in {link.source}", "a Webex meeting"))
    passcode = _passcode(evidence, steps)
    offers: list[Offer] = []
    if address := _address(evidence, link, printed, steps):
        offers.append(Offer(sip_join(address, passcode)))
    target = link.link.text if link else str(printed.address) if printed else ""
    native = Join(How.NATIVE, target, "Webex Join", (("Number", target),), passcode)
    offers.append(Offer(native, cloud=True, preferred_on_cloud=True))
    return Recognised("webex", order, tuple(offers), tuple(steps))


def _is_link(one: Found) -> bool:
    link = one.link
    if not link.within(_SITE) or link.within(*_NOT_SITES):
        return False
    return bool((_JOIN_PATH.search(link.path) and link.argument("MTID")) or _PERSONAL.match(link.path))


def _is_printed(one: Printed) -> bool:
    address = one.address
    if not address.within(_SITE) or address.within(*_NOT_SITES) or address.host == _SITE:
        return False
    return bool(_DIGITS.match(address.user)) or one.labelled


def _best(printed: list[Printed]) -> Printed | None:
    return next((one for one in printed if _DIGITS.match(one.address.user)), printed[0] if printed else None)


def _address(evidence: Evidence, link: Found | None, printed: Printed | None, steps: list[Step]) -> str | None:
    if printed:
        steps.append(Step("address", f"{printed.address} in {printed.source}", "the printed address is taken"))
        return str(printed.address)
    if link is None:
        return None
    if personal := _PERSONAL.match(link.link.path):
        steps.append(Step("address", "a personal room's link", "its name at the site is the address"))
        return f"{personal.group(1)}@{link.link.host}"
    if written := evidence.first_group(_NUMBER):
        number = written.replace(" ", "")
        steps.append(Step("address", f"meeting number {number}", "no address is printed: number and site make it"))
        return f"{number}@{link.link.host}"
    steps.append(Step("address", "a link without a printed number", "the link's id is not the number: no SIP address"))
    return None


def _passcode(evidence: Evidence, steps: list[Step]) -> str | None:
    if digits := evidence.first_group(_NUMERIC):
        steps.append(Step("passcode", "a password for phones and video systems", "to be keyed in when asked"))
        return digits
    if evidence.first_group(_PASSWORD):
        steps.append(Step("passcode", "a password for computers only", "a room cannot key it in"))
    return None
