"""The pages of a room's backups: the list, and one of them beside a room as it is now."""

from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from roomgate.access.decision import Denied
from roomgate.access.principal import Right
from roomgate.errors import RoomgateError
from roomgate.fleet.backup import Shown
from roomgate.fleet.waves import Options
from roomgate.hub.backups.service import ANSWER_WITHIN_S, Ask, Backups, Comparison
from roomgate.hub.backups.view import COLUMNS, MOST_ROWS, confirming, same_kind, table_of, view_backup, view_rows
from roomgate.hub.console import export
from roomgate.hub.console.naming import people_names
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Page, Relayed, Visit, Visiting, read_form, refused
from roomgate.hub.http.asking import Hub, Req
from roomgate.hub.parts import Parts
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.rooms.seen import Seen, ask_room, room_context, see_room, told_of_room
from roomgate.hub.rooms.view import room_href
from roomgate.xapi.errors import XapiError


@get("/rooms/{name:str}/backups", include_in_schema=False)
async def show_backups(name: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    seen = await see_room(visit, parts, relay, name)
    shown: list[Shown] = []
    fault: Notice | None = None
    try:
        shown = await _backups(relay).list_(_asking(visit, relay, seen))
    except (RoomgateError, XapiError) as no:
        fault = refused(visit.t, told_of_room(visit, no))
    names = await people_names(parts, (one.by for one in shown if one.by))
    return visit.page(
        "backups.html",
        backups=[view_backup(one, _here(seen)) for one in shown],
        names=names,
        fault=fault,
        **await room_context(visit, parts, relay, seen),
    )


@get("/rooms/{name:str}/backups.csv", include_in_schema=False)
async def backups_csv(name: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    return export.csv_page(COLUMNS, await _table(name, visit, parts, relay), "backups")


@get("/rooms/{name:str}/backups.json", include_in_schema=False)
async def backups_json(name: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    return export.json_page(COLUMNS, await _table(name, visit, parts, relay))


@post("/rooms/{name:str}/backups", include_in_schema=False, status_code=303)
async def make_backup(name: FromPath[str], request: Req, visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    seen = await see_room(visit, parts, relay, name)
    form = await read_form(request)
    try:
        made = await _backups(relay).make(_asking(visit, relay, seen), form.text("name"), form.text("reason"))
    except (RoomgateError, XapiError) as no:
        return visit.back(_here(seen), refused(visit.t, told_of_room(visit, no)))
    said = visit.t("backups.unchanged" if made.unchanged else "backups.made")
    return visit.back(_here(seen), Notice("ok", visit.t("said.done"), said, made.id))


@get("/rooms/{name:str}/backups/{id:str}", include_in_schema=False)
async def show_backup(
    name: FromPath[str],
    id: FromPath[str],
    visit: Visiting,
    parts: Hub,
    relay: Relayed,
    into: FromQuery[str] = "",
    same: FromQuery[str] = "",
) -> Page:
    """One backup beside a room as it is now: its own, or ``into``."""
    seen = await see_room(visit, parts, relay, name)
    target = await see_room(visit, parts, relay, into) if into else seen
    plan: Comparison | None = None
    fault: Notice | None = None
    try:
        plan = await _backups(relay).difference(
            _asking(visit, relay, seen), id, _asking(visit, relay, target), target.summary.name, same_room=bool(same)
        )
    except (RoomgateError, XapiError) as no:
        fault = refused(visit.t, told_of_room(visit, no))
    rows = view_rows(plan) if plan else []
    return visit.page(
        "backup.html",
        id=id,
        confirm=confirming(id),
        plan=plan,
        opened=view_backup(Shown(id, plan.backup.made), _here(seen)) if plan else None,
        rows=rows[:MOST_ROWS],
        more=max(0, len(rows) - MOST_ROWS),
        fault=fault,
        target=target.summary.name,
        same=bool(same),
        kinds=same_kind(await _rooms(visit, parts), seen.summary.product),
        **await room_context(visit, parts, relay, seen),
    )


@get("/rooms/{name:str}/backups/{id:str}/backup.json", include_in_schema=False)
async def export_backup(
    name: FromPath[str], id: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed
) -> Response[bytes]:
    """As much of it as this person may read; the rest stays at the site."""
    seen = await see_room(visit, parts, relay, name)
    try:
        found = await _backups(relay).get(_asking(visit, relay, seen), id)
    except (RoomgateError, XapiError) as no:
        return visit.back(_here(seen), refused(visit.t, told_of_room(visit, no)))
    headers = {"Content-Disposition": 'attachment; filename="backup.json"'}
    body = msgspec.json.format(msgspec.json.encode(found))
    return Response(body, media_type="application/json", headers=headers)


@post("/rooms/{name:str}/backups/{id:str}/remove", include_in_schema=False, status_code=303)
async def remove_backup(
    name: FromPath[str], id: FromPath[str], request: Req, visit: Visiting, parts: Hub, relay: Relayed
) -> Page:
    """What cannot be undone is confirmed by typing."""
    seen = await see_room(visit, parts, relay, name)
    if (await read_form(request)).text("confirm") != confirming(id):
        wrong = Notice("bad", visit.t("said.refused"), visit.t("backups.remove-wrong"))
        return visit.back(f"{_here(seen)}/{quote(id, safe='')}", wrong)
    try:
        await _backups(relay).remove(_asking(visit, relay, seen), id)
    except (RoomgateError, XapiError) as no:
        return visit.back(_here(seen), refused(visit.t, told_of_room(visit, no)))
    return visit.back(_here(seen), Notice("ok", visit.t("said.done"), visit.t("backups.removed"), id))


@post("/rooms/{name:str}/backups/{id:str}/restore", include_in_schema=False, status_code=303)
async def restore_backup(
    name: FromPath[str], id: FromPath[str], request: Req, visit: Visiting, parts: Hub, relay: Relayed
) -> Page:
    """A plan of the difference that the page showed."""
    seen = await see_room(visit, parts, relay, name)
    form = await read_form(request)
    into, same = form.text("into"), form.text("same")
    target = await see_room(visit, parts, relay, into) if into else seen
    asked = {key: word for key, word in (("into", into), ("same", same)) if word}
    try:
        document = await _backups(relay).restorable(
            _asking(visit, relay, seen), id, _asking(visit, relay, target), target.summary.name,
            same_room=bool(same), seen=form.text("seen"), reason=form.text("reason"),
        )  # fmt: skip
        options = Options(reason=form.text("reason"))
        plan = await parts.fleet.make(visit.signed, document, options, kind="restore")
    except (RoomgateError, XapiError) as no:
        back = f"{_here(seen)}/{quote(id, safe='')}" + (f"?{urlencode(asked)}" if asked else "")
        return visit.back(back, refused(visit.t, told_of_room(visit, no)))
    return visit.back(f"/fleet/{plan.id}", Notice("ok", visit.t("said.done"), visit.t("backups.planned")))


async def _table(name: str, visit: Visit, parts: Parts, relay: RelayParts) -> list[list[str]]:
    """Raises what became of the ask: a program that fetches a table is better served by a refusal than by a page."""
    seen = await see_room(visit, parts, relay, name)
    try:
        return table_of(await _backups(relay).list_(_asking(visit, relay, seen)))
    except Denied as no:
        raise told_of_room(visit, no) from no


def _backups(relay: RelayParts) -> Backups:
    return Backups(relay.relay.catalogue)


def _asking(visit: Visit, relay: RelayParts, seen: Seen) -> Ask:
    return partial(ask_room, visit, relay, seen, within_s=ANSWER_WITHIN_S)


def _here(seen: Seen) -> str:
    return f"{room_href(seen.summary.name, seen.summary.id)}/backups"


async def _rooms(visit: Visit, parts: Parts) -> Any:
    signed = visit.signed
    granted = frozenset() if signed.may(Right.SEE) else await parts.grants.live_rooms(signed.principal)
    return parts.rooms.list_for(signed, granted)


ROUTES = [
    show_backups,
    backups_csv,
    backups_json,
    make_backup,
    show_backup,
    export_backup,
    remove_backup,
    restore_backup,
]
