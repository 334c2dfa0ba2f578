"""Addresses out of foreign text, parsed strictly: web links and SIP addresses, each refused with its reason.

Nothing here is ever fetched or dialled; what passes may become a join button, so what is odd is refused.
"""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Self
from urllib.parse import parse_qs, urlsplit

import msgspec
import re2

from roomgate.errors import BadInput
from roomgate.meetings.pattern import Pattern

MOST_LINK = 4000
MOST_SIP = 255  # Dial takes no longer number

# Names that hostile addresses imitate. A host that shows one without belonging to it is refused.
KNOWN_NAMES = (
    "zoom.us", "zoom.com", "zoom.com.cn", "zoomgov.com", "zoomcrc.com", "webex.com", "teams.microsoft.com", "teams.live.com",
    "microsoft.us", "meet.google.com", "plcm.vc", "onpexip.com", "pexip.me", "pexip.com",
)  # fmt: skip

_KNOWN = frozenset(KNOWN_NAMES)
_HOST = re2.compile(r"^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$")
# Classes that part at signs which none of them has, so linear: a link without a port or anything odd.
_PLAIN_LINK = re.compile(r"(?ai:https?)://([A-Za-z0-9.-]+)(/[^?#]*)?(?:\?([^#]*))?(?:#.*)?")
# A browser takes such steps in a path, coded ones too, and goes elsewhere than it says.
_STEPS = re.compile(r"(?i)/(?:\.|%2e){1,2}(?:/|$)")
# No star in front: at a company's own exchange that is a feature code, to divert the room's calls for instance.
_USER = re.compile(r"[A-Za-z0-9+_][A-Za-z0-9._+*=!~-]{0,127}")  # two classes: linear
_PORT = re.compile(r"[0-9]{1,5}")
_SIP_PORTS = range(5060, 5100)  # behind any other there may be a printer that takes an INVITE for a page
# Numbers that cost money by the minute, as written from abroad and at home (ITU country lists, national plans),
# and satellite and international shared-cost ranges; also behind the digit that some exchanges want for a line out.
_ABROAD = r"(?:\+|[09]?(?:00|011))"
_PREMIUM = Pattern(
    rf"^(?:(?:{_ABROAD}|[09])?(?:1?900[2-9][0-9]{{6}}|0190[0-9]{{4,9}}|0900[0-9]{{4,9}}|0990[0-9]{{6}}|09[0-9]{{9}})"
    rf"|{_ABROAD}(?:449[0-9]{{7,10}}|(?:49|43|41|31|33|32|46|47|358|353)90[0-9]{{5,10}}"
    r"|(?:3389[0-9]|3480[367]|3989[29]|42090|4393|4590|6119[0-9]|81990|4870)[0-9]{4,10}"
    r"|(?:881|882|883|979)[0-9]{5,12}))$"
)
_SIGNS = str.maketrans("", "", "-.()")  # what stands between a number's digits
_LOOKS = str.maketrans({"0": "o", "1": "l", "3": "e", "5": "s", "8": "b"})


class AddressRefused(BadInput):
    """An address that no button may be made of; the message says why."""

    code = "meeting.address.refused"
    hint = "Ask the organizer for the meeting's own address."


def belongs(host: str, domain: str) -> bool:
    """Is the host this domain, or below it? Never a substring test: that is how hosts are disguised."""
    return host == domain or host.endswith("." + domain)


@lru_cache(maxsize=4096)
def suffixes(host: str) -> frozenset[str]:
    """The host and every domain above it."""
    labels = host.split(".")
    return frozenset(".".join(labels[at:]) for at in range(len(labels)))


def imitates(host: str) -> str | None:
    """The known name that this host shows without belonging to it."""
    if not _KNOWN.isdisjoint(suffixes(host)):
        return None
    plain = host.translate(_LOOKS).replace("rn", "m").replace("vv", "w")
    return next((name for name in KNOWN_NAMES if name in host or name in plain or _hyphened(name) in plain), None)


def _hyphened(name: str) -> str:
    return name.replace(".", "-")


def check_host(text: str) -> str:
    """The host in lower case, if it is an honest public name."""
    host = text.lower().removesuffix(".")
    if len(host) > 253:
        raise AddressRefused("that is not a host name")
    return _honest(host)


