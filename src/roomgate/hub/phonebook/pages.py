"""The page of a room's own phone book."""

from collections.abc import Awaitable, Callable
from functools import partial
from urllib.parse import urlencode

from litestar import get, post
from litestar.params import FromPath, FromQuery

from roomgate.access.capability import Capability
from roomgate.access.decision import Denied
from roomgate.errors import BadInput, RoomgateError
from roomgate.hub.console import export
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Form, Page, Relayed, Visit, Visiting, read_form, refused
from roomgate.hub.http.asking import Hub, Req
from roomgate.hub.parts import Parts
from roomgate.hub.phonebook import service
from roomgate.hub.phonebook.contacts import COLUMNS, LONGEST, Contact, Folder, Found, read_csv, rows_of
from roomgate.hub.phonebook.service import PAGE, Ask
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.rooms.seen import Seen, ask_room, room_context, see_room, told_of_room
from roomgate.hub.rooms.view import room_href
from roomgate.xapi.errors import XapiError

_LAST = 60_000  # the furthest place that a device is asked for


@get("/rooms/{name:str}/phonebook", include_in_schema=False)
async def show_phonebook(
    name: FromPath[str],
    visit: Visiting,
    parts: Hub,
    relay: Relayed,
    q: FromQuery[str] = "",
    favourites: FromQuery[str] = "",
    folder: FromQuery[str] = "",
    after: FromQuery[int] = 0,
) -> Page:
    seen = await see_room(visit, parts, relay, name)
    after = max(0, min(after, _LAST))
    found, fault, folder = Found((), 0), None, folder[:LONGEST]
    folders: tuple[Folder, ...] = ()
    ask = _asking(visit, relay, seen)
    try:
        folders = await service.list_folders(ask)
        if folder not in {one.id for one in folders}:
            folder = ""
        found = await service.search(
            ask, q[:200], favourites=bool(favourites), folder=folder, folders=folders, offset=after
        )
    except (RoomgateError, XapiError) as no:
        fault = refused(visit.t, told_of_room(visit, no))
    here = _here(seen)
    words = (("q", q[:200]), ("favourites", favourites and "yes"), ("folder", folder))
    asked = {key: word for key, word in words if word}
    later = after + len(found.contacts)
    return visit.page(
        "phonebook.html",
        found=found,
        fault=fault,
        here=here,
        q=q[:200],
        folder=folder,
        folders=folders,
        favourites=bool(favourites),
        earlier_href=f"{here}?{urlencode({**asked, 'after': max(0, after - PAGE)})}" if after else "",
        later_href=f"{here}?{urlencode({**asked, 'after': later})}" if found.contacts and later < found.total else "",
        first=after + 1,
        may_keep=Capability.CALL in seen.capabilities,
        may_dial=seen.may(relay.relay.catalogue).dial,
        **await room_context(visit, parts, relay, seen),
    )


@get("/rooms/{name:str}/phonebook.csv", include_in_schema=False)
async def phonebook_csv(name: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    return export.csv_page(COLUMNS, await _table(name, visit, parts, relay), "phonebook")


@get("/rooms/{name:str}/phonebook.json", include_in_schema=False)
async def phonebook_json(name: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    return export.json_page(COLUMNS, await _table(name, visit, parts, relay))


@post("/rooms/{name:str}/phonebook", include_in_schema=False, status_code=303)
async def add_contact(name: FromPath[str], request: Req, visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    def add(ask: Ask, form: Form) -> Awaitable[object]:
        if not form.text("name"):
            raise BadInput("A contact has a name.")
        made = Contact(
            form.text("name"), form.text("number"), form.text("title"), bool(form.text("favourite")),
            folder=form.text("folder"),
        )  # fmt: skip
        return service.add(ask, made)

    return await _change(name, request, visit, parts, relay, add, "phonebook.added")


@post("/rooms/{name:str}/phonebook/favourite", include_in_schema=False, status_code=303)
async def set_favourite(name: FromPath[str], request: Req, visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    def mark(ask: Ask, form: Form) -> Awaitable[None]:
        return service.set_favourite(ask, form.text("contact"), form.text("on") == "yes")

    return await _change(name, request, visit, parts, relay, mark, "phonebook.marked")


@post("/rooms/{name:str}/phonebook/remove", include_in_schema=False, status_code=303)
async def remove_contact(name: FromPath[str], request: Req, visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    def remove(ask: Ask, form: Form) -> Awaitable[None]:
        return service.remove(ask, form.text("contact"))

    return await _change(name, request, visit, parts, relay, remove, "phonebook.removed")


@post("/rooms/{name:str}/phonebook/folders/remove", include_in_schema=False, status_code=303)
async def remove_folder(name: FromPath[str], request: Req, visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    def remove(ask: Ask, form: Form) -> Awaitable[None]:
        return service.remove_folder(ask, form.text("folder"))

    return await _change(name, request, visit, parts, relay, remove, "phonebook.folder-removed")


@post("/rooms/{name:str}/phonebook/load", include_in_schema=False, status_code=303)
async def load_contacts(name: FromPath[str], request: Req, visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    """Add those of a table that are not there yet, and say how many that were."""
    seen = await see_room(visit, parts, relay, name)
    form = await read_form(request)
    try:
        loaded = await service.load(_asking(visit, relay, seen), read_csv(form.text("table")))
    except (RoomgateError, XapiError) as no:
        return visit.back(_here(seen), refused(visit.t, told_of_room(visit, no)))
    said = visit.t("phonebook.loaded", added=loaded.added, there=loaded.there)
    if loaded.left:
        return visit.back(_here(seen), Notice("warn", visit.t("phonebook.partly"), f"{said} {loaded.left}"))
    return visit.back(_here(seen), Notice("ok", visit.t("said.done"), said))


async def _change(
    name: str,
    request: Req,
    visit: Visit,
    parts: Parts,
    relay: RelayParts,
    do: Callable[[Ask, Form], Awaitable[object]],
    said: str,
) -> Page:
    seen = await see_room(visit, parts, relay, name)
    form = await read_form(request)
    try:
        await do(_asking(visit, relay, seen), form)
    except (RoomgateError, XapiError) as no:
        return visit.back(_here(seen), refused(visit.t, told_of_room(visit, no)))
    return visit.back(_here(seen), Notice("ok", visit.t("said.done"), visit.t(said)))


async def _table(name: str, visit: Visit, parts: Parts, relay: RelayParts) -> list[list[str]]:
    """Raises what became of the ask: a program that fetches a table is better served by a refusal than by a page."""
    seen = await see_room(visit, parts, relay, name)
    try:
        return rows_of(await service.everything(_asking(visit, relay, seen)))
    except Denied as no:
        raise told_of_room(visit, no) from no


def _asking(visit: Visit, relay: RelayParts, seen: Seen) -> Ask:
    return partial(ask_room, visit, relay, seen)


def _here(seen: Seen) -> str:
    return f"{room_href(seen.summary.name, seen.summary.id)}/phonebook"


ROUTES = [
    show_phonebook, phonebook_csv, phonebook_json, add_contact, set_favourite, remove_contact, remove_folder,
    load_contacts,
]  # fmt: skip
