"""Microsoft Teams: the interop gateway's address if the invitation has one, else the device's own command.

The meeting id, the video id of the gateway and the phone's conference id are three different numbers; only
the video id is dialled. Forms after Microsoft's cloud-video-interop pages and public invitations.
"""

import re2

from roomgate.meetings.address import AddressRefused, SipAddress
from roomgate.meetings.evidence import Evidence, Found, Order
from roomgate.meetings.meeting import How, Join, Step, sip_join
from roomgate.meetings.services.base import Offer, Recognised

LINK_DOMAINS = (
    "teams.microsoft.com", "teams.live.com", "teams.microsoft.us", "gov.teams.microsoft.us", "dod.teams.microsoft.us",
)  # fmt: skip
GATEWAYS = ("m.webex.com", "plcm.vc", "onpexip.com")  # other domains are a company's own: the site's list decides

_PATH = re2.compile(r"^/(?:l/meetup-join/.|meet/[0-9]{9,20}$)")
_TENANT = re2.compile(
    r"(?i)(?:tenant[ -]?key|mandantenschl(?:ü|ue)ssel|clé de locataire|clave de inquilino)"
    r"\s*[:：]?\s*(?:sips?:)?([^\s<>\"]+@[^\s<>\"]+)"
)
_VIDEO_ID = re2.compile(
    r"(?i)\b(?:video[ -]?id|vtc[ -]?(?:conference[ -]?)?id|video-konferenz-id|id de vidéo|id de video)"
    r"\s*[:：]?\s*([0-9](?:[ -]?[0-9]){4,17})"
)
_DIRECT = re2.compile(r"^[0-9]{6,18}\.[A-Za-z0-9-]{1,63}$")
_POLY_DIRECT = re2.compile(r"^[0-9]{4,18}\.[0-9]{6,18}$")
_DIGITS = re2.compile(r"^[0-9]{5,18}$")
_NAME = re2.compile(r"^[A-Za-z0-9-]{1,63}$")
_PEXIP = re2.compile(r"^/teams/([A-Za-z0-9.-]{3,253})/([0-9]{5,18})/?$")


def recognise(evidence: Evidence) -> Recognised | None:
    link = next((one for one in evidence.links if one.link.within(*LINK_DOMAINS) and _PATH.search(one.link.path)), None)
    steps: list[Step] = []
    gateway, order = _gateway(evidence, steps)
    if link is None and gateway is None:
        return None
    orders = [one for one in (link.order if link else None, order) if one is not None]
    if link:
        steps.insert(0, Step("service", f"link {link.link.host} in {link.source}", "a Microsoft Teams meeting"))
    offers: list[Offer] = []
    if gateway:
        outside = None if gateway.within(*GATEWAYS) else gateway.host
        offers.append(Offer(sip_join(str(gateway)), domain=outside))
    else:
        steps.append(Step("address", "no interop gateway is printed", "no SIP address: the meeting id is none"))
    if link:
        offers += _native(link, steps)
    return Recognised("teams", min(orders), tuple(offers), tuple(steps))


def _gateway(evidence: Evidence, steps: list[Step]) -> tuple[SipAddress | None, Order | None]:
    for one in evidence.printed:
        direct = (one.address.within("m.webex.com") and _DIRECT.match(one.address.user)) or (
            one.address.within("plcm.vc") and _POLY_DIRECT.match(one.address.user)
        )
        if direct:
            steps.append(Step("address", f"{one.address} in {one.source}", "the gateway's printed address is taken"))
            return one.address, one.order
    for found in evidence.links:
        if text := _from_link(found):
            return _checked(text, f"the gateway's link {found.link.host}", steps), found.order
    tenant, video = evidence.first_group(_TENANT), evidence.first_group(_VIDEO_ID)
    if tenant and video:
        key, _, domain = tenant.rstrip(".,;:)]}>").partition("@")
        digits = "".join(sign for sign in video if sign.isdigit())
        return _checked(_dial(key, domain.lower(), digits), f"tenant key at {domain[:60]} and a video id", steps), (
            0,
            0,
        )
    if tenant:
        steps.append(Step("address", "a tenant key without a video id", "not enough to dial"))
    return None, None


def _dial(key: str, domain: str, digits: str) -> str:
    if domain == "m.webex.com":
        return f"{digits}.{key}@{domain}"
    if domain == "plcm.vc" or domain.endswith(".plcm.vc"):
        return f"{key}.{digits}@{domain}"
    return f"{digits}@{domain}"


def _from_link(found: Found) -> str | None:
    link = found.link
    if link.within("webex.com") and link.path.rstrip("/").endswith("/msteams"):
        number, key, domain = (link.argument(name) or "" for name in ("confid", "tenantkey", "domain"))
        if _DIGITS.match(number) and _NAME.match(key) and domain.lower() == "m.webex.com":
            return f"{number}.{key}@m.webex.com"
    if link.within("dialin.plcm.vc"):
        key, number = link.argument("key") or "", link.argument("conf") or ""
        if _DIGITS.match(number) and _DIGITS.match(key):
            return f"{key}.{number}@t.plcm.vc"
    if link.within("pexip.me") and (match := _PEXIP.match(link.path)):
        return f"{match.group(2)}@{match.group(1)}"
    return None


def _checked(text: str, saw: str, steps: list[Step]) -> SipAddress | None:
    try:
        address = SipAddress.parse(text)
    except AddressRefused as refused:
        steps.append(Step("address", text[:120], f"refused: {refused.message}"))
        return None
    steps.append(Step("address", saw, "together they make the gateway's address"))
    return address


def _native(link: Found, steps: list[Step]) -> list[Offer]:
    url = link.link.text
    if len(url) > 2000:
        steps.append(Step("link", f"{len(url)} characters", "longer than the device's join command takes"))
        return []
    teams = Join(How.NATIVE, url, "MicrosoftTeams Join", (("Url", url),))
    webrtc = Join(How.NATIVE, url, "WebRTC Join", (("Type", "MSTeams"), ("Url", url)))
    return [Offer(teams, cloud=True), Offer(webrtc, cloud=True)]
