"""What a page has that people act by: forms, controls, ways to sign in, addresses it loads or leads to. Pure.

Judged by structure and by addresses, never by the words of one product or one language.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from urllib.parse import parse_qs, unquote, urlsplit

_SIGN_IN = re.compile(
    r"(?:^|[^a-z])(?:log-?_?(?:in|on)|sign-?_?(?:in|on)|sso|saml2?|oauth2?|oidc|openid|openid-connect|authorize|authn?|"
    r"authenticate|authentication|adfs|idp|wayf)(?:[^a-z]|$)"
)
_ASKED_BY_CLIENTS = ("SAMLRequest", "wtrealm")
_GOES_TO = re.compile(r"""\blocation(?:\.href)?\s*(?:=|\.(?:replace|assign)\s*\()\s*["']([^"'\s]{1,500})["']""")
_REFRESH = re.compile(r"(?i)^\s*\d*\s*;?\s*url\s*=\s*['\"]?([^'\"\s]+)")
_QUIET = frozenset(("script", "style", "template", "noscript"))
MOST = 2000  # elements of a kind that are kept


@dataclass(slots=True)
class Loaded:
    """An address in a page. ``policy`` is the element's own referrer policy, ``rel`` its relation."""

    tag: str
    url: str
    rel: str = ""
    policy: str = ""


@dataclass(slots=True)
class Form:
    action: str
    method: str
    fields: list[str] = field(default_factory=list)  # their types
    password: bool = False

    @property
    def signs_in(self) -> bool:
        """An e-mail address or a name and nothing else is asked for before a password is."""
        typed = [one for one in self.fields if one not in ("hidden", "submit", "button", "checkbox")]
        return self.password or leads_to_sign_in(self.action) or typed == ["email"]


@dataclass(slots=True)
class Markup:
    """``actions``: forms and buttons that have nothing to do with a sign-in."""

    title: str = ""
    text: str = ""
    forms: list[Form] = field(default_factory=list)
    links: list[Loaded] = field(default_factory=list)  # where a visitor may go
    loads: list[Loaded] = field(default_factory=list)  # what a browser fetches by itself
    passwords: int = 0
    buttons: int = 0
    goes_to: str = ""  # where it sends a browser on by itself
    referrer: str = ""  # the page's own referrer policy

    @property
    def actions(self) -> int:
        forms = sum(1 for one in self.forms if one.method == "post" and not one.signs_in)
        return forms + self.buttons

    @property
    def sign_ins(self) -> int:
        return sum(one.signs_in for one in self.forms) + sum(leads_to_sign_in(one.url) for one in self.links)


def leads_to_sign_in(url: str) -> bool:
    """Whether an address is one of a sign-in, by the words of its path or by what a client asks a provider."""
    try:
        parts = urlsplit(url)
        asked = parse_qs(parts.query, max_num_fields=50)
    except ValueError:
        return False
    if "response_type" in asked and "client_id" in asked:
        return True
    if any(name in asked for name in _ASKED_BY_CLIENTS):
        return True
    return bool(_SIGN_IN.search(unquote(parts.path).lower()) or _SIGN_IN.search(parts.fragment.split("?")[0].lower()))


@lru_cache(maxsize=512)
def parse_markup(page: str) -> Markup:
    """Of anything at all: what is no HTML has nothing in it. Several checks read the same page: nobody changes it."""
    reader = _Reader()
    try:
        reader.feed(page)  # and never `close`: 256 KiB of an unclosed comment keep it for a minute
    except AssertionError:
        pass  # what html.parser says of a declaration that is none; what came before it stands
    made = reader.made
    made.text = " ".join(" ".join(reader.words).split())
    made.title = " ".join(reader.title.split())
    if not made.goes_to and (found := _GOES_TO.search(reader.script)):
        made.goes_to = found.group(1)
    return made


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.made = Markup()
        self.words: list[str] = []
        self.title = ""
        self.script = ""
        self._form: Form | None = None
        self._quiet = ""
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if tag in _QUIET:
            self._quiet = tag
        if tag == "title":
            self._in_title = True
        match tag:
            case "form":
                self._form = Form(facts.get("action", ""), facts.get("method", "get").lower() or "get")
                if len(self.made.forms) < MOST:
                    self.made.forms.append(self._form)
            case "input" | "select" | "textarea" | "button":
                self._control(tag, facts)
            case "meta":
                self._meta(facts)
            case "a" | "area":
                self._loaded(self.made.links, tag, facts, "href")
            case "link":
                self._loaded(self.made.loads, tag, facts, "href")
            case "script" | "img" | "iframe" | "source" | "audio" | "video" | "embed" | "frame" | "track":
                self._loaded(self.made.loads, tag, facts, "src")

    def _control(self, tag: str, facts: dict[str, str]) -> None:
        kind = (facts.get("type") or ("text" if tag == "input" else tag)).lower()
        if tag == "button" and kind not in ("button", "reset"):
            kind = "submit"
        password = tag == "input" and kind == "password"
        self.made.passwords += password
        if self._form is not None:
            if len(self._form.fields) < MOST:
                self._form.fields.append(kind)
            self._form.password |= password
        elif tag == "button":
            self.made.buttons += 1

    def _meta(self, facts: dict[str, str]) -> None:
        if facts.get("name", "").lower() == "referrer":
            self.made.referrer = facts.get("content", "").strip().lower()
        if facts.get("http-equiv", "").lower() == "refresh" and (found := _REFRESH.match(facts.get("content", ""))):
            self.made.goes_to = found.group(1)

    def _loaded(self, into: list[Loaded], tag: str, facts: dict[str, str], name: str) -> None:
        if (url := facts.get(name, "").strip()) and len(into) < MOST:
            into.append(Loaded(tag, url, facts.get("rel", "").lower(), facts.get("referrerpolicy", "").strip().lower()))

    def handle_endtag(self, tag: str) -> None:
        if tag == self._quiet:
            self._quiet = ""
        if tag == "title":
            self._in_title = False
        if tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        elif self._quiet == "script":
            if len(self.script) < 64 * 1024:
                self.script += data
        elif not self._quiet:
            self.words.append(data)
