"""A pack's file becomes a pack, or every complaint about it is told.

Patterns are RE2's, which runs in linear time whatever the pattern; their length and size are bounded, so that
no pack makes an invitation expensive. What a pack may not do is said by `roomgate.meetings.rules.reach`.
"""

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import replace

import re2

from roomgate.meetings.address import AddressRefused, check_host
from roomgate.meetings.meeting import How
from roomgate.meetings.pattern import BadPattern, Pattern, PatternSet
from roomgate.meetings.reason import Reason
from roomgate.meetings.rules.form import (
    AddressForm,
    BadPack,
    LinkForm,
    NoteForm,
    PackForm,
    RuleForm,
    TextForm,
    WayForm,
    parse_form,
)
from roomgate.meetings.rules.labels import MOST_LABEL, MOST_LABELS, build_label_pattern
from roomgate.meetings.rules.pack import ANY, AddressRule, LinkRule, Note, Pack, TextRule, Way
from roomgate.meetings.rules.template import NAME, BadTemplate, Template

MOST_PATTERN = 400  # characters of a pack's own pattern; a label's list may make more of it
MOST_RULES = 60  # of one kind in one pack
MOST_SAMPLES = 200
CLEANERS = ("digits", "lower", "unquote")
COMMANDS = ("Dial", "Zoom Join", "Webex Join", "MicrosoftTeams Join", "WebRTC Join")

_SERVICE = re2.compile(r"^[a-z][a-z0-9-]{1,30}$")
_NEVER = Pattern(r"\zx")  # in the place of one that was complained of


def parse_pack(raw: bytes, name: str, *, own: bool = False) -> Pack:
    """Pure. Raises `BadPack` with every complaint; the samples are not run here."""
    return replace(build_pack(parse_form(raw, name), name, own=own), text=raw.decode("utf-8"))


def build_pack(form: PackForm, name: str, *, own: bool = False) -> Pack:
    """Raises `BadPack` with every complaint."""
    return _Builder(form, name, own).build()


