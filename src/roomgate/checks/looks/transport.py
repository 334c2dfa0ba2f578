"""How the target is reached: its TLS, and what it answers to somebody who comes without."""

from urllib.parse import urlsplit, urlunsplit

from roomgate.checks.declared import Look, Tier
from roomgate.checks.kit import Kit
from roomgate.checks.run import trust_of
from roomgate.checks.target import Target
from roomgate.checks.tls import look_at_tls

TLS, PLAIN = "tls", "plain"
_MOST = 6  # origins, and pages


def places(target: Target) -> list[tuple[str, int]]:
    """Host and port of each of the target's own addresses that says HTTPS."""
    found = []
    for url in _addresses(target):
        parts = urlsplit(url)
        if parts.scheme in ("https", "wss") and parts.hostname:
            found.append((parts.hostname, parts.port or 443))
    return list(dict.fromkeys(found))[:_MOST]


def plain_addresses(target: Target) -> list[str]:
    """Where the same pages would be without TLS: on port 80, or on the very port that was named."""
    found = []
    for url in _addresses(target)[:_MOST]:
        parts = urlsplit(url)
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        port = parts.port if parts.port not in (None, 443) else None
        if parts.scheme in ("http", "https"):
            found.append(urlunsplit(("http", f"{host}:{port}" if port else host, parts.path or "/", parts.query, "")))
    return list(dict.fromkeys(found))


def _addresses(target: Target) -> list[str]:
    """Those that the owner of the target answers for. A sign-in page elsewhere is somebody else's."""
    own = list(target.about.urls)
    hosts = {urlsplit(url).hostname for url in own}
    if target.about.sign_in and (
        urlsplit(target.about.sign_in).hostname in hosts or target.about.sign_in[:5] == "http:"
    ):
        own.append(target.about.sign_in)
    known = {(urlsplit(url).scheme, urlsplit(url).netloc) for url in own}
    for link in target.links:
        place = (urlsplit(link.url).scheme, urlsplit(link.url).netloc)
        if place not in known:
            known.add(place)
            # A link is a secret: it goes over the wire in the clear only if that is how it was issued.
            own.append(link.url if place[0] == "http" else f"{place[0]}://{place[1]}/")
    return list(dict.fromkeys(own))


async def _run(kit: Kit) -> None:
    plain, secure = plain_addresses(kit.target), places(kit.target)
    for number, url in enumerate(plain):
        kit.progress(url, number / (len(plain) + len(secure)))
        await kit.web.get(url, PLAIN, follow=3)
    trust = trust_of(kit.target)
    for number, (host, port) in enumerate(secure, len(plain)):
        kit.progress(f"TLS of {host}:{port}", number / (len(plain) + len(secure)))
        await look_at_tls(kit, host, port, trust, TLS)


LOOK = Look("transport", Tier.OUTSIDE, _run)
