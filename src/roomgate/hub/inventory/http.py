"""REST: the inventory, tags for many rooms at once, and one's own views."""

from typing import Annotated

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from roomgate.errors import BadInput
from roomgate.hub.console.naming import site_names
from roomgate.hub.http.asking import Hub, Who
from roomgate.hub.http.paging import Page, build_page, parse_cursor, parse_limit
from roomgate.hub.inventory.line import Filter, Line, fitting
from roomgate.hub.inventory.sheet import Tagging, read_sheet
from roomgate.hub.inventory.store import View

StateQuery = Annotated[str, QueryParameter(name="state")]  # Litestar keeps the name `state` for itself


class LineShown(msgspec.Struct, frozen=True):
    """What is not known is ""."""

    id: str
    name: str
    site: str
    tags: list[str]
    product: str
    software: str
    serial: str
    mac: str
    address: str
    state: str  # fine, call, warn, trouble, unknown: as of a room
    words: str
    problems: int


class TagSheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``csv`` has the columns name and tags; with ``dry_run`` nothing is changed."""

    csv: str
    dry_run: bool = False


class TagsChanged(msgspec.Struct, frozen=True):
    room: str
    before: list[str]
    after: list[str]


class TagsDone(msgspec.Struct, frozen=True):
    changed: list[TagsChanged]
    dry_run: bool


class ViewWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    filter: dict[str, str]


class ViewShown(msgspec.Struct, frozen=True):
    id: str
    name: str
    filter: dict[str, str]
    href: str


class ViewsShown(msgspec.Struct, frozen=True):
    items: list[ViewShown]
    next: str | None = None


def show_line(line: Line) -> LineShown:
    return LineShown(
        line.id, line.name, line.site, list(line.tags), line.product, line.software, line.serial, line.mac,
        line.address, line.state, line.words, line.problems,
    )  # fmt: skip


def show_view(view: View) -> ViewShown:
    kept = Filter.of(view.filter)
    return ViewShown(view.id, view.name, kept.words, f"/inventory?{kept.query}")


def show_tagging(one: Tagging) -> TagsChanged:
    return TagsChanged(one.room, list(one.before), list(one.after))


@get("/inventory")
async def list_devices(
    parts: Hub,
    signed: Who,
    q: FromQuery[str] = "",
    site: FromQuery[str] = "",
    tag: FromQuery[str] = "",
    product: FromQuery[str] = "",
    software: FromQuery[str] = "",
    health: StateQuery = "",
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[LineShown]:
    """The devices of the rooms that one may see, by name; the filters are those of the page."""
    most, after = parse_limit(limit), parse_cursor(cursor)
    wanted = Filter.of({"q": q, "site": site, "tag": tag, "product": product, "software": software, "state": health})
    lines = fitting(await parts.inventory.lines(signed, await site_names(parts)), wanted)
    found = sorted((line for line in lines if line.name > after), key=lambda line: line.name)
    return build_page(found[: most + 1], most, lambda line: line.name, show_line)


@post("/inventory/tags", status_code=200)
async def tag_rooms(parts: Hub, signed: Who, data: JSONBody[TagSheet]) -> TagsDone:
    """Give rooms their tags from a sheet, all or none. Takes the right to give, for tags say who comes in."""
    wanted = read_sheet(data.csv)
    change = parts.inventory.plan_tags if data.dry_run else parts.inventory.tag
    return TagsDone([show_tagging(one) for one in await change(wanted, signed)], data.dry_run)


@get("/inventory/views")
async def list_views(parts: Hub, signed: Who) -> ViewsShown:
    """One's own."""
    return ViewsShown([show_view(view) for view in await parts.inventory.views(signed)])


@post("/inventory/views")
async def keep_view(parts: Hub, signed: Who, data: JSONBody[ViewWanted]) -> ViewShown:
    """Keep a filter under a name; one of the same name makes way."""
    if unknown := sorted(set(data.filter) - set(Filter.__slots__)):
        raise BadInput(f"There is no filter {unknown[0][:60]!r}.", hint=f"There are {', '.join(Filter.__slots__)}.")
    return show_view(await parts.inventory.keep(data.name, Filter.of(data.filter), signed))


@delete("/inventory/views/{id:str}")
async def forget_view(parts: Hub, signed: Who, id: FromPath[str]) -> None:
    await parts.inventory.forget(id, signed)


API = Router("/", tags=["inventory"], route_handlers=[list_devices, tag_rooms, list_views, keep_view, forget_view])
