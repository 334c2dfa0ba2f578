"""Who else gets to know the address of a page: by what the page loads, leads to, and allows to be told. Pure."""

import re
from collections.abc import Sequence
from email import message_from_string, policy
from email.message import EmailMessage
from html import unescape
from ipaddress import ip_address
from urllib.parse import unquote, urljoin, urlsplit

import msgspec

from roomgate.checks.links import secret_parts
from roomgate.checks.markup import Loaded, Markup, leads_to_sign_in, parse_markup
from roomgate.checks.snapshot import Exchange, Render

# https://www.w3.org/TR/referrer-policy/: with these, another origin is told the origin at most.
_STRICT = frozenset(
    [
        "no-referrer",
        "same-origin",
        "origin",
        "strict-origin",
        "origin-when-cross-origin",
        "strict-origin-when-cross-origin",
    ]
)
_LOOSE = frozenset(("unsafe-url", "no-referrer-when-downgrade"))
_LINK_RELS = frozenset(
    ["stylesheet", "icon", "shortcut", "preload", "modulepreload", "prefetch", "manifest", "apple-touch-icon"]
)
_COUNTS_VISITS = re.compile(
    r"(?i)(?:^|[^a-z])(?:[a-z]*analytics?|[a-z-]*tag-?manager|gtag|gtm|telemetry|track(?:er|ing)?|pixel|beacon|collect|metrics?|"
    r"stats?|insights?|visitors?|heatmap)(?:[^a-z]|$)"
)
_URL = re.compile(r"""https?://[^\s<>"'\\\])]{4,2000}""")
PATH_LEAST = 6
SECRET_LEAST = 8  # a shorter part stands in many an address by chance


class Leak(msgspec.Struct, frozen=True):
    """``sure``: whatever the browser. Otherwise it depends on how new it is, or on a visitor's click."""

    to: str
    what: str
    sure: bool = True
    by_itself: bool = True


def find_leaks(page: Exchange, link: str) -> list[Leak]:
    """What this page, at an address with the link's secret, tells others of it."""
    markup = parse_markup(page.body)
    rule = _policy(page, markup)
    found = [leak for one in markup.loads if (leak := _of_load(one, page.url, link, rule)) is not None]
    found += [leak for one in markup.links if (leak := _of_way_out(one, page.url, link, rule)) is not None]
    if any(secret in markup.title for secret in _secrets(link)):
        found.append(Leak("browser histories", "the title holds the last part of the address", False, False))
    return list(dict.fromkeys(found))


def find_leaks_drawn(page: Render, link: str) -> list[Leak]:
    """What a browser told others when it drew the page."""
    home = urlsplit(link).hostname or ""
    told = [(origin, referrer) for origin, referrer in page.referrers if holds(referrer, link)]
    told += [(url, url) for url in page.asked if holds(url, link) and not leads_to_sign_in(url)]
    hosts = dict.fromkeys(_resolved(where, "")[1] for where, _ in told)
    return [
        Leak(host, f"a browser told {host} the whole address") for host in hosts if host and is_elsewhere(host, home)
    ]


def _of_load(one: Loaded, base: str, link: str, rule: str) -> Leak | None:
    if one.tag == "link" and not _LINK_RELS.intersection(one.rel.split()):
        return None
    url, host = _resolved(base, one.url)
    if not host or not is_elsewhere(host, urlsplit(base).hostname or ""):
        return None
    if holds(url, link) and not leads_to_sign_in(url):
        return Leak(host, f"a {one.tag} from {host} has the link in its own address")
    if one.tag == "script" and _COUNTS_VISITS.search(host + urlsplit(url).path):
        return Leak(host, f"a script from {host} that counts visits, and reads each page's address to do so")
    told = one.policy or rule
    if told in _LOOSE:
        return Leak(host, f"a {one.tag} from {host}, and the policy {told} tells it the whole address")
    if told not in _STRICT:
        return Leak(
            host, f"a {one.tag} from {host}, and no Referrer-Policy: older browsers tell it the whole address", False
        )
    return None


