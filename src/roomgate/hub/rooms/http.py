"""REST: rooms, as far as one may see them."""

import msgspec
from litestar import Router, delete, get, put
from litestar.params import FromPath, FromQuery, JSONBody

from roomgate.access.principal import Right
from roomgate.clock import iso
from roomgate.errors import NotFound
from roomgate.hub.http.asking import Hub, Who
from roomgate.hub.http.paging import Page, build_page, parse_cursor, parse_limit
from roomgate.hub.http.problem import NO_SUCH_ROOM
from roomgate.hub.identity.person import Signed
from roomgate.hub.parts import Parts
from roomgate.hub.rooms.state import RoomSummary


class RoomShown(msgspec.Struct, frozen=True):
    """What is not known is null."""

    id: str
    name: str
    site: str
    connector: str
    state: str  # fine, call, warn, trouble, unknown
    words: str
    product: str
    software: str
    volume: int | None
    muted: bool | None
    standby: str | None
    calls: int
    call_since: str | None
    booked: str | None
    booked_until: str | None
    sessions: int
    tags: list[str]  # only for whoever sees or gives: they say how others come in


class TagChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All tags of the room from now on."""

    tags: list[str]


def show_room(room: RoomSummary, tags: bool = False) -> RoomShown:
    return RoomShown(
        room.id, room.name, room.site, room.connector, room.state.value, room.words, room.product, room.software,
        room.volume, room.muted, room.standby, room.calls, iso(room.call_since) if room.call_since else None,
        room.booked, iso(room.booked_until) if room.booked_until else None, room.sessions,
        sorted(room.tags) if tags else [],
    )  # fmt: skip


async def visible(parts: Parts, signed: Signed, name: str) -> RoomSummary:
    """One room that somebody may see; raises NotFound, alike for one that is not there and one that is not theirs."""
    granted = await parts.grants.live_rooms(signed.principal)
    for room in parts.rooms.list_for(signed, granted):
        if name in (room.name, room.id):
            return room
    raise NotFound(NO_SUCH_ROOM)


@get("/rooms")
async def list_rooms(
    parts: Hub, signed: Who, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[RoomShown]:
    """By name: those of one's live grants, or all with the right to see."""
    most, after = parse_limit(limit), parse_cursor(cursor)
    granted = await parts.grants.live_rooms(signed.principal)
    found = sorted((r for r in parts.rooms.list_for(signed, granted) if r.name > after), key=lambda r: r.name)
    return build_page(found[: most + 1], most, lambda r: r.name, lambda r: show_room(r, _tags(signed)))


@get("/rooms/{room:str}")
async def show_one(parts: Hub, signed: Who, room: FromPath[str]) -> RoomShown:
    return show_room(await visible(parts, signed, room), _tags(signed))


def _tags(signed: Signed) -> bool:
    return signed.may(Right.SEE) or signed.may(Right.GIVE)


@put("/rooms/{room:str}/tags")
async def tag_room(parts: Hub, signed: Who, room: FromPath[str], data: JSONBody[TagChange]) -> RoomShown:
    """Give a room these tags and no others: what grants cover by a tag comes and goes with it. Takes the right to give."""
    signed.require(Right.GIVE)
    found = await visible(parts, signed, room)
    await parts.rooms.set_tags(found.id, data.tags, signed)
    return show_room(await visible(parts, signed, found.id), tags=True)


@delete("/rooms/{room:str}")
async def remove_room(parts: Hub, signed: Who, room: FromPath[str]) -> None:
    found = await visible(parts, signed, room)
    signed.require(Right.SITES)
    await parts.rooms.remove(found.id, signed)


API = Router("/", tags=["rooms"], route_handlers=[list_rooms, show_one, tag_room, remove_room])
