"""The page of all rooms at a glance, and the links that lead to rooms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from litestar import get
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Stream

from roomgate.access.grant import Lock
from roomgate.access.principal import Right
from roomgate.clock import iso
from roomgate.hub.channels import Channel
from roomgate.hub.console import export
from roomgate.hub.console.inside import people_inside
from roomgate.hub.console.live import PageStream, mark_of, stream_page
from roomgate.hub.console.naming import site_names
from roomgate.hub.console.visit import Page, Relayed, Visit, Visiting
from roomgate.hub.http.asking import Hub
from roomgate.hub.parts import Parts
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.rooms.view import RoomListView, RoomView, build_list
from roomgate.ids import RoomId

MOST_ROOMS = 60  # on the page until somebody asks for all: the first paint is light

AllQuery = Annotated[str, QueryParameter(name="all")]
StateQuery = Annotated[str, QueryParameter(name="state")]  # Litestar keeps the name `state` for itself


@get("/", include_in_schema=False)
async def home(visit: Visiting) -> Page:
    return visit.back("/rooms")


@get("/r/{name:str}", include_in_schema=False)
async def room_link(name: FromPath[str], visit: Visiting) -> Page:
    """The link that people share. Whether there is such a room, its page says."""
    return visit.back(f"/rooms/{quote(name, safe='')}")


@get("/rooms", include_in_schema=False)
async def list_rooms(
    visit: Visiting,
    parts: Hub,
    relay: Relayed,
    q: FromQuery[str] = "",
    kind: StateQuery = "",
    site: FromQuery[str] = "",
    view: FromQuery[str] = "",
    everything: AllQuery = "",
) -> Page:
    most = None if everything else MOST_ROOMS
    rooms = _views(visit, parts, await _around(visit, parts, relay))
    shown = _build(parts, rooms, find=q[:200], state=kind[:20], site=site[:80], view=view[:20], most=most)
    return visit.page("rooms.html", list=shown, mark=mark_of({room.id: room for room in rooms}))


@get("/rooms.cells", include_in_schema=False)
async def cells(visit: Visiting, parts: Hub, relay: Relayed, id: FromQuery[list[str]]) -> Page:
    """Some rooms again, as they are now, with the counts of all."""
    shown = await _list(visit, parts, relay)
    wanted = set(id)
    return visit.part("cells.html", list=shown, rooms=[room for room in shown.rooms if room.id in wanted])


@get("/rooms.csv", include_in_schema=False)
async def rooms_csv(visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    return export.csv_page(_COLUMNS, _table(await _list(visit, parts, relay)), "rooms")


@get("/rooms.json", include_in_schema=False)
async def rooms_json(visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    return export.json_page(_COLUMNS, _table(await _list(visit, parts, relay)))


@get("/rooms/stream", include_in_schema=False)
async def rooms_stream(visit: Visiting, parts: Hub, relay: Relayed) -> Stream:
    signed = visit.signed

    known: _Around | None = None

    async def look(news: frozenset[RoomId] | None) -> dict[str, object]:
        """Of thousands of rooms only those that were told of, while what is around them is as it was."""
        nonlocal known
        before, known = known, await _around(visit, parts, relay)
        only = (news or frozenset()) if known == before else None
        shown: dict[str, object] = {room.id: room for room in _views(visit, parts, known, only)}
        return {id: None for id in news or () if id not in shown} | shown  # those that are gone were news too

    async def enter(stream: PageStream) -> Channel:
        own = frozenset(r.grant.id for r in await parts.grants.of_person(signed.person.id))
        return relay.channels.open_page(signed.principal, stream.cut, own)

    return stream_page(parts.rooms.watch(), look, visit.t.said, enter, mark_of)


_COLUMNS = ("name", "site", "state", "words", "product", "software", "people_inside", "in_call_since", "id")


def _table(shown: RoomListView) -> list[list[str]]:
    return [
        [
            r.name, r.site_name, r.kind, r.words, r.product, r.software, str(r.inside),
            iso(r.call_since) if r.call_since else "", r.id,
        ]
        for r in sorted(shown.rooms, key=lambda r: r.name)
    ]  # fmt: skip


async def _list(visit: Visit, parts: Parts, relay: RelayParts) -> RoomListView:
    return _build(parts, _views(visit, parts, await _around(visit, parts, relay)))


def _build(parts: Parts, rooms: list[RoomView], **asked: Any) -> RoomListView:
    """``asked``: as `build_list` takes it."""
    linked = {connector: parts.rooms.linked(connector) for connector in {room.connector for room in rooms}}
    return build_list(rooms, linked, **asked)


@dataclass(frozen=True, slots=True)
class _Around:
    """What a list of rooms shows beside what connectors tell: nobody is told when it changes."""

    granted: frozenset[RoomId]
    inside: Mapping[RoomId, int]
    names: Mapping[str, str]
    locks: tuple[Lock, ...]


async def _around(visit: Visit, parts: Parts, relay: RelayParts) -> _Around:
    signed = visit.signed
    granted = frozenset() if signed.may(Right.SEE) else await parts.grants.live_rooms(signed.principal)
    locks = tuple(record.lock for record in await parts.grants.locks())
    return _Around(granted, people_inside(relay.book), await site_names(parts), locks)


def _views(visit: Visit, parts: Parts, around: _Around, only: frozenset[RoomId] | None = None) -> list[RoomView]:
    sees = visit.signed.may(Right.SEE)
    return [
        parts.rooms.views.get(
            one, around.names.get(one.site, one.site), around.inside.get(one.id, 0), around.locks, sees
        )
        for one in parts.rooms.list_for(visit.signed, around.granted, only)
    ]


ROUTES = [home, room_link, list_rooms, cells, rooms_csv, rooms_json, rooms_stream]
