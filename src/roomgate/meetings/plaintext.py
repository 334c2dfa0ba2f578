"""Foreign text made plain: control characters marked, HTML reduced to what a reader would see.

All patterns run in linear time (RE2, or one class of characters), and every text is cut at 256 KiB first.
"""

import html
import quopri
import re
from dataclasses import dataclass
from urllib.parse import urljoin

import re2

from roomgate.meetings.quoted import OLDER_MAIL
from roomgate.meetings.shown import ADDRESSED, JOINT

MOST_TEXT = 256 * 1024
MOST_TAGS = 12_000  # of one text; what stands behind them is not read
MOST_LINKS = 1000  # of one text, likewise: more than anybody follows
MOST_ENTITIES = 20_000  # those behind stay as they are written
MOST_TAG = 8192  # signs of one tag
MOST_SIZED = 1000  # elements that have a size of text, once there is one of nothing; what is behind them is not read
MOST_SIZES = 8  # of them within each other
MOST_LINE = 200  # of a title or a name
SPOILT = "\ufffd"  # stands where a control character stood: no address has it, so none is stitched together

_TAGS = re2.compile(r"(?i)</?(?:html|body|p|br|div|span|a|table|td|tr|li|ul|b|h[1-6])(?:\s[^<>]*)?/?>")
# In a start tag's own text, which has neither < nor >.
_HREF = re.compile(r"(?i)[\s\"']href\s*=\s*([\"']?)")
_HREF_ENDS = re.compile(r"[\s\"']")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_SLASHES = re.compile(r"^[/\\]{2,}")
_BARE_HOST = re.compile(r"(?i)(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}(?:[/?#]|$)")
NOWHERE = "https://nowhere.invalid/"  # RFC 6761: no host ever has such a name
# What only documents have: in them a line break is a space, as everywhere in HTML. Notes with a few tags keep theirs.
_DOCUMENT = re.compile(r"(?i)<(?:!doctype|html|body|p|div|table)[\s>]")
_NAME = re.compile(r"/?[a-z][a-z0-9]{0,15}|!")
_HIDDEN = frozenset(("script", "style", "head", "title"))
_BLOCKS = ("p", "div", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "center")
_BREAKS = frozenset(("br", "hr", *_BLOCKS, *(f"/{name}" for name in _BLOCKS)))
_VOID = frozenset(("br", "hr", "img", "input", "meta", "link", "col", "area", "base", "wbr"))
_UNSEEN = re.compile(r"display\s?:\s?none|visibility\s?:\s?hidden")
_HIDDEN_MARK = re.compile(r"[\s\"'/]hidden(?=[\s=/>]|$)")
_QUOTED_VALUE = re.compile(r"\"[^\"]*\"|'[^']*'")
_SIZE = re.compile(r"(?:[\s;\"'{])font(?:-size)?\s?:\s?(?:([0-9]*\.?[0-9]+)([a-z%]*)|([a-z-]+))")
_NOTHING = re.compile(r"font(?:-size)?\s?:\s?[0.]+(?![0-9.])")
# Within a size of nothing these are nothing too.
_PART_OF_SIZE = frozenset(("em", "%", "ex", "inherit", "larger", "smaller", "unset"))
_PICTURES = frozenset(("img", "svg", "picture", "object", "input", "video", "v"))
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


def from_html(text: str) -> str:
    """What a reader would see, each link as ``words <target>``. Scripts and styles are dropped.

    Words that show an address themselves stand before the target without a space, as Outlook writes links in plain
    text; whoever looks for addresses compares the two.
    """
    text = clean(text)
    return _Reader(text.replace("\n", " ") if _DOCUMENT.search(text) else text).read()


@dataclass(slots=True)
class _Size:
    """The size of an element's text. ``open``: how many elements of its name are, itself among them."""

    name: str
    nothing: bool
    open: int = 1


