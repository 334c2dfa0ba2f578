"""The page at which a person says yes or no to a device that asks to sign in as them."""

from litestar import get, post

from roomgate.errors import RoomgateError
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Page, Visiting, read_form, refused
from roomgate.hub.http.asking import Hub, Req, source_of
from roomgate.hub.identity.device_http import PAGE
from roomgate.hub.identity.devices import require_confirmable, show_code


@get(PAGE, include_in_schema=False)
async def show_page(visit: Visiting) -> Page:
    return visit.page("device.html", begun=None, code="")


@post(PAGE, include_in_schema=False)
async def look_up(request: Req, visit: Visiting, parts: Hub) -> Page:
    """What would be given, and to whom: nothing is given yet."""
    form = await read_form(request)
    try:
        require_confirmable(visit.signed)
        begun = parts.identity.devices.find(form.text("code"), visit.signed.person.id, _source(request))
    except RoomgateError as no:
        return visit.back(PAGE, refused(visit.t, no))
    return visit.page("device.html", begun=begun, code=show_code(begun.code))


@post(f"{PAGE}/answer", include_in_schema=False, status_code=303)
async def answer(request: Req, visit: Visiting, parts: Hub) -> Page:
    form = await read_form(request)
    code, source = form.text("code"), _source(request)
    try:
        if form.text("answer") != "yes":
            parts.identity.refuse_device(code, visit.signed, source)
            return visit.back(PAGE, Notice("ok", visit.t("said.done"), visit.t("device.refused")))
        token = await parts.identity.allow_device(code, visit.signed, source)
    except RoomgateError as no:
        return visit.back(PAGE, refused(visit.t, no))
    said = visit.t("device.allowed", machine=token.name)
    return visit.back("/settings#tokens", Notice("ok", visit.t("said.done"), said, token.id))


def _source(request: Req) -> str:
    return source_of(request)


ROUTES = [show_page, look_up, answer]
