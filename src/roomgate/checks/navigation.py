"""Where a browser goes that gets this answer: by Location, by refresh, by a script that names the place. Pure.

Addresses are resolved as the URL standard has browsers do it (https://url.spec.whatwg.org/), which is not how servers
read them: backslashes are slashes, tabs and newlines are nothing, and two slashes begin another host.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from roomgate.checks.html_source import is_page, read_source
from roomgate.checks.snapshot import Exchange

PATIENCE_S = 2.0  # a page that stands longer before it moves on can be read, and left
_SPECIAL = ("http", "https")
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*):(.*)$", re.DOTALL)
_ENDS = "".join(map(chr, range(0x21)))  # C0 controls and space
_REFRESH = re.compile(r"^\s*([0-9.]+)\s*(?:[;,\s]\s*(?:url\s*=\s*)?(.*))?$", re.IGNORECASE | re.DOTALL)
_ASSIGNED = re.compile(
    r"""(?<![\w.$])(?:(?:window|document|self|top|parent)\s*\.\s*){0,2}location\s*
        (?: (?:\.\s*href\s*)? = (?!=) \s* | \.\s*(?:assign|replace)\s*\(\s* )
        (?: "((?:[^"\\\n]|\\.){0,2000})" | '((?:[^'\\\n]|\\.){0,2000})' )""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)


class By(StrEnum):
    LOCATION = "Location"
    REFRESH = "refresh"
    SCRIPT = "script"
    LATER = "later"  # after a while, or by a function that something must call: seen, not sure


@dataclass(frozen=True, slots=True)
class Move:
    """``host`` is empty for a scheme that has none; ``text`` is as the answer has it."""

    by: By
    scheme: str
    host: str
    text: str


def resolve(base: str, text: str) -> tuple[str, str]:
    """The scheme and host that a browser at ``base`` goes to for ``text``."""
    begun = urlsplit(base)
    text = text.strip(_ENDS).replace("\t", "").replace("\n", "").replace("\r", "")
    scheme, rest = begun.scheme.lower(), text
    if (named := _SCHEME.match(text)) is not None:
        scheme, rest = named[1].lower(), named[2]
        if scheme not in _SPECIAL:
            return scheme, ""
        if scheme != begun.scheme.lower():
            return scheme, _host(rest.replace("\\", "/").lstrip("/"))  # however many slashes, also none
    rest = _slashes(rest)
    if rest.startswith("//"):
        return scheme, _host(rest.lstrip("/"))
    return scheme, (begun.hostname or "").lower()


def _slashes(text: str) -> str:
    """Backslashes before the query are slashes."""
    cut = next((n for n, c in enumerate(text) if c in "?#"), len(text))
    return text[:cut].replace("\\", "/") + text[cut:]


def _host(text: str) -> str:
    """The host of what stands behind the slashes: after the last @, before the port."""
    authority = re.split(r"[/\\?#]", text, maxsplit=1)[0]
    host = authority.rpartition("@")[2]
    if not host.startswith("["):
        host = host.partition(":")[0]
    return unquote(host).lower().replace("。", ".")


def moves_of(step: Exchange) -> list[Move]:
    """Every way in which this answer sends a browser on."""
    found: list[tuple[By, str]] = []
    if 300 <= step.status < 400 and (location := step.header("location")):
        found.append((By.LOCATION, location))
    orders = [step.header("refresh")] if step.header("refresh") else []
    if step.answered and not 300 <= step.status < 400 and is_page(step.header("content-type"), step.body):
        page = read_source(step.body)
        orders += page.order("refresh")
        for script in page.scripts:
            found += _assigned(script)
    found += [one for order in orders for one in _refreshed(order)]
    return [Move(by, *_resolved(step.url, text), text) for by, text in found]


def _resolved(base: str, text: str) -> tuple[str, str]:
    try:
        return resolve(base, text)
    except ValueError:
        return "", ""


def _refreshed(order: str) -> list[tuple[By, str]]:
    found = _REFRESH.match(order)
    if found is None or not found[2]:
        return []
    text = found[2].strip()
    quote = text[:1]
    if quote in ("'", '"'):
        text = text[1:].partition(quote)[0]
    try:
        soon = float(found[1]) <= PATIENCE_S
    except ValueError:
        soon = False
    return [(By.REFRESH if soon else By.LATER, text)]


def _assigned(script: str) -> list[tuple[By, str]]:
    """Assignments of a literal address. Inside braces, something may have to call it first: a button does, perhaps."""
    found = []
    for one in _ASSIGNED.finditer(script):
        before = script[: one.start()]
        depth = before.count("{") - before.count("}")
        text = one[1] if one[1] is not None else one[2]
        found.append((By.SCRIPT if depth <= 0 else By.LATER, _ESCAPE.sub(_unescaped, text)))
    return found[:100]


def _unescaped(escape: "re.Match[str]") -> str:
    code = escape[1] or escape[2]
    return chr(int(code, 16)) if code else {"n": "\n", "t": "\t", "r": "\r"}.get(escape[3], escape[3])
