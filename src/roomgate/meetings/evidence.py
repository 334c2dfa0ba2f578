"""What an invitation holds that a meeting could be joined by: links, printed addresses, and what was refused.

Its own words come first. Mail that is quoted below them, and then the signature, are evidence of their own, for
who found nothing above: last week's number must not stand beside this week's link. Of a link its target counts;
words that show an address themselves are compared with it, and are evidence of nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

import re2

from roomgate.meetings import quoted
from roomgate.meetings.address import AddressRefused, Link, SipAddress, belongs, imitates
from roomgate.meetings.invite import Invitation, Text
from roomgate.meetings.meeting import Step
from roomgate.meetings.unwrap import Unwrapped, unwrap

MOST_LINKS = 200
MOST_ADDRESSES = 200
MOST_STEPS = 60
MOST_MATCHES = 2000  # looked at in one text, whatever they turn out to be

_TARGETS = r"https?|sips?|h323|mailto|tel|callto|javascript|vbscript|data|file|ftp|conf|pexip|msteams|zoommtg"
# Words with a target, as mail programs write links in plain text; or a link as it stands.
_LINK = re2.compile(rf"(?i)([^\s<>\"]*)<((?:{_TARGETS}):[^<>\s]*)>|https?:(?://|\\\\)[^\s<>\"]+")
_BARE = re2.compile(r"(?i)(?:^|[\s(\[<>:：,;'*|])((?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}/[^\s<>\"]+)")
_ADDRESSED = re2.compile(r"(?i)(?:://|@|[a-z0-9]\.[a-z]{2})")
_TAIL = ".,;:!?)]}>'*|»”’"
_ENTITIES = ("&gt;", "&lt;", "&quot;", "&#39;", "&nbsp;", "&apos;")
_ADDRESS = re2.compile(
    r"(?i)(?:\b(conf:sips?|sips?|h323|mailto|tel|callto|xmpp|im):(?://)?)?"
    r"([^\s<>\"(),;:@\[\]|/\\]{1,256})@([^\s<>\"(),@|/\\]{1,512})"
)
# Words that announce an address for a room's device, in the languages of the invitations that we know.
_LABEL = re2.compile(
    r"(?i)\b(?:sips?|h\.?323|video[ -]?(?:address|adresse|call|uri|room|system|conferenc\w*|konferenz\w*|endpoint"
    r"|number)|room system|dial)\b|^\s*video\b"
)
_LABEL_AFTER = re2.compile(r"(?i)^\s*\(\s*(?:sip|video)")
# A number or a name long enough that two texts which have it speak of the same meeting.
_TELLING = re2.compile(r"[0-9]{8}|[0-9A-Fa-f]{16}|[a-z]{3}-[a-z]{4}-[a-z]{3}|/l/meetup-join/|MTID=|/meet/")

_NOT_DIALLED = frozenset(("mailto", "tel", "callto", "xmpp", "im", "conf:sip", "conf:sips"))
_MISLED = "refused: the words of the link show another address than the one it leads to"

Order = tuple[int, int]  # which field, where in it: the earlier, the more it counts


@dataclass(frozen=True, slots=True)
class Found:
    """A link of the invitation, wrappers taken off."""

    link: Link
    order: Order
    source: str


@dataclass(frozen=True, slots=True)
class Printed:
    """An address of the invitation. ``labelled``: it says itself that a device is meant to dial it."""

    address: SipAddress
    order: Order
    source: str
    labelled: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """``older``: what stands in quoted mail, and last in a signature, for who found nothing here."""

    texts: tuple[Text, ...]
    links: tuple[Found, ...]
    printed: tuple[Printed, ...]
    steps: tuple[Step, ...]
    older: "Evidence | None" = None

    def first_group(self, pattern: object) -> str | None:
        """The first group of the first match in any text, in the order of belief."""
        for text in self.texts:
            if match := pattern.search(text.text):  # type: ignore[attr-defined]  # re2 ships no types
                return str(match.group(1))
        return None

    def every_group(self, pattern: object) -> list[str]:
        """The first groups of the first hundred matches of every text."""
        found: list[str] = []
        for text in self.texts:
            for match in pattern.finditer(text.text):  # type: ignore[attr-defined]  # re2 ships no types
                found.append(str(match.group(1)))
                if len(found) == 100:
                    return found
        return found


def gather(invitation: Invitation) -> Evidence:
    """Pure, and bounded: so many links, addresses and steps, and not one more."""
    parts = [(text.source, quoted.split(text.text)) for text in invitation.texts]
    own = _evidence(((source, part.own) for source, part in parts), invitation.mailboxes)
    older = [(source, part.older) for source, part in parts if part.older.strip()]
    signed = [(source, part.signature) for source, part in parts if part.signature.strip()]
    if older and _same_meeting(own, _evidence(older, invitation.mailboxes)):
        # A forwarded invitation whose link was put on top: what is quoted says how to get into it.
        together = ((source, f"{part.own}\n{part.older}") for source, part in parts)
        own, older = _evidence(together, invitation.mailboxes), []
    last: Evidence | None = None
    for below in (signed, older):
        if below:
            found = _evidence(below, invitation.mailboxes)
            last = Evidence(found.texts, found.links, found.printed, found.steps, last)
    return Evidence(own.texts, own.links, own.printed, own.steps, last)


def _same_meeting(one: Evidence, other: Evidence) -> bool:
    return bool(_telling(one) & _telling(other))


def _telling(evidence: Evidence) -> set[str]:
    links = {f"{one.link.host}{one.link.path}?{one.link.query}" for one in evidence.links}
    return {text for text in links | {str(one.address) for one in evidence.printed} if _TELLING.search(text)}


def _evidence(texts: Iterable[tuple[str, str]], mailboxes: frozenset[str]) -> Evidence:
    gathering = _Gathering(mailboxes)
    read = tuple(Text(source, gathering.read(at, source, text)) for at, (source, text) in enumerate(texts))
    return Evidence(
        read, tuple(gathering.links), tuple(gathering.printed), tuple(dict.fromkeys(gathering.steps))[:MOST_STEPS]
    )


@dataclass(slots=True)
class _Gathering:
    """One pass over the texts of one invitation."""

    mailboxes: frozenset[str]
    links: list[Found] = field(default_factory=list)
    printed: list[Printed] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def read(self, at: int, source: str, text: str) -> str:
        """Collect what stands in a text; what is handed back is the text without misleading words."""
        if "@" not in text and "/" not in text and ":" not in text:
            return text
        kept, rest = self._read_links(at, source, text) if ":" in text else (text, text)
        if "/" in rest:
            rest = self._read_bare_links(at, source, rest)
        if "@" in rest:
            self._read_addresses(at, source, rest)
        return kept

    def _tell(self, step: str, saw: str, decided: str) -> None:
        if len(self.steps) < 4 * MOST_STEPS:  # some of them are the same
            self.steps.append(Step(step, saw, decided))

    # ---- links ------------------------------------------------------------------------------------

    def _read_links(self, at: int, source: str, text: str) -> tuple[str, str]:
        """The text with its links and without words that mislead, and the text without either."""
        kept: list[str] = []
        rest: list[str] = []
        end = 0
        for count, match in enumerate(_LINK.finditer(text)):
            if count == MOST_MATCHES:
                break
            start, stop = match.span()
            words, target = match.groups()
            kept.append(text[end:start])
            rest.append(text[end:start])
            end = stop
            if target is None:
                bare, after = _ended(match.group(0))
                kept.append(match.group(0))
                rest.append(" " + after)
                self._add(source, (at, start), unwrap(bare), told=True)
                continue
            said = self._read_target((at, start), source, words or "", target)
            kept.append(f"{said}<{target}>")
            scheme = target.partition(":")[0].lower()
            rest.append(f"{said} {target} " if scheme in ("sip", "sips", "h323") else f"{said} ")
        kept.append(text[end:])
        rest.append(text[end:])
        return "".join(kept), "".join(rest)

    def _read_target(self, order: Order, source: str, words: str, target: str) -> str:
        """A link with its words: what is handed back is the words, if they may be read as a part of the text."""
        scheme, _, body = target.partition(":")
        scheme = scheme.lower()
        shows = bool(words and _ADDRESSED.search(words))
        if scheme in ("http", "https"):
            made = unwrap(_ended(target)[0])
            self._add(source, order, made, told=True)
            if shows and made.stuck is None and not _agree(_host_shown(words), made.link.host if made.link else ""):
                self._tell("link text", _shown(words), _MISLED)
            return "" if shows else words
        address = unquote(body.partition("?")[0].partition(";")[0]).strip("/ ").lower()
        if words.partition(":")[2].lower() == address or words.strip(_TAIL).lower() == address:
            return words
        if shows:
            self._tell("link text", _shown(words), _MISLED)
            return ""
        if scheme in ("javascript", "vbscript", "data", "file"):
            self._tell("link", f"a {scheme} link", "refused: only web links are looked at")
        return words

    def _add(self, source: str, order: Order, made: Unwrapped, *, told: bool) -> None:
        for name in made.wrappers:
            self._tell("unwrap", f"a link in {source}", f"{name} wrapping taken off")
        if made.stuck:
            self._tell("unwrap", f"a link in {source}", made.stuck)
        elif made.link is None:
            if told:
                self._tell("link", _shown(made.text), f"refused: {made.refused}")
        elif len(self.links) < MOST_LINKS:
            self.links.append(Found(made.link, order, source))

    def _read_bare_links(self, at: int, source: str, text: str) -> str:
        """Links as people speak them, without https. Most of what looks like one is none, so only imitations are told."""
        rest: list[str] = []
        end = 0
        for count, match in enumerate(_BARE.finditer(text)):
            if count == MOST_MATCHES:
                break
            start, stop = match.span(1)
            if "@" in match.group(1):
                continue
            bare, after = _ended("https://" + match.group(1))
            made = unwrap(bare)
            host = bare.removeprefix("https://").partition("/")[0].lower()
            self._add(source, (at, start), made, told=imitates(host) is not None)
            rest += [text[end:start], " " + after]
            end = stop
        rest.append(text[end:])
        return "".join(rest)

    # ---- addresses --------------------------------------------------------------------------------

    def _read_addresses(self, at: int, source: str, text: str) -> None:
        whole = text.strip() if source == "LOCATION" else ""
        lines_with_one: set[int] = set()
        line_start, line_end = 0, -1
        for count, match in enumerate(_ADDRESS.finditer(text)):
            if count == MOST_MATCHES or len(self.printed) >= MOST_ADDRESSES:
                break
            start, stop = match.span()
            if start > line_end:
                line_start = text.rfind("\n", 0, start) + 1
                line_end = text.find("\n", start)
                line_end = len(text) if line_end == -1 else line_end
                lines_with_one.add(line_start)
            scheme, user, host = match.groups()
            scheme = (scheme or "").lower()
            if scheme in _NOT_DIALLED or ";gruu" in host.lower():
                continue  # the last is a Skype meeting's organizer, with the meeting behind it: calling it rings them
            target = f"{user}@{host.rstrip(_TAIL)}"
            labelled = scheme in ("sip", "sips", "h323") or (
                target.lower() not in self.mailboxes
                and (
                    bool(_LABEL.search(text[max(line_start, start - 300) : start]))
                    or bool(_LABEL_AFTER.search(text[stop : min(line_end, stop + 40)]))
                    or _is_announced(text, line_start, lines_with_one)
                    or whole == target
                )
            )
            try:
                address = SipAddress.parse(target)
            except AddressRefused as refused:
                if labelled or imitates(target.rsplit("@", 1)[-1].lower()):
                    self._tell("address", _shown(target), f"refused: {refused.message}")
                continue
            self.printed.append(Printed(address, (at, start), source, labelled))


def _is_announced(text: str, line_start: int, lines_with_one: set[int]) -> bool:
    """Does the nearest line above with words of its own, at most three up, announce an address?"""
    end = line_start - 1
    for _ in range(3):
        if end < 0:
            return False
        start = text.rfind("\n", max(0, end - 1000), end) + 1
        line = text[start:end].strip()
        if line and start not in lines_with_one:
            return bool(_LABEL.search(line[:100]))
        end = start - 1
    return False


def _ended(text: str) -> tuple[str, str]:
    """Where a link ends and the sentence goes on: the link, and what followed it."""
    end = len(text)
    if not text.isascii():
        # Behind the host no sign is a link's own that is not ASCII, but our mark of a control character spoils it all.
        slash = text.find("/", 8)
        end = next((at for at in range(slash, end) if not text[at].isascii()), end) if slash != -1 else end
        if "\ufffd" in text[end : end + 1]:
            end = len(text)
    if "&" in text:
        for entity in _ENTITIES:
            if (found := text.find(entity, 0, end)) != -1:
                end = found
    link = text[:end].rstrip(_TAIL)
    after = text[len(link) :]
    for _ in range(3):
        if "&amp;" not in link:
            break
        link = link.replace("&amp;", "&")
    return link, after


def _host_shown(words: str) -> str:
    """The host that a reader takes the words for."""
    made = unwrap(words.rstrip(_TAIL))
    if made.link:
        return made.link.host
    bare = words.partition("://")[2] or words
    return bare.partition("/")[0].rpartition("@")[2].partition(":")[0].strip(_TAIL).lower()


def _agree(shown: str, host: str) -> bool:
    return bool(host) and (belongs(shown, host) or belongs(host, shown.removeprefix("www.")))


def _shown(text: str) -> str:
    return text.split("?", 1)[0][:120]
