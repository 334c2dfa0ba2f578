"""The tags of foreign HTML, as a browser takes them: where one ends, what it holds, and whether a reader sees what is in it.

Where programs differ, what one of them hides is hidden: words that a reader may never see must make no button. White on
white is beyond this, since it takes a page's whole layout to know. All patterns are possessive, so they take linear time.
"""

import html
import re
from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache

MOST_STYLE = 400  # signs of a style that is remembered
MOST_NAMES = 1000  # classes and ids that style sheets hide; far more than any mail has

_VALUE = r"""(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+|(?=>))"""
# An attribute whose quote is never closed takes the rest of the text along, so there is no tag then.
TAG = re.compile(rf"<(/?)([a-z][^\s/>]*+)((?:[\s/]++|=?[^\s/>=]++(?:\s*+=\s*+{_VALUE}|(?!\s*+=)))*+)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"""[\s/]*+(=?[^\s/>=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"'][^\s>]*+))?+)?+""", re.IGNORECASE
)

# Their text is no markup, and nobody sees it.
RAW = frozenset(("script", "style", "title", "xmp", "iframe", "noembed", "noframes", "textarea"))
UNSEEN = frozenset(
    ("audio", "canvas", "datalist", "details", "dialog", "math", "object", "rp", "select", "svg", "template", "video")
)

# What stands in these is closed by their end, but by no end of what is around them.
SPECIAL = frozenset(
    ("address", "article", "aside", "blockquote", "button", "center", "dd", "details", "dialog", "dir", "div", "dl", "dt", "fieldset",
     "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "li", "main", "menu", "nav", "ol", "p",
     "pre", "section", "summary", "tbody", "tfoot", "thead", "tr", "ul")
)  # fmt: skip
BOUNDS = frozenset(("caption", "marquee", "math", "object", "select", "svg", "table", "td", "template", "th"))
TABLED = frozenset(("caption", "tbody", "td", "tfoot", "th", "thead", "tr"))  # nothing outside of a table
# They go on behind the end of what is around them, until their own.
FORMATTING = frozenset(
    ("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u")
)

_ZERO = r"(?:0++(?:\.0*+)?+|\.0++)(?![.0-9])"
_OUTSIDE = re.compile(r"-[0-9]{3}")
_OF_SIZE = re.compile(r".*[1-9][0-9.]*(?:p[xtc]|[cm]m|in|rem|v[wh])|[a-z-]*(?:small|medium|large)(?!e?r)")
_FLAT = re.compile(_ZERO)
# By property, the values with which nobody sees an element.
_HIDES = {
    "display": re.compile("none"),
    "visibility": re.compile("hidden|collapse"),
    "content-visibility": re.compile("hidden"),
    "opacity": _FLAT,
    "color": re.compile(rf"transparent|(?:rgb|hsl)a?\([^()]*[,/]{_ZERO}%?\)"),
    "clip": re.compile(r"rect\(0"),
    "clip-path": re.compile(r"inset\((?:50|100)%|circle\(0"),
    "transform": re.compile(r".*scale[xy]?\(0(?![.0-9])"),
    **dict.fromkeys(("left", "right", "top", "bottom", "text-indent", "margin-left", "margin-top"), _OUTSIDE),
}
_SIDES = frozenset(("height", "max-height", "width", "max-width"))
_SIZES = frozenset(("font", "font-size"))
_ESCAPE = re.compile(r"\\(?:([0-9a-f]{1,6})\s?|(.))")
_BRACES = re.compile("([{}\0])")
_ELSEWHERE = re.compile(r"print|prefers|max-(?:device-)?width\s*+:\s*+[0-9]{1,3}(?![0-9])")  # than on a reader's screen
_SIMPLE = re.compile(r"[a-z0-9_.# -]++")
_LAST = re.compile(r"[.#]?[a-z0-9_-]++$")


class Seen(IntEnum):
    """``SMALL``: of no size, until something within has one again."""

    NEVER = 0
    SMALL = 1
    YES = 2


def attributes(text: str) -> dict[str, str]:
    """By name in lower case, the first of each as in a browser; entities undone."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(text):
        name, *values = match.groups("")
        found.setdefault(name.lower(), html.unescape("".join(values)))
    return found


def find_seen(name: str, given: dict[str, str], hidden: frozenset[str]) -> Seen | None:
    """Whether a reader sees what stands in this element; None where it is as around it. ``hidden``: by style sheets."""
    if name in UNSEEN or "hidden" in given or (hidden and not hidden.isdisjoint(_names(name, given))):
        return Seen.NEVER
    style = given.get("style")
    if style is None:
        return None
    return _remembered(style) if len(style) <= MOST_STYLE else _styled(style)


def _names(name: str, given: dict[str, str]) -> Iterable[str]:
    return {name, f"#{given.get('id', '').lower()}", *(f".{one}" for one in given.get("class", "").lower().split())}


def _styled(style: str) -> Seen | None:
    """None where it says nothing of it."""
    said = _without_comments(style.lower()) if "/*" in style else style.lower()
    if "\\" in said:
        said = _ESCAPE.sub(lambda escape: _sign(escape.group(1)) if escape.group(1) else escape.group(2), said)
    said = "".join(said.split())
    found: Seen | None = None
    cut = "overflow:hidden" in said
    for one in said.split(";"):
        name, _, value = one.partition(":")
        if name in _HIDES and _HIDES[name].match(value):
            return Seen.NEVER
        if cut and name in _SIDES and _FLAT.match(value):
            return Seen.NEVER
        if name in _SIZES and found is not Seen.SMALL:
            found = Seen.SMALL if _FLAT.match(value) else Seen.YES if _OF_SIZE.match(value) else found
    return found


_remembered = lru_cache(maxsize=1024)(_styled)


def _sign(code: str) -> str:
    number = int(code, 16)
    return chr(number) if number < 0x110000 else ""


def _without_comments(css: str) -> str:
    first, *others = css.split("/*")
    return first + "".join([other.partition("*/")[2] for other in others])


def hidden_names(sheets: Iterable[str]) -> frozenset[str]:
    """The classes, ids and elements that style sheets hide on a screen; what only some elements of a name are, is not."""
    found: set[str] = set()
    around: list[bool] = []  # of the blocks that we are in: does it speak of a reader's screen?
    selector = ""
    css = "\0".join([_without_comments(sheet.lower().replace("<!--", " ").replace("-->", " ")) for sheet in sheets])
    parts = _BRACES.split(css)
    for text, brace in zip(parts[::2], [*parts[1::2], "\0"], strict=True):
        if brace == "{":
            selector = text.rpartition(";")[2].strip()
            around.append(not (selector.startswith("@") and elsewhere(selector)))
            continue
        if around and all(around) and len(found) < MOST_NAMES and _styled(text) in (Seen.NEVER, Seen.SMALL):
            found |= _selected(selector)
        del around[0 if brace == "\0" else -1 :]
    return frozenset(found)


def elsewhere(media: str) -> bool:
    """Is it for something else than a reader's screen: for paper, or for a telephone?"""
    return _ELSEWHERE.search(media.lower()) is not None


def _selected(selector: str) -> set[str]:
    found: set[str] = set()
    for one in selector.split(",")[:MOST_NAMES]:
        name = one.strip()
        last = _LAST.search(name)
        if last and _SIMPLE.fullmatch(name) and (name == last.group() or last.group()[0] in ".#"):
            found.add(last.group())
    return found
