"""What an invitation holds that a meeting could be joined by: links, printed addresses, and what was refused.

Its own words come first. Mail that is quoted below them, and then the signature, are evidence of their own, for
who found nothing above: last week's number must not stand beside this week's link. Of a link its target counts, and
its words never; a link whose words show another place than its target is evidence of nothing, wherever it stands.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

import msgspec

from roomgate.meetings import quoted
from roomgate.meetings.address import AddressRefused, Link, SipAddress, costs, imitates
from roomgate.meetings.invite import Invitation, Text
from roomgate.meetings.meeting import Step
from roomgate.meetings.pattern import Pattern
from roomgate.meetings.reason import Reason
from roomgate.meetings.shown import ADDRESSED, JOINT, MOST_WORDS, misleads
from roomgate.meetings.unwrap import Unwrapped, unwrap

MOST_LINKS = 200
MOST_ADDRESSES = 200
MOST_STEPS = 60
MOST_TRIED = 400  # links and addresses that are parsed, whatever becomes of them
MOST_SIGNS = 3000  # colons, slashes and ats looked at in one text, of each kind

# What may stand in angle brackets as a link's target, as mail programs write links in plain text.
_WEB = frozenset(("http", "https"))
_DIALLED = frozenset(("sip", "sips", "h323"))
_NOT_DIALLED = frozenset(("mailto", "tel", "callto", "xmpp", "im", "conf:sip", "conf:sips"))
_TARGETS = _WEB | _DIALLED | frozenset(
    ("mailto", "tel", "callto", "javascript", "vbscript", "data", "file", "ftp", "conf", "pexip", "msteams", "zoommtg")
)  # fmt: skip
_SLASHES = ("//", "\\\\")
# Texts are searched sign by sign for a colon, a slash, an at, a slash, an at; these classes say where a link or an address ends there.
# Each is one class, so each takes linear time.
_LINK_ENDS = re.compile(r"[\s<>\"]")
_BEFORE_HOST = re.compile(r"[\s(\[<>:：,;'*|\"]")  # looked for backwards
_BEFORE_USER = re.compile(r"[\s<>\"(),;:@\[\]|/\\]")  # looked for backwards
_HOST_ENDS = re.compile(r"[\s<>\"(),@|/\\]")
_DOTTED = re.compile(r"(?i)(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}")
_HOST_FIRST = re.compile(r"(?i)(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}[/?]")
_SCHEME = re.compile(r"(?i)(?<![A-Za-z0-9])(conf:sips?|sips?|h323|mailto|tel|callto|xmpp|im):(?://)?$")
_SCHEMES = re.compile(r"(?i)(?:conf:|sips?:|h323:|tel:|mailto:|callto:|xmpp:|im:|//)+")
_SPACES = re.compile(r"[\s<>]")
_PARTING = '",()[]|'  # signs that may part two addresses
_GLUE = _PARTING + ":;/\\"
_LAST_WORD = re.compile(r"[A-Za-z0-9._+*=!~-]{1,128}$")
_TELEPHONE = re.compile(r"\b(?:tel|callto):(?://)?(\+?[0-9][0-9().-]{2,30})")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_TAIL = ".,;:!?)]}>'*|»”’"
_ENTITIES = ("&gt;", "&lt;", "&quot;", "&#39;", "&nbsp;", "&apos;")
# Words that announce an address for a room's device, in the languages of the invitations that we know.
_LABEL = Pattern(
    r"(?i)\b(?:sips?|h\.?323|video[ -]?(?:address|adresse|call|uri|room|system|conferenc\w*|konferenz\w*|endpoint"
    r"|number)|room system|dial)\b|^\s*video\b|syst[eè]me vid[ée]o|sistema de v[ií]deo|visioconf|视频|ビデオ"
)
# One of them is in all that the pattern finds.
_LABEL_WORDS = ("sip", "323", "vid", "víd", "visio", "room", "dial", "视频", "ビデオ")
_LABEL_AFTER = Pattern(r"(?i)^\s*\(\s*(?:sip|video)")
# A number or a name long enough that two texts which have it speak of the same meeting. One class each: linear.
_TELLING = re.compile(r"meetup-join/[^/]+|[0-9]{8,}|[a-z]{3}-[a-z]{4}-[a-z]{3}|MTID=[0-9a-f]+")

_MISLED = "refused: the words of the link show another address than the one it leads to"

Order = tuple[int, int]  # which field, where in it: the earlier, the more it counts


class Found(msgspec.Struct, frozen=True, gc=False):
    """A link of the invitation, wrappers taken off."""

    link: Link
    order: Order
    source: str


class Printed(msgspec.Struct, frozen=True, gc=False):
    """An address of the invitation. ``labelled``: it says itself that a device is meant to dial it."""

    address: SipAddress
    order: Order
    source: str
    labelled: bool


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """``older``: what stands in quoted mail, and last in a signature, for who found nothing here."""

    texts: tuple[Text, ...]
    links: tuple[Found, ...]
    printed: tuple[Printed, ...]
    steps: tuple[Step, ...]
    older: "Evidence | None" = None


def gather(invitation: Invitation) -> Evidence:
    """Pure, and bounded: so many links, addresses and steps, and not one more."""
    parts = [(text.source, quoted.split(text.text)) for text in invitation.texts]
    own = _evidence(((source, part.own) for source, part in parts), invitation.mailboxes)
    older = [(source, part.older) for source, part in parts if part.older.strip()]
    signed = [(source, part.signature) for source, part in parts if part.signature.strip()]
    if older and _same_meeting(own, _evidence(older, invitation.mailboxes), {source for source, _ in older}):
        together = ((source, f"{part.own}\n{part.older}") for source, part in parts)
        own, older = _evidence(together, invitation.mailboxes), []
    last: Evidence | None = None
    for below in (signed, older):
        if below:
            found = _evidence(below, invitation.mailboxes)
            last = Evidence(found.texts, found.links, found.printed, found.steps, last)
    return Evidence(own.texts, own.links, own.printed, own.steps, last)


def find_telephone(evidence: Evidence) -> Step | None:
    """Why a link to a telephone is no way in, for who found nothing else. A room's device calls none by an invitation."""
    numbers = [number for text in evidence.texts for number in _telephones(text.text.lower())]
    if not numbers:
        return None
    if dear := next(filter(costs, numbers), None):
        return Step(
            "telephone", dear, "not dialled: the number is a premium-rate or satellite one", Reason.PREMIUM_NUMBER
        )
    return Step("telephone", numbers[0], "not dialled: a telephone number is no address of a meeting")


