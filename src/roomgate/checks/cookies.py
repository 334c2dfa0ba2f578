"""What a cookie is set with, and what it is for as far as its name tells. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from roomgate.checks.snapshot import Exchange

_COOKIES_MOST = 100  # of one answer: more is an attack


class Purpose(StrEnum):
    SESSION = "session"
    FORGERY = "against forgery"  # scripts read it by design
    PASSING = "passing"  # a state or nonce on the way through somebody else's sign-in
    TASTE = "taste"  # language, theme, consent
    MACHINERY = "machinery"  # of load balancers, of visitor counts
    UNKNOWN = "unknown"


# The first that matches. Names that frameworks give, and words that people put into theirs.
_NAMES: tuple[tuple[Purpose, re.Pattern[str]], ...] = (
    (Purpose.FORGERY, re.compile(r"csrf|xsrf|anti-?forgery|requestverification|authenticity")),
    (Purpose.PASSING, re.compile(r"state|nonce|pkce|verifier|correlation|return|redirect|flash")),
    (Purpose.TASTE, re.compile(r"lang|locale|i18n|theme|timezone|^tz$|consent|prefs?$|preference|colou?r|dark|banner")),
    (
        Purpose.MACHINERY,
        re.compile(
            r"^_ga|^_gid|^__cf|^cf_|awsalb|^bigip|arraffinity|^_pk_|^_hj|^incap_|^visid_|sticky|affinity|route|backend"
        ),
    ),
    (
        Purpose.SESSION,
        re.compile(r"sess|(^|[^a-z])s?sid($|[^a-z])|sid$|auth|token|jwt|log-?in|ticket|remember|identity"),
    ),
)
_PREFIX = re.compile(r"^__(host|secure|http)-", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cookie:
    """As an answer sets it. ``attributes`` by lower-case name."""

    name: str
    value: str
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def purpose(self) -> Purpose:
        name = _PREFIX.sub("", self.name).lower()
        return next((purpose for purpose, words in _NAMES if words.search(name)), Purpose.UNKNOWN)

    @property
    def is_removed(self) -> bool:
        """Whether this takes a cookie away instead of setting one."""
        age = self.attributes.get("max-age", "")
        gone = bool(re.fullmatch(r"-\d+|0+", age)) or "1970" in self.attributes.get("expires", "")
        return gone or not self.value

    @property
    def has_prefix(self) -> bool:
        return _PREFIX.match(self.name) is not None


def parse_cookie(header: str) -> Cookie | None:
    """One Set-Cookie as browsers read it (RFC 6265 section 5.2); None for one that they ignore."""
    pair, *rest = header.split(";")
    name, equals, value = pair.partition("=")
    if not equals or not name.strip():
        return None
    attributes: dict[str, str] = {}
    for one in rest:
        key, _, text = one.partition("=")
        attributes[key.strip().lower()] = text.strip()
    return Cookie(name.strip(), value.strip().strip('"'), attributes)


def cookies_of(step: Exchange) -> list[Cookie]:
    """Those that an answer sets, without those that it takes away. Of one that is set twice, the last counts."""
    found = (parse_cookie(header) for header in step.every("set-cookie")[:_COOKIES_MOST])
    last = {one.name: one for one in found if one is not None}
    return [one for one in last.values() if not one.is_removed]


def lacks(cookie: Cookie, *, secure: bool) -> list[str]:
    """Which protections a session's cookie goes without. ``secure``: whether it was set over HTTPS."""
    missing = []
    if secure and "secure" not in cookie.attributes:
        missing.append("Secure")
    if "httponly" not in cookie.attributes:
        missing.append("HttpOnly")
    if cookie.attributes.get("samesite", "").lower() not in ("strict", "lax", "none"):
        missing.append("SameSite")
    return missing


def remarks(cookie: Cookie, host: str) -> list[str]:
    """What is worth a word, and no fault by itself."""
    said = []
    scope = cookie.attributes.get("domain", "").lower().lstrip(".")
    if scope and scope != host.lower() and host.lower().endswith("." + scope):
        said.append(f"goes to every host below {scope}")
    if cookie.attributes.get("samesite", "").lower() == "none":
        said.append("SameSite=None: other sites' requests carry it")
    if not cookie.has_prefix:
        said.append("no __Host- prefix, so a sibling host may overwrite it")
    return said


def values_of(steps: Sequence[Exchange], name: str) -> list[str]:
    """The values of one cookie, in the order that they were given out."""
    return [cookie.value for step in steps for cookie in cookies_of(step) if cookie.name == name]
