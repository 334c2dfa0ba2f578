"""Pure: secrets are taken out of what leaves the site for reading: logs, documents, anything of any shape.

Three nets over one another. What stands under a name that means a secret is hidden whole. What looks like a secret
in running text (a key in PEM, a cookie, "password = …") is hidden where it stands. And what is known to be one, from
the vault or from the first net, is hidden wherever it stands, however it is spelled. Too much hidden is no harm.
"""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from unicodedata import normalize
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

from roomgate.xapi.call import SECRET_ARGUMENTS

HIDDEN = "***"  # as a device shows its own passwords
SHORTEST = 6  # a shorter word stands by chance everywhere

# ---- names that mean a secret: the same in documents, in running text, in XML -------------------------

_ENDINGS = (
    *("password", "passphrase", "passcode", "passwd", "secret", "token", "credential", "cookie", "authorization"),
    *("apikey", "privatekey", "accesskey", "sharedkey", "hostkey", "authkey", "sessionid"),
    *("activationcode", "communityname", "dtmfstring", "invitelink", "boardurl"),
    *("passwort", "kennwort", "motdepasse", "contraseña", "senha", "wachtwoord", "пароль", "パスワード"),
    *("密码", "密碼", "口令", "令牌", "密钥"),
)
_WORDS = frozenset({"pass", "pwd", "pw", "psk", "pin", "otp", "auth", "community", "bindpw"})
_ALONE = frozenset(name.lower() for name in SECRET_ARGUMENTS)  # "Key" is one, "AnyKey" need not be
_AFTER = frozenset({"old", "new", "hash", "value", "text", "string", "again"})  # "password_hash" is a password yet
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NO_LETTERS = re.compile(r"[\W\d_]+")


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether what stands under this name opens something."""
    plain = normalize("NFKC", name[-80:])
    words = [word for word in _NO_LETTERS.split(_HUMP.sub(" ", plain).lower()) if word]
    while len(words) > 1 and words[-1] in _AFTER:
        words.pop()
    if not words:
        return False
    last = plain.split()[-1].lower()
    whole = "".join(words[-3:]).rstrip("是为")
    return (
        whole.endswith(_ENDINGS)
        or whole.removesuffix("s").endswith(_ENDINGS)
        or words[-1] in _WORDS
        or last in _ALONE
        or (last.startswith("x-") and last.endswith("key"))  # a header of somebody's own
    )


# ---- what looks like a secret in running text ---------------------------------------------------------
# Nothing below looks back or ahead without a bound: what is read may be a megabyte that somebody chose.

_ELEMENT = re.compile(r"<([\w:.-]{1,60})(?:\s[^<>]{0,200})?>(<!\[CDATA\[[^\]<>]*+\]\]>|[^<]++)")
# A name of up to three words, its quotes, and what leads to a value. The last of these leads there only if what
# follows looks like no word: letters and digits together.
_NAMED = re.compile(
    r"""(?<![\w-])([\w-]++(?:[ \t][\w-]++){0,2}?)["'\]\\]{0,8}(?:"""
    r"""\s{0,8}(?::=|[=-]>|[=:：＝]|%3[Dd])\s{0,8}"""
    r"""|\s{0,8},?\s{0,8}["'\\]{0,8}[Vv]alue["'\\]{0,8}\s{0,8}[:=]\s{0,8}"""
    r"""|(?<=["']),\s{0,8}(?=\\{0,8}["'])"""
    r"""|\s{1,8}is\s{1,8}"""
    r"""|\s{1,8}(?:(?:was|to|now|set|changed|with|as)\s{1,8}){0,3}(?=["']?(?=[^\s"']{0,80}\d)(?=[^\s"']{0,80}[A-Za-z])[^\s"']{6}))"""
)
_OPTION = re.compile(r"(?<![\w-])--([\w-]++)\s{1,8}(?=\S)")
_WORD = re.compile(r"""(["'])[^"'\r\n]*+\1?|\S+""")
_VALUE = re.compile(
    r"""(\\{1,8})"(?:[^"\\\r\n]|(?!\1")\\++"?)*+(?:\1")?"""  # a document in a document: its quotes are escaped
    r"""|"(?:[^"\\]|\\.)*+"?|'(?:[^'\\]|\\.)*+'?|(?<==)[^\s&]+|[^\r\n]+"""
)
_WHOLE = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)"
    r"|\b(?:[Bb]earer|Basic)\s{1,8}[A-Za-z0-9+/=._~-]{6,}"
    r"|\bDigest\s{1,8}\w{1,40}=[^\r\n]+"
    r"|(?<=://)[^/\s@]+@"
    r"|(?<=sip:)[^\s:@/]{1,80}:[^\s@/]{1,80}@"
    r"|(?<=--user )[^\s:]{1,80}:\S+|(?<=-u )[^\s:]{1,80}:\S+"
    r"|(?<![\w-])eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"
    r"|(?<![\w-])(?:rg|ghp|gho|xox[abp]|sk|glpat)[_-][\w-]{16,}"
    r"|(?<![\w-])(?:AKIA|ASIA)[A-Z0-9]{16}"
    # A long word of capitals, small letters and figures is nobody's name, but many a service's token.
    r"|(?<![\w-])(?=[A-Za-z_-]*+\d[A-Za-z_-]*+\d[A-Za-z_-]*+\d)(?=[a-z\d_-]*+[A-Z])(?=[A-Z\d_-]*+[a-z])[\w-]{20,}+",
    re.DOTALL,
)
# The query of an address is often a ticket, under whatever name.
_QUERY = re.compile(r"(?<![\w-])((?:https?|wss?)://[^\s\"'<>?#]{1,400}\?)[^\s\"'<>]+")


