"""What is in a page, as far as its source says: controls, links, scripts and what its meta elements order. Pure.

Hostile and broken pages give what could be read; nothing here raises.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_MOST = 2000
_CONTROLS = frozenset({"button", "input", "select", "textarea"})


@dataclass(slots=True)
class Source:
    """``orders``: what each ``<meta http-equiv>`` says, by lower-case name. ``scripts``: the source of inline ones."""

    controls: int = 0
    forms: list[str] = field(default_factory=list)  # their actions
    fields: dict[str, str] = field(default_factory=dict)  # names of inputs, and their values
    links: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    has_scripts: bool = False  # of any kind, its own or fetched
    orders: list[tuple[str, str]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)  # what is to be read

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def order(self, name: str) -> list[str]:
        return [content for key, content in self.orders if key == name]


def read_through(reader: HTMLParser, page: str) -> None:
    """Have a page read to its end, whatever it is.

    What browsers take for unfinished (a comment without an end) is nothing; html.parser would look for what else it
    may be, and 256 KiB of it take minutes.
    """
    try:
        reader.feed(page)
        if "<" not in reader.rawdata:
            reader.close()  # what is left is text
    except AssertionError:
        pass  # what html.parser says of a declaration that is none; what came before it stands


def read_source(page: str) -> Source:
    reader = _Reader()
    read_through(reader, page)
    return reader.found


def is_page(kind: str, body: str) -> bool:
    """Whether a browser would show it as a page. ``kind`` is its Content-Type; without one, browsers look inside."""
    named = kind.split(";")[0].strip().lower()
    if named:
        return named in ("text/html", "application/xhtml+xml")
    start = body[:1024].lstrip().lower()
    return start.startswith(("<!doctype html", "<html", "<head", "<body"))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found = Source()
        self._inline: list[str] | None = None
        self._quiet = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        found = self.found
        if tag in _CONTROLS and facts.get("type", "").lower() != "hidden":
            found.controls += 1
        if tag in ("input", "select", "textarea") and facts.get("name") and len(found.fields) < _MOST:
            found.fields.setdefault(facts["name"], facts.get("value", ""))
        if tag == "form" and len(found.forms) < _MOST:
            found.forms.append(facts.get("action", ""))
        if tag in ("a", "area", "iframe", "frame") and len(found.links) < _MOST:
            found.links += [facts[key] for key in ("href", "src") if facts.get(key)]
        if tag == "meta" and facts.get("http-equiv") and len(found.orders) < _MOST:
            found.orders.append((facts["http-equiv"].strip().lower(), facts.get("content", "")))
        if tag in ("script", "style", "title"):
            self._quiet = tag
        if tag == "script":
            found.has_scripts = True
            self._inline = None if facts.get("src") else []

    def handle_data(self, data: str) -> None:
        if self._inline is not None:
            self._inline.append(data)
        elif not self._quiet:
            self.found.words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == self._quiet:
            self._quiet = ""
        if tag == "script" and self._inline is not None:
            if len(self.found.scripts) < _MOST:
                self.found.scripts.append("".join(self._inline))
            self._inline = None