@lru_cache(maxsize=4096)  # of the honest ones: the same few stand in most invitations
def _honest(host: str) -> str:
    if not host.isascii() or host.startswith("xn--") or ".xn--" in host:
        raise AddressRefused("an internationalised host name can look like another one")
    if _is_ip(host):
        raise AddressRefused("an IP address stands where a host name belongs")
    if not _HOST.match(host):
        raise AddressRefused("that is not a host name")
    if host.rsplit(".", 1)[-1] in ("local", "localhost", "internal", "localdomain", "arpa", "onion"):
        raise AddressRefused("the host name is a local one")
    if name := imitates(host):
        raise AddressRefused(f"the host looks like {name} but does not belong to it")
    return host


def check_public_ip(text: str) -> str:
    """A dotted IPv4 address that is reachable from everywhere; anything else is refused."""
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError as bad:
        raise AddressRefused("that is not an IPv4 address") from bad
    if not address.is_global or address.is_multicast:
        raise AddressRefused("a private, loopback or reserved IP address")
    return str(address)


def _is_ip(host: str) -> bool:
    # 127.1, 0x7f000001 and 2130706433 are addresses too, for many a resolver.
    if ":" in host or host.startswith("["):
        return True
    last = host.rsplit(".", 1)[-1]
    return last.isdigit() or last.startswith("0x")


class Link(msgspec.Struct, frozen=True, gc=False):
    """A web link whose host is an honest name."""

    host: str
    path: str
    query: str
    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        if len(text) > MOST_LINK:
            raise AddressRefused("the link is too long")
        if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
            raise AddressRefused("the link has characters that no link has")
        if plain := _PLAIN_LINK.fullmatch(text):
            host, path, query = plain.groups("")
            return cls(check_host(host), _straight(path), query, text)
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError as bad:
            raise AddressRefused("that is not a link") from bad
        if parts.scheme.lower() not in ("https", "http"):
            raise AddressRefused("only web links are looked at")
        if "@" in parts.netloc:
            raise AddressRefused("the link hides its host behind a user name")
        if port not in (None, 80, 443):
            raise AddressRefused("the link names an odd port")
        return cls(check_host(parts.hostname or ""), _straight(parts.path), parts.query, text)

    def argument(self, name: str) -> str | None:
        """One value of the query, percent-decoded."""
        if name not in self.query and "%" not in self.query:
            return None
        return _arguments(self.query).get(name, _NO_VALUE)[0]

    def only(self, *names: str) -> str | None:
        """As `argument`, by any of these names; None where two values differ, since nobody knows which one counts."""
        values = {value for name in names for value in _arguments(self.query).get(name, ())}
        return values.pop() if len(values) == 1 else None

    def within(self, *domains: str) -> bool:
        return any(belongs(self.host, domain) for domain in domains)

    @property
    def shown(self) -> str:
        """Host and path: the query may hold a secret."""
        return (self.host + self.path)[:120]


def _straight(path: str) -> str:
    if _STEPS.search(path):
        raise AddressRefused("the link's path has steps to elsewhere, as no link has")
    return path


_NO_VALUE: list[str | None] = [None]


@lru_cache(maxsize=16)  # one link's is read several times in a row
def _arguments(query: str) -> Mapping[str, Sequence[str | None]]:
    try:
        return parse_qs(query, max_num_fields=50)
    except ValueError:
        return {}


def costs(number: str) -> bool:
    """Is a telephone number a premium-rate or satellite one?"""
    return _PREMIUM.find(number.translate(_SIGNS).encode()) is not None


class SipAddress(msgspec.Struct, frozen=True, gc=False):
    """``user@host[:port]``, without scheme, parameters or headers."""

    user: str
    host: str
    port: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        if len(text) > MOST_SIP:
            raise AddressRefused("the address is too long")
        bare = text.split(";", 1)[0].split("?", 1)[0]
        user, at, rest = bare.partition("@")
        host, colon, port = rest.partition(":")
        if not at or not _USER.fullmatch(user):
            raise AddressRefused("the address has characters that no address has")
        if colon and not _PORT.fullmatch(port):
            raise AddressRefused("that is not a port")
        if colon and int(port) not in _SIP_PORTS:
            raise AddressRefused("the address names an odd port")
        # At a meeting service a number is a meeting's, whatever it would cost on the telephone.
        number = user[user.rfind("+") :] if "+" in user else user  # whatever stands in front of it
        dialled = number[0] in "+0123456789" and _KNOWN.isdisjoint(suffixes(host))
        if dialled and costs(number):
            raise AddressRefused("the number is a premium-rate or satellite one")
        return cls(user, check_host(host), port)

    def within(self, *domains: str) -> bool:
        return any(belongs(self.host, domain) for domain in domains)

    def __str__(self) -> str:
        return f"{self.user}@{self.host}" + (f":{self.port}" if self.port else "")
