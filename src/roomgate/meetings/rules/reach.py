"""How far a pack reaches: what it can never do, whatever it says. Each address that a template made goes through here.

An address lies in one of four places: a domain or a network that this release's own packs name for their
service; one of the customer's domains, as the site's own configuration names them; nowhere that anybody vouched
for; or somewhere that no button may lead, such as a private address. Packs choose how an address is made. Where
it may lead is not theirs to say.
"""

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import msgspec

from roomgate.meetings.address import AddressRefused, Link, SipAddress, belongs, check_host, check_public_ip, suffixes
from roomgate.meetings.meeting import How

# Classes and fixed words, each linear whatever it meets: RE2 would have to encode every text first.
_IP = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_IP_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PLAIN = re.compile(r"[A-Za-z0-9 ._*#-]{1,128}")
_H323 = re.compile(r"([0-9.]{7,15})##?([0-9A-Za-z*#]{1,64})")


@dataclass(frozen=True, slots=True)
class Reach:
    """What the packs of a release vouch for: they alone make one.

    ``links``: the hosts of their links. ``networks``: by how many bits of an address name it, as a set, since a
    service may have many. ``dialled``: of the domains those that a button may lead to; left out, all of them.
    """

    domains: frozenset[str] = frozenset()
    networks: Mapping[int, frozenset[int]] = field(default_factory=dict)
    links: frozenset[str] = frozenset()
    dialled: frozenset[str] | None = None

    def vouches(self, host: str) -> bool:
        """Is the host, or a domain above it, one that a known service is dialled at?"""
        return not suffixes(host).isdisjoint(self.domains if self.dialled is None else self.dialled)

    def vouches_link(self, host: str) -> bool:
        return not suffixes(host).isdisjoint(self.links)

    def vouches_ip(self, text: str) -> bool:
        address = int(ipaddress.IPv4Address(text))
        return any(address >> (32 - bits) in named for bits, named in self.networks.items())


def networks_of(networks: Iterable[ipaddress.IPv4Network]) -> dict[int, frozenset[int]]:
    """As `Reach` has them."""
    found = defaultdict[int, set[int]](set)
    for one in networks:
        found[one.prefixlen].add(int(one.network_address) >> (32 - one.prefixlen))
    return {bits: frozenset(named) for bits, named in found.items()}


class Parsed(msgspec.Struct, frozen=True):
    """What passed its parser before, with its host: it need not again."""

    links: Mapping[str, str]
    addresses: Mapping[str, str]


NOTHING = Parsed(MappingProxyType({}), MappingProxyType({}))


class Target(msgspec.Struct, frozen=True):
    """A checked address. ``domain``: where nobody vouches for it yet, so that the site's list decides."""

    text: str
    domain: str | None


def check_target(how: How, text: str, reach: Reach, parsed: Parsed = NOTHING) -> Target:
    """Raises `AddressRefused`. ``parsed``: what need not be parsed again."""
    if how is How.NATIVE:
        check_argument("", text, reach, parsed)
        return Target(text, None)
    if how is How.H323 and (match := _H323.fullmatch(text)):
        ip = check_public_ip(match.group(1))
        if not reach.vouches_ip(ip):
            raise AddressRefused("an IP address that no known service vouches for")
        return Target(text, None)
    if host := parsed.addresses.get(text):
        return Target(text, None if reach.vouches(host) else host)
    user, _, host = text.rpartition("@")
    if _IP.fullmatch(host):
        return _check_ip(user, host, reach)
    if ";" in text or "?" in text:
        # Where an address ends, its parameters begin: what a template put behind them would be lost, its host too.
        raise AddressRefused("the address has characters that no address has")
    address = SipAddress.parse(text)
    return Target(str(address), None if reach.vouches(address.host) else address.host)


def check_argument(name: str, value: str, reach: Reach, parsed: Parsed = NOTHING) -> None:
    """An argument of a native join: a link or an address in it has to be a known service's. Raises `AddressRefused`."""
    if "//" in value or "\\" in value:
        if not reach.vouches_link(parsed.links.get(value) or Link.parse(value).host):
            raise AddressRefused("a link into no known service")
    elif "@" in value:
        if not reach.vouches(parsed.addresses.get(value) or SipAddress.parse(value).host):
            raise AddressRefused("an address of no known service")
    elif name == "Domain":
        if not reach.vouches(check_host(value)):
            raise AddressRefused("a domain of no known service")
    elif not _PLAIN.fullmatch(value):
        raise AddressRefused("the argument has characters that none has")


def _check_ip(user: str, host: str, reach: Reach) -> Target:
    ip = check_public_ip(host)
    if not _IP_USER.fullmatch(user):
        raise AddressRefused("the address has characters that no address has")
    if not reach.vouches_ip(ip):
        raise AddressRefused("an IP address that no known service vouches for")
    return Target(f"{user}@{ip}", None)


def allowed(domain: str, domains: frozenset[str] | None) -> bool:
    """Is it one of the customer's domains, or below one? Without a list none is."""
    return any(belongs(domain, one.lower()) for one in domains or ())
