"""Names for the ids that a page shows."""

from collections.abc import Iterable

from roomgate.errors import NotFound
from roomgate.hub.parts import Parts

_PAGE = 500


async def people_names(parts: Parts, ids: Iterable[str]) -> dict[str, str]:
    """By id; an account that is gone keeps its id as its name."""
    names: dict[str, str] = {}
    for id in set(ids):
        try:
            names[id] = (await parts.identity.get(id)).name
        except NotFound:
            names[id] = id
    return names


async def site_names(parts: Parts) -> dict[str, str]:
    return {site.id: site.name for site in await parts.sites.sites(limit=_PAGE)}
