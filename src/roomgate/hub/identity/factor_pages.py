"""The sections of settings about one's own second factors, and how people are invited."""

from collections.abc import Awaitable, Mapping
from typing import Any

from litestar import Response, post
from litestar.params import FromPath

from roomgate.access.principal import ROLES, Right, rights
from roomgate.errors import BadInput, RoomgateError
from roomgate.hub.console.naming import people_names
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Page, Visit, Visiting, read_form, refused
from roomgate.hub.http.asking import Hub, Req
from roomgate.hub.http.door import set_cookie
from roomgate.hub.identity.factor_store import FactorKind
from roomgate.hub.identity.passkeys import Party, party_of
from roomgate.hub.parts import Parts
from roomgate.redact import Secret

HERE = "/settings"
HOURS = (1, 8, 24, 72, 168, 336)
_MOST = 200
_SAVED = "settings.factors.saved"


async def gather_factors(visit: Visit, parts: Parts) -> Mapping[str, Any]:
    mine = await parts.factors.of(visit.signed.person.id)
    return {
        "factors": [one for one in mine if one.kind is not FactorKind.RECOVERY],
        "left": sum(one.kind is FactorKind.RECOVERY for one in mine),
        "offer": parts.factors.offer(visit.signed),
        "shown": [] if visit.quiet else parts.factors.take_shown(visit.signed),
        "passkeys": _reached_by_name(visit, parts),
    }


async def gather_password(visit: Visit, parts: Parts) -> Mapping[str, Any]:
    """Everybody may change their own."""
    return {}


@post("/settings/totp", include_in_schema=False, status_code=303)
async def begin_totp(visit: Visiting, parts: Hub) -> Page:
    try:
        await parts.factors.begin_totp(visit.signed)
    except RoomgateError as fault:
        return visit.back(HERE, refused(visit.t, fault))
    return visit.back(f"{HERE}#factors")


@post("/settings/totp/confirm", include_in_schema=False, status_code=303)
async def confirm_totp(request: Req, visit: Visiting, parts: Hub) -> Page:
    form = await read_form(request)
    work = parts.factors.confirm_totp(visit.signed, form.text("code"), form.text("name"))
    return await _changed(visit, work, "settings.factors.added")


@post("/settings/passkeys/options", include_in_schema=False, status_code=200)
async def begin_passkey(request: Req, visit: Visiting, parts: Hub) -> Response[bytes]:
    """For the page's script: what the browser makes a passkey by."""
    options = await parts.factors.begin_passkey(visit.signed, _party(request, parts))
    return Response(options, media_type="application/json")


@post("/settings/passkeys", include_in_schema=False, status_code=303)
async def add_passkey(request: Req, visit: Visiting, parts: Hub) -> Page:
    form = await read_form(request)
    work = parts.factors.add_passkey(visit.signed, _party(request, parts), form.text("passkey"), form.text("name"))
    return await _changed(visit, work, "settings.factors.added")


@post("/settings/recovery", include_in_schema=False, status_code=303)
async def make_codes(visit: Visiting, parts: Hub) -> Page:
    return await _changed(visit, parts.factors.make_codes(visit.signed), "settings.factors.codes-made")


@post("/settings/factors/{id:str}/remove", include_in_schema=False, status_code=303)
async def remove_factor(visit: Visiting, parts: Hub, id: FromPath[str]) -> Page:
    return await _changed(visit, parts.factors.remove(visit.signed, id), "settings.factors.removed")


@post("/settings/password", include_in_schema=False, status_code=303)
async def change_password(request: Req, visit: Visiting, parts: Hub) -> Page:
    form = await read_form(request)
    me = visit.signed.person.id

    async def change() -> Secret[str] | None:
        present, new = form.fields.get("present", [""])[0], form.fields.get("new", [""])[0]
        return (await parts.identity.set_password(me, new, visit.signed, present=present))[1]

    return await _changed(visit, change(), "settings.password.changed")


async def _changed(visit: Visit, work: Awaitable[Secret[str] | None], said: str) -> Page:
    """Back with what became of it, and with the web session's new cookie."""
    try:
        fresh = await work
    except RoomgateError as fault:
        return visit.back(HERE, refused(visit.t, fault))
    answer = visit.back(HERE, Notice("ok", visit.t(said), visit.t(_SAVED)))
    if fresh is not None:
        name, value = set_cookie(fresh.reveal())
        answer.headers[name] = value
    return answer


def _reached_by_name(visit: Visit, parts: Parts) -> bool:
    """Whether to offer passkeys. What the browser calls us is enough for that, and for nothing else."""
    return party_of(parts.config.public_url or f"https://{visit.host}", None).usable


def _party(request: Req, parts: Parts) -> Party:
    return party_of(parts.config.public_url, request.scope.get("server"))


# -- invitations ---------------------------------------------------------------------------------------


async def gather_invitations(visit: Visit, parts: Parts) -> Mapping[str, Any] | None:
    if not visit.signed.may(Right.PEOPLE):
        return None
    found = await parts.invitations.waiting(visit.signed, limit=_MOST)
    names = await people_names(parts, [one.by for one in found if one.by])
    return {
        "invitations": [
            {
                "id": one.id, "name": one.name, "created": one.created, "until": one.until,
                "by": names[one.by] if one.by else visit.t("settings.invitations.hub"),
            }
            for one in found
        ],
        "roles": [role for role in ROLES if rights(frozenset({role})) <= visit.signed.rights and role != "provisioner"],
        "lengths": [(hours, visit.t.duration(hours * 3600)) for hours in HOURS],
    }  # fmt: skip


@post("/settings/invitations", include_in_schema=False, status_code=303)
async def invite(request: Req, visit: Visiting, parts: Hub) -> Page:
    form = await read_form(request)
    try:
        if not form.text("hours").isascii() or not form.text("hours").isdigit():
            raise BadInput("Choose how long it lives.")
        made, code = await parts.invitations.invite(
            form.text("name"), frozenset(form.all("roles")), visit.signed, float(form.text("hours"))
        )
    except RoomgateError as fault:
        return visit.back(HERE, refused(visit.t, fault))
    t = visit.t
    text = t("settings.invitations.made-text", name=made.name)
    return visit.back(HERE, Notice("ok", t("settings.invitations.made"), text, secret=code.reveal()))


@post("/settings/invitations/{id:str}/cut", include_in_schema=False, status_code=303)
async def cut_invitation(visit: Visiting, parts: Hub, id: FromPath[str]) -> Page:
    try:
        await parts.invitations.cut(id, visit.signed)
    except RoomgateError as fault:
        return visit.back(HERE, refused(visit.t, fault))
    return visit.back(HERE, Notice("ok", visit.t("settings.invitations.cut")))


ROUTES = [
    begin_totp, confirm_totp, begin_passkey, add_passkey, make_codes, remove_factor, change_password, invite,
    cut_invitation,
]  # fmt: skip
