"""A pack and the evidence become ways in: pure, and bounded by the pack's own bounds.

The rules are asked in the order links, addresses, texts, each in the order of the file. What a rule captures is
a fact; a later capture that says otherwise of the same fact belongs to another meeting, and is passed over.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from urllib.parse import unquote

from roomgate.meetings.address import AddressRefused
from roomgate.meetings.evidence import Evidence, Found, Order, Printed
from roomgate.meetings.meeting import How, Join, Step, h323_join, sip_join
from roomgate.meetings.reason import Reason, find_reason
from roomgate.meetings.rules.offer import Offer, Recognised
from roomgate.meetings.rules.pack import AddressRule, LinkRule, Pack, TextRule, Way
from roomgate.meetings.rules.pattern import Pattern
from roomgate.meetings.rules.reach import Parsed, Reach, check_argument, check_target

MOST_TRIES = 100  # matches of one pattern in one text
MOST_ARGUMENT = 2000  # the device's join commands take no longer link

# Holds the address of a conference's focus, which is no address to dial: only a client of that service can.
_FOCUS = "X-MICROSOFT-ONLINEMEETINGCONFLINK"

Fields = dict[str, str]
Captured = Mapping[str, str | None]


def suffixes(host: str) -> frozenset[str]:
    """The host and every domain above it."""
    labels = host.split(".")
    return frozenset(".".join(labels[at:]) for at in range(len(labels)))


class Sight:
    """The evidence of one invitation, made ready once for all packs that look at it."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.texts = tuple((text.source, text.text.encode()) for text in evidence.texts)
        self.links = tuple((one.source, one.link.text.encode()) for one in evidence.links)
        self.link_names = tuple(suffixes(one.link.host) for one in evidence.links)
        self.printed_names = tuple(suffixes(one.address.host) for one in evidence.printed)
        self.some_link = frozenset[str]().union(*self.link_names)  # what some link's host is, or is below
        self.some_printed = frozenset[str]().union(*self.printed_names)
        self.parsed = Parsed(
            links={one.link.text: one.link.host for one in evidence.links},
            addresses={str(one.address): one.address.host for one in evidence.printed},
        )

    @cached_property
    def low(self) -> str:
        """All that a hint or a service's own words may stand in, without case."""
        return "\n".join(
            [text.text for text in self.evidence.texts] + [one.link.text for one in self.evidence.links]
        ).casefold()

    @cached_property
    def lured(self) -> bool:
        """Was something refused because it looks like a known service's?"""
        return any(
            step.decided.startswith("refused") and find_reason(step.decided) is Reason.LOOK_ALIKE
            for step in self.evidence.steps
        )

    @cached_property
    def labelled(self) -> bool:
        return any(one.labelled for one in self.evidence.printed)


def is_hinted(pack: Pack, sight: Sight) -> bool:
    """Whether a pack that no host points to has anything to look at."""
    low = sight.low
    return any(hint in low for hint in pack.hints)


def recognise(pack: Pack, sight: Sight, reach: Reach, *, by_words: bool = False) -> Recognised | None:
    """None where the service does not appear. ``by_words``: its own words may do, for want of a link."""
    return _Reading(pack, sight, reach).read(by_words)


