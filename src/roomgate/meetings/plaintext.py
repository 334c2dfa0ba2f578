"""Foreign text made plain: control characters marked, HTML reduced to what a reader would see.

All patterns run in linear time (RE2, or one class of characters), and every text is cut at 256 KiB first.
"""

import html
import quopri
import re
from urllib.parse import urljoin

import re2

from roomgate.meetings.markup import (
    BOUNDS,
    FORMATTING,
    RAW,
    SPECIAL,
    TABLED,
    TAG,
    UNSEEN,
    Seen,
    attributes,
    elsewhere,
    find_seen,
    hidden_names,
)
from roomgate.meetings.quoted import OLDER_MAIL
from roomgate.meetings.shown import ADDRESSED, JOINT

MOST_TEXT = 256 * 1024
MOST_TAGS = 8000  # of one text; what stands behind them is not read
MOST_LOOKED = 3000  # of them, those whose attributes are looked at, likewise: more than any program writes into a mail
MOST_LINKS = 1000  # of one text, likewise: more than anybody follows
MOST_ENTITIES = 20_000  # those behind stay as they are written
MOST_TAG = 8192  # signs of one tag, looked at for a quotation's mark
MOST_SHEETS = 64 * 1024  # signs of style sheets; where there are more, nobody knows what is seen
MOST_DEPTH = 500  # of elements in each other, within one that is not seen
MOST_LINE = 200  # of a title or a name
SPOILT = "\ufffd"  # stands where a control character stood: no address has it, so none is stitched together

_TAGS = re2.compile(r"(?i)</?(?:html|body|p|br|div|span|a|table|td|tr|li|ul|b|h[1-6])(?:\s[^<>]*)?/?>")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_SLASHES = re.compile(r"^[/\\]{2,}")
_BARE_HOST = re.compile(r"(?i)(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}(?:[/?#]|$)")
NOWHERE = "https://nowhere.invalid/"  # RFC 6761: no host ever has such a name
# What only documents have: in them a line break is a space, as everywhere in HTML. Notes with a few tags keep theirs.
_DOCUMENT = re.compile(r"(?i)<(?:!doctype|html|body|p|div|table)[\s>]")
_DECLARED = re.compile(r"(?i)<(?:[!?]|/[^a-z])")  # a comment of its own kind
_LINKED = frozenset(("a", "base"))
_SAYS = re.compile(r"(?i)style|hidden")  # of whether it is seen
_MARKUP = re.compile(r"(?i)<(?:[a-z!?]|/.)")
_BLOCKS = ("p", "div", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "center")
_BREAKS = frozenset(("br", "hr", *_BLOCKS, *(f"/{name}" for name in _BLOCKS)))
_VOID = frozenset(("br", "hr", "img", "input", "meta", "link", "col", "area", "base", "wbr"))
# Elements whose end may be missing, and what begins behind it.
_ENDED_BY = {
    "p": frozenset(_BLOCKS) - {"tr", "table"},
    "li": ("li",),
    "tr": ("tr",),
    "td": ("td", "tr"),
    "th": ("th", "tr"),
}
_CELLS = frozenset(("/td", "/th"))
_TARGETS = ("http:", "https:", "mailto:", "sip:", "sips:", "h323:")
# Attributes by which mail programs set off the mail that they answer.
_QUOTING = ("div", "blockquote", "table")
_QUOTED = (
    "gmail_quote", "yahoo_quoted", "divrplyfwdmsg", "appendonsend", "mail-editor-reference-message",
    "olk_src_body_section", "zmail_extra", "type=cite", 'type="cite"', "type='cite'",
)  # fmt: skip
_SPACES = re.compile(r" {2,}")
_BROKEN_LINK = re2.compile(r"(?i)<(https?://[^<>\s]*(?:\n[^<>\s]+){1,6})>")

