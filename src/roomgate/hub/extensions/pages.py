"""The pages of a room's macros and panels: what is there, one of them in the editor, its versions."""

import asyncio
import json
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.types import ControllerRouterHandler
from markupsafe import Markup

from roomgate.errors import BadInput, NotFound, RoomgateError
from roomgate.hub.console import assets
from roomgate.hub.console.naming import people_names
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Form, Page, Relayed, Visit, Visiting, read_form, refusal, refused
from roomgate.hub.extensions.archive import pack
from roomgate.hub.extensions.panel import NEW, read
from roomgate.hub.extensions.picture import draw
from roomgate.hub.extensions.service import BadName, Differs, Faulty, Listed, Text, Verdict, check
from roomgate.hub.extensions.store import Version
from roomgate.hub.extensions.text import Finding, Kind, difference, digest_of
from roomgate.hub.http.asking import Hub, Req
from roomgate.hub.parts import Parts
from roomgate.hub.relay.asked import Wish
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.rooms.seen import Seen, ask_room, room_context, see_room, told_of_room
from roomgate.hub.security.reading import moment
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import XapiError

WITHIN_S = 10.0
MOST_LOG = 100
NEW_MACRO = """import xapi from 'xapi';

xapi.Event.UserInterface.Extensions.Widget.Action.on(event => {
  console.log(event.WidgetId, event.Type, event.Value);
});
"""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Said:
    """What could not be read, in the place where it would stand."""

    text: str
    hint: str


@dataclass(frozen=True, slots=True)
class VersionView:
    number: int
    how: str
    by: str
    at: datetime
    now: bool  # the device has this text now
    before: int  # the version that it came after; 0: none


@dataclass(frozen=True, slots=True)
class Place:
    """One room's page of one kind, asked by one person."""

    kind: Kind
    visit: Visit
    parts: Parts
    relay: RelayParts
    seen: Seen

    @property
    def word(self) -> str:
        return f"{self.kind.value}s"

    @property
    def here(self) -> str:
        return f"/rooms/{quote(self.seen.summary.name, safe='')}/{self.word}"

    def edit(self, name: str) -> str:
        return f"{self.here}/edit?{urlencode({'name': name})}"

    def versions(self, name: str) -> str:
        return f"{self.here}/versions?{urlencode({'name': name})}"

    async def ask(self, wish: Wish) -> Any:
        return await ask_room(self.visit, self.relay, self.seen, wish, WITHIN_S)

    async def page(self, template: str, status: int = 200, **context: Any) -> Page:
        room = await room_context(self.visit, self.parts, self.relay, self.seen)
        return self.visit.page(template, status, place=self, kind=self.kind.value, **room, **context)

    async def or_said(self, work: Awaitable[T]) -> T | Said:
        """What was read, or why not."""
        try:
            return await work
        except (RoomgateError, XapiError) as fault:
            said = refusal(self.visit.t, told_of_room(self.visit, fault))
            return Said(said.text, said.hint)

    def back(self, to: str, fault: Exception) -> Page:
        return self.visit.back(to, refused(self.visit.t, told_of_room(self.visit, fault)))

    def done(self, to: str, key: str, code: str = "", kind: str = "ok", **fields: object) -> Page:
        title = self.visit.t("said.done") if kind == "ok" else self.visit.t("said.refused")
        return self.visit.back(to, Notice(kind, title, self.visit.t(key, **fields), code))


async def _place(kind: Kind, visit: Visit, parts: Parts, relay: RelayParts, name: str) -> Place:
    return Place(kind, visit, parts, relay, await see_room(visit, parts, relay, name))


def closed(verdicts: dict[str, Verdict]) -> list[str]:
    """The entries of the never-list that would have to be opened at the site."""
    return [name for name, one in verdicts.items() if one.rule == "never"]


def policy_line(entries: list[str]) -> str:
    """What the people of the site add to their policy.toml."""
    return f"open = {json.dumps(entries)}" if entries else ""


async def _versions(place: Place, versions: list[Version], now: str) -> list[VersionView]:
    names = await people_names(place.parts, [one.by for one in versions if one.by])
    earlier = [one.number for one in versions[1:]] + [0]
    shown = False
    views = []
    for one, before in zip(versions, earlier, strict=True):
        here = not shown and one.digest == now
        shown = shown or here
        views.append(VersionView(one.number, one.how, names[one.by] if one.by else "", one.at, here, before))
    return views


