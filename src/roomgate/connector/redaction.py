"""Pure: secrets are taken out of what leaves the site for reading: logs, documents, anything of any shape.

Three nets over one another. What stands under a name that means a secret is hidden whole. What looks like a secret
in running text (a key in PEM, a cookie, "password = …") is hidden where it stands. And what is known to be one, from
the vault or from the first net, is hidden wherever it stands, however it is spelled. Too much hidden is no harm.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus

from roomgate.xapi.call import SECRET_ARGUMENTS

HIDDEN = "***"  # as a device shows its own passwords
SHORTEST = 6  # a shorter word stands by chance everywhere

_NAMES = frozenset(name.lower() for name in SECRET_ARGUMENTS) | {"pwd", "communityname", "hostpin", "meetingpin"}
_WORDS = (
    "password|passphrase|passcode|passwd|secret|token|api[_-]?key|private[_-]?key|access[_-]?key|credentials?|cookie"
)
_NAME = re.compile(rf"(?:{_WORDS})$", re.IGNORECASE)
# Nothing below looks back or ahead without a bound: what is read may be a megabyte that somebody chose.
_HEADER = re.compile(
    r"((?<![\w-])(?:(?:set-)?cookie2?|(?:proxy-)?authorization|x-[\w-]{0,40}(?:key|token))\s{0,8}[:=]\s{0,8})[^\r\n]+",
    re.IGNORECASE,
)
_SAID = re.compile(
    rf"""((?:{_WORDS}|pwd|(?<![a-z])pin)s?["'\]]{{0,8}}(?:\s{{0,8}}:\s{{0,8}}|\s{{0,8}}=>?\s{{0,8}}|\s{{1,8}}is\s{{1,8}}))"""
    r"""(?:"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|(?<==)[^\s&]+|[^\r\n]+)""",
    re.IGNORECASE,
)
_ELEMENT = re.compile(rf"(<[\w:.-]{{0,60}}(?:{_WORDS}|pin)\b[^<>]{{0,200}}>)[^<]+", re.IGNORECASE)
_WHOLE = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|\Z)"
    r"|\b(?:Bearer|Basic|Digest)\s{1,8}[A-Za-z0-9+/=._~-]{6,}"
    r"|(?<=://)[^/\s@]+@"
    r"|(?<![\w-])eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"
    r"|(?<![\w-])(?:rg|ghp|gho|xox[abp]|sk|glpat)[_-][\w-]{16,}",
    re.DOTALL,
)


def is_secret_name(name: str) -> bool:
    """Whether what stands under this name opens something."""
    return name.lower() in _NAMES or bool(_NAME.search(name))


def secrets_in(value: Any) -> Iterator[str]:
    """The texts that stand under secret names, wherever in a document."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _texts(one) if is_secret_name(str(name)) else secrets_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from secrets_in(one)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)
    elif isinstance(value, str) and value != HIDDEN:
        yield value


@dataclass(slots=True)
class Redactor:
    """Hides, and counts what it hid. ``known``: secrets that are hidden wherever they stand."""

    known: Iterable[str] = ()
    hidden: int = 0
    _known: re.Pattern[str] | None = field(init=False)

    def __post_init__(self) -> None:
        spelled = {form for one in self.known if len(one) >= SHORTEST for form in _spellings(one)}
        longest = sorted(spelled, key=lambda form: (-len(form), form))
        self._known = re.compile("|".join(map(re.escape, longest))) if longest else None

    def value(self, value: Any) -> Any:
        """The same document without what is secret in it."""
        if isinstance(value, dict):
            return {
                self.text(str(name)): self._all(one) if is_secret_name(str(name)) else self.value(one)
                for name, one in value.items()
            }
        if isinstance(value, list):
            return [self.value(one) for one in value]
        return self.text(value) if isinstance(value, str) else value

    def _all(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self.text(str(name)): self._all(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self._all(one) for one in value]
        if value in (None, "", HIDDEN) or isinstance(value, bool):
            return value
        self.hidden += 1
        return HIDDEN

    def text(self, text: str) -> str:
        """Running text without what is known to be secret, or looks like it."""
        if self._known is not None:
            text = self._count(self._known.subn(HIDDEN, text))
        text = self._count(_WHOLE.subn(HIDDEN, text))
        text = self._count(_HEADER.subn(rf"\1{HIDDEN}", text))
        text = self._count(_ELEMENT.subn(rf"\1{HIDDEN}", text))
        return self._count(_SAID.subn(rf"\1{HIDDEN}", text))

    def _count(self, done: tuple[str, int]) -> str:
        self.hidden += done[1]
        return done[0]


def _spellings(secret: str) -> Iterator[str]:
    """As it is, and as it stands in JSON, in an address and in base64 (whose last signs hang on what follows)."""
    raw = secret.encode("utf-8", "replace")
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield quote(raw, safe="")
    yield quote_plus(raw)
    yield b64encode(raw).decode()[: len(raw) * 8 // 6]
