"""Foreign text made plain: control characters marked, HTML reduced to what a reader would see.

All patterns run in linear time (RE2, or one class of characters), and every text is cut at 256 KiB first.
"""

import html
import quopri
import re

import re2

from roomgate.meetings.quoted import OLDER_MAIL

MOST_TEXT = 256 * 1024
SPOILT = "\ufffd"  # stands where a control character stood: no address has it, so none is stitched together

_TAGS = re2.compile(r"(?i)</?(?:html|body|p|br|div|span|a|table|td|tr|li|ul|b|h[1-6])(?:\s[^<>]*)?/?>")
_HIDDEN = re2.compile(
    r"(?is)<!--.*?-->|<(?:script\b.*?</script|style\b.*?</style|head\b.*?</head|title\b.*?</title)[^<>]*>"
)
_OPEN_HIDDEN = re2.compile(r"(?is)<(?:script|style|head)\b.*$")
_HREF = re2.compile(r"(?i)<a\s[^<>]*?href\s*=\s*(?:\"([^\"<>]*)\"|'([^'<>]*)'|([^\s\"'<>]+))[^<>]*>")
_A_END = re2.compile(r"(?i)</a\s*>")
_BREAK = re2.compile(r"(?i)<(?:br|/p|/div|/tr|/li|/h[1-6]|/table|hr)\b[^<>]*>")
_CELL = re2.compile(r"(?i)</t[dh]\b[^<>]*>")
_ANY_TAG = re2.compile(r"<[A-Za-z!/][^<>]*>")
_ANGLED = re2.compile(r"(?i)<((?:https?|mailto|sips?|h323):[^<>]*)>")
# Markup by which mail programs set off the mail that they answer.
_QUOTATION = re2.compile(
    r"(?i)<(?:div|blockquote|table)\s[^<>]*(?:gmail_quote|yahoo_quoted|divRplyFwdMsg|appendonsend"
    r"|mail-editor-reference-message|OLK_SRC_BODY_SECTION|zmail_extra|type\s*=\s*[\"']?cite)[^<>]*>"
)
_SPACES = re2.compile(r"[ \t]+")
_ADDRESSED = re2.compile(r"(?i)[^\s<>\"]*(?:://|@|[a-z0-9]\.[a-z]{2})[^\s<>\"]*")
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

# Marks of our own between the steps of reading HTML; no clean text has control characters.
_TARGET, _WORDS, _END = "\x01", "\x02", "\x03"
_ANCHOR = re2.compile(r"\x01([^\x02]*)\x02([^\x01\x03]*)\x03?")


def clean(text: str) -> str:
    """One kind of line end, no control characters, no lone surrogates."""
    if text.isascii():
        if text.isprintable():
            return text
    else:
        text = text.encode("utf-8", errors="replace").decode("utf-8")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.translate(_PLAIN) if _ODD.search(text) else text


def line(text: str, most: int = 200) -> str:
    """A title or a name: one line, printable, not too long."""
    return " ".join(clean(text[: most * 8]).replace(SPOILT, " ").split())[:most]


def is_html(text: str) -> bool:
    return "<" in text and bool(_TAGS.search(text))


def from_html(text: str) -> str:
    """What a reader would see, each link as ``words <target>``. Scripts and styles are dropped.

    Words that show an address themselves stand before the target without a space, as Outlook writes links in plain
    text; whoever looks for addresses compares the two.
    """
    text = _HIDDEN.sub(" ", clean(text))
    text = _OPEN_HIDDEN.sub(" ", text)
    text = _QUOTATION.sub(f"\n{OLDER_MAIL}\n", text)
    text = _HREF.sub(f" {_TARGET}\\1\\2\\3{_WORDS}", text)
    text = _A_END.sub(f"{_END} ", text)
    text = _BREAK.sub("\n", text)
    text = _CELL.sub(" ", text)
    text = _ANGLED.sub(f" {_TARGET}\\1{_WORDS}{_END} ", text)
    text = _SPACES.sub(" ", _ANY_TAG.sub("", text))
    made: list[str] = []
    end = 0
    for match in _ANCHOR.finditer(text):
        made += [html.unescape(text[end : match.start()]), _link(*match.groups())]
        end = match.end()
    made.append(html.unescape(text[end:]))
    return clean("".join(made))


def _link(target: str, words: str) -> str:
    target = html.unescape(target).strip().replace("<", "%3C").replace(">", "%3E")
    # Words of several lines are still words of this one link.
    words = " ".join(html.unescape(words).replace("<", " ").replace(">", " ").split())
    if not target or target.startswith("#"):
        return f"{words} "
    target = "".join(target.split())
    shown = _ADDRESSED.search(words)
    if not shown:
        return f"{words} <{target}> "
    rest = _ADDRESSED.sub(" ", words).strip()
    return f"{rest} {shown.group(0)}<{target}> "


def reduce(text: str, *, markup: bool = False) -> tuple[str, bool]:
    """Plain text of at most 256 KiB, and whether something was cut off."""
    cut = len(text) > MOST_TEXT
    text = clean(text[:MOST_TEXT])
    if "=\n" in text and "=3D" in text:
        # The mail's own encoding, left on by a calendar that copied the body.
        text = clean(quopri.decodestring(text.encode()).decode(errors="replace"))
    if markup or is_html(text):
        text = from_html(text)
    if not text.isascii() and _ANY_WIDE.search(text):
        text = text.translate(_WIDE)
    if "<http" in text and "\n" in text:
        text = _BROKEN_LINK.sub(lambda match: "<" + match.group(1).replace("\n", "") + ">", text)
    return text, cut