async def _list(place: Place) -> Page:
    ext, ask = place.parts.extensions, place.ask
    verdicts: dict[str, Verdict] | Said = {}
    listed: list[Listed] | Said = []
    more: dict[str, Any] = {}

    async def fill(key: str, work: Awaitable[Any]) -> None:
        more[key] = await place.or_said(work)

    async with asyncio.TaskGroup() as group:
        group.create_task(fill("listed", ext.listed(ask, place.kind)), name="page.listed")
        group.create_task(fill("verdicts", ext.allowed(ask, place.kind)), name="page.verdicts")
        if place.kind is Kind.MACRO:
            group.create_task(fill("runtime", ext.runtime(ask)), name="page.runtime")
            group.create_task(fill("log", ext.log(ask)), name="page.log")
            mode = Wish(Verb.GET, "Configuration/Macros/Mode")
            group.create_task(fill("mode", ask(mode)), name="page.mode")
        else:
            group.create_task(fill("texts", ext.panels(ask)), name="page.texts")
    listed, verdicts = more.pop("listed"), more.pop("verdicts")
    known = verdicts if isinstance(verdicts, dict) else {}
    unread = listed if isinstance(listed, Said) else None
    removed: list[Version] = []
    if isinstance(listed, list):
        removed = await ext.removed(place.seen.summary.id, place.kind, listed)
    log = more.get("log")
    texts = more.get("texts")
    return await place.page(
        "extensions.html",
        unread=unread,
        listed=listed if isinstance(listed, list) else [],
        removed=removed,
        pictures=_buttons(texts) if isinstance(texts, dict) else {},
        refusals={name: one for name, one in known.items() if one.verdict == "refused"},
        line=policy_line(closed(known)),
        runtime=more.get("runtime"),
        mode=more.get("mode"),
        moment=moment,
        log=list(reversed(log))[:MOST_LOG] if isinstance(log, list) else None,
        said=Said,
    )


def _buttons(texts: dict[str, str]) -> dict[str, Markup]:
    """The home screen's button of each panel."""
    return {name: pictures[0][1] for name, text in texts.items() if (pictures := pictures_of(text))}


def pictures_of(text: str) -> list[tuple[str, Markup]]:
    """What the touch screen shows: name and drawing of each. Our own markup; every word in it is escaped."""
    root, _ = read(text)
    panel = root.first("Panel") if root else None
    return [(one.name, Markup(one.svg)) for one in draw(panel)] if panel else []  # noqa: S704 (drawn by us)


async def _edit(place: Place, name: str) -> Page:
    """The editor; of a name that there is not yet, with something to begin with."""
    now: Text | None = None
    if name:
        now = await place.parts.extensions.text(place.ask, place.seen.summary.id, place.kind, name)
    text = now.text if now else (NEW_MACRO if place.kind is Kind.MACRO else NEW.format(id="lights"))
    return await _editor(place, name, text, now.digest if now else "", now)


async def _editor(
    place: Place,
    name: str,
    text: str,
    digest: str,
    now: Text | None,
    *,
    findings: list[Finding] | None = None,
    differs: bool = False,
    status: int = 200,
    name_said: str = "",
) -> Page:
    others: list[str] = []
    versions: list[VersionView] = []
    if name and digest:
        found = await place.parts.extensions.versions(place.ask, place.seen.summary.id, place.kind, name)
        versions = await _versions(place, found, now.digest if now else "")
    found_now = check(place.kind, name, text, others) if findings is None else findings
    return await place.page(
        "extension_edit.html",
        status,
        name=name,
        text=text,
        digest=digest,
        findings=found_now,
        versions=versions,
        active=now.active if now else None,
        pictures=pictures_of(text) if place.kind is Kind.PANEL else [],
        differs=difference(now.text, text) if differs and now else [],
        there=now.digest if differs and now else "",
        clash=differs,
        name_said=name_said,
        editor=assets.editor(),
        others=json.dumps(others),
    )


def text_of(form: Form) -> str:
    """The text as it was typed: a browser sends every end of a line as CR LF."""
    return form.fields.get("text", [""])[0].replace("\r\n", "\n")


async def _save(place: Place, form: Form) -> Page:
    name, text, digest, do = form.text("name"), text_of(form), form.text("digest"), form.text("do")
    if do == "check":
        now = Text(place.kind, name, text, digest_of(text)) if digest else None
        return await _editor(place, name, text, digest, now)
    room, ext, by = place.seen.summary.id, place.parts.extensions, place.visit.signed.person.id
    try:
        await ext.save(place.ask, room, place.kind, name, text, by, expected=digest, anyway=do == "anyway")
        note = await ext.set_active(place.ask, name, True) if do == "run" else ""
    except BadName as bad:
        return await _editor(place, name, text, digest, None, status=400, name_said=bad.said)
    except Faulty as bad:
        return await _editor(place, name, text, digest, None, findings=bad.findings, status=400)
    except Differs:
        now = await ext.text(place.ask, room, place.kind, name)
        return await _editor(place, name, text, digest or now.digest, now, differs=True, status=409)
    except (RoomgateError, XapiError) as fault:
        said = refused(place.visit.t, told_of_room(place.visit, fault))
        place.visit.say(said)
        return await _editor(place, name, text, "", None, status=409)
    if note:
        return place.done(place.edit(name), "code.saved-idle", kind="warn", why=place.visit.t.said(note))
    return place.done(place.edit(name), "code.saved-runs" if do == "run" else "code.saved")


