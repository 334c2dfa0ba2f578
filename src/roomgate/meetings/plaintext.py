"""Foreign text made plain: control characters marked, HTML reduced to what a reader would see.

All patterns run in linear time (RE2), and every text is cut at 256 KiB first.
"""

import html

import re2

MOST_TEXT = 256 * 1024
SPOILT = "\ufffd"  # stands where a control character stood: no address has it, so none is stitched together

_TAGS = re2.compile(r"(?i)</?(?:html|body|p|br|div|span|a|table|td|tr|li|ul|b|h[1-6])(?:\s[^<>]*)?/?>")
_HIDDEN = re2.compile(
    r"(?is)<!--.*?-->|<(?:script\b.*?</script|style\b.*?</style|head\b.*?</head|title\b.*?</title)[^<>]*>"
)
_OPEN_HIDDEN = re2.compile(r"(?is)<(?:script|style|head)\b.*$")
_HREF = re2.compile(r"(?i)<a\s[^<>]*?href\s*=\s*(?:\"([^\"<>]*)\"|'([^'<>]*)'|([^\s\"'<>]+))[^<>]*>")
_BREAK = re2.compile(r"(?i)<(?:br|/p|/div|/tr|/li|/h[1-6]|/table|hr)\b[^<>]*>")
_CELL = re2.compile(r"(?i)</t[dh]\b[^<>]*>")
_ANY_TAG = re2.compile(r"<[A-Za-z!/][^<>]*>")
_ANGLED = re2.compile(r"(?i)<((?:https?|mailto|sips?|h323):[^<>]*)>")
_SPACES = re2.compile(r"[ \t]+")

_PLAIN: dict[int, str] = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), *range(0xFFF9, 0xFFFC)], SPOILT)
_PLAIN |= dict.fromkeys((0x9, 0x85, 0xA0, 0x2028, 0x2029, 0x202F, 0x3000), " ")
# Zero-width and direction marks part words, as far as we are concerned: they never glue them.
_PLAIN |= dict.fromkeys(
    [0xAD, 0x61C, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)], " "
)
del _PLAIN[0xA], _PLAIN[0xD]


def decode(raw: bytes) -> str:
    """Bytes of unknown charset: the mark at the start, else UTF-8, else Windows-1252 as old mailers write."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def clean(text: str) -> str:
    """One kind of line end, no control characters, no lone surrogates."""
    whole = text.encode("utf-8", errors="replace").decode("utf-8")
    return whole.replace("\r\n", "\n").replace("\r", "\n").translate(_PLAIN)


def line(text: str, most: int = 200) -> str:
    """A title or a name: one line, printable, not too long."""
    return " ".join(clean(text[: most * 8]).replace(SPOILT, " ").split())[:most]


def is_html(text: str) -> bool:
    return bool(_TAGS.search(text))


def from_html(text: str) -> str:
    """What a reader would see, with each link's target before its words. Scripts and styles are dropped."""
    text = _HIDDEN.sub(" ", text)
    text = _OPEN_HIDDEN.sub(" ", text)
    text = _HREF.sub(r" \1\2\3 ", text)
    text = _BREAK.sub("\n", text)
    text = _CELL.sub(" ", text)
    text = _ANGLED.sub(r" \1 ", text)
    text = _ANY_TAG.sub("", text)
    return clean(_SPACES.sub(" ", html.unescape(text)))


def reduce(text: str, *, markup: bool = False) -> tuple[str, bool]:
    """Plain text of at most 256 KiB, and whether something was cut off."""
    cut = len(text) > MOST_TEXT
    text = clean(text[:MOST_TEXT])
    return (from_html(text) if markup or is_html(text) else text), cut
