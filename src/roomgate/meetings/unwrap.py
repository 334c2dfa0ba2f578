"""Undo the link wrapping of mail scanners, offline.

A wrapper is known by its host, exactly or as a suffix after a dot; a wrapper inside a wrapper is undone
three times at most. What can only be undone by asking the wrapper's server stays as it is: nothing is
fetched. The result is as foreign as the input, and is parsed again by whoever uses it.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

import re2

from roomgate.meetings.address import AddressRefused, Link, belongs

MOST_DEPTH = 3

_V3 = re2.compile(r"^/v3/__(.+?)__;([A-Za-z0-9_-]*)")
_AVANAN = re2.compile(r"/___(https?://.+?)___")
_EMBEDDED = re2.compile(r"(?i)https?(?::|%3a)(?:/|%2f)(?:/|%2f).+$")
_RUN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """The innermost link, and the wrappers taken off, outermost first."""

    text: str
    wrappers: tuple[str, ...] = ()
    stuck: str | None = None  # a wrapper that cannot be undone offline, or too many of them


def unwrap(text: str) -> Unwrapped:
    """Never raises: what cannot be undone is handed back, with the reason in ``stuck``."""
    wrappers: list[str] = []
    while True:
        try:
            link = Link.parse(text)
        except AddressRefused:
            return Unwrapped(text, tuple(wrappers))
        found = _find(link)
        if found is None:
            return Unwrapped(text, tuple(wrappers))
        name, undo = found
        inner = undo(link) if undo else None
        if inner is None:
            return Unwrapped(text, tuple(wrappers), f"{name} cannot be undone without asking its server")
        if len(wrappers) == MOST_DEPTH:
            return Unwrapped(text, tuple(wrappers), f"more than {MOST_DEPTH} wrappers")
        wrappers.append(name)
        text = inner.strip()


Undo = Callable[[Link], str | None]


def _find(link: Link) -> tuple[str, Undo | None] | None:
    for name, domains, fits, undo in _WRAPPERS:
        if any(belongs(link.host, domain) for domain in domains) and fits(link):
            return name, undo
    return None


def _argument(*names: str) -> Undo:
    def undo(link: Link) -> str | None:
        return next((value for name in names if (value := link.argument(name))), None)

    return undo


def _proofpoint2(link: Link) -> str | None:
    coded = link.argument("u")
    return unquote(coded.replace("-", "%").replace("_", "/")) if coded else None


def _proofpoint3(link: Link) -> str | None:
    match = _V3.search(link.path + ("?" + link.query if link.query else ""))
    if not match:
        return None
    body, coded = match.group(1), match.group(2)
    try:
        signs = base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    out: list[str] = []
    at = used = 0
    while at < len(body):
        if body[at] != "*":
            out.append(body[at])
            at += 1
            continue
        if body.startswith("**", at) and at + 2 < len(body) and body[at + 2] in _RUN:
            length, step = _RUN.index(body[at + 2]) + 2, 3  # runs count from two
        else:
            length, step = 1, 1
        out.append(signs[used : used + length])
        used += length
        at += step
    # A path keeps one slash where the sender's server folded two.
    text = "".join(out)
    for scheme in ("https:/", "http:/"):
        if text.startswith(scheme) and not text.startswith(scheme + "/"):
            text = scheme + "/" + text[len(scheme) :]
    return text


def _embedded(link: Link) -> str | None:
    match = _EMBEDDED.search(link.path + ("?" + link.query if link.query else ""))
    return unquote(match.group(0)) if match else None


def _avanan(link: Link) -> str | None:
    match = _AVANAN.search(link.text)
    return match.group(1) if match else None


def _always(link: Link) -> bool:
    return True


def _path(*starts: str) -> Callable[[Link], bool]:
    return lambda link: link.path.startswith(starts)


def _atp(link: Link) -> bool:
    return link.path.endswith("atp-safelinks.html")


_WRAPPERS: tuple[tuple[str, tuple[str, ...], Callable[[Link], bool], Undo | None], ...] = (
    (
        "Safe Links",
        (
            "safelinks.protection.outlook.com",
            "safelinks.protection.office365.us",
            "safelinks.protection.partner.outlook.cn",
        ),
        _always,
        _argument("url"),
    ),
    ("Teams Safe Links", ("statics.teams.cdn.office.net",), _atp, _argument("url")),
    ("Proofpoint v1", ("urldefense.proofpoint.com",), _path("/v1/"), _argument("u")),
    ("Proofpoint v2", ("urldefense.proofpoint.com",), _path("/v2/"), _proofpoint2),
    ("Proofpoint v3", ("urldefense.com", "urldefense.us"), _path("/v3/"), _proofpoint3),
    ("Barracuda", ("linkprotect.cudasvc.com",), _path("/url"), _argument("a")),
    ("Google", ("www.google.com",), _path("/url"), _argument("q", "url")),
    ("Cisco", ("secure-web.cisco.com",), _always, _embedded),
    ("Avanan", ("url.avanan.click",), _path("/v2/"), _avanan),
    ("Symantec", ("clicktime.symantec.com",), _always, _argument("u")),
    ("EdgePilot", ("link.edgepilot.com",), _always, _argument("u")),
    ("Mimecast", ("mimecast.com", "mimecastprotect.com"), _always, None),
)
