"""The page of the safe mode: what waits, what connectors tell, and two buttons."""

from litestar import get, post

from roomgate.access.principal import Right
from roomgate.clock import parse_iso
from roomgate.errors import BadInput, RoomgateError
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Page, Visiting, read_form, refused
from roomgate.hub.http.asking import Hub, Req
from roomgate.hub.restoration.service import whose

HERE = "/restoration"
SURE = "end"  # what is typed to end what cannot be brought back


@get(HERE, include_in_schema=False)
async def show_page(visit: Visiting, parts: Hub) -> Page:
    visit.signed.require(Right.PEOPLE)
    names = await parts.restorations.names(visit.signed)
    told = [
        (parse_iso(one.event.at), one.connector, room, names.get(person, person), what)
        for one in await parts.restorations.since(visit.signed)
        for room, person, what in [whose(one.event)]
    ]
    paused = await parts.restorations.paused(visit.signed)
    waiting = {kind: [one for one in paused if one.kind == kind] for kind in ("people", "tokens", "grants")}
    return visit.page(
        "restoration.html", waiting=waiting, told=told, vkey=parts.restorations.name, moment=parse_iso, sure=SURE,
    )  # fmt: skip


@post(HERE, include_in_schema=False)
async def act(request: Req, visit: Visiting, parts: Hub) -> Page:
    form = await read_form(request)
    try:
        match form.text("do"):
            case "confirm":
                await parts.restorations.confirm(
                    form.all("people"), form.all("tokens"), form.all("grants"), visit.signed
                )
                said = Notice("ok", visit.t("restoration.confirmed"), "")
            case "end":
                if form.text("sure").casefold() != SURE and await parts.restorations.paused(visit.signed):
                    raise BadInput(visit.t("restoration.unsure", word=SURE))
                await parts.restorations.end(visit.signed)
                said = Notice("ok", visit.t("restoration.ended"), "")
            case _:
                raise BadInput("Confirm, or end the safe mode.")
    except RoomgateError as no:
        said = refused(visit.t, no)
    return visit.back(HERE, said)


ROUTES = [show_page, act]
