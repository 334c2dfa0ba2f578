"""The parts of the settings about access tokens: one's own, and service accounts with theirs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from litestar import post
from litestar.params import FromPath

from roomgate.access.principal import Kind, Right
from roomgate.access.scope import Scope
from roomgate.errors import BadInput, RoomgateError
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Form, Page, Visit, Visiting, read_form, refused
from roomgate.hub.http.asking import Hub, Req
from roomgate.hub.identity.person import Person, Token
from roomgate.hub.parts import Parts

LENGTHS = (60, 480, 1440, 10080, 43200, 129600, 525600)
# What the form offers; the command takes every word of `access.scope`.
SCOPES = {"all": "", "rooms": "rooms", "read": "read", "hub": "hub"}
_TOKENS, _ACCOUNTS = "/settings#tokens", "/settings#accounts"
_MOST = 200


@dataclass(frozen=True, slots=True)
class Account:
    person: Person
    tokens: list[Token]


async def gather_own(visit: Visit, parts: Parts) -> Mapping[str, Any]:
    return {"tokens": await parts.identity.tokens(visit.signed.person.id, limit=_MOST), **_form(visit)}


async def gather_accounts(visit: Visit, parts: Parts) -> Mapping[str, Any] | None:
    if not visit.signed.may(Right.PEOPLE):
        return None
    found = await parts.identity.people(Kind.SERVICE, limit=_MOST)
    accounts = [Account(one, await parts.identity.tokens(one.id, limit=_MOST)) for one in found]
    return {"accounts": accounts, **_form(visit)}


def _form(visit: Visit) -> dict[str, Any]:
    return {"lengths": [(minutes, visit.t.duration(minutes * 60)) for minutes in LENGTHS], "scopes": list(SCOPES)}


@post("/settings/tokens", include_in_schema=False, status_code=303)
async def add_token(request: Req, visit: Visiting, parts: Hub) -> Page:
    """For oneself, or for the service account that the form names."""
    form = await read_form(request)
    account = form.text("account")
    back = _ACCOUNTS if account else _TOKENS
    try:
        _, text = await parts.identity.make_token(
            account or visit.signed.person.id, _minutes(form), form.text("name"), visit.signed, parse_scope(form)
        )
    except RoomgateError as no:
        return visit.back(back, refused(visit.t, no))
    return visit.back(
        back, Notice("ok", visit.t("settings.tokens.made"), visit.t("settings.tokens.once"), secret=text.reveal())
    )


@post("/settings/tokens/{id:str}/cut", include_in_schema=False, status_code=303)
async def cut_token(id: FromPath[str], visit: Visiting, parts: Hub) -> Page:
    await parts.identity.end_token(id, visit.signed)
    return visit.back(_TOKENS, Notice("ok", visit.t("cut.done"), visit.t("settings.tokens.cut"), id))


@post("/settings/accounts", include_in_schema=False, status_code=303)
async def add_account(request: Req, visit: Visiting, parts: Hub) -> Page:
    form = await read_form(request)
    try:
        made = await parts.identity.create_person(
            form.text("name"), None, frozenset(), visit.signed, Kind.SERVICE
        )  # fmt: skip
    except RoomgateError as no:
        return visit.back(_ACCOUNTS, refused(visit.t, no))
    return visit.back(
        _ACCOUNTS, Notice("ok", visit.t("said.done"), visit.t("settings.accounts.added", name=made.name), made.id)
    )


def parse_scope(form: Form) -> Scope | None:
    """What the form's choice and its rooms come to; None: all that the owner may. Raises BadInput."""
    chosen = form.text("scope") or "all"
    if chosen not in SCOPES:
        raise BadInput("There is no such choice.")
    rooms = [f"room:{name.strip()}" for name in form.text("rooms").split(",") if name.strip()]
    words = [*SCOPES[chosen].split(), *rooms]
    return Scope.parse(words) if words else None


def _minutes(form: Form) -> float:
    try:
        return float(form.text("minutes"))
    except ValueError:
        raise BadInput("Say in minutes how long it lasts.") from None


ROUTES = [add_token, cut_token, add_account]
