"""Pure: what the touch screen shows of a panel, drawn as SVG: its button on the home screen, and each of its pages.

Our own drawing, after the panel's XML and not after any device's picture. Every word is escaped, cut to what fits,
and the number of everything is bounded. Nothing is coloured here: classes are, by the console's sheet; the panel's
own colour alone is an attribute, and only if it is one.
"""

import re
from dataclasses import dataclass, field
from unicodedata import east_asian_width
from xml.sax.saxutils import escape

from roomgate.hub.extensions.panel import Node

WIDTH = 640
MOST_PAGES, MOST_ROWS, MOST_WIDGETS, MOST_KEYS = 8, 24, 16, 24
_PAD, _HEAD, _ROW, _GAP = 16, 84, 56, 8
_LABEL = 152  # the column of the rows' names
_COLUMNS = 4
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
# A few strokes each, on a field of 24: what the thing is, not the vendor's drawing of it.
_GLYPHS = {
    "Lightbulb": "M9 18h6M10 21h4M12 3a6 6 0 0 1 4 10.5V15H8v-1.500A6 6 0 0 1 12 3z",
    "Power": "M12 3v8M7 6a8 8 0 1 0 10 0",
    "Camera": "M3 7h12v10H3zM15 11l6-3v8l-6-3z",
    "Microphone": "M9 4h6v9H9zM6 11a6 6 0 0 0 12 0M12 17v4",
    "Help": "M9 9a3 3 0 1 1 3 4v2M12 18v1",
    "Helpdesk": "M9 9a3 3 0 1 1 3 4v2M12 18v1",
    "Info": "M12 10v8M12 6v1",
    "Home": "M4 11l8-7 8 7v9H4z",
    "Tv": "M3 5h18v12H3zM9 20h6",
    "Laptop": "M5 5h14v10H5zM2 18h20",
    "Input": "M4 5h16v14H4zM8 12h8M13 9l3 3-3 3",
    "Media": "M8 5l11 7-11 7z",
    "Record": "M12 6a6 6 0 1 1 0 12 6 6 0 0 1 0-12z",
    "Hvac": "M12 3v18M4 7l16 10M20 7L4 17",
    "Language": "M4 5h16v11H9l-4 4v-4H4z",
    "Handset": "M4 8c5-4 11-4 16 0l-2 4-4-2v-2h-4v2l-4 2z",
    "Disc": "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM12 10a2 2 0 1 1 0 4 2 2 0 0 1 0-4z",
}
_ANY = "M5 5h5v5H5zM14 5h5v5h-5zM5 14h5v5H5zM14 14h5v5h-5z"


@dataclass(frozen=True, slots=True)
class Picture:
    """``name``: what it shows. ``svg`` is markup of ours, safe to stand in a page."""

    name: str
    svg: str


