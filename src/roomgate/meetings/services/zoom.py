"""Zoom: a SIP address of the room connector, H.323 beside it, the device's own command last.

Grammar ``<id>[.<passcode>][.<options>][.<host key>][..<dial code>]@<domain>``, from Cisco's release notes for
RoomOS 11 and public room instructions. The ``pwd`` of a link is an encoded token and never the passcode.
"""

import re2

from roomgate.meetings.address import AddressRefused, SipAddress, check_public_ip
from roomgate.meetings.evidence import Evidence, Found, Printed
from roomgate.meetings.meeting import How, Join, Step, h323_join, sip_join
from roomgate.meetings.services.base import Offer, Recognised

LINK_DOMAINS = ("zoom.us", "zoom.com", "zoomgov.com")
DEFAULT_DOMAIN = "zoomcrc.com"
# Regional names of the room connector; each covers its sub-domains.
SIP_DOMAINS = (
    DEFAULT_DOMAIN, "zmus.us", "zmcn.us", "zmin.us", "zmeu.us", "zmau.us", "zmhk.us", "zmbr.us", "zmca.us", "zmjp.us",
)  # fmt: skip

_PATH = re2.compile(r"^/(?:j|w|s|wc|wc/join)/([0-9]{9,11})(?:/|$)")
_VANITY = re2.compile(r"^/my/[A-Za-z0-9._-]+$")
_ID = re2.compile(r"(?i)(?:meeting|webinar)[ -]?id\s*[:：]\s*([0-9][0-9 -]{7,14}[0-9])")
_USER = re2.compile(r"^([0-9]{9,11})((?:\.[0-9A-Za-z]{0,32}){0,6})$")
_PASSCODE = re2.compile(
    r"(?i)(?:pass ?code|password|passwort|kenncode|code secret|código de acceso|パスコード)\s*[:：]\s*([^\s]{1,64})"
)
_DIGITS = re2.compile(r"^[0-9]{1,10}$")
_IPV4 = re2.compile(r"\b([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}) ?\([A-Za-z]")
_H323 = re2.compile(r"(?i)h\.?323")


def recognise(evidence: Evidence) -> Recognised | None:
    link = next((one for one in evidence.links if _is_link(one)), None)
    printed = _best([one for one in evidence.printed if _is_printed(one)])
    if link is None and printed is None:
        return None
    order = min(one.order for one in (link, printed) if one is not None)
    steps: list[Step] = []
    if link:
        steps.append(Step("service", f"link {link.link.shown} in {link.source}", "a Zoom meeting"))
    number = _number(evidence, link, printed, steps)
    if number is None:
        steps.append(Step("meeting id", "a link without a number", "no address can be made of it"))
        return Recognised("zoom", order, (), tuple(steps))
    dialled, asked = _passcode(evidence, steps)
    offers: list[Offer] = []
    if printed:
        offers.append(Offer(sip_join(_with_passcode(printed.address, dialled, steps), asked)))
    elif link and link.link.within("zoomgov.com"):
        steps.append(Step("address", "no SIP address is printed", "the government service's domain is not guessed"))
    else:
        address = f"{number}.{dialled}@{DEFAULT_DOMAIN}" if dialled else f"{number}@{DEFAULT_DOMAIN}"
        steps.append(Step("address", "no SIP address is printed", f"made from the meeting id at {DEFAULT_DOMAIN}"))
        offers.append(Offer(sip_join(address, asked)))
    offers += [
        Offer(h323_join(f"{ip}##{number}" + (f"#{dialled}" if dialled else ""), asked)) for ip in _ips(evidence, steps)
    ]
    offers.append(Offer(_native(number, dialled, asked)))
    return Recognised("zoom", order, tuple(offers), tuple(steps))


def _is_link(one: Found) -> bool:
    return one.link.within(*LINK_DOMAINS) and bool(_PATH.search(one.link.path) or _VANITY.match(one.link.path))


def _is_printed(one: Printed) -> bool:
    return one.address.within(*SIP_DOMAINS) and bool(_USER.match(one.address.user))


def _best(printed: list[Printed]) -> Printed | None:
    """The one that carries its passcode already, else the first."""
    return next((one for one in printed if "." in one.address.user), printed[0] if printed else None)


def _number(evidence: Evidence, link: Found | None, printed: Printed | None, steps: list[Step]) -> str | None:
    if printed:
        number = str(_USER.match(printed.address.user).group(1))
        steps.append(
            Step("address", f"{number}@{printed.address.host} in {printed.source}", "the printed address is taken")
        )
        if link and (linked := _PATH.search(link.link.path)) and linked.group(1) != number:
            steps.append(Step("meeting id", f"the link says {linked.group(1)}", "the printed address is believed"))
        return number
    if link and (linked := _PATH.search(link.link.path)):
        steps.append(Step("meeting id", linked.group(1), "taken from the link"))
        return str(linked.group(1))
    written = evidence.first_group(_ID)
    number = "".join(sign for sign in written or "" if sign.isdigit())
    if not 9 <= len(number) <= 11:
        return None
    steps.append(Step("meeting id", number, "taken from the text, as the link is a personal name"))
    return number


def _passcode(evidence: Evidence, steps: list[Step]) -> tuple[str | None, str | None]:
    """The passcode that can be dialled, and the one to show: a room can key in digits only."""
    written = evidence.every_group(_PASSCODE)
    digits = next((one for one in written if _DIGITS.match(one)), None)
    if digits:
        steps.append(Step("passcode", "a numeric passcode", "put behind the meeting id"))
        return digits, digits
    if written:
        steps.append(
            Step("passcode", "a passcode with letters", "cannot be dialled: the meeting will ask for a numeric one")
        )
        return None, written[0]
    steps.append(Step("passcode", "none in the text", "the address goes without"))
    return None, None


def _with_passcode(address: SipAddress, dialled: str | None, steps: list[Step]) -> str:
    parts = address.user.split(".")
    if dialled and len(parts) == 1:
        parts.append(dialled)
    elif dialled and parts[1] == "":
        parts[1] = dialled
    elif len(parts) > 1 and parts[1]:
        steps.append(Step("passcode", "the printed address has one", "left as printed"))
    made = SipAddress(".".join(parts), address.host, address.port)
    return str(made)


def _ips(evidence: Evidence, steps: list[Step]) -> list[str]:
    """The printed H.323 addresses, the first three: they change, so none is known here."""
    found: list[str] = []
    for text in evidence.texts:
        heading = _H323.search(text.text)
        if not heading:
            continue
        for match in _IPV4.finditer(text.text[heading.start() :]):
            try:
                ip = check_public_ip(match.group(1))
            except AddressRefused as refused:
                steps.append(Step("address", match.group(1), f"refused: {refused.message}"))
                continue
            if ip not in found:
                found.append(ip)
            if len(found) == 3:
                return found
    return found


def _native(number: str, dialled: str | None, asked: str | None) -> Join:
    arguments = (("MeetingID", number),) + ((("MeetingPasscode", dialled),) if dialled else ())
    return Join(How.NATIVE, number, "Zoom Join", arguments, asked)
