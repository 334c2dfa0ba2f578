"""What anybody sees who comes to the front door: the front pages, the sign-in page, and what is well known."""

from urllib.parse import urlsplit

from roomgate.checks.declared import Look, Tier
from roomgate.checks.kit import Kit
from roomgate.checks.snapshot import Exchange, Snapshot
from roomgate.checks.target import Target

SECURE, WELL_KNOWN = "secure", "well-known"
WELL_KNOWN_PATHS = ("/.well-known/security.txt", "/security.txt")


def pages_of(target: Target) -> list[str]:
    about = target.about
    return [*dict.fromkeys((*about.urls, *([about.sign_in] if about.sign_in else [])))]


def own_answers(snapshot: Snapshot, target: Target) -> list[Exchange]:
    """What the target itself answered at its front. A redirect may lead to somebody else's sign-in: that is not it."""
    return [step for step in snapshot.of(Exchange, SECURE) if is_own(step.url, target)]


def is_own(url: str, target: Target) -> bool:
    """Whether an address is the target's: a host of its front pages or links, or a sibling of one."""
    host = host_of(url)
    own = {host_of(one) for one in (*target.about.urls, *(link.url for link in target.links))} - {""}
    return bool(host) and any(host == one or _related(host, one) for one in own)


def host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower().rstrip(".")
    except ValueError:
        return ""


def _related(one: str, other: str) -> bool:
    """Whether one name is below the other, or both are below the same that somebody registered.

    Without a list of public suffixes: a parent such as co.uk is told by its short first label.
    """
    if one.replace(".", "").isdigit() or ":" in one:
        return False
    parents = {name.partition(".")[2] for name in (one, other)}
    parent = next(iter(parents))
    shared = len(parents) == 1 and "." in parent and len(parent.partition(".")[0]) > 3
    return shared or _below(one, other) or _below(other, one)


def _below(name: str, parent: str) -> bool:
    return "." in parent and name.endswith("." + parent)


async def _run(kit: Kit) -> None:
    pages = pages_of(kit.target)
    for number, url in enumerate(pages):
        kit.progress(url, number / (len(pages) + 1))
        await kit.web.get(url, SECURE, follow=3)
    origins = dict.fromkeys((urlsplit(url).scheme, urlsplit(url).netloc) for url in kit.target.about.urls)
    for scheme, place in origins:
        for path in WELL_KNOWN_PATHS:
            step = await kit.web.get(f"{scheme}://{place}{path}", WELL_KNOWN, follow=2)
            if step.succeeded and "contact:" in step.body.lower():
                break


LOOK = Look("front", Tier.OUTSIDE, _run)