_PLAIN: dict[int, str] = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), *range(0xFFF9, 0xFFFC)], SPOILT)
_PLAIN |= dict.fromkeys((0x9, 0x85, 0xA0, 0x2028, 0x2029, 0x202F, 0x3000), " ")
# Zero-width and direction marks part words, as far as we are concerned: they never glue them.
_PLAIN |= dict.fromkeys(
    [0xAD, 0x61C, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)], " "
)
del _PLAIN[0xA], _PLAIN[0xD]
_ODD = re.compile("[" + "".join(map(re.escape, map(chr, _PLAIN))) + "]")

# Digits and the colon as Chinese and Japanese keyboards have them. No letter and no dot: those make hosts look alike.
_WIDE = {0xFF10 + digit: str(digit) for digit in range(10)} | {0xFF1A: ":"}
_ANY_WIDE = re.compile("[\uff10-\uff1a]")


def clean(text: str) -> str:
    """One kind of line end, no control characters, no lone surrogates."""
    if text.isascii():
        if text.isprintable():
            return text
    else:
        text = text.encode("utf-8", errors="replace").decode("utf-8")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    for sign in set(_ODD.findall(text)):  # few of them, if any: quicker than a table for every sign
        text = text.replace(sign, _PLAIN[ord(sign)])
    return text


def line(text: str, most: int = MOST_LINE) -> str:
    """A title or a name: one line, printable, not too long."""
    return " ".join(clean(text[: most * 8]).replace(SPOILT, " ").split())[:most]


def is_html(text: str) -> bool:
    return "<" in text and bool(_TAGS.search(text))


def from_html(text: str, *, shown: bool = False) -> str:
    """What a reader would see, each link as ``words <target>``. Scripts and styles are dropped.

    ``shown``: as HTML for certain. Else a program may show it as it is written, with the links in angles that mailers
    leave in it; a browser takes those for tags that it does not know.

    Words that show an address themselves stand before the target without a space, as Outlook writes links in plain
    text; whoever looks for addresses compares the two.
    """
    text = clean(text)
    return _Reader(text.replace("\n", " ") if _DOCUMENT.search(text) else text, shown=shown).read()