@dataclass(slots=True)
class _Canvas:
    parts: list[str] = field(default_factory=list)

    def box(self, x: float, y: float, w: float, h: float, kind: str, r: float = 6) -> None:
        self.parts.append(f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="{r:g}"/>')

    def word(self, x: float, y: float, text: str, room: float, kind: str = "pt", anchor: str = "middle") -> None:
        if shown := fit(text, room):
            self.parts.append(f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(shown)}</text>')

    def line(self, d: str, kind: str = "pl") -> None:
        self.parts.append(f'<path class="{kind}" d="{d}"/>')

    def glyph(self, icon: str, x: float, y: float) -> None:
        d = _GLYPHS.get(icon, _ANY)
        self.parts.append(f'<path class="pg" transform="translate({x:g} {y:g})" d="{d}"/>')

    def svg(self, width: float, height: float) -> str:
        inner = "".join(self.parts)
        # Beside each picture stands what it shows, in words: to a reader of screens it is one thing without a name.
        return f'<svg class="touch" viewBox="0 0 {width:g} {height:g}" aria-hidden="true">{inner}</svg>'


def fit(text: str, room: float, each: float = 8.4) -> str:
    """As much of a text as fits, on one line."""
    line, used, shown = " ".join(text.split())[:200], 0.0, ""
    for one in line:
        used += each * (1.7 if east_asian_width(one) in "WF" else 1)
        if used > room:
            return shown[:-1].rstrip() + "…" if shown else ""
        shown += one
    return shown


def draw(panel: Node) -> list[Picture]:
    """The home screen's button first, then each page."""
    return [_button(panel), *(_page(panel, n) for n in range(len(panel.all("Page")[:MOST_PAGES])))]


def _button(panel: Node) -> Picture:
    name, colour = panel.word("Name", panel.word("PanelId")), panel.word("Color")
    canvas = _Canvas()
    canvas.box(0, 0, 160, 132, "pscreen", 10)
    fill = f' fill="{colour}"' if _COLOUR.fullmatch(colour) else ' class="pon"'
    canvas.parts.append(f'<circle{fill} cx="80" cy="52" r="30"/>')
    canvas.glyph(panel.word("Icon", "General"), 68, 40)
    canvas.word(80, 110, name, 140)
    return Picture(name[:80], canvas.svg(160, 132))


def _page(panel: Node, number: int) -> Picture:
    pages = panel.all("Page")[:MOST_PAGES]
    page = pages[number]
    name = page.word("Name", page.word("PageId"))
    rows = page.all("Row")[:MOST_ROWS]
    bare = "hideRowNames=1" in page.word("Options").split(";")
    canvas = _Canvas()
    canvas.box(0, 0, WIDTH, 0, "pscreen", 10)  # its height is known at the end
    canvas.word(WIDTH / 2, 30, panel.word("Name", panel.word("PanelId")), WIDTH - 80, "pt ph")
    canvas.line(f"M{WIDTH - 32} 20l10 10m0 -10l-10 10")
    step = (WIDTH - 2 * _PAD) / len(pages)
    for n, one in enumerate(pages):
        middle = _PAD + step * (n + 0.5)
        canvas.word(middle, 60, one.word("Name", one.word("PageId")), step - 8, "pt" if n == number else "pt pq")
        if n == number:
            canvas.line(f"M{middle - step / 2 + 8:g} 70h{step - 16:g}", "pl pnow")
    y: float = _HEAD
    for row in rows:
        y = _draw_row(canvas, row, y, bare)
    height = y + _PAD
    canvas.parts[0] = f'<rect class="pscreen" x="0" y="0" width="{WIDTH}" height="{height:g}" rx="10"/>'
    return Picture(name[:80], canvas.svg(WIDTH, height))


def _draw_row(canvas: _Canvas, row: Node, y: float, bare: bool) -> float:
    """Gives where the next row begins. A row has four columns; what does not fit goes on below."""
    left = _PAD if bare else _PAD + _LABEL
    column = (WIDTH - _PAD - left - _GAP * (_COLUMNS - 1)) / _COLUMNS
    if not bare:
        canvas.word(_PAD, y + 33, row.word("Name"), _LABEL - 12, "pt pq", "start")
    used, tallest = 0, float(_ROW)
    for widget in row.all("Widget")[:MOST_WIDGETS]:
        size = _size(widget)
        if used and used + size > _COLUMNS:
            y, used, tallest = y + tallest, 0, float(_ROW)
        x = left + used * (column + _GAP)
        width = size * column + (size - 1) * _GAP
        tallest = max(tallest, _widget(canvas, widget, x, y + 6, width) + 12)
        used += size
    return y + tallest


def _options(widget: Node) -> dict[str, str]:
    return dict(one.split("=", 1) for one in widget.word("Options").split(";") if "=" in one)


def _size(widget: Node) -> int:
    """Columns, from 1 to 4."""
    said = _options(widget).get("size", "")
    usual = {"Slider": 3, "Text": 2, "DirectionalPad": 2, "GroupButton": 4, "Spinner": 2}
    return int(said) if said in ("1", "2", "3", "4") else usual.get(widget.word("Type"), 1)


def _widget(canvas: _Canvas, widget: Node, x: float, y: float, width: float) -> float:
    """Draws one; gives its height."""
    name, middle, high = widget.word("Name"), y + 27, 44.0
    match widget.word("Type"):
        case "Button":
            canvas.box(x, y, width, high, "pkey", 22)
            canvas.word(x + width / 2, middle, name, width - 12)
        case "IconButton":
            canvas.parts.append(f'<circle class="pkey" cx="{x + 22:g}" cy="{y + 22:g}" r="22"/>')
            canvas.glyph(_options(widget).get("icon", "").capitalize(), x + 10, y + 10)
        case "ToggleButton":
            canvas.box(x, y + 8, 52, 28, "pkey", 14)
            canvas.parts.append(f'<circle class="pknob" cx="{x + 14:g}" cy="{y + 22:g}" r="10"/>')
        case "Slider":
            canvas.line(f"M{x + 8:g} {y + 22:g}h{width - 16:g}", "pl ptrack")
            canvas.line(f"M{x + 8:g} {y + 22:g}h{(width - 16) * 0.4:g}", "pl pfull")
            canvas.parts.append(f'<circle class="pknob" cx="{x + 8 + (width - 16) * 0.4:g}" cy="{y + 22:g}" r="11"/>')
        case "Spinner":
            canvas.box(x, y, width, high, "pkey", 22)
            canvas.word(x + 22, middle + 1, "−", 20)
            canvas.word(x + width / 2, middle, name, width - 96)
            canvas.word(x + width - 22, middle + 1, "+", 20)
        case "GroupButton":
            return _group(canvas, widget, x, y, width)
        case "DirectionalPad":
            return _pad(canvas, x, y)
        case "Text":
            small = _options(widget).get("fontSize", "") == "small"
            centred = _options(widget).get("align", "") == "center"
            at, anchor = (x + width / 2, "middle") if centred else (x, "start")
            canvas.word(at, middle, name, width, "pt pq" if small else "pt", anchor)
        case "Spacer":
            pass
        case other:
            canvas.box(x, y, width, high, "punknown")
            canvas.word(x + width / 2, middle, other, width - 12, "pt pq")
    return high


def _group(canvas: _Canvas, widget: Node, x: float, y: float, width: float) -> float:
    space = widget.first("ValueSpace")
    names = [one.word("Name", one.word("Key")) for one in (space.all("Value") if space else [])[:MOST_KEYS]]
    said = _options(widget).get("columns", "")
    columns = max(1, min(int(said) if said.isascii() and said.isdigit() and len(said) < 3 else 4, len(names) or 1, 12))
    each = (width - 4 * (columns - 1)) / columns
    for n, name in enumerate(names):
        left, top = x + n % columns * (each + 4), y + n // columns * 48
        canvas.box(left, top, each, 44, "pkey pkey-on" if n == 0 else "pkey", 6)
        canvas.word(left + each / 2, top + 27, name, each - 8, "pt pt-on" if n == 0 else "pt")
    return max(1, -(-len(names) // columns)) * 48.0 - 4


def _pad(canvas: _Canvas, x: float, y: float) -> float:
    cx, cy = x + 66, y + 66
    canvas.parts.append(f'<circle class="pkey" cx="{cx:g}" cy="{cy:g}" r="64"/>')
    canvas.parts.append(f'<circle class="pscreen" cx="{cx:g}" cy="{cy:g}" r="22"/>')
    for dx, dy, d in (
        (0, -44, "m-8 5l8-8 8 8"),
        (0, 44, "m-8 -5l8 8 8-8"),
        (-44, 0, "m5 -8l-8 8 8 8"),
        (44, 0, "m-5 -8l8 8-8 8"),
    ):
        canvas.line(f"M{cx + dx:g} {cy + dy:g}{d}")
    return 132.0
