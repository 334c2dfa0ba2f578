"""The page of one room's security: what to do, and what it rests on."""

from collections.abc import Mapping
from urllib.parse import quote

from litestar import get, post
from litestar.params import FromPath

from roomgate.access.decision import Denied
from roomgate.errors import Conflict, RoomgateError
from roomgate.hub.channels import Session
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Page, Relayed, Visit, Visiting, read_form, refused
from roomgate.hub.http.asking import Hub, Req
from roomgate.hub.relay.asked import Wish
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.rooms.seen import Seen, ask_room, page_session, room_context, see_room, told_of_room
from roomgate.hub.security import reading, service
from roomgate.hub.security.advice import Severity
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import XapiError

MARKS: Mapping[Severity, str] = {
    Severity.BAD: "bad",
    Severity.WARN: "warn",
    Severity.NOTE: "void",
    Severity.UNKNOWN: "void",
}
OURS = "This belongs to the site's own account, and is left alone."


@get("/rooms/{name:str}/security", include_in_schema=False)
async def show_security(name: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    seen = await see_room(visit, parts, relay, name)
    context = await room_context(visit, parts, relay, seen)
    looked = await _look(visit, relay, seen)
    return visit.page(
        "room_security.html",
        looked=looked,
        findings=[one for one in looked.findings if one.severity is not Severity.UNKNOWN],
        unknown=[one for one in looked.findings if one.severity is Severity.UNKNOWN],
        marks=MARKS,
        moment=reading.moment,
        **context,
    )


async def _look(visit: Visit, relay: RelayParts, seen: Seen) -> service.Looked:
    """Whoever sees the room without a grant on it, or while it is locked, sees that nothing may be read."""
    try:
        session = await page_session(visit, relay, seen)
        return await service.look(relay, visit.signed.principal, seen.summary.name, visit.now, session=session)
    except Denied as no:
        told = told_of_room(visit, no)
        words = told.message if isinstance(told, RoomgateError) else ""
        return service.read({key: service.Part("refused", None, no.rule, words) for key in service.ASKS}, visit.now)


@post("/rooms/{name:str}/security/sessions/{id:str}/end", include_in_schema=False, status_code=303)
async def end_session(name: FromPath[str], id: FromPath[str], visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    """Sign somebody out of the device."""
    seen = await see_room(visit, parts, relay, name)
    here = _here(seen, "sessions")
    try:
        session = await page_session(visit, relay, seen)
        rows = reading.read_sessions(
            await _asked(visit, relay, seen, session, "sessions"), await _ours(visit, relay, seen, session)
        )
        if any(row.id == id and row.ours for row in rows):
            raise Conflict(OURS)
        await ask_room(visit, relay, seen, Wish(Verb.COMMAND, "Security.Session.Terminate", {"SessionId": id}))
    except (RoomgateError, XapiError) as fault:
        return visit.back(here, refused(visit.t, told_of_room(visit, fault)))
    return visit.back(here, Notice("ok", visit.t("said.done"), visit.t("security.ended")))


@post("/rooms/{name:str}/security/users", include_in_schema=False, status_code=303)
async def change_user(name: FromPath[str], request: Req, visit: Visiting, parts: Hub, relay: Relayed) -> Page:
    """Let an account of the device sign in again, or no more. The device and its site have the last word."""
    seen, form = await see_room(visit, parts, relay, name), await read_form(request)
    here = _here(seen, "users")
    user, active = form.text("user"), "True" if form.text("active") == "yes" else "False"
    try:
        session = await page_session(visit, relay, seen)
        if user.casefold() in await _ours(visit, relay, seen, session):
            raise Conflict(OURS)
        wish = Wish(Verb.COMMAND, "UserManagement.User.Modify", {"Username": user, "Active": active})
        await ask_room(visit, relay, seen, wish)
    except (RoomgateError, XapiError) as fault:
        return visit.back(here, refused(visit.t, told_of_room(visit, fault)))
    key = "security.enabled" if active == "True" else "security.disabled"
    return visit.back(here, Notice("ok", visit.t("said.done"), visit.t(key, name=user[:80])))


async def _ours(visit: Visit, relay: RelayParts, seen: Seen, session: Session) -> frozenset[str]:
    """The site's own accounts. Where they are not known, nothing is touched: raises RoomgateError."""
    return reading.read_accounts(await _asked(visit, relay, seen, session, "accounts"))


async def _asked(visit: Visit, relay: RelayParts, seen: Seen, session: Session, key: str) -> object:
    part = await service.ask_part(relay, visit.signed.principal, seen.summary.name, service.ASKS[key], session=session)
    if not part.done:
        raise Conflict(part.words or "The room did not do it.")
    return part.result


def _here(seen: Seen, section: str) -> str:
    return f"/rooms/{quote(seen.summary.name, safe='')}/security#{section}"


ROUTES = [show_security, end_session, change_user]
