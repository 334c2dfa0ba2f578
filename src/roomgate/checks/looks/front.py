"""What anybody sees who comes to the front door: the front pages and the sign-in page, over HTTPS and plain HTTP."""

from urllib.parse import urlsplit, urlunsplit

from roomgate.checks.declared import Look, Tier
from roomgate.checks.kit import Kit

SECURE, PLAIN, WELL_KNOWN = "secure", "plain", "well-known"
WELL_KNOWN_PATHS = ("/.well-known/security.txt",)


async def _run(kit: Kit) -> None:
    about = kit.target.about
    pages = [*dict.fromkeys((*about.urls, *([about.sign_in] if about.sign_in else [])))]
    for number, url in enumerate(pages):
        kit.progress(url, number / (len(pages) + 1))
        await kit.web.get(url, SECURE, follow=3)
        parts = urlsplit(url)
        if parts.scheme == "https" and parts.port in (None, 443):
            await kit.web.get(urlunsplit(("http", parts.hostname or "", parts.path or "/", parts.query, "")), PLAIN)
    origins = dict.fromkeys((urlsplit(url).scheme, urlsplit(url).netloc) for url in about.urls)
    for scheme, place in origins:
        for path in WELL_KNOWN_PATHS:
            await kit.web.get(f"{scheme}://{place}{path}", WELL_KNOWN, follow=2)


LOOK = Look("front", Tier.OUTSIDE, _run)