def _telephones(text: str) -> list[str]:
    return _TELEPHONE.findall(text) if "tel:" in text or "callto:" in text else []


def _same_meeting(own: Evidence, older: Evidence, sources: set[str]) -> bool:
    """Does quoted mail say how to get into the meeting that the own words name?

    So it is where it names the same one and no other, and where it names none and the own words above it neither: an
    invitation that was forwarded whole, with its link in the location.
    """
    named, linked, printed = _telling(own), _telling(older, printed=False), _telling(older, links=False)
    if linked or not printed <= named:
        return linked <= named and bool(linked)
    if {one.link.text for one in own.links if one.source not in sources} & {one.link.text for one in older.links}:
        return True  # the event's own link, whatever service it belongs to
    above = any(one.source in sources for one in own.links) or any(one.source in sources for one in own.printed)
    return bool(named) and (bool(printed) or not above)


def _telling(evidence: Evidence, *, links: bool = True, printed: bool = True) -> set[str]:
    found = [f"{one.link.path}?{one.link.argument('MTID') and one.link.query}" for one in evidence.links if links]
    found += [one.address.user for one in evidence.printed if printed]
    return {name for text in found for name in _TELLING.findall(text)[:1]}


def _evidence(texts: Iterable[tuple[str, str]], mailboxes: frozenset[str]) -> Evidence:
    gathering = _Gathering(mailboxes)
    read = tuple(Text(source, gathering.read(at, source, text)) for at, (source, text) in enumerate(texts))
    links = [one for one in gathering.links if (one.link.host, one.link.path) not in gathering.misleading]
    return Evidence(read, tuple(links), tuple(gathering.printed), tuple(dict.fromkeys(gathering.steps))[:MOST_STEPS])


