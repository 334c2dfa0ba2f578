"""The page of all devices in one list, its views, and tags by a pasted sheet."""

from collections.abc import Iterable
from typing import Annotated

from litestar import get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from roomgate.access.principal import Right
from roomgate.errors import RoomgateError
from roomgate.hub.console import export
from roomgate.hub.console.naming import site_names
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Page, Visit, Visiting, read_form, refused
from roomgate.hub.http.asking import Hub, Req
from roomgate.hub.inventory.http import StateQuery
from roomgate.hub.inventory.line import COLUMNS, SORTS, Filter, build_spread, fitting, row
from roomgate.hub.inventory.sheet import Tagging, read_sheet
from roomgate.hub.parts import Parts
from roomgate.hub.rooms.view import KINDS

HERE = "/inventory"
MOST_LINES = 100  # until somebody asks for all: the first paint is light
MOST_CHANGES = 200  # shown of a dry run

AllQuery = Annotated[str, QueryParameter(name="all")]


@get(HERE, include_in_schema=False)
async def show_inventory(
    visit: Visiting,
    parts: Hub,
    q: FromQuery[str] = "",
    site: FromQuery[str] = "",
    tag: FromQuery[str] = "",
    product: FromQuery[str] = "",
    software: FromQuery[str] = "",
    kind: StateQuery = "",
    sort: FromQuery[str] = "name",
    everything: AllQuery = "",
) -> Page:
    given = {"q": q, "site": site, "tag": tag, "product": product, "software": software, "state": kind, "sort": sort}
    return await _page(visit, parts, Filter.of(given), whole=bool(everything))


async def _rows(request: Req, visit: Visit, parts: Parts) -> list[list[str]]:
    """What the page lists, with the same filter."""
    wanted = Filter.of(dict(request.query_params))
    return [row(line) for line in fitting(await parts.inventory.lines(visit.signed, await site_names(parts)), wanted)]


async def _page(
    visit: Visit,
    parts: Parts,
    wanted: Filter,
    *,
    whole: bool = False,
    sheet: str = "",
    changes: list[Tagging] | None = None,
) -> Page:
    every = await parts.inventory.lines(visit.signed, await site_names(parts))
    found = fitting(every, wanted)
    shown = found if whole else found[:MOST_LINES]
    return visit.page(
        "inventory.html", wanted=wanted, lines=shown, more=len(found) - len(shown), total=len(every), of=len(found),
        spread=build_spread(found), columns=SORTS, sheet=sheet, may_tag=visit.signed.may(Right.GIVE),
        sites=sorted({(line.site, line.site_name) for line in every}, key=lambda one: one[1].casefold()),
        states=[(kind, visit.t(f"state.{kind}")) for kind in KINDS.values()],
        products=_pairs(line.product for line in every), tags=_pairs(tag for line in every for tag in line.tags),
        views=[(view, Filter.of(view.filter).query) for view in await parts.inventory.views(visit.signed)],
        changes=None if changes is None else changes[:MOST_CHANGES], changed=len(changes or ()),
    )  # fmt: skip


def _pairs(words: Iterable[str]) -> list[tuple[str, str]]:
    """Choices of which the value is the word."""
    return [(word, word) for word in sorted(set(words) - {""})]


@get("/inventory.csv", include_in_schema=False)
async def inventory_csv(request: Req, visit: Visiting, parts: Hub) -> Page:
    return export.csv_page(COLUMNS, await _rows(request, visit, parts), "inventory")


@get("/inventory.json", include_in_schema=False)
async def inventory_json(request: Req, visit: Visiting, parts: Hub) -> Page:
    return export.json_page(COLUMNS, await _rows(request, visit, parts))


@post("/inventory/views", include_in_schema=False, status_code=303)
async def keep_view(request: Req, visit: Visiting, parts: Hub) -> Page:
    form = await read_form(request)
    wanted = Filter.of({name: form.text(name) for name in Filter.__slots__})
    here = f"{HERE}?{wanted.query}"
    try:
        view = await parts.inventory.keep(form.text("name"), wanted, visit.signed)
    except RoomgateError as fault:
        return visit.back(here, refused(visit.t, fault))
    return visit.back(here, Notice("ok", visit.t("said.done"), visit.t("inventory.kept", name=view.name)))


@post("/inventory/views/{id:str}/forget", include_in_schema=False, status_code=303)
async def forget_view(id: FromPath[str], request: Req, visit: Visiting, parts: Hub) -> Page:
    try:
        await parts.inventory.forget(id, visit.signed)
    except RoomgateError as fault:
        return visit.back(HERE, refused(visit.t, fault))
    return visit.back(HERE, Notice("ok", visit.t("said.done"), visit.t("inventory.forgotten")))


@post("/inventory/tags", include_in_schema=False, status_code=200)
async def tag_rooms(request: Req, visit: Visiting, parts: Hub) -> Page:
    """First what a sheet would change; the same sheet sent again with ``do`` changes it."""
    form = await read_form(request)
    sheet = form.text("sheet")
    try:
        wanted = read_sheet(sheet)
        if not form.text("do"):
            return await _page(
                visit, parts, Filter(), sheet=sheet, changes=await parts.inventory.plan_tags(wanted, visit.signed)
            )
        changed = await parts.inventory.tag(wanted, visit.signed)
    except RoomgateError as fault:
        visit.say(refused(visit.t, fault))
        return await _page(visit, parts, Filter(), sheet=sheet)
    return visit.back(HERE, Notice("ok", visit.t("said.done"), visit.t.count("inventory.tagged", len(changed))))


ROUTES = [show_inventory, inventory_csv, inventory_json, keep_view, forget_view, tag_rooms]
