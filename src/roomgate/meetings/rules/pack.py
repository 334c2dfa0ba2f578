"""What a rule pack is once it is checked: patterns compiled, templates read, every name accounted for.

`roomgate.meetings.rules.build` makes one of a file, `roomgate.meetings.rules.recognise` asks it.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

from roomgate.meetings.meeting import How
from roomgate.meetings.pattern import Pattern, PatternSet
from roomgate.meetings.rules.form import PackForm, SampleForm
from roomgate.meetings.rules.template import Template

ANY = "*"


@dataclass(frozen=True, slots=True)
class LinkRule:
    name: str
    hosts: frozenset[str]
    not_hosts: frozenset[str]
    path: Pattern | None
    query: tuple[tuple[str, Pattern], ...]
    not_query: tuple[tuple[str, Pattern], ...]
    set: dict[str, str]
    identifies: bool
    told: str
    unless: frozenset[str]
    any_host: bool
    says: tuple[str, ...]  # the fields of the link itself: text, host, path, what may be shown, source


@dataclass(frozen=True, slots=True)
class AddressRule:
    name: str
    domains: frozenset[str]
    not_domains: frozenset[str]
    user: Pattern | None
    labelled: bool
    most: int
    set: dict[str, str]
    identifies: bool
    told: str
    any_domain: bool
    says: tuple[str, ...]  # the fields of the address itself: text, user, host, source


@dataclass(frozen=True, slots=True)
class TextRule:
    name: str
    pattern: Pattern
    after: Pattern | None
    sources: frozenset[str]
    most: int
    set: dict[str, str]
    identifies: bool
    told: str
    source: str  # the field that says where it stood
    unless: frozenset[str] = frozenset()
    gives: frozenset[str] = frozenset()  # what there is no need to look for, where it is known
    links: bool = False  # looks at the links instead


@dataclass(frozen=True, slots=True)
class Way:
    """``needs``: without these fields nothing can be made, its address's own among them."""

    name: str
    how: How
    address: Template
    each: str
    needs: frozenset[str]
    unless: frozenset[str]
    command: str
    arguments: tuple[tuple[str, Template], ...]
    passcode: Template | None
    cloud: bool
    preferred_on_cloud: bool
    saw: Template | None
    decided: Template | None


@dataclass(frozen=True, slots=True)
class Note:
    step: str
    saw: Template
    decided: Template
    needs: frozenset[str]
    unless: frozenset[str]
    reason: str


@dataclass(frozen=True, slots=True)
class Pack:
    """One service's rules, ready for use.

    ``paths``: of the links for any host, ``patterns``: of the texts; by the number of the rule, to be asked at once.
    ``link_texts``: the numbers of those texts that are looked for in links.
    ``own``: by the customer, not shipped with this release. ``text``: the file as its author wrote it.
    """

    service: str
    version: int
    title: str
    origin: str
    priority: int
    fallback: bool
    retired: str
    domains: frozenset[str]
    networks: tuple[ipaddress.IPv4Network, ...]
    clean: Mapping[str, str]
    derive: tuple[tuple[str, Template], ...]
    words: tuple[str, ...]
    words_need: frozenset[str]
    links: tuple[LinkRule, ...]
    addresses: tuple[AddressRule, ...]
    texts: tuple[TextRule, ...]
    text_identifies: bool  # one of these shows the service by itself
    ways: tuple[Way, ...]
    notes: tuple[Note, ...]
    samples: tuple[SampleForm, ...]
    paths: PatternSet = field(repr=False)
    link_texts: frozenset[int]
    patterns: PatternSet = field(repr=False)
    form: PackForm
    hints: tuple[str, ...] = ()
    own: bool = False
    text: str = ""

    @property
    def any_address(self) -> bool:
        """Whether any address that is labelled concerns it."""
        return any(ANY in rule.domains and rule.identifies for rule in self.addresses)

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts that point to it."""
        links = (host for rule in self.links for host in rule.hosts)
        addresses = (domain for rule in self.addresses for domain in rule.domains)
        return frozenset(name for name in (*links, *addresses) if name != ANY)
