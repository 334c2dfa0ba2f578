"""A pack and the evidence become ways in: pure, and bounded by the pack's own bounds.

The rules are asked in the order links, addresses, texts, each in the order of the file. What a rule captures is
a fact; a later capture that says otherwise of the same fact belongs to another meeting, and is passed over.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from urllib.parse import unquote

from roomgate.meetings.address import AddressRefused, Link, suffixes
from roomgate.meetings.evidence import Evidence, Order
from roomgate.meetings.meeting import How, Join, Step, h323_join, sip_join
from roomgate.meetings.pattern import Pattern
from roomgate.meetings.reason import Reason, find_reason
from roomgate.meetings.rules.offer import Offer, Recognised
from roomgate.meetings.rules.pack import AddressRule, LinkRule, Pack, TextRule, Way
from roomgate.meetings.rules.reach import Parsed, Reach, check_argument, check_target

MOST_TRIES = 100  # matches of one pattern in one text
MOST_ARGUMENT = 2000  # the device's join commands take no longer link

_LURES = frozenset((Reason.LOOK_ALIKE, Reason.LINK_TEXT))
# Holds the address of a conference's focus, which is no address to dial: only a client of that service can.
_FOCUS = "X-MICROSOFT-ONLINEMEETINGCONFLINK"

Fields = dict[str, str]


class Sight:
    """The evidence of one invitation, made ready once for all packs that look at it.

    ``low``: all that a hint or a service's own words may stand in, without case. ``link_names``, ``printed_names``:
    what the host of some link, of some printed address is, or is below.
    """

    __slots__ = ("evidence", "labelled", "link_names", "links", "low", "parsed", "printed", "printed_names", "texts")

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.texts = [(text.source, text.text.encode()) for text in evidence.texts]
        self.links = [(one, suffixes(one.link.host)) for one in evidence.links]
        self.printed = [(one, suffixes(one.address.host)) for one in evidence.printed]
        self.link_names = frozenset[str]().union(*[names for _, names in self.links])
        self.printed_names = frozenset[str]().union(*[names for _, names in self.printed])
        self.labelled = any(one.labelled for one in evidence.printed)
        self.low = "\n".join(
            [text.text for text in evidence.texts] + [one.link.text for one in evidence.links]
        ).casefold()
        self.parsed = Parsed(
            {one.link.text: one.link.host for one in evidence.links},
            {str(one.address): one.address.host for one in evidence.printed},
        )

    @property
    def lured(self) -> bool:
        """Was something refused because it shows another place than its own?"""
        return any(
            step.decided.startswith("refused") and find_reason(step.decided) in _LURES for step in self.evidence.steps
        )


def recognise(pack: Pack, sight: Sight, reach: Reach, *, by_words: bool = False) -> Recognised | None:
    """None where the service does not appear. ``by_words``: its own words may do, for want of a link."""
    return _Reading(pack, sight, reach).read(by_words)


class _Reading:
    """One pack over one invitation."""

    __slots__ = ("_facts", "_hits", "_orders", "_pack", "_reach", "_sight", "_steps")

    def __init__(self, pack: Pack, sight: Sight, reach: Reach) -> None:
        self._pack = pack
        self._sight = sight
        self._reach = reach
        self._facts: Fields = {}
        self._hits: dict[str, list[Fields]] = {}
        self._orders: list[Order] = []
        self._steps: list[Step] = []

    def read(self, by_words: bool) -> Recognised | None:
        pack, sight = self._pack, self._sight
        if sight.links and pack.links:
            self._ask_links()
        if sight.printed and pack.addresses:
            self._ask_addresses()
        spoken = not self._orders and by_words and any(map(sight.low.__contains__, pack.words))
        if not self._orders and not spoken and not pack.text_identifies:
            return None
        if pack.texts:
            self._ask_texts()
        if not self._orders:
            if not spoken or not pack.words_need <= self._facts.keys():
                return None
            self._orders.append((len(sight.texts), 0))
            self._steps.append(Step("service", "its own words, and no link", pack.title))
        for field, template in pack.derive:
            if field not in self._facts and (value := template.fill(self._facts)):
                self._facts[field] = value
        offers: list[Offer] = []
        known = self._facts.keys()  # each way that is made adds to them
        if pack.retired:
            self._steps.append(Step("service", pack.service, pack.retired, Reason.RETIRED_SERVICE))
        else:
            for way in pack.ways:
                if known >= way.needs and known.isdisjoint(way.unless):
                    offers += self._offers(way)
        for note in pack.notes:
            if known >= note.needs and known.isdisjoint(note.unless):
                saw, decided = note.saw.fill(self._facts), note.decided.fill(self._facts)
                if saw is not None and decided is not None:
                    self._steps.append(Step(note.step, saw[:200], decided[:200], note.reason))
        rank = (bool(pack.retired), pack.priority)
        return Recognised(pack.service, rank, min(self._orders), tuple(offers), tuple(self._steps), pack.fallback)

    # -- what the rules capture

    def _accept(self, name: str, captured: Fields, own: Fields) -> bool:
        """Whether the capture agrees with what is known; then it is a fact. ``own``: what only this rule can say."""
        facts, clean = self._facts, self._pack.clean
        if clean and not clean.keys().isdisjoint(captured):
            cleaned = ((key, _cleaned(clean[key], raw) if key in clean else raw) for key, raw in captured.items())
            captured = {key: value for key, value in cleaned if value}
        hits = self._hits.get(name)
        known = hits[0].keys() if hits else ()  # a further hit differs from the first
        for key, value in captured.items():
            if key not in known and facts.get(key, value) != value:
                return False
        hit = own | captured
        if hits is None:
            self._facts = hit | facts
            self._hits[name] = [hit]
            return True
        if hit in hits:
            return False
        hits.append(hit)
        return True

    def _identified(self, order: Order, told: str, saw: str, source: str) -> None:
        self._orders.append(order)
        self._steps.append(Step("service", f"{saw} in {source}"[:200], told))

    def _ask_links(self) -> None:
        hits, here = self._hits, self._sight.link_names
        anywhere: frozenset[int] | None = None
        for number, rule in enumerate(self._pack.links):
            if rule.any_host:
                if anywhere is None:
                    anywhere = self._fitting_anywhere()
                if number not in anywhere:
                    continue
            elif rule.hosts.isdisjoint(here):
                continue
            if rule.name not in hits and hits.keys().isdisjoint(rule.unless):
                self._ask_link(rule)

    def _fitting_anywhere(self) -> frozenset[int]:
        """The rules for any host whose path some link has."""
        find = self._pack.paths.find
        return frozenset().union(*[find(one.link.path.encode()) for one, _ in self._sight.links])

    def _ask_link(self, rule: LinkRule) -> None:
        for one, names in self._sight.links:
            if not rule.not_hosts.isdisjoint(names) or not (rule.any_host or not rule.hosts.isdisjoint(names)):
                continue
            link = one.link
            if (captured := _link_fields(rule, link)) is None:
                continue
            own = dict(zip(rule.says, (link.text, link.host, link.path, link.shown, one.source), strict=True))
            if self._accept(rule.name, captured, own):
                if rule.identifies:
                    self._identified(one.order, rule.told, f"link {link.shown}", one.source)
                return

    def _ask_addresses(self) -> None:
        here = self._sight.printed_names
        for rule in self._pack.addresses:
            if rule.name not in self._hits and (rule.any_domain or not rule.domains.isdisjoint(here)):
                self._ask_address(rule)

    def _ask_address(self, rule: AddressRule) -> None:
        taken = 0
        for one, names in self._sight.printed:
            if (rule.labelled and not one.labelled) or one.source == _FOCUS:
                continue
            if not (names.isdisjoint(self._reach.domains) if rule.any_domain else not rule.domains.isdisjoint(names)):
                continue  # of a known service's domains its own pack speaks
            if not rule.not_domains.isdisjoint(names):
                continue
            address = one.address
            captured = dict(rule.set)
            if rule.user is not None and not _captures(rule.user, address.user, captured):
                continue
            text = str(address)
            if not self._accept(
                rule.name, captured, dict(zip(rule.says, (text, address.user, address.host, one.source), strict=True))
            ):
                self._steps.append(Step("address", f"{text} in {one.source}"[:200], "another meeting's: left"))
                continue
            if rule.identifies:
                self._identified(one.order, rule.told, text, one.source)
            taken += 1
            if taken == rule.most:
                return

    def _ask_texts(self) -> None:
        pack, texts = self._pack, self._sight.texts
        holding = [pack.patterns.find(text) for _, text in texts]
        for number in sorted(pack.link_texts.union(*holding)):
            rule = pack.texts[number]
            if rule.links:
                links = [one for one, _ in self._sight.links]
                self._ask_text(rule, [(at, one.source, one.link.text.encode()) for at, one in enumerate(links)])
            else:
                self._ask_text(rule, [(at, *texts[at]) for at, held in enumerate(holding) if number in held])

    def _ask_text(self, rule: TextRule, texts: Iterable[tuple[int, str, bytes]]) -> None:
        facts = self._facts.keys()
        if rule.name in self._hits or facts >= rule.gives or not facts.isdisjoint(rule.unless):
            return
        taken = 0
        for at, source, text in texts:
            if rule.sources and source not in rule.sources:
                continue
            start = 0
            if rule.after is not None:
                heading = rule.after.find(text)
                if heading is None:
                    continue
                start = heading[1]
            for begin, end, groups in islice(rule.pattern.find_all(text, start), MOST_TRIES):
                own = {rule.name: text[begin:end].decode(errors="replace").strip(), rule.source: source}
                if not self._accept(rule.name, groups | rule.set, own):
                    continue
                if rule.identifies:
                    before = len(text[:begin].decode(errors="ignore"))
                    self._identified((at, before), rule.told, "its pattern", source)
                taken += 1
                if taken == rule.most:
                    return

    # -- what comes of it

    def _offers(self, way: Way) -> Iterator[Offer]:
        for hit in self._hits.get(way.each, ()) if way.each else _ONCE:
            fields = self._facts | hit if hit else self._facts
            address = way.address.fill(fields)
            if not address:
                continue
            try:
                target = check_target(way.how, address, self._reach, self._sight.parsed)
                passcode = way.passcode.fill(fields) if way.passcode else None
                join = self._join(way, target.text, passcode or None, fields)
            except AddressRefused as refused:
                self._steps.append(Step("address", address.split("?", 1)[0][:120], f"refused: {refused.message}"))
                continue
            if join is None:
                continue
            told = self._told(way, target.text, fields)
            self._facts[f"way_{way.name}"] = "yes"
            yield Offer(
                way.name, join, way.cloud, way.preferred_on_cloud, target.domain, several=bool(way.each), told=told
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
        arguments = tuple([(key, value) for key, template in way.arguments if (value := template.fill(fields))])
        longest = max([len(target), *[len(value) for _, value in arguments]])
        if longest > MOST_ARGUMENT:
            told = "longer than the device's join command takes"
            self._steps.append(Step("link", f"{longest} characters", told, Reason.TOO_LONG))
            return None
        for key, value in arguments:
            check_argument(key, value, self._reach, self._sight.parsed)
        return Join(How.NATIVE, target, way.command, arguments, passcode)


_ONCE: tuple[Fields, ...] = ({},)


def _cleaned(how: str, value: str) -> str:
    match how:
        case "digits":
            return "".join([sign for sign in value if "0" <= sign <= "9"])
        case "lower":
            return value.lower()
        case _:
            return unquote(value)


def _link_fields(rule: LinkRule, link: Link) -> Fields | None:
    """What a link says; None where its path or its query does not fit."""
    captured = dict(rule.set)
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
