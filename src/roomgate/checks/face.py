"""What makes a sign-in page this one and no other, and how much of it another page shows. Pure.

Every sign-in page has a field for a name, one for a password, and a button; that proves nothing. A copy shows in what
nobody has by chance: the order of all its elements, the names that its maker gave to fields, ids, classes and files,
the words beside the fields, the pictures. Each is compared by itself, so that a copy with other colours, another title
or other words is still one; words that sign-in pages have everywhere do not count.
"""

import hashlib
import re
from collections.abc import Collection, Set
from dataclasses import dataclass
from difflib import SequenceMatcher
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

BONES_MOST = 1500
# What sign-in pages have everywhere, in names and in words.
_EVERYWHERE = frozenset(
    """
    a account action actions admin alert app apps area auth authentication autocomplete back background banner
    base big block body bold border bottom box brand btn btns button buttons card center centered check
    checkbox click close col column columns company connect console container content continue control
    controls copyright core create css current dark default description device devices div email en enter
    error errors field fields fieldset first flex floating footer for forgot form forms frame full go grid
    group h1 h2 head header heading hello help hero hidden hint home html icon icons id image img in index
    info inline inner input inputs invalid is item items js keep key kv label labels language large layout
    left legal light link links list local lock log login logo logon main margin max mb md me media meta min
    mode module mt muted name nav new next no normalize not note notice of on open or outer page pages pane
    panel pass passphrase password passwort policy portal primary privacy product pw pwd register remember
    required reset right root row rows script secondary section secure security select session sheet sign
    signed signin signup site sm small space stack static style styles submit support svg tab terms text theme
    title to token tokens top type ui up url user userid username users valid value view w web welcome width
    wrap wrapper xl xs you your components main1 site1 csrf nonce locale lang country data state redirect
    return uri client scope response method sso saml oauth oidc federated provider
    """.split()  # noqa: SIM905 (a list of so many words is read by nobody)
)
_WORD = re.compile(r"[^\W_]{2,}")
_SPLIT = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\W_]+")
_HASHED = re.compile(r"(?i)^[a-z]{0,4}[0-9a-f]{6,}$")
_CLEAR = ("html", "head", "meta", "base", "title", "style", "script", "link", "noscript", "template", "br", "wbr")
_WRAPPERS = ("div", "span", "section", "main", "article", "center")


@dataclass(frozen=True, slots=True)
class Face:
    """``bones``: what is seen of it, in order; ``marks``: what its maker named, without everyday words."""

    bones: tuple[str, ...] = ()
    marks: frozenset[str] = frozenset()
    phrases: frozenset[str] = frozenset()
    pictures: frozenset[str] = frozenset()  # hashes of pictures that stand in the markup itself
    sources: tuple[str, ...] = ()  # addresses of the others
    password: bool = False
    actions: tuple[str, ...] = ()  # where the forms with a password lead

    @property
    def known(self) -> bool:
        """Whether there is enough of it that a likeness would mean something."""
        return len(self.bones) >= 8 and len(self.marks) + len(self.phrases) + len(self.pictures) >= 3


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much of a face another page shows, each from 0 to 1. ``picture``: bits of 64 that differ, None unknown."""

    bones: float = 0.0
    marks: float = 0.0
    phrases: float = 0.0
    logos: int = 0
    picture: int | None = None
    length: int = 0  # bones of the shorter of the two

    @property
    def evidence(self) -> list[str]:
        """What of it no two makers have by chance, in words."""
        found = [f"{self.marks:.0%} of its own names"] if self.marks >= 0.5 else []
        found += [f"{self.phrases:.0%} of its own words"] if self.phrases >= 0.5 else []
        found += [f"{self.logos} of its own pictures"] if self.logos else []
        found += (
            [f"drawn alike ({self.picture} of 64 bits differ)"]
            if self.picture is not None and self.picture <= 6
            else []
        )
        return found

    @property
    def verdict(self) -> str:
        """copy, other, or unclear."""
        sure = [one for one in self.evidence if not one.startswith("drawn")]
        close = self.picture is not None and self.picture <= 6
        if self.bones >= 0.8 and self.length >= 8 and (sure or (close and self.length >= 14)):
            return "copy"
        if self.bones >= 0.6 and close and (sure or self.marks >= 0.3 or self.phrases >= 0.3):
            return "copy"
        if self.bones >= 0.6 and len(sure) >= 2:
            return "copy"
        if self.bones >= 0.95 and self.length >= 24:
            return "copy"
        if self.bones <= 0.5 and not self.logos and self.marks < 0.7 and self.phrases < 0.7:
            return "other"
        if not sure and self.marks < 0.35 and self.phrases < 0.35 and self.bones < 0.9 and not close:
            return "other"
        return "unclear"


def compare(page: Face, golden: Face, picture: int | None = None, logos: int = 0) -> Likeness:
    a, b = _without_wrappers(page.bones), _without_wrappers(golden.bones)
    bones = SequenceMatcher(None, a, b, autojunk=False).ratio() if a and b else 0.0
    return Likeness(
        bones, _shown(golden.marks, page.marks, 3), _shown(golden.phrases, page.phrases, 2),
        logos + len(page.pictures & golden.pictures), picture, min(len(a), len(b)),
    )  # fmt: skip


def _without_wrappers(bones: Collection[str]) -> list[str]:
    """A container more or less is no difference that anybody sees."""
    return [one for one in bones if one not in _WRAPPERS]


def _shown(golden: Set[str], page: Set[str], least: int) -> float:
    """How much of the golden page's own is on the other page; nothing where it has too little of its own."""
    return len(golden & page) / len(golden) if len(golden) >= least else 0.0