class _Reading:
    """One pack over one invitation."""

    def __init__(self, pack: Pack, sight: Sight, reach: Reach) -> None:
        self._pack = pack
        self._sight = sight
        self._evidence = sight.evidence
        self._reach = reach
        self._clean = dict(pack.clean)
        self._facts: Fields = {}
        self._hits: dict[str, list[Fields]] = {}
        self._orders: list[Order] = []
        self._steps: list[Step] = []

    def read(self, by_words: bool) -> Recognised | None:
        pack = self._pack
        for link_rule in pack.links:
            self._ask_links(link_rule)
        for address_rule in pack.addresses:
            self._ask_addresses(address_rule)
        spoken = not self._orders and by_words and self._spoken()
        if not self._orders and not spoken and not any(rule.identifies for rule in pack.texts):
            return None
        for text_rule in pack.texts:
            self._ask_texts(text_rule)
        if not self._orders:
            if not spoken or not pack.words_need <= self._facts.keys():
                return None
            self._orders.append((len(self._evidence.texts), 0))
            self._steps.append(Step("service", "its own words, and no link", pack.title))
        for field, template in pack.derive:
            if field not in self._facts and (value := template.fill(self._facts)):
                self._facts[field] = value
        offers: list[Offer] = []
        if pack.retired:
            self._steps.append(Step("service", pack.service, pack.retired, Reason.RETIRED_SERVICE))
        else:
            for way in pack.ways:
                offers += self._offers(way)
        for note in pack.notes:
            if self._holds(note.needs, note.unless):
                saw, decided = note.saw.fill(self._facts), note.decided.fill(self._facts)
                if saw is not None and decided is not None:
                    self._steps.append(Step(note.step, saw[:200], decided[:200], note.reason))
        rank = (bool(pack.retired), pack.priority)
        return Recognised(pack.service, rank, min(self._orders), tuple(offers), tuple(self._steps), pack.fallback)

    def _spoken(self) -> bool:
        return any(word in self._sight.low for word in self._pack.words)

    def _holds(self, needs: frozenset[str], unless: frozenset[str]) -> bool:
        facts = self._facts.keys()
        return needs <= facts and not unless & facts

    # -- what the rules capture

    def _accept(self, name: str, captured: Captured, own: Fields) -> bool:
        """Whether the capture agrees with what is known; then it is a fact. ``own``: what only this rule can say."""
        fields = {key: value for key, raw in captured.items() if raw and (value := self._cleaned(key, raw))}
        hits = self._hits.get(name, [])
        shared = fields if not hits else fields.keys() - hits[0].keys()  # a further hit differs from the first
        if any(self._facts.get(key, fields[key]) != fields[key] for key in shared):
            return False
        hit = own | fields
        if hit in hits:
            return False
        if not hits:
            self._facts = hit | self._facts
        self._hits[name] = [*hits, hit]
        return True

    def _cleaned(self, key: str, value: str) -> str:
        match self._clean.get(key):
            case "digits":
                return "".join(sign for sign in value if "0" <= sign <= "9")
            case "lower":
                return value.lower()
            case "unquote":
                return unquote(value)
            case _:
                return value

    def _identified(self, order: Order, told: str, saw: str, source: str) -> None:
        self._orders.append(order)
        self._steps.append(Step("service", f"{saw} in {source}"[:200], told))

    def _ask_links(self, rule: LinkRule) -> None:
        if rule.name in self._hits or not (rule.any_host or rule.hosts & self._sight.some_link):
            return
        if rule.unless & self._hits.keys():
            return
        for one, names in zip(self._evidence.links, self._sight.link_names, strict=True):
            if not (rule.any_host or rule.hosts & names) or rule.not_hosts & names:
                continue
            captured = _link_fields(rule, one)
            if captured is not None and self._accept(rule.name, captured, _said_by_link(rule.name, one)):
                if rule.identifies:
                    self._identified(one.order, rule.told, f"link {one.link.shown}", one.source)
                return

    def _ask_addresses(self, rule: AddressRule) -> None:
        if rule.name in self._hits or not (rule.any_domain or rule.domains & self._sight.some_printed):
            return
        taken = 0
        for one, names in zip(self._evidence.printed, self._sight.printed_names, strict=True):
            if not (rule.any_domain or rule.domains & names) or rule.not_domains & names or one.source == _FOCUS:
                continue
            if (rule.labelled and not one.labelled) or (rule.any_domain and names & self._reach.domains):
                continue  # of a known service's domains its own pack speaks
            captured = _address_fields(rule, one)
            if captured is None:
                continue
            if not self._accept(rule.name, captured, _said_by_address(rule.name, one)):
                self._steps.append(Step("address", f"{one.address} in {one.source}"[:200], "another meeting's: left"))
                continue
            if rule.identifies:
                self._identified(one.order, rule.told, str(one.address), one.source)
            taken += 1
            if taken == rule.most:
                return

    def _ask_texts(self, rule: TextRule) -> None:
        if rule.name in self._hits or rule.unless & self._facts.keys() or rule.gives <= self._facts.keys():
            return
        taken = 0
        for at, (source, text) in enumerate(self._sight.links if rule.links else self._sight.texts):
            if rule.sources and source not in rule.sources:
                continue
            for start, captured, own in _text_fields(rule, source, text):
                if not self._accept(rule.name, captured, own):
                    continue
                if rule.identifies:
                    before = len(text[:start].decode(errors="ignore"))
                    self._identified((at, before), rule.told, "its pattern", source)
                taken += 1
                if taken == rule.most:
                    return

    # -- what comes of it

    def _offers(self, way: Way) -> Iterator[Offer]:
        if not self._holds(way.needs, way.unless):
            return
        each = self._hits.get(way.each, []) if way.each else [{}]
        for hit in each:
            fields = self._facts | hit
            address = way.address.fill(fields)
            if not address:
                continue
            try:
                target = check_target(way.how, address, self._reach, self._pack.service, self._sight.parsed)
                passcode = way.passcode.fill(fields) if way.passcode else None
                join = self._join(way, target.text, passcode or None, fields)
            except AddressRefused as refused:
                self._steps.append(Step("address", address.split("?", 1)[0][:120], f"refused: {refused.message}"))
                continue
            if join is None:
                continue
            self._facts[f"way_{way.name}"] = "yes"
            yield Offer(
                way.name,
                join,
                way.cloud,
                way.preferred_on_cloud,
                target.domain,
                several=bool(way.each),
                told=self._told(way, target.text, fields),
            )

    def _told(self, way: Way, target: str, fields: Fields) -> Step | None:
        decided = way.decided.fill(fields) if way.decided else None
        if decided is None:
            return None
        saw = way.saw.fill(fields) if way.saw else None
        return Step("address", (saw or target)[:200], decided[:200])

    def _join(self, way: Way, target: str, passcode: str | None, fields: Fields) -> Join | None:
        if way.how is How.SIP:
            return sip_join(target, passcode)
        if way.how is How.H323:
            return h323_join(target, passcode)
        arguments = tuple((key, value) for key, template in way.arguments if (value := template.fill(fields)))
        longest = max((len(value) for _, value in arguments), default=0)
        if max(longest, len(target)) > MOST_ARGUMENT:
            told = "longer than the device's join command takes"
            self._steps.append(Step("link", f"{max(longest, len(target))} characters", told, Reason.TOO_LONG))
            return None
        for key, value in arguments:
            check_argument(key, value, self._reach, self._sight.parsed)
        return Join(How.NATIVE, target, way.command, arguments, passcode)


