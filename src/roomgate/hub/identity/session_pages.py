"""The part of the settings about one's own sessions: browsers that are signed in, rooms that one is in."""

from collections.abc import Mapping
from typing import Any

from litestar import post
from litestar.params import FromPath

from roomgate.hub.console.inside import living, show
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Page, Visit, Visiting
from roomgate.hub.http.asking import Hub
from roomgate.hub.parts import Parts
from roomgate.hub.rooms.view import room_href

BACK = "/settings#sessions"


async def gather(visit: Visit, parts: Parts) -> Mapping[str, Any]:
    me = visit.signed
    rooms = show(living(visit.relay.book), me) if visit.relay is not None else []
    return {
        "webs": [
            {"web": web, "seen": seen, "here": web.id == me.principal.credential}
            for web, seen in await parts.identity.web_sessions(me.person.id)
        ],
        "rooms": [(one, room_href(one.room, one.room)) for one in rooms if one.person == me.person.id],
    }


@post("/settings/sessions/{id:str}/cut", include_in_schema=False, status_code=303)
async def cut_one(id: FromPath[str], visit: Visiting, parts: Hub) -> Page:
    await parts.identity.cut_web_session(id, visit.signed)
    return visit.back(BACK, Notice("ok", visit.t("cut.done"), visit.t("settings.sessions.cut"), id))


@post("/settings/sessions/cut-others", include_in_schema=False, status_code=303)
async def cut_others(visit: Visiting, parts: Hub) -> Page:
    ended = await parts.identity.cut_other_web_sessions(visit.signed)
    return visit.back(BACK, Notice("ok", visit.t("cut.done"), visit.t.count("settings.sessions.cut-others", ended)))


ROUTES = [cut_one, cut_others]
