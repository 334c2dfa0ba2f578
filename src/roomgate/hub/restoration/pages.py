"""The page of the safe mode: what waits, what connectors tell, and two buttons."""

from typing import Any

from litestar import Request, get, post

from roomgate.access.principal import Right
from roomgate.errors import BadInput, RoomgateError
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Page, Visiting, read_form, refused
from roomgate.hub.http.asking import Hub
from roomgate.hub.restoration.service import whose

HERE = "/restoration"


@get(HERE, include_in_schema=False)
async def show_page(visit: Visiting, parts: Hub) -> Page:
    visit.signed.require(Right.PEOPLE)
    told = [(one.event.at, one.connector, *whose(one.event)) for one in await parts.restorations.since(visit.signed)]
    return visit.page(
        "restoration.html", paused=await parts.restorations.paused(visit.signed), told=told,
        vkey=parts.restorations.name,
    )  # fmt: skip


@post(HERE, include_in_schema=False)
async def act(request: Request[Any, Any, Any], visit: Visiting, parts: Hub) -> Page:
    form = await read_form(request)
    try:
        match form.text("do"):
            case "confirm":
                await parts.restorations.confirm(
                    form.all("people"), form.all("tokens"), form.all("grants"), visit.signed
                )
                said = Notice("ok", visit.t("restoration.confirmed"), "")
            case "end":
                await parts.restorations.end(visit.signed)
                said = Notice("ok", visit.t("restoration.ended"), "")
            case _:
                raise BadInput("Confirm, or end the safe mode.")
    except RoomgateError as no:
        said = refused(visit.t, no)
    return visit.back(HERE, said)


ROUTES = [show_page, act]
