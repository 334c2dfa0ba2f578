"""Names for the ids that a page shows."""

from collections.abc import Iterable

from roomgate.access.principal import Right
from roomgate.errors import NotFound
from roomgate.hub.identity.person import Signed
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


async def room_names(parts: Parts, signed: Signed) -> list[str]:
    """Of the rooms that somebody may see, in the order of the alphabet."""
    granted = frozenset() if signed.may(Right.SEE) else await parts.grants.live_rooms(signed.principal)
    return sorted((str(room.name) for room in parts.rooms.list_for(signed, granted)), key=str.casefold)