@dataclass(slots=True)
class _Gathering:
    """One pass over the texts of one invitation."""

    mailboxes: frozenset[str]
    links: list[Found] = field(default_factory=list)
    printed: list[Printed] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    misleading: set[tuple[str, str]] = field(default_factory=set)  # host and path of where words did not lead
    tried: int = 0

    def read(self, at: int, source: str, text: str) -> str:
        """Collect what stands in a text; what is handed back is the text without misleading words."""
        if "@" not in text and "/" not in text and ":" not in text:
            return text
        kept, rest = self._read_links(at, source, text) if ":" in text else (text, text)
        if "/" in rest:
            rest = self._read_bare_links(at, source, rest)
        if "@" in rest and source != "SUMMARY":  # a title names people, and links at most
            self._read_addresses(at, source, rest)
        return kept

    def _may_try(self) -> bool:
        self.tried += 1
        if self.tried == MOST_TRIED + 1:
            self._tell("size", f"more than {MOST_TRIED} links and addresses", "what stands behind them is not read")
        return self.tried <= MOST_TRIED

    def _tell(self, step: str, saw: str, decided: str) -> None:
        if len(self.steps) < 4 * MOST_STEPS:  # some of them are the same
            self.steps.append(Step(step, saw, decided))

    # ---- links ------------------------------------------------------------------------------------

    def _read_links(self, at: int, source: str, text: str) -> tuple[str, str]:
        """The text with its links and without words that mislead, and the text without either."""
        kept: list[str] = []
        rest: list[str] = []
        end = 0  # what is before it has been dealt with
        colon = -1
        signs = 0
        while (colon := text.find(":", max(colon + 1, end))) != -1:
            signs += 1
            if signs > MOST_SIGNS or self.tried > MOST_TRIED:
                # Nothing of what follows is read: words would be taken for text whose target nobody looked at.
                return "".join(kept), "".join(rest)
            if (start := _scheme_start(text, colon)) is None or start < end:
                continue
            scheme = text[start:colon].lower()
            stop = _index(_LINK_ENDS, text, colon)
            if start > end and text[start - 1] == "<" and text[stop : stop + 1] == ">":
                before = text[end : start - 1]
                if before.endswith(" ") and ADDRESSED.search(before[_last(before[:-1]) :]):
                    before = before[:-1]  # some mail programs leave a space before a target
                words = before[_last(before) :]
                target = text[start:stop]
                kept.append(before[: len(before) - len(words)])
                rest.append(kept[-1])
                said, goes = self._read_target((at, start), source, words, target)
                kept.append(f"{said}<{goes}>" if goes else f"{said} ")
                rest.append(f"{said} {goes} " if goes and scheme in _DIALLED else f"{said} ")
                end = stop + 1
            elif scheme in _WEB and text.startswith(_SLASHES, colon + 1):
                if _is_target(text, stop + (text[stop : stop + 1] == " ")):
                    colon = stop  # these are the words of the link that follows
                    continue
                if _within_link(text, start, end):
                    colon = stop
                    continue
                bare, after = _ended(text[start:stop])
                rest += [text[end:start], " ", after]
                if self._may_try():
                    made = unwrap(bare)
                    self._add(source, (at, start), made, told=True)
                    bare = made.link.text if made.link else bare
                kept += [text[end:start], bare, after]
                end = stop
        kept.append(text[end:])
        rest.append(text[end:])
        return "".join(kept), "".join(rest)

    def _read_target(self, order: Order, source: str, words: str, target: str) -> tuple[str, str]:
        """A link with its words: what may be read as text of the words, and what of the target, wrappers taken off."""
        scheme, _, body = target.partition(":")
        scheme = scheme.lower()
        if not self._may_try():
            return "", ""  # nor is anything read that follows
        shows = bool(words and ADDRESSED.search(words))
        if scheme in _WEB:
            # No sentence ends within a target: an argument's full stop is its own.
            made = unwrap(_ended(target, _TAIL.replace(".", "") if "?" in target else _TAIL)[0])
            self._add(source, order, made, told=True)
            if shows and made.stuck is None and misleads(words, made.link):
                self._tell("link", _shown(words.replace(JOINT, " ")), _MISLED)
                if made.link:
                    self.misleading.add((made.link.host, made.link.path))
                    return "", ""
            # What came out of a wrapper and is no link is no text either: no reader sees it.
            return "" if shows else words, made.link.text if made.link else target
        address = unquote(body.partition("?")[0].partition(";")[0]).strip("/ ").lower()
        if words.partition(":")[2].lower() == address or words.strip(_TAIL).lower() == address:
            return words, target
        if shows:
            # Such a target is dialled as it stands; one that hides behind another address is not.
            self._tell("link", _shown(words), _MISLED)
            return "", ""
        if scheme in ("javascript", "vbscript", "data", "file"):
            self._tell("link", f"a {scheme} link", "refused: only web links are looked at")
            return words, ""
        return words, target

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
        slash = -1
        for _ in range(MOST_SIGNS):
            if (slash := text.find("/", max(slash + 1, end))) == -1:
                break
            start = _start(_BEFORE_HOST, text, slash, 255, end)
            if not _DOTTED.fullmatch(text, start, slash):
                continue
            if not self._may_try():
                break
            stop = _index(_LINK_ENDS, text, slash)
            bare, after = _ended("https://" + text[start:stop])
            self._add(source, (at, start), unwrap(bare), told=imitates(text[start:slash].lower()) is not None)
            rest += [text[end:start], " ", after]
            end = stop
        rest.append(text[end:])
        return "".join(rest)

    # ---- addresses --------------------------------------------------------------------------------

    def _read_addresses(self, at: int, source: str, text: str) -> None:
        whole = text.strip() if source == "LOCATION" else ""
        lines_with_one: set[int] = set()
        line_start, line_end = 0, -1
        sign = -1
        for _ in range(MOST_SIGNS):
            if len(self.printed) >= MOST_ADDRESSES or (sign := text.find("@", sign + 1)) == -1:
                break
            start = _start(_BEFORE_USER, text, sign, 256, 0)
            stop = min(_index(_HOST_ENDS, text, sign + 1), sign + 513)
            if start == sign or stop == sign + 1:
                continue
            if not self._may_try():
                break
            if sign > line_end:
                line_start = text.rfind("\n", 0, start) + 1
                line_end = text.find("\n", start)
                line_end = len(text) if line_end == -1 else line_end
                lines_with_one.add(line_start)
            before = _SCHEME.search(text[max(0, start - 12) : start])
            scheme = before.group(1).lower() if before else ""
            host = text[sign + 1 : stop]
            if text[stop : stop + 1] == "@" or text[start - 1 : start] == "@" or _within_address(text, start):
                self._tell("address", _shown(text[start:stop]), "refused: it stands within another address")
                continue
            if scheme in _NOT_DIALLED or ";gruu" in host.lower():
                continue  # the last is a Skype meeting's organizer, with the meeting behind it: calling it rings them
            target = f"{text[start:sign]}@{host.rstrip(_TAIL)}"
            labelled = scheme in _DIALLED or (
                target.lower() not in self.mailboxes
                and (
                    _is_label(text[max(line_start, start - 300) : start])
                    or (
                        "(" in text[stop : stop + 8]
                        and _LABEL_AFTER.find(text[stop : min(line_end, stop + 40)].encode()) is not None
                    )
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


def _scheme_start(text: str, colon: int) -> int | None:
    """Where the scheme begins that ends in this colon, if it is one that we look at: a web link's, or a target's."""
    if text.startswith(_SLASHES, colon + 1):
        word = text[max(0, colon - 5) : colon].lower()
        if word.endswith("http"):
            return colon - 4
        if word == "https":
            return colon - 5
    angle = text.rfind("<", max(0, colon - 12), colon)
    return angle + 1 if angle != -1 and text[angle + 1 : colon].lower() in _TARGETS else None


def _is_target(text: str, angle: int) -> bool:
    if text[angle : angle + 1] != "<":
        return False
    colon = text.find(":", angle, angle + 12)
    if colon == -1 or text[angle + 1 : colon].lower() not in _TARGETS:
        return False
    end = _index(_LINK_ENDS, text, colon)
    return text[end : end + 1] == ">"


def _within_address(text: str, start: int) -> bool:
    """Is what begins here the rest of something else? Behind a scheme there stands more than the scheme, or a sign
    that begins no address is glued to the end of another word.
    """
    sign = text[start - 1 : start]
    if not sign or sign not in _GLUE:
        return False
    before = text[_start(_SPACES if sign in _PARTING else _LINK_ENDS, text, start, 255, 0) : start]
    scheme = _SCHEMES.match(before)
    if scheme is not None:
        return scheme.end() < len(before) and (sign not in _PARTING or "@" not in before)
    if sign == '"':
        return before.rstrip('"')[-1:].isalnum()
    last = _LAST_WORD.search(before.rstrip(_GLUE))
    if last is None or sign in "([" or "@" in before or len(before.strip(_GLUE)) == 1 or _is_label(last.group()):
        return False  # an address before it, a number of a list, or a label
    return sign == "," or any(map(str.isdigit, last.group()))


def _within_link(text: str, start: int, least: int) -> bool:
    """Is the web link that begins here the rest of another one, or what an unknown scheme in angles is told?"""
    first = _start(_LINK_ENDS, text, start, 255, least)
    before = text[first:start]
    return bool(before) and ("//" in before or text[first - 1 : first] == "<" or _HOST_FIRST.match(before) is not None)


def _index(ends: re.Pattern[str], text: str, start: int) -> int:
    found = ends.search(text, start)
    return found.start() if found else len(text)


def _start(befores: re.Pattern[str], text: str, end: int, most: int, least: int) -> int:
    """Where the word begins that ends here; the class is looked for backwards, so far and no further."""
    found = befores.search(text[max(least, end - most) : end][::-1])
    return end - found.start() if found else max(least, end - most)


def _last(text: str) -> int:
    """Where the last word begins, if the text ends with one. Few are long."""
    start = _start(_LINK_ENDS, text, len(text), 200, 0)
    return start if len(text) - start < 200 else _start(_LINK_ENDS, text, len(text), MOST_WORDS, 0)


def _is_label(text: str) -> bool:
    lower = text.lower()
    return any(word in lower for word in _LABEL_WORDS) and _LABEL.find(text.encode()) is not None


def _is_announced(text: str, line_start: int, lines_with_one: set[int]) -> bool:
    """Does the nearest line above with words of its own, at most three up, announce an address?"""
    end = line_start - 1
    for _ in range(3):
        if end < 0:
            return False
        start = text.rfind("\n", max(0, end - 1000), end) + 1
        line = text[start:end].strip()
        if line and start not in lines_with_one:
            return _is_label(line[:100])
        end = start - 1
    return False


def _ended(text: str, tail: str = _TAIL) -> tuple[str, str]:
    """Where a link ends and the sentence goes on: the link, and what followed it."""
    end = len(text)
    if not text.isascii():
        # Behind the host no sign is a link's own that is not ASCII, but our mark of a control character spoils it all.
        slash = text.find("/", 8)
        end = _index(_NOT_ASCII, text, slash) if slash != -1 else end
        if "\ufffd" in text[end : end + 1]:
            end = len(text)
    if "&" in text:
        for entity in _ENTITIES:
            if (found := text.find(entity, 0, end)) != -1:
                end = found
    link = text[:end].rstrip(tail)
    after = text[len(link) :]
    for _ in range(3):
        if "&amp;" not in link:
            break
        link = link.replace("&amp;", "&")
    return link, after


def _shown(text: str) -> str:
    return text.split("?", 1)[0][:120]