class _Builder:
    """Collects complaints while it builds; a pack with one is thrown away."""

    def __init__(self, form: PackForm, name: str, own: bool) -> None:
        self._form = form
        self._name = name
        self._own = own
        self._complaints: list[str] = []
        self._fields: set[str] = set()

    def build(self) -> Pack:
        form = self._form
        self._check_head()
        links = tuple(self._link(rule) for rule in form.link)
        addresses = tuple(self._address(rule) for rule in form.address)
        texts = tuple(self._text(rule) for rule in form.text)
        own_rules = sorted(form.rule, key=lambda rule: rule.priority)
        texts += tuple(self._own_rule(number, rule) for number, rule in enumerate(own_rules))
        derive = tuple(self._derived(field, text) for field, text in form.derive.items())
        ways = [self._way(way) for way in form.way]
        ways += [self._own_way(number, rule) for number, rule in enumerate(own_rules)]
        self._fields |= {f"way_{way.name}" for way in ways}
        notes = tuple(self._note(note) for note in form.note)
        words_need = frozenset(form.words.needs) if form.words else frozenset()
        self._known("[words] needs", words_need)
        for field, how in form.clean.items():
            self._known("[clean]", {field})
            if how not in CLEANERS:
                self._complain(f"[clean] {field}: known are {', '.join(CLEANERS)}")
        hints = self._hints()
        if self._complaints:
            raise BadPack("\n".join(f"{self._name}: {complaint}" for complaint in self._complaints))
        return Pack(
            service=form.service,
            version=form.version,
            title=form.title,
            origin=form.origin,
            priority=form.priority,
            fallback=form.fallback,
            retired=form.retired,
            domains=frozenset(form.domains),
            networks=tuple(self._networks()),
            clean=form.clean,
            derive=derive,
            words=tuple(word.casefold() for word in form.words.any) if form.words else (),
            words_need=words_need,
            links=links,
            addresses=addresses,
            texts=texts,
            text_identifies=any(rule.identifies for rule in texts),
            ways=tuple(ways),
            notes=notes,
            samples=form.sample,
            paths=PatternSet(rule.path if rule.any_host else _NEVER for rule in links),
            link_texts=frozenset(number for number, rule in enumerate(texts) if rule.links),
            patterns=PatternSet(rule.pattern for rule in texts),
            form=form,
            hints=hints,
            own=self._own,
        )

    def _complain(self, text: str) -> None:
        self._complaints.append(text[:300])

    def _check_head(self) -> None:
        form = self._form
        if not _SERVICE.match(form.service) or form.service == "none":
            self._complain("service: takes a short name in lower case, such as zoom")
        if not 1 <= form.version <= 10**9:
            self._complain("version: takes a whole number from 1")
        if not 1 <= form.priority <= 200:
            self._complain("priority: takes a whole number from 1 to 200")
        if not form.title.strip() or len(form.title) > 100:
            self._complain("title: takes a few words")
        for kind in ("link", "address", "text", "way", "note", "rule"):
            if len(getattr(form, kind)) > MOST_RULES:
                self._complain(f"[[{kind}]]: more than {MOST_RULES}")
        if not form.sample:
            self._complain("[[sample]]: at least one has to show what the rules are for")
        if len(form.sample) > MOST_SAMPLES:
            self._complain(f"[[sample]]: more than {MOST_SAMPLES}")
        if not (form.link or form.address or form.text or form.rule):
            self._complain("no [[link]], [[address]], [[text]] or [[rule]]: nothing would ever be recognised")
        for domain in form.domains:
            self._check_domain("domains", domain)
        list(self._networks(complain=True))
        if form.words:
            for word in form.words.any:
                if not 4 <= len(word) <= MOST_LABEL:
                    self._complain(f"[words] {word[:40]!r}: takes 4 to {MOST_LABEL} characters")

    def _hints(self) -> tuple[str, ...]:
        """What stands in every invitation that a rule without a host of its own is for."""
        form = self._form
        needed = any(rule.identifies for rule in form.text) or any(
            ANY in rule.hosts and rule.identifies for rule in form.link
        )
        if needed and not form.hints:
            self._complain("hints: rules for any host or text need words that stand wherever they are for something")
        for hint in form.hints:
            if not 2 <= len(hint) <= MOST_LABEL:
                self._complain(f"hints: {hint[:40]!r}: takes 2 to {MOST_LABEL} characters")
        if form.rule:
            return ("",)  # a pattern of one's own may be for any text
        return tuple(hint.casefold() for hint in form.hints)

    def _networks(self, *, complain: bool = False) -> Iterator[ipaddress.IPv4Network]:
        for text in self._form.networks:
            try:
                network = ipaddress.IPv4Network(text)
            except ValueError:
                network = None
            if network is not None and network.is_global and network.prefixlen >= 16:
                yield network
            elif complain:
                self._complain(f"networks: {text[:40]!r} is no public network of at most 65,536 addresses")

    def _check_domain(self, where: str, domain: str) -> None:
        try:
            if check_host(domain) != domain:
                self._complain(f"{where}: {domain[:60]!r} is not written in lower case")
        except AddressRefused as refused:
            self._complain(f"{where}: {domain[:60]!r}: {refused.message}")

    # -- names, patterns, templates

    def _named(self, where: str, name: str) -> None:
        if not NAME.fullmatch(name):
            self._complain(f"{where}: {name[:40]!r} is no name; takes lower-case letters, digits and _")

    def _known(self, where: str, names: Iterable[str]) -> None:
        if strange := sorted(set(names) - self._fields):
            self._complain(f"{where}: no rule before it gives {', '.join(strange)[:100]}")

    def _compiled(self, where: str, text: str, *, most: int = MOST_PATTERN) -> Pattern:
        if len(text) > most:
            self._complain(f"{where}: a pattern of more than {most} characters")
            return _NEVER
        try:
            pattern = Pattern(text)
        except BadPattern as bad:
            self._complain(f"{where}: {text[:60]!r} is no pattern that runs in linear time (RE2): {bad}"[:250])
            return _NEVER
        for group in pattern.groups:
            self._named(where, group)
            self._fields.add(group)
        return pattern

    def _template(self, where: str, text: str, *, known: bool = True) -> Template:
        try:
            template = Template.parse(text)
        except BadTemplate as bad:
            self._complain(f"{where}: {bad.message}")
            return Template(())
        if known:
            self._known(where, template.fields)
        return template

    def _says(self, name: str, *parts: str) -> tuple[str, ...]:
        said = (name, *(f"{name}_{part}" for part in parts))
        self._fields.update(said)
        return said

    def _set(self, where: str, values: dict[str, str]) -> dict[str, str]:
        for field, value in values.items():
            self._named(where, field)
            if len(value) > 200:
                self._complain(f"{where}: the value of {field} is too long")
        self._fields |= set(values)
        return {field: value for field, value in values.items() if value}

    # -- one rule of each kind

    def _link(self, form: LinkForm) -> LinkRule:
        where = f"[[link]] {form.name[:40]}"
        self._named(where, form.name)
        for host in (*form.hosts, *form.not_hosts):
            if host != ANY:
                self._check_domain(where, host)
        if not form.hosts:
            self._complain(f"{where}: names no host")
        if ANY in form.hosts and not form.path:
            self._complain(f"{where}: a rule for any host needs a path")
        says = self._says(form.name, "host", "path", "shown", "source")
        return LinkRule(
            form.name,
            frozenset(form.hosts),
            frozenset(form.not_hosts),
            self._compiled(where, form.path) if form.path else None,
            tuple((key, self._compiled(where, text)) for key, text in form.query.items()),
            tuple((key, self._compiled(where, text)) for key, text in form.not_query.items()),
            self._set(where, form.set),
            form.identifies,
            form.told or self._form.title,
            frozenset(form.unless),
            ANY in form.hosts,
            says,
        )

    def _address(self, form: AddressForm) -> AddressRule:
        where = f"[[address]] {form.name[:40]}"
        self._named(where, form.name)
        for domain in (*form.domains, *form.not_domains):
            if domain != ANY:
                self._check_domain(where, domain)
        if not form.domains:
            self._complain(f"{where}: names no domain")
        if ANY in form.domains and not form.labelled:
            self._complain(f"{where}: a rule for any domain takes labelled addresses only")
        self._most(where, form.most)
        says = self._says(form.name, "user", "host", "source")
        return AddressRule(
            form.name,
            frozenset(form.domains),
            frozenset(form.not_domains),
            self._compiled(where, form.user) if form.user else None,
            form.labelled,
            form.most,
            self._set(where, form.set),
            form.identifies,
            form.told or self._form.title,
            ANY in form.domains,
            says,
        )

    def _text(self, form: TextForm) -> TextRule:
        where = f"[[text]] {form.name[:40]}"
        self._named(where, form.name)
        self._most(where, form.most)
        if bool(form.label) == bool(form.pattern):
            self._complain(f"{where}: takes a label or a pattern")
        text = form.pattern
        pattern = _NEVER
        if form.label:
            pattern = self._labelled(where, form)
        elif text:
            pattern = self._compiled(where, f"(?im){text}")
        _, source = self._says(form.name, "source")
        return TextRule(
            form.name,
            pattern,
            self._compiled(where, form.after) if form.after else None,
            frozenset(form.sources),
            form.most,
            self._set(where, form.set),
            form.identifies,
            form.told or self._form.title,
            source,
            frozenset(form.unless),
            self._gives(form, pattern),
        )

    def _gives(self, form: TextForm, pattern: Pattern) -> frozenset[str]:
        return frozenset({form.name, *pattern.groups, *form.set})

    def _labelled(self, where: str, form: TextForm) -> Pattern:
        words = [word for spoken in self._form.labels.get(form.label, {}).values() for word in spoken]
        if not words:
            self._complain(f"{where}: [labels] has no {form.label[:40]!r}")
            return _NEVER
        if len(words) > MOST_LABELS or any(not 2 <= len(word.strip()) <= MOST_LABEL for word in words):
            self._complain(f"{where}: takes at most {MOST_LABELS} labels of 2 to {MOST_LABEL} characters each")
            return _NEVER
        value = form.value or rf"(?P<{form.name}>\S{{1,64}})"
        if self._compiled(where, value) is _NEVER:
            return _NEVER
        loose = value.startswith("(?P<") and "[0-9]" in value
        return self._compiled(where, build_label_pattern(words, value, loose=loose), most=50_000)

    def _most(self, where: str, most: int) -> None:
        if not 1 <= most <= 10:
            self._complain(f"{where}: most takes 1 to 10")

    def _derived(self, field: str, text: str) -> tuple[str, Template]:
        self._named("[derive]", field)
        template = self._template(f"[derive] {field[:40]}", text)
        self._fields.add(field)
        return field, template

    def _way(self, form: WayForm) -> Way:
        where = f"[[way]] {form.name[:40] or form.how[:40]}"
        name = form.name or form.how
        self._named(where, name)
        how = self._how(where, form.how)
        if form.each:
            self._known(f"{where} each", {form.each})
        self._known(f"{where} needs", form.needs)
        self._known(f"{where} unless", form.unless)
        if form.command and form.command not in COMMANDS:
            self._complain(f"{where}: command: known are {', '.join(COMMANDS)}")
        if how is How.NATIVE and form.command in ("", "Dial"):
            self._complain(f"{where}: a native way names its command")
        if how is not How.NATIVE and (form.command or form.arguments):
            self._complain(f"{where}: only a native way has a command and arguments")
        address = self._template(where, form.address)
        return Way(
            name,
            how,
            address,
            form.each,
            frozenset(form.needs) | (frozenset() if form.each else address.needed),
            frozenset(form.unless),
            form.command,
            tuple((key, self._template(f"{where} {key[:40]}", text)) for key, text in form.arguments.items()),
            self._template(f"{where} passcode", form.passcode) if form.passcode else None,
            form.cloud,
            form.preferred_on_cloud,
            self._template(f"{where} saw", form.saw) if form.saw else None,
            self._template(f"{where} decided", form.decided) if form.decided else None,
        )

    def _how(self, where: str, text: str) -> How:
        if text not in ("sip", "h323", "native"):
            self._complain(f"{where}: how: takes sip, h323 or native")
            return How.SIP
        return How(text)

    def _note(self, form: NoteForm) -> Note:
        where = f"[[note]] {form.step[:40]}"
        self._known(f"{where} needs", form.needs)
        self._known(f"{where} unless", form.unless)
        if form.reason and form.reason not in list(Reason):
            self._complain(f"{where}: reason: known are {', '.join(Reason)}")
        saw, decided = self._template(where, form.saw), self._template(where, form.decided)
        return Note(
            form.step[:40],
            saw,
            decided,
            saw.needed | decided.needed | frozenset(form.needs),
            frozenset(form.unless),
            form.reason,
        )

    # -- rules of one's own, in the short form

    def _own_rule(self, number: int, form: RuleForm) -> TextRule:
        where = f"[[rule]] {form.name[:40]}"
        if form.look not in ("text", "link"):
            self._complain(f"{where}: look: takes text or link")
        if not 1 <= form.priority <= 200:
            self._complain(f"{where}: priority: takes a whole number from 1 to 200")
        if not form.match:
            self._complain(f"{where}: match: takes a pattern")
        pattern = self._compiled(where, f"(?im){form.match}")
        name = f"rule{number}"
        _, source = self._says(name, "source")
        told = f"the rule {form.name[:60]!r}"
        look = form.look == "link"
        return TextRule(
            name, pattern, None, frozenset(form.sources), 1, {}, True, told, source, gives=frozenset({name}), links=look
        )

    def _own_way(self, number: int, form: RuleForm) -> Way:
        where = f"[[rule]] {form.name[:40]}"
        how = self._how(where, form.how)
        if how is How.NATIVE:
            self._complain(f"{where}: a native join takes a [[way]]")
        decided = form.name.replace("{", "(").replace("}", ")")[:60]
        address = self._template(where, form.address)
        return Way(
            "rule",  # the first one that matches counts
            how,
            address,
            "",
            address.needed | {f"rule{number}"},
            frozenset(),
            "",
            (),
            self._template(f"{where} passcode", form.passcode) if form.passcode else None,
            False,
            False,
            None,
            Template((f"made by the rule {decided}",)),
        )
