"""REST: invitations, and taking away what somebody signs in with."""

import msgspec
from litestar import Router, delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from roomgate.clock import iso
from roomgate.hub.http.asking import Hub, Who
from roomgate.hub.http.paging import Page, build_page, parse_cursor, parse_limit
from roomgate.hub.identity.invitation_store import Invitation
from roomgate.hub.identity.invitations import USUAL_HOURS


class NewInvitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    roles: list[str] = []
    hours: float = USUAL_HOURS


class Anew(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    hours: float = USUAL_HOURS


class InvitationShown(msgspec.Struct, frozen=True):
    id: str
    person: str
    name: str
    created: str
    until: str
    created_by: str | None  # null: the hub's own terminal


class InvitationMade(msgspec.Struct, frozen=True):
    """``code`` is shown this once: it is typed at the sign-in page."""

    id: str
    person: str
    name: str
    until: str
    code: str


def show(one: Invitation) -> InvitationShown:
    return InvitationShown(one.id, one.person, one.name, iso(one.created), iso(one.until), one.by)


def _made(one: Invitation, code: str) -> InvitationMade:
    return InvitationMade(one.id, one.person, one.name, iso(one.until), code)


@get("/invitations")
async def list_invitations(
    parts: Hub, signed: Who, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[InvitationShown]:
    """Those that nobody has used yet."""
    most = parse_limit(limit)
    found = await parts.invitations.waiting(signed, parse_cursor(cursor), most + 1)
    return build_page(found, most, lambda one: one.id, show)


@post("/invitations")
async def invite(parts: Hub, signed: Who, data: JSONBody[NewInvitation]) -> InvitationMade:
    """Somebody new, who chooses their own password when they come in."""
    made, code = await parts.invitations.invite(data.name, frozenset(data.roles), signed, data.hours)
    return _made(made, code.reveal())


@delete("/invitations/{id:str}")
async def cut_invitation(parts: Hub, signed: Who, id: FromPath[str]) -> None:
    await parts.invitations.cut(id, signed)


@post("/people/{id:str}/reset")
async def reset_person(parts: Hub, signed: Who, id: FromPath[str], data: JSONBody[Anew]) -> InvitationMade:
    """For somebody who lost all that they sign in with: it ends, with everything open, and they are invited anew."""
    made, code = await parts.invitations.reset(id, signed, data.hours)
    return _made(made, code.reveal())


@delete("/people/{id:str}/factors")
async def reset_factors(parts: Hub, signed: Who, id: FromPath[str]) -> None:
    """Take all of somebody else's second factors away, and end what they have open; the password stays."""
    await parts.factors.reset(id, signed)


API = Router(
    "/",
    tags=["identity"],
    route_handlers=[list_invitations, invite, cut_invitation, reset_person, reset_factors],
)