def _link_fields(rule: LinkRule, one: Found) -> Captured | None:
    link = one.link
    captured: Fields = dict(rule.set)
    if rule.path is not None and not _captures(rule.path, link.path, captured):
        return None
    for key, pattern in rule.query:
        value = link.argument(key)
        if value is None or not _captures(pattern, value, captured):
            return None
    for key, pattern in rule.not_query:
        value = link.argument(key)
        if value is not None and pattern.find(value.encode(errors="replace")):
            return None
    return captured


def _captures(pattern: Pattern, text: str, into: Fields) -> bool:
    """Whether it matches; then its groups are among the fields."""
    found = pattern.find(text.encode(errors="replace"))
    if found is None:
        return False
    into |= found[2]
    return True


def _said_by_link(name: str, one: Found) -> Fields:
    link = one.link
    said = {name: link.text, f"{name}_host": link.host, f"{name}_path": link.path}
    return said | {f"{name}_shown": link.shown, f"{name}_source": one.source}


def _address_fields(rule: AddressRule, one: Printed) -> Captured | None:
    captured: Fields = dict(rule.set)
    if rule.user is not None and not _captures(rule.user, one.address.user, captured):
        return None
    return captured


def _said_by_address(name: str, one: Printed) -> Fields:
    said = {name: str(one.address), f"{name}_user": one.address.user, f"{name}_host": one.address.host}
    return said | {f"{name}_source": one.source}


def _text_fields(rule: TextRule, source: str, text: bytes) -> Iterator[tuple[int, Captured, Fields]]:
    start = 0
    if rule.after is not None:
        heading = rule.after.find(text)
        if heading is None:
            return
        start = heading[1]
    fixed = dict(rule.set)
    for number, (begin, end, groups) in enumerate(rule.pattern.find_all(text, start)):
        if number == MOST_TRIES:
            return
        own = {rule.name: text[begin:end].decode(errors="replace").strip(), f"{rule.name}_source": source}
        yield begin, groups | fixed, own