def secrets_in(value: Any) -> Iterator[str]:
    """The texts that stand under secret names, wherever in a document."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _texts(one) if is_secret_name(str(name)) else secrets_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from secrets_in(one)


def _named_inside(value: dict[Any, Any]) -> bool:
    """Whether this is one setting, spelled as ``{"Name": "password", "Value": …}``."""
    said = value.get("name", value.get("Name"))
    return isinstance(said, str) and is_secret_name(said)


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
        self._known = re.compile("|".join(map(re.escape, longest)), re.IGNORECASE) if longest else None

    def value(self, value: Any) -> Any:
        """The same document without what is secret in it."""
        if isinstance(value, dict):
            named = _named_inside(value)
            return {
                self.text(str(name)): self._all(one)
                if is_secret_name(str(name)) or (named and str(name).lower() == "value")
                else self.value(one)
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
        text = self._count(_QUERY.subn(rf"\1{HIDDEN}", text))
        text = _ELEMENT.sub(self._element, text)
        return self._named(_OPTION, _WORD, self._named(_NAMED, _VALUE, text))

    def _element(self, found: re.Match[str]) -> str:
        if not is_secret_name(found[1]) or found[2] == HIDDEN:
            return found[0]
        self.hidden += 1
        return f"{found[0][: found.start(2) - found.start()]}{HIDDEN}"

    def _named(self, names: re.Pattern[str], values: re.Pattern[str], text: str) -> str:
        """Each value that stands behind a name which means a secret."""
        kept: list[str] = []
        at = 0
        for found in names.finditer(text):
            if found.start() < at or not is_secret_name(found[1]):
                continue
            value = values.match(text, found.end())
            if value is None or value[0].startswith(HIDDEN):
                continue
            kept += (text[at : found.end()], HIDDEN)
            at = value.end()
            self.hidden += 1
        return "".join((*kept, text[at:]))

    def _count(self, done: tuple[str, int]) -> str:
        self.hidden += done[1]
        return done[0]


def _spellings(secret: str) -> Iterator[str]:
    """As it is, and as it stands in JSON (once and twice), in XML, in an address, in hex and in base64."""
    raw = secret.encode("utf-8", "replace")
    yield secret
    for ascii_only in (True, False):
        once = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        yield once
        yield json.dumps(once, ensure_ascii=ascii_only)[1:-1]
    yield escape(secret)
    yield escape(secret, {'"': "&quot;", "'": "&apos;"})
    yield quote(raw)
    yield quote(raw, safe="")
    yield quote_plus(raw)
    yield raw.hex()
    for before in range(3):  # "name:password" in base64: where its signs begin and end hangs on what is around it
        first, last = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
        for spell in (b64encode, urlsafe_b64encode):
            yield spell(bytes(before) + raw).decode()[first:last]