class _Reader:
    """One pass over the tags. Nothing is looked for twice in vain, so hostile markup takes linear time too."""

    def __init__(self, text: str, *, shown: bool) -> None:
        self._text = text
        lower = text.lower()
        # One letter has two in lower case; places in the two texts must agree.
        self._lower = lower if len(lower) == len(text) else text.replace("\u0130", "I").lower()
        self._shown = shown
        self._made: list[str] = []
        self._base: str | None = None  # what links without a host of their own are below
        self._target: str | None = None  # of the link that we are in, and where its words began
        self._words = 0
        self._pictured = False  # has it something to be seen besides words?
        self._links = 0
        self._entities = 0
        self._missing: set[str] = set()  # what is not found any more, up to the end
        sheets = _sheets(text, self._lower) if "<style" in self._lower else []
        self._bounded = sum(map(len, sheets)) <= MOST_SHEETS
        self._hidden = hidden_names(sheets) if sheets and self._bounded else frozenset()
        # The elements that we are in, from one on that is not simply seen: name, outcome, what it says itself.
        self._within: list[tuple[str, Seen, Seen | None]] = []
        self._tables = 0
        self._looked = 0

    def read(self) -> str:
        text, at = self._text, 0
        for _ in range(MOST_TAGS if self._bounded else 0):
            if self._links > MOST_LINKS or self._looked > MOST_LOOKED:
                break  # and what is behind is not read: words of links are never read without their targets
            if (start := text.find("<", at)) == -1:
                self._say(text[at:])
                break
            self._say(text[at:start])
            if not _MARKUP.match(text, start):
                self._say("<")
                at = start + 1
            elif not self._shown and (close := self._shown_target(start)) != -1:
                self._say(f" <{text[start + 1 : close]}> ")
                at = close + 1
            elif tag := TAG.match(text, start):
                at = self._tag(tag[1] + tag[2].lower(), tag[3], tag.end())
            elif text.startswith("<!--", start):
                at = self._after("-->", start)
            elif _DECLARED.match(text, start):
                at = self._after("]]>" if self._within else ">", start)
            else:
                break  # a tag without end: nobody sees what is in it
        self._end_link()
        return clean("".join(self._made))

    @property
    def _seen(self) -> bool:
        return not self._within or self._within[-1][1] is Seen.YES

    def _shown_target(self, start: int) -> int:
        """Where the angle closes of a link that stands in angles."""
        if not self._lower.startswith(_TARGETS, start + 1):
            return -1
        close = self._text.find(">", start)
        return -1 if self._text.find("<", start + 1, close) != -1 else close

    def _say(self, text: str) -> None:
        if text and self._seen:
            if "&" in text:
                self._entities += text.count("&")
                text = html.unescape(text) if self._entities <= MOST_ENTITIES else text
            if text.startswith("\n") and self._made and self._made[-1] == "\n":
                text = text[1:]  # the source's own line, after a break that is written out
            self._made.append(_SPACES.sub(" ", text) if "  " in text else text)

    def _tag(self, name: str, said: str, at: int) -> int:
        """What a tag says, ``at`` its end; where the text goes on behind it."""
        if name in RAW:
            return self._behind_raw(name, at)
        given: dict[str, str] = {}
        if said and name[0] != "/" and (name in _LINKED or self._hidden or _SAYS.search(said)):
            given = attributes(said)
            self._looked += 1
        if name == "table":
            self._tables += 1
        if name[0] == "/":
            if self._within:
                self._leave(name[1:])
            self._tables -= name == "/table" and self._tables > 0
        elif (given or self._within or self._hidden or name in UNSEEN) and not self._enter(name, given):
            return len(self._text)
        if not self._seen:
            return at
        if name in _BREAKS:
            self._break()
        elif name in _CELLS:
            self._made.append(" ")
        elif name == "a":
            self._end_link()
            self._target = given.get("href")
            self._words, self._pictured = len(self._made), False
        elif name == "/a":
            self._end_link()
        elif name == "base":
            if self._base is None and "href" in given:  # the first one counts, as in a browser
                self._base = resolved(given["href"], None)
        elif name == "img" or name.startswith("v:"):  # as Outlook draws buttons
            self._pictured = self._pictured or find_seen(name, given, self._hidden) is not Seen.NEVER
        if name in _QUOTING and len(said) > 10:
            low = said[:MOST_TAG].lower()
            if any(mark in low for mark in _QUOTED):
                self._made.append(f"{OLDER_MAIL}\n")
        return at

    def _behind_raw(self, name: str, at: int) -> int:
        """Behind the end of an element whose text is no markup."""
        if name == "script" and "<!--" in self._lower[at : self._after("</script", at)]:
            at = self._after("-->", at)  # within such a comment a script may hold another one's end
        while (end := self._after(f"</{name}", at)) < len(self._text) and self._text[end] not in "\t\n />":
            at = end
        return end if (angle := self._text.find(">", end)) == -1 else angle + 1

    def _enter(self, name: str, given: dict[str, str]) -> bool:
        """False where elements stand deeper in each other than any browser goes."""
        if len(self._within) == 1 and name in _ENDED_BY.get(self._within[0][0], ()):
            self._within.clear()  # an end that is not written
        own = find_seen(name, given, self._hidden) if given or self._hidden or name in UNSEEN else None
        if own is None and not self._within:
            return True
        if name in _VOID or (name in TABLED and not self._tables):
            return True
        outside = self._within[-1][1] if self._within else Seen.YES
        seen = outside if own is None or outside is Seen.NEVER else own
        if self._within or seen is not Seen.YES:
            self._within.append((name, seen, own))
        return len(self._within) <= MOST_DEPTH

    def _leave(self, name: str) -> None:
        """To behind the innermost of this name; an end that belongs to something further out ends nothing here."""
        special = name in SPECIAL or name in BOUNDS
        if name in TABLED and not self._tables:
            return
        for at in range(len(self._within) - 1, -1, -1):
            inner = self._within[at][0]
            if inner == name:
                left = self._within[at + 1 :]
                del self._within[at:]
                outside = self._within[-1][1] if self._within else Seen.YES
                for one, _, own in left:
                    if one in FORMATTING and own in (Seen.NEVER, Seen.SMALL):
                        self._within.append((one, min(outside, own), own))
                return
            row = name in TABLED and inner in TABLED
            if not row and (inner in BOUNDS or (not special and inner in SPECIAL)):
                return

    def _break(self) -> None:
        least = self._words if self._target is not None else 0
        while len(self._made) > least and self._made[-1] == " ":
            self._made.pop()
        if self._made and not self._made[-1].endswith("\n"):
            self._made.append("\n")

    def _after(self, words: str, start: int) -> int:
        """The place behind these words; the end where they never come, as nobody sees what is never closed."""
        if words not in self._missing:
            if (found := self._lower.find(words, start)) != -1:
                return found + len(words)
            self._missing.add(words)
        return len(self._text)

    def _end_link(self) -> None:
        if self._target is not None:
            words = "".join(self._made[self._words :])
            del self._made[self._words :]
            self._links += 1
            if self._pictured or words.strip():  # a link without anything in it is one that nobody sees
                self._made.append(_link(resolved(self._target, self._base), words))
            self._target = None


