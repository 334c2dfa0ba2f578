"""All packs together: which of them an invitation is_hinted, and how far they reach.

A host points to the packs that name it, so that an invitation costs what its own service costs, however many
packs there are.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from importlib import resources

from roomgate.meetings.address import suffixes
from roomgate.meetings.evidence import Evidence
from roomgate.meetings.rules.build import parse_pack
from roomgate.meetings.rules.offer import Recognised
from roomgate.meetings.rules.pack import ANY, Pack
from roomgate.meetings.rules.reach import Reach, networks_of
from roomgate.meetings.rules.recognise import Sight, recognise


class Catalogue:
    """An immutable set of packs, one a service."""

    def __init__(self, packs: Iterable[Pack], reach: Reach | None = None) -> None:
        """``reach``: what release and site vouch for; left out, what these packs name themselves."""
        self.packs = tuple(sorted(packs, key=lambda pack: (pack.priority, pack.service)))
        self.reach = reach or _reach_of(self.packs)
        # A shipped pack leads to its own service: what another one's domain is dialled for is not this one's meeting.
        self._reaches = tuple(
            self.reach if pack.own else replace(self.reach, dialled=pack.domains) for pack in self.packs
        )
        self._at: dict[str, tuple[int, ...]] = {}
        for number, pack in enumerate(self.packs):
            for host in pack.hosts:
                self._at[host] = (*self._at.get(host, ()), number)
        self._hints = tuple((hint, number) for number, pack in enumerate(self.packs) for hint in pack.hints)
        self._any_address = frozenset(number for number, pack in enumerate(self.packs) if pack.any_address)
        self._wordy = tuple(number for number, pack in enumerate(self.packs) if pack.words)
        self._hosts = frozenset(host for pack in self.packs for host in (*pack.hosts, *pack.domains))

    def find(self, service: str) -> Pack | None:
        return next((pack for pack in self.packs if pack.service == service), None)

    def knows_host(self, host: str) -> bool:
        """Does some rule speak of this host, or of a domain above it?"""
        return bool(self._hosts & suffixes(host))

    def find_imitated(self, host: str) -> str | None:
        """The name of some rule that this host shows without belonging to it."""
        flat = host.replace(".", "-")
        return next((name for name in sorted(self._hosts) if name.replace(".", "-") in flat), None)

    def recognise(self, evidence: Evidence) -> list[Recognised]:
        """The services that appear, the one that counts first at the head."""
        sight = Sight(evidence)
        low = sight.low
        concerned = {number for hint, number in self._hints if hint in low}
        if sight.labelled:
            concerned |= self._any_address
        for name in sight.link_names | sight.printed_names:
            concerned.update(self._at.get(name, ()))
        found = [seen for number in sorted(concerned) if (seen := self._look(number, sight))]
        # Beside a link that was refused for its looks, words and a number would make the lure work after all.
        if all(one.fallback for one in found) and not sight.lured:
            found += [seen for number in self._wordy if (seen := self._look(number, sight, by_words=True))]
        return sorted(found, key=lambda one: (one.fallback, one.rank, one.order))

    def _look(self, number: int, sight: Sight, *, by_words: bool = False) -> Recognised | None:
        return recognise(self.packs[number], sight, self._reaches[number], by_words=by_words)

    def with_own(self, own: Iterable[Pack]) -> "Catalogue":
        """These packs and the customer's, whose higher versions take a shipped one's place.

        What may be reached stays as it is: a pack says how, never where.
        """
        packs = {pack.service: pack for pack in self.packs}
        packs |= {pack.service: pack for pack in own}
        return Catalogue(packs.values(), self.reach)


def _reach_of(packs: tuple[Pack, ...]) -> Reach:
    return Reach(
        domains=frozenset(domain for pack in packs for domain in pack.domains),
        networks=networks_of(network for pack in packs for network in pack.networks),
        links=frozenset(host for pack in packs for rule in pack.links for host in rule.hosts if host != ANY),
        dialled=frozenset(domain for pack in packs if not pack.retired for domain in pack.domains),
    )


@cache
def shipped() -> Catalogue:
    """The packs of this release, read once."""
    folder = resources.files("roomgate.meetings.services")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return Catalogue(parse_pack(file.read_bytes(), file.name) for file in files)