def parse_face(markup: str, url: str = "") -> Face:
    """Any text has a face; a page without a field for a password is no sign-in page."""
    reader = _Reader(url)
    reader.feed(markup)
    reader.close()
    reader.end()
    return Face(
        tuple(reader.bones[:BONES_MOST]), frozenset(reader.marks), frozenset(reader.phrases), frozenset(reader.pictures),
        tuple(dict.fromkeys(reader.sources)), reader.password, tuple(dict.fromkeys(reader.actions)),
    )  # fmt: skip


@dataclass(slots=True)
class _Form:
    action: str
    password: bool = False


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self._url = url
        self._hidden = ""
        self._said: list[str] = []
        self._form: _Form | None = None
        self.bones: list[str] = []
        self.marks: set[str] = set()
        self.phrases: set[str] = set()
        self.pictures: set[str] = set()
        self.sources: list[str] = []
        self.password = False
        self.actions: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {key: value or "" for key, value in attrs}
        self._end_phrase()
        kind = facts.get("type", "").lower() if tag in ("input", "button") else ""
        if tag in ("script", "style"):
            self._hidden = tag
        if tag not in _CLEAR and kind != "hidden":
            self.bones.append(f"{tag}:{kind or 'text'}" if tag == "input" else tag)
        self._mark(tag, facts)
        if tag == "form":
            self._leave_form()
            self._form = _Form(self._place(facts.get("action", "")))
        if tag == "input" and kind == "password":
            self.password = True
            form = self._form or _Form(self._url)
            form.password = True
            self._form = form
        if kind == "submit" and (value := facts.get("value")):
            self._phrase(value)
        for name in ("placeholder", "alt", "title", "aria-label"):
            if facts.get(name):
                self._phrase(facts[name])

    def handle_endtag(self, tag: str) -> None:
        self._end_phrase()
        if tag == self._hidden:
            self._hidden = ""
        if tag == "form":
            self._leave_form()

    def handle_data(self, data: str) -> None:
        if not self._hidden and len(self._said) < 200:
            self._said.append(data)

    def end(self) -> None:
        self._end_phrase()
        self._leave_form()

    def _leave_form(self) -> None:
        if self._form is not None and self._form.password:
            self.actions.append(self._form.action)
        self._form = None

    def _mark(self, tag: str, facts: dict[str, str]) -> None:
        named = "" if tag == "meta" else facts.get("name", "")
        names = [facts.get("id", ""), named, *facts.get("class", "").split()[:20]]
        for name in names:
            if _own(_SPLIT.split(name)):
                self.marks.add(name[:80].lower())
        source = facts.get("src", "") if tag in ("img", "script") else facts.get("href", "") if tag == "link" else ""
        if source.startswith("data:"):
            self.pictures.add(hashlib.sha256(source.encode("utf-8", "replace")).hexdigest())
        elif source:
            file = urlsplit(source).path.rsplit("/", 1)[-1] if "//" not in source[8:] else ""
            if file and _own(_SPLIT.split(file.rsplit(".", 1)[0])):
                self.marks.add(file[:80].lower())
            if tag == "img":
                self.sources.append(self._place(source))
        if tag == "path" and len(facts.get("d", "")) >= 24:
            self.pictures.add(hashlib.sha256(facts["d"].encode("utf-8", "replace")).hexdigest())

    def _end_phrase(self) -> None:
        if self._said:
            self._phrase("".join(self._said))
            self._said = []

    def _phrase(self, text: str) -> None:
        words = [word.lower() for word in _WORD.findall(text[:400])]
        if len(words) >= 2 and _own(words):
            self.phrases.add(" ".join(words))

    def _place(self, address: str) -> str:
        try:
            return urljoin(self._url, address)[:2000]
        except ValueError:
            return ""


def _own(words: Collection[str]) -> bool:
    """Whether a name says something that sign-in pages do not say everywhere."""
    told = [word.lower() for word in words if len(word) > 1 and not word.isdigit() and not _HASHED.match(word)]
    return any(word not in _EVERYWHERE for word in told)
