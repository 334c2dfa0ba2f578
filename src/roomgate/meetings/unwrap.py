"""Undo the link wrapping of mail scanners, offline.

A wrapper is known by its host, exactly or as a suffix after a dot; a wrapper inside a wrapper is undone
three times at most. What can only be undone by asking the wrapper's server stays as it is, and so does what
names two targets, of which the wrapper follows we do not know which: nothing is fetched. The result is as foreign as the input, and is parsed again by whoever uses it.
"""

import base64
import binascii
from collections.abc import Callable
from urllib.parse import quote, unquote

import msgspec
import re2

from roomgate.meetings.address import AddressRefused, Link, suffixes

MOST_DEPTH = 3

_V3 = re2.compile(r"^/v3/__(.+?)__;([A-Za-z0-9_-]*)")
_AVANAN = re2.compile(r"/___(https?:/.+?)___")
_EMBEDDED = re2.compile(r"(?i)https?(?::|%(?:25)?3a)(?:/|%(?:25)?2f){1,2}.+$")
_RUN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class Unwrapped(msgspec.Struct, frozen=True, gc=False):
    """The innermost link, and the wrappers taken off, outermost first."""

    text: str
    wrappers: tuple[str, ...] = ()
    stuck: str | None = None  # a wrapper that cannot be undone offline, or too many of them
    link: Link | None = None  # the text as a link, where nothing is stuck and nothing refused
    refused: str | None = None  # why it is no link that anybody should follow


def unwrap(text: str) -> Unwrapped:
    """Never raises: what cannot be undone is handed back, with the reason in ``stuck`` or ``refused``."""
    wrappers: list[str] = []
    while True:
        try:
            link = Link.parse(text)
        except AddressRefused as bad:
            return Unwrapped(text, tuple(wrappers), refused=bad.message)
        found = _find(link)
        if found is None:
            return Unwrapped(text, tuple(wrappers), link=link)
        name, undo = found
        inner = undo(link) if undo else None
        if inner is None:
            return Unwrapped(text, tuple(wrappers), f"{name} cannot be undone without asking its server")
        if len(wrappers) == MOST_DEPTH:
            return Unwrapped(text, tuple(wrappers), f"more than {MOST_DEPTH} wrappers")
        wrappers.append(name)
        text = _mended(inner.strip())


def find_imitated(host: str) -> str | None:
    """The wrapper whose host this one shows without belonging to it."""
    flat = host.replace(".", "-")
    if not _BY_DOMAIN.keys().isdisjoint(suffixes(host)):
        return None
    return next((name for shown, name in _SHOWN if shown in flat), None)


Undo = Callable[[Link], str | None]


def _find(link: Link) -> tuple[str, Undo | None] | None:
    if _BY_DOMAIN.keys().isdisjoint(suffixes(link.host)):
        return None
    domain = link.host
    while domain:
        for name, fits, undo in _BY_DOMAIN.get(domain, ()):
            if fits(link):
                return name, undo
        domain = domain.partition(".")[2]
    return None


def _mended(text: str) -> str:
    """What a wrapper did to its link besides wrapping it: encoded twice, ``&`` as in HTML, two slashes folded to one."""
    if text[:9].lower() in ("https%3a%", "http%3a%2"):
        text = unquote(text)
    text = text.replace("&amp;", "&")
    for scheme in ("https:/", "http:/"):
        if text.startswith(scheme) and not text.startswith(scheme + "/"):
            return scheme + "/" + text[len(scheme) :]
    return text


def _argument(*names: str) -> Undo:
    return lambda link: link.only(*names)


def _proofpoint2(link: Link) -> str | None:
    coded = link.only("u")
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
    return "".join(out) if used == len(signs) else None  # cut or changed on its way: half a link leads elsewhere


def _base64(name: str) -> Undo:
    def undo(link: Link) -> str | None:
        coded = link.only(name) or ""
        try:
            return base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode("ascii") or None
        except (binascii.Error, UnicodeDecodeError):
            return None

    return undo


def _embedded(link: Link) -> str | None:
    match = _EMBEDDED.search(link.path + ("?" + link.query if link.query else ""))
    return unquote(match.group(0)) if match else None


def _avanan(link: Link) -> str | None:
    match = _AVANAN.search(link.text)
    return match.group(1) if match else None


def _launched(link: Link) -> str | None:
    place = link.only("url")
    return place and f"https://{link.host}{quote(place.removeprefix('/_#'), safe='/?=&%')}"


def _always(link: Link) -> bool:
    return True


def _path(*starts: str) -> Callable[[Link], bool]:
    return lambda link: link.path.startswith(starts)


def _launcher(link: Link) -> bool:
    """The page that a browser stands on once somebody followed a link: it says the place on its own host."""
    place = link.argument("url") if link.path == "/dl/launcher/launcher.html" else None
    return (place or "").startswith(("/_#/l/meetup-join/", "/_#/meet/"))


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
    ("Teams' launcher", ("teams.microsoft.com", "teams.live.com"), _launcher, _launched),
    ("Proofpoint v1", ("urldefense.proofpoint.com",), _path("/v1/"), _argument("u")),
    ("Proofpoint v2", ("urldefense.proofpoint.com",), _path("/v2/"), _proofpoint2),
    ("Proofpoint v3", ("urldefense.com", "urldefense.us"), _path("/v3/"), _proofpoint3),
    ("Barracuda", ("linkprotect.cudasvc.com",), _path("/url"), _argument("a")),
    ("Google", ("www.google.com",), _path("/url"), _argument("q", "url")),
    ("Cisco", ("secure-web.cisco.com",), _always, _embedded),
    ("Avanan", ("url.avanan.click",), _path("/v2/"), _avanan),
    ("Symantec", ("clicktime.symantec.com",), _always, _argument("u")),
    ("EdgePilot", ("link.edgepilot.com",), _always, _argument("u")),
    # As seen in public mail archives; their makers publish no form (K).
    ("Sophos", ("protection.sophos.com",), _always, _base64("u")),
    ("Trend Micro", ("trendmicro.com",), _path("/wis/clicktime/"), _argument("url")),
    ("FireEye", ("protect2.fireeye.com",), _always, _argument("u")),
    ("Slack", ("slack-redir.net",), _path("/link"), _argument("url")),
    ("Mimecast", ("mimecast.com", "mimecastprotect.com"), _always, None),
)

_BY_DOMAIN: dict[str, list[tuple[str, Callable[[Link], bool], Undo | None]]] = {}
for _name, _domains, _fits, _undo in _WRAPPERS:
    for _domain in _domains:
        _BY_DOMAIN.setdefault(_domain, []).append((_name, _fits, _undo))
_SHOWN = tuple((domain.replace(".", "-"), made[0][0]) for domain, made in _BY_DOMAIN.items())