def _of_way_out(one: Loaded, base: str, link: str, rule: str) -> Leak | None:
    url, host = _resolved(base, one.url)
    if not host or not is_elsewhere(host, urlsplit(base).hostname or "") or "noreferrer" in one.rel.split():
        return None
    if holds(url, link):
        # To a provider of sign-ins, or to share it: somebody means this.
        return Leak(host, f"a way out to {host} that has the link in it", False, False)
    told = one.policy or rule
    if told in _LOOSE:
        return Leak(host, f"a way out to {host}, and the policy {told} tells it the whole address", by_itself=False)
    if told not in _STRICT:
        return Leak(host, f"a way out to {host}, and no Referrer-Policy", False, False)
    return None


def _policy(page: Exchange, markup: Markup) -> str:
    """The last word that a browser knows; the page's own element comes after the header."""
    words = [word.strip().lower() for value in page.every("referrer-policy") for word in value.split(",")]
    known = [word for word in [*words, markup.referrer] if word in _STRICT | _LOOSE]
    return known[-1] if known else ""


def holds(url: str, link: str) -> bool:
    """Whether an address has the link's secret, or the whole link, in it; encoded once or twice."""
    for text in {url, unquote(url), unquote(unquote(url))}:
        if link in text or any(secret in text for secret in _secrets(link)):
            return True
        if len(path := urlsplit(link).path.rstrip("/")) >= PATH_LEAST and text.rstrip("/").endswith(path):
            return True
    return False


def _secrets(link: str) -> list[str]:
    return [secret for secret in secret_parts(link) if len(secret) >= SECRET_LEAST]


def _resolved(base: str, url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(urljoin(base, url))
        host = parts.hostname or ""
    except ValueError:
        return "", ""
    return (parts.geturl(), host.lower()) if parts.scheme in ("http", "https") else ("", "")


def is_elsewhere(host: str, home: str) -> bool:
    """Whether it belongs to somebody else, by its registered name as far as a name shows it."""
    return _registered(host.lower()) != _registered(home.lower())


def _registered(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        labels = host.rstrip(".").split(".")
    two_level = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    return ".".join(labels[-3:] if two_level else labels[-2:])


# ---- the message that it came in ---------------------------------------------------------------------


def find_leaks_in_mail(text: str, link: str) -> list[Leak]:
    """What becomes of the link on its way through this message."""
    parts = urlsplit(link)
    home = parts.hostname or ""
    found = []
    for url in _urls(text):
        try:
            one = urlsplit(url)
            host = (one.hostname or "").lower()
        except ValueError:
            continue
        if host == home and one.path.rstrip("/") == parts.path.rstrip("/"):
            if one.scheme == "http" and parts.scheme == "https":
                found.append(
                    Leak("the network", "the message has the link with http://, which everybody on the way reads")
                )
        elif host and is_elsewhere(host, home) and holds(url, link):
            found.append(Leak(host, f"the message leads to the link through {host}, which gets to know it"))
    return list(dict.fromkeys(found))


def _urls(text: str) -> list[str]:
    try:
        message = message_from_string(text, policy=policy.default)
        bodies = [_content(part) for part in message.walk() if part.get_content_maintype() == "text"]
    except (ValueError, LookupError, AttributeError, KeyError, IndexError, TypeError, RecursionError):
        bodies = []  # what is no message is read as it is
    found = [url.rstrip(".,;") for body in [*bodies, text] for url in _URL.findall(unescape(body))]
    return list(dict.fromkeys(found))


def _content(part: EmailMessage) -> str:
    content = part.get_content()
    return content if isinstance(content, str) else ""


def names_devices(urls: Sequence[str]) -> list[str]:
    """Host names that are made for one device each: they stand in public logs of certificates."""
    hosts = list(dict.fromkeys((urlsplit(url).hostname or "").lower() for url in urls))
    return hosts if len(hosts) > 1 and len({_registered(host) for host in hosts}) == 1 else []
