"""Pure: an address that alerts are sent to. What is not named here is refused, schemes and options alike.

The library that sends knows far more: plugins that run programs, read files, speak to the desktop. None of them is
reachable: an address is taken apart here first, and put together again from what was understood.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlsplit

from roomgate.errors import BadInput

LONGEST = 1000
# Whose host is the address's own: it is looked up, and must be a public one or named in `alert_hosts`.
OWN_HOST = frozenset({"json", "jsons", "mailto", "mailtos", "matrix", "matrixs", "mmost", "mmosts", "ntfy", "ntfys", "rocket", "rockets", "workflows"})  # fmt: skip
# Which send to one service that the library knows, whatever stands in the address.
SERVICES = frozenset({"discord", "gchat", "opsgenie", "pagerduty", "pover", "slack", "tgram"})
_WEB = {"https": "jsons", "http": "json"}  # what people write for a webhook
_OPTIONS = frozenset({"to", "cc", "bcc", "from", "name", "smtp", "mode", "user", "priority", "region", "footer"})
_HEADER = re.compile(
    r" [A-Za-z][A-Za-z0-9-]*"
)  # of a webhook: `+Name=…`; a plus is read as a space, and goes out as one
_PREFIX_V4 = ipaddress.ip_network("64:ff9b::/96")  # an IPv4 address in an IPv6 one


class BadAddress(BadInput):
    """Nothing is sent there."""

    code = "alert-route.address"
    hint = "Name a webhook (https://…), mail (mailtos://…) or a chat service on a public address; the guide lists them."


@dataclass(frozen=True, slots=True)
class Address:
    """``url`` as the library takes it. ``looked_up``: whether its host is to be looked up."""

    url: str
    masked: str
    looked_up: bool


def parse_address(text: str) -> Address:
    """Raises BadAddress, without a word of the address: it may hold a secret."""
    text = text.strip()
    if not text or len(text) > LONGEST or not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise BadAddress("This is not an address that alerts can be sent to.")
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        options = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError as bad:
        raise BadAddress("This is not an address that alerts can be sent to.") from bad
    scheme = _WEB.get(parts.scheme, parts.scheme)
    if scheme not in OWN_HOST | SERVICES:
        raise BadAddress("Alerts are not sent by this kind of address.")
    if not host:
        raise BadAddress("The address names no host.")
    if scheme.startswith("matrix"):
        options = [one for one in options if one[0] != "discovery"]
    if parts.fragment:
        raise BadAddress("The address has a # in it: write %23.")
    for name, value in options:
        if name not in _OPTIONS and not (scheme in ("json", "jsons") and _HEADER.fullmatch(name)):
            raise BadAddress("The address has an option that is not taken here.")
        if not f"{name}{value}".isprintable():
            raise BadAddress("The address has an option with a line break or a control character.")
    if scheme.startswith("matrix"):
        options.append(("discovery", "no"))  # it would be told another host
    # A header's mark goes out as it came. A space in a value does not: the library would take a plus for one.
    query = "&".join(
        f"{'+' * (name[0] == ' ')}{quote(name.strip())}={quote(value, safe='')}" for name, value in options
    )
    query = f"?{query}" if query else ""
    url = f"{scheme}://{parts.netloc}{parts.path}{query}"
    own = scheme in OWN_HOST
    return Address(url, f"{scheme}://{host if own else '…'}/…", own)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet's, and of nothing within."""
    try:
        ip = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and (ip.ipv4_mapped or ip.sixtofour or ip.teredo or ip in _PREFIX_V4):
        return False
    return ip.is_global and not ip.is_multicast