async def _do(place: Place, form: Form) -> Page:
    """One click: switch on and off, remove, put a version back; start and stop the engine."""
    name, do, ext, room = form.text("name"), form.text("do"), place.parts.extensions, place.seen.summary.id
    by = place.visit.signed.person.id
    try:
        if do in ("activate", "deactivate") and place.kind is Kind.MACRO:
            note = await ext.set_active(place.ask, name, do == "activate")
            if note:
                why = place.visit.t.said(note)
                return place.done(place.here, f"code.{do}-idle", kind="warn", name=name, why=why)
            return place.done(place.here, f"code.{do}-done", name=name)
        if do == "remove":
            await ext.remove(place.ask, room, place.kind, name, by, expected=form.text("digest") or None)
            return place.done(place.here, "code.removed-done", name=name)
        if do == "back":
            await ext.roll_back(place.ask, room, place.kind, name, _number(form.text("version")), by)
            return place.done(place.edit(name), "code.back-done", name=name, n=form.text("version"))
        if place.kind is Kind.MACRO and do in ("start", "stop", "restart", "clear-log"):
            await ext.run_engine(place.ask, do)
            return place.done(place.here, f"code.{do}-done")
    except (RoomgateError, XapiError) as fault:
        return place.back(place.here, fault)
    raise NotFound("There is no such page.")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadInput("A version is a number.")
    return int(text)


async def _show_versions(place: Place, name: str, old: int, new: int) -> Page:
    """All versions of a text, and how two of them differ."""
    ext, room = place.parts.extensions, place.seen.summary.id
    found = await ext.versions(place.ask, room, place.kind, name)
    now = next((one.digest for one in found if one.how != "removed"), "") if found[0].how != "removed" else ""
    views = await _versions(place, found, now)
    old, new = old or views[0].before, new or views[0].number
    one, other = await ext.two(place.ask, room, place.kind, name, old, new)
    lines = difference(one, other)
    return await place.page(
        "extension_versions.html", name=name, versions=views, old=old, new=new, lines=lines,
        plus=sum(line.sign == "+" for line in lines), minus=sum(line.sign == "-" for line in lines),
    )  # fmt: skip


def _routes(kind: Kind) -> list[ControllerRouterHandler]:
    here = f"/rooms/{{room:str}}/{kind.value}s"

    @get(here, include_in_schema=False)
    async def show(room: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed) -> Page:
        return await _list(await _place(kind, visit, parts, relay, room))

    @get(f"{here}/edit", include_in_schema=False)
    async def edit(room: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed, name: FromQuery[str] = "") -> Page:
        place = await _place(kind, visit, parts, relay, room)
        try:
            return await _edit(place, name)
        except (RoomgateError, XapiError) as fault:
            return place.back(place.here, fault)

    @post(f"{here}/save", include_in_schema=False, status_code=303)
    async def save(room: FromPath[str], request: Req, visit: Visiting, parts: Hub, relay: Relayed) -> Page:
        place = await _place(kind, visit, parts, relay, room)
        try:
            return await _save(place, await read_form(request))
        except (RoomgateError, XapiError) as fault:
            return place.back(place.here, fault)

    @post(f"{here}/do", include_in_schema=False, status_code=303)
    async def do(room: FromPath[str], request: Req, visit: Visiting, parts: Hub, relay: Relayed) -> Page:
        return await _do(await _place(kind, visit, parts, relay, room), await read_form(request))

    @get(f"{here}/versions", include_in_schema=False)
    async def versions(
        room: FromPath[str],
        visit: Visiting,
        parts: Hub,
        relay: Relayed,
        name: FromQuery[str] = "",
        old: FromQuery[int] = 0,
        new: FromQuery[int] = 0,
    ) -> Page:
        place = await _place(kind, visit, parts, relay, room)
        try:
            return await _show_versions(place, name, old, new)
        except (RoomgateError, XapiError) as fault:
            return place.back(place.here, fault)

    return [show, edit, save, do, versions]


@get("/rooms/{room:str}/panels.zip", include_in_schema=False)
async def panels_zip(room: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed) -> Response[bytes]:
    """All panels, each a file of XML that can be put into another room."""
    place = await _place(Kind.PANEL, visit, parts, relay, room)
    try:
        raw = pack(await parts.extensions.panels(place.ask))
    except (RoomgateError, XapiError) as fault:
        return place.back(place.here, fault)
    headers = {"Content-Disposition": 'attachment; filename="panels.zip"'}
    return Response(raw, media_type="application/zip", headers=headers)


ROUTES = [*_routes(Kind.MACRO), *_routes(Kind.PANEL), panels_zip]