class _Reader:
    """One pass over the tags. Nothing is looked for twice in vain, so hostile markup takes linear time too."""

    def __init__(self, text: str) -> None:
        self._text = text
        lower = text.lower()
        # One letter has two in lower case; places in the two texts must agree.
        self._lower = lower if len(lower) == len(text) else text.replace("\u0130", "I").lower()
        self._made: list[str] = []
        self._base: str | None = None  # what links without a host of their own are below
        self._target: str | None = None  # of the link that we are in, and where its words began
        self._words = 0
        self._pictured = False  # is there a picture in it?
        self._shrinks = _NOTHING.search(lower) is not None
        self._sized = 0
        self._sizes: list[_Size] = []  # of the elements that we are in, from the first of nothing on
        self._links = 0
        self._entities = 0
        self._missing: set[str] = set()  # what is not found any more, up to the end

    def read(self) -> str:
        text, at, close = self._text, 0, -1
        for _ in range(MOST_TAGS):
            if self._links > MOST_LINKS:
                break  # and what is behind is not read: words of links are never read without their targets
            if (start := text.find("<", at)) == -1:
                break
            if text.startswith("<!--", start):
                self._say(text[at:start])
                at = self._after("-->", start)
                continue
            if close < start and (close := text.find(">", start)) == -1:
                break
            self._say(text[at:start])
            name = _NAME.match(self._lower, start + 1)
            if not name or text.find("<", start + 1, close) != -1:
                self._made.append("<")
                at = start + 1
            else:
                at = self._tag(name.group(), start, close)
        # What is left is text, or else it stands behind the bounds.
        self._say(text[at:] if text.find("<", at) == -1 or close == -1 else "")
        self._end_link()
        return clean("".join(self._made))

    def _say(self, text: str) -> None:
        if text and not self._shrunk:
            if "&" in text:
                self._entities += text.count("&")
                text = html.unescape(text) if self._entities <= MOST_ENTITIES else text
            if text.startswith("\n") and self._made and self._made[-1] == "\n":
                text = text[1:]  # the source's own line, after a break that is written out
            self._made.append(_SPACES.sub(" ", text) if "  " in text else text)

    def _tag(self, name: str, start: int, close: int) -> int:
        """What a tag says; where the text goes on behind it."""
        if name in _HIDDEN:
            end = self._after(f"</{name}", start)
            if name == "head" and (base := self._lower.find("<base", start, end)) != -1:
                self._take_base(base, self._text.find(">", base))
            return end if (angle := self._text.find(">", end)) == -1 else angle + 1
        unseen = close - start > 8 and name[0] != "/" and self._is_unseen(start, close)
        if unseen and name not in _VOID:
            return self._behind_element(name, close)
        if self._shrinks:
            self._take_size(name, start, close)
        if name in _BREAKS:
            self._break()
        elif name in _CELLS:
            self._made.append(" ")
        elif name == "a":
            self._end_link()
            self._target = _href(self._text[start : min(close, start + MOST_TAG)])
            self._words, self._pictured = len(self._made), False
        elif name == "/a":
            self._end_link()
        elif name == "base":
            self._take_base(start, close)
        elif name in _PICTURES:
            self._pictured = self._pictured or not unseen
        elif self._lower.startswith(_TARGETS, start + 1) and not self._shrunk:
            self._made.append(f" <{html.unescape(self._text[start + 1 : close])}> ")
        if name in _QUOTING and close - start > 12:
            body = self._lower[start : min(close, start + MOST_TAG)]
            if any(mark in body for mark in _QUOTED):
                self._made.append(f"{OLDER_MAIL}\n")
        return close + 1

    def _take_base(self, start: int, close: int) -> None:
        """The first one counts, as in a browser."""
        found = _href(self._text[start : min(close, start + MOST_TAG)]) if self._base is None else None
        if found is not None:
            self._base = resolved(html.unescape(found), None)

    def _break(self) -> None:
        least = self._words if self._target is not None else 0
        while len(self._made) > least and self._made[-1] == " ":
            self._made.pop()
        if self._made and not self._made[-1].endswith("\n"):
            self._made.append("\n")

    def _is_unseen(self, start: int, close: int) -> bool:
        tag = self._lower[start : min(close, start + MOST_TAG)]
        if ("display" in tag or "visibility" in tag) and _UNSEEN.search(tag):
            return True
        return "hidden" in tag and _HIDDEN_MARK.search(_QUOTED_VALUE.sub('""', tag)) is not None

    def _take_size(self, name: str, start: int, close: int) -> None:
        """Text in a size of nothing is not seen, up to the element's end or where one within has another size."""
        closing = name[0] == "/"
        if close - start > 15 and not closing and name not in _VOID and self._lower.find("font", start, close) != -1:
            sizes = _SIZE.findall(self._lower, start, min(close, start + MOST_TAG))
            if sizes:
                number, unit, word = sizes[-1]
                zero = number != "" and not float(number)
                if zero or self._sizes:
                    self._sizes.append(_Size(name, zero or (self._shrunk and (unit or word) in _PART_OF_SIZE)))
                    self._sized += 1
                    if self._sized > MOST_SIZED:
                        self._sizes.append(_Size("", nothing=True))
                        self._shrinks = False
                return
        for at in range(len(self._sizes) - 1, max(-1, len(self._sizes) - MOST_SIZES), -1):
            size = self._sizes[at]
            if size.name == name.lstrip("/"):
                size.open += -1 if closing else 1
                if not size.open:
                    del self._sizes[at:]
                return

    @property
    def _shrunk(self) -> bool:
        return bool(self._sizes) and self._sizes[-1].nothing

    def _behind_element(self, name: str, at: int) -> int:
        """Behind the end of an element that nobody sees, and of those of its name within it."""
        depth = 1
        for match in re.compile(rf"<(/?){name}\b").finditer(self._lower, at):
            depth += -1 if match.group(1) else 1
            if not depth:
                angle = self._text.find(">", match.end())
                return match.end() if angle == -1 else angle + 1
        return len(self._text)

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
            if words.strip() or self._pictured:  # else nobody sees it
                self._made.append(_link(resolved(html.unescape(self._target), self._base), words))
            self._target = None


def _href(tag: str) -> str | None:
    found = _HREF.search(tag)
    if not found:
        return None
    if quote := found.group(1):
        end = tag.find(quote, found.end())
        return tag[found.end() : end if end != -1 else len(tag)]
    ended = _HREF_ENDS.search(tag, found.end())
    return tag[found.end() : ended.start() if ended else len(tag)]


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
        text = from_html(text)
    if not text.isascii():
        for sign in set(_ANY_WIDE.findall(text)):
            text = text.replace(sign, _WIDE[ord(sign)])
    if "  " in text:
        text = _SPACES.sub(" ", text)
    if "<http" in text and "\n" in text:
        text = _BROKEN_LINK.sub(lambda match: "<" + match.group(1).replace("\n", "") + ">", text)
    return text, cut