def _sheets(text: str, lower: str) -> list[str]:
    """The style sheets: they count for all of the document, wherever they stand."""
    found: list[str] = []
    at = 0
    while (at := lower.find("<style", at)) != -1 and (tag := TAG.match(text, at)):
        end = lower.find("</style", tag.end())
        end = len(text) if end == -1 else end
        if not elsewhere(tag[3]):
            found.append(text[tag.end() : end])
        at = end
    return found


def resolved(target: str, base: str | None) -> str:
    """Where a link leads, as a browser would take it, or a mail program where there is no base; below `NOWHERE` if to
    no host: words beside it that show one are none of its.
    """
    target = "".join(target.split())
    if not target or _ABSOLUTE.match(target) or (target.startswith("#") and base is None):
        return target
    target = _SLASHES.sub("//", target)
    if base is not None:
        try:
            joined = urljoin(base, target)
        except ValueError:
            joined = ""
        return joined if _ABSOLUTE.match(joined) else NOWHERE
    if target.startswith("//"):
        return f"https:{target}"
    return f"https://{target}" if _BARE_HOST.match(target) else NOWHERE + target.lstrip("/\\")


def _link(target: str, words: str) -> str:
    target = target.replace("<", "%3C").replace(">", "%3E")
    words = " ".join(
        clean(words).replace("<", " ").replace(">", " ").split()
    )  # of several lines, and still of one link
    if not target or target.startswith("#"):
        return f" {words} "
    tokens = words.split(" ")
    rest: list[str] = []
    shown: list[str] = []  # places, and the words behind each, as it may go on there
    near = 0
    for token in tokens:
        if ADDRESSED.search(token):
            near = 4
        else:
            rest.append(token)
        if near:
            shown.append(token)
            near -= 1
    if not shown and target.startswith(NOWHERE):
        return f" {words} "
    if not shown:
        # A picture's link stands alone: it is no target of the words before it.
        return f" {words} <{target}> " if words else f"\n<{target}> "
    places = JOINT.join(shown) if target[:4].lower() == "http" else shown[0]
    return f" {' '.join(rest)} {places}<{target}> "


def reduce(text: str, *, markup: bool = False) -> tuple[str, bool]:
    """Plain text of at most 256 KiB, and whether something was cut off."""
    cut = len(text) > MOST_TEXT
    text = clean(text[:MOST_TEXT])
    if "=\n" in text and "=3D" in text:
        # The mail's own encoding, left on by a calendar that copied the body.
        text = clean(quopri.decodestring(text.encode()).decode(errors="replace"))
    if markup or is_html(text):
        text = from_html(text, shown=markup)
    if not text.isascii():
        for sign in set(_ANY_WIDE.findall(text)):
            text = text.replace(sign, _WIDE[ord(sign)])
    if "  " in text:
        text = _SPACES.sub(" ", text)
    if "<http" in text and "\n" in text:
        text = _BROKEN_LINK.sub(lambda match: "<" + match.group(1).replace("\n", "") + ">", text)
    return text, cut
