"""REST: people, service accounts, tokens, and who one is."""

from datetime import datetime

import msgspec
from litestar import Response, Router, delete, get, patch, post
from litestar.datastructures import Cookie
from litestar.params import FromPath, FromQuery, JSONBody

from roomgate.access.principal import Kind, Right
from roomgate.access.scope import Scope
from roomgate.clock import iso
from roomgate.errors import BadInput, NotFound
from roomgate.hub.http.asking import Hub, IfMatch, Req, Who, etag, parse_if_match
from roomgate.hub.http.door import COOKIE, clear_cookie, set_cookie
from roomgate.hub.http.paging import Page, build_page, parse_cursor, parse_limit
from roomgate.hub.identity.oidc.http import onward
from roomgate.hub.identity.person import Person, Signed, Token, WebSession
from roomgate.hub.parts import Parts
from roomgate.redact import Secret


class PersonShown(msgspec.Struct, frozen=True):
    id: str
    name: str
    kind: str
    roles: list[str]
    active: bool
    created: str


class NewPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    password: str | None = None
    roles: list[str] = []


class NewServiceAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    roles: list[str] = []


class PersonChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Exactly one of them; ``present`` is the present password, which goes with one's own new one."""

    active: bool | None = None
    password: str | None = None
    present: str | None = None
    roles: list[str] | None = None


class TokenShown(msgspec.Struct, frozen=True):
    """``scope`` null: all that its owner may. ``seen`` and ``source``: when it was last used, and from where."""

    id: str
    person: str
    name: str
    created: str
    until: str
    made_by: str
    scope: list[str] | None
    seen: str | None
    source: str


class NewToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For ``person`` or ``service_account`` (id or name), or for oneself where neither is given.

    ``scope``: words, such as read, rooms, hub, room:NAME or a capability; without any it carries all that its owner may, or as much as
    the token that makes it.
    """

    minutes: float
    person: str | None = None
    service_account: str | None = None
    name: str = ""
    scope: list[str] | None = None


class TokenMade(msgspec.Struct, frozen=True):
    """``token`` is shown this once."""

    id: str
    token: str
    person: str
    until: str
    scope: list[str] | None


class WebSessionShown(msgspec.Struct, frozen=True):
    """A browser that is signed in. ``agent`` is what it calls itself; ``asks``: whether it is the one that asks."""

    id: str
    person: str
    how: str
    strong: bool
    source: str
    agent: str
    since: str
    seen: str
    until: str
    asks: bool


class WebSessionList(msgspec.Struct, frozen=True):
    items: list[WebSessionShown]
    next: str | None = None


class Whoami(msgspec.Struct, frozen=True):
    """``rights`` and ``scope`` are those of the credential; ``how`` it was come by, ``strong``: with a second factor."""

    id: str
    name: str
    kind: str
    roles: list[str]
    rights: list[str]
    credential: str
    until: str
    how: str
    strong: bool
    scope: list[str] | None
    csrf: str | None  # for a browser's own page: what its changes carry as X-CSRF-Token


def show_person(person: Person) -> PersonShown:
    return PersonShown(
        person.id, person.name, person.kind.value, sorted(person.roles), person.active, iso(person.created)
    )


def show_token(token: Token) -> TokenShown:
    return TokenShown(
        token.id, token.person, token.name, iso(token.created), iso(token.until), token.made_by,
        _words(token.scope), iso(token.seen) if token.seen else None, token.source,
    )  # fmt: skip


def _words(scope: Scope | None) -> list[str] | None:
    return None if scope is None else list(scope.words)


def _answer(person: Person, status: int = 200, fresh: Secret[str] | None = None) -> Response[PersonShown]:
    headers = {"ETag": etag(person.version)}
    if fresh is not None:
        name, value = set_cookie(fresh.reveal())
        headers[name] = value
    return Response(show_person(person), status_code=status, headers=headers)


@get("/whoami")
async def whoami(signed: Who) -> Whoami:
    shown = signed.token or signed.web
    person, web = signed.person, signed.web
    return Whoami(
        person.id, person.name, person.kind.value, sorted(person.roles), sorted(right.value for right in signed.rights),
        signed.principal.credential, iso(shown.until) if shown else "", web.proof.how if web else "token",
        web is not None and web.proof.strong, _words(signed.scope), web.csrf if web else None,
    )  # fmt: skip


async def _page(parts: Parts, signed: Signed, kind: Kind, cursor: str | None, limit: int | None) -> Page[PersonShown]:
    signed.require(Right.PEOPLE, Right.SEE)
    most = parse_limit(limit)
    found = await parts.identity.people(kind, parse_cursor(cursor), most + 1)
    return build_page(found, most, lambda person: person.id, show_person)


async def _get(parts: Parts, signed: Signed, id: str, kind: Kind) -> Person:
    """Raises NotFound, also for one of the other kind and for somebody who may not look."""
    if not (signed.may(Right.PEOPLE) or signed.may(Right.SEE) or id in (signed.person.id, signed.person.name)):
        raise NotFound("There is nobody of this name.")
    person = await parts.identity.get(id)
    if person.kind is not kind:
        raise NotFound("There is nobody of this name.")
    return person


async def _change(
    parts: Parts, signed: Signed, id: str, kind: Kind, data: PersonChange, if_match: str | None
) -> Response[PersonShown]:
    person, version = await _get(parts, signed, id, kind), parse_if_match(if_match)
    match data:
        case PersonChange(active=bool(active), password=None, present=None, roles=None):
            return _answer(await parts.identity.set_active(person.id, active, signed, version))
        case PersonChange(active=None, password=str(password), present=present, roles=None):
            changed, fresh = await parts.identity.set_password(person.id, password, signed, version, present=present)
            return _answer(changed, fresh=fresh)
        case PersonChange(active=None, password=None, present=None, roles=list(roles)):
            return _answer(await parts.identity.change_roles(person.id, frozenset(roles), signed, version))
        case _:
            raise BadInput("Change exactly one of active, password, roles.")


@get("/people")
async def list_people(
    parts: Hub, signed: Who, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[PersonShown]:
    return await _page(parts, signed, Kind.PERSON, cursor, limit)


@post("/people")
async def add_person(parts: Hub, signed: Who, data: JSONBody[NewPerson]) -> Response[PersonShown]:
    roles = frozenset(data.roles)
    return _answer(await parts.identity.create_person(data.name, data.password, roles, signed), 201)


@get("/people/{id:str}")
async def show_one(parts: Hub, signed: Who, id: FromPath[str]) -> Response[PersonShown]:
    return _answer(await _get(parts, signed, id, Kind.PERSON))


@patch("/people/{id:str}")
async def change_person(
    parts: Hub, signed: Who, id: FromPath[str], data: JSONBody[PersonChange], if_match: IfMatch = None
) -> Response[PersonShown]:
    return await _change(parts, signed, id, Kind.PERSON, data, if_match)


@delete("/people/{id:str}")
async def remove_person(parts: Hub, signed: Who, id: FromPath[str], if_match: IfMatch = None) -> None:
    person = await _get(parts, signed, id, Kind.PERSON)
    await parts.identity.delete(person.id, signed, parse_if_match(if_match))


@get("/service-accounts")
async def list_accounts(
    parts: Hub, signed: Who, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[PersonShown]:
    return await _page(parts, signed, Kind.SERVICE, cursor, limit)


@post("/service-accounts")
async def add_account(parts: Hub, signed: Who, data: JSONBody[NewServiceAccount]) -> Response[PersonShown]:
    roles = frozenset(data.roles)
    return _answer(await parts.identity.create_person(data.name, None, roles, signed, Kind.SERVICE), 201)


@get("/service-accounts/{id:str}")
async def show_account(parts: Hub, signed: Who, id: FromPath[str]) -> Response[PersonShown]:
    return _answer(await _get(parts, signed, id, Kind.SERVICE))


@patch("/service-accounts/{id:str}")
async def change_account(
    parts: Hub, signed: Who, id: FromPath[str], data: JSONBody[PersonChange], if_match: IfMatch = None
) -> Response[PersonShown]:
    return await _change(parts, signed, id, Kind.SERVICE, data, if_match)


@delete("/service-accounts/{id:str}")
async def remove_account(parts: Hub, signed: Who, id: FromPath[str], if_match: IfMatch = None) -> None:
    person = await _get(parts, signed, id, Kind.SERVICE)
    await parts.identity.delete(person.id, signed, parse_if_match(if_match))


@get("/tokens")
async def list_tokens(
    parts: Hub,
    signed: Who,
    person: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[TokenShown]:
    """One's own; all, or those of ``person``, with the right to change people."""
    whose: str | None = signed.person.id
    if signed.may(Right.PEOPLE):
        whose = (await parts.identity.get(person)).id if person else None
    elif person not in (None, signed.person.id, signed.person.name):
        raise NotFound("There is nobody of this name.")
    most = parse_limit(limit)
    found = await parts.identity.tokens(whose, parse_cursor(cursor), most + 1)
    return build_page(found, most, lambda token: token.id, show_token)


@post("/tokens")
async def make_token(parts: Hub, signed: Who, data: JSONBody[NewToken]) -> TokenMade:
    if data.person is not None and data.service_account is not None:
        raise BadInput("A token is for a person or for a service account.")
    whose = data.person or data.service_account or signed.person.id
    scope = None if data.scope is None else Scope.parse(data.scope)
    token, text = await parts.identity.make_token(whose, data.minutes, data.name, signed, scope)
    return TokenMade(token.id, text.reveal(), token.person, iso(token.until), _words(token.scope))


@delete("/tokens/{id:str}")
async def end_token(parts: Hub, signed: Who, id: FromPath[str]) -> None:
    await parts.identity.end_token(id, signed)


@get("/web-sessions")
async def list_web_sessions(parts: Hub, signed: Who, person: FromQuery[str | None] = None) -> WebSessionList:
    """The browsers in which one is signed in; those of ``person`` with the right to change people or to cut."""
    whose = signed.person.id
    if person not in (None, signed.person.id, signed.person.name):
        if not (signed.may(Right.PEOPLE) or signed.may(Right.CUT)):
            raise NotFound("There is nobody of this name.")
        whose = (await parts.identity.get(person or "")).id
    found = await parts.identity.web_sessions(whose)
    return WebSessionList([show_web_session(web, seen, signed) for web, seen in found])


@delete("/web-sessions/{id:str}")
async def cut_web_session(parts: Hub, signed: Who, id: FromPath[str]) -> None:
    """One's own, or anybody's with the right to change people or to cut. Answers when the cut is done."""
    await parts.identity.cut_web_session(id, signed)


def show_web_session(web: WebSession, seen: datetime, signed: Signed) -> WebSessionShown:
    return WebSessionShown(
        web.id, web.person, web.proof.how, web.proof.strong, web.source, web.agent, iso(web.created), iso(seen),
        iso(web.until), web.id == signed.principal.credential,
    )  # fmt: skip


@post("/signout", include_in_schema=False, status_code=303)
async def sign_out(request: Req, parts: Hub, signed: Who) -> Response[bytes] | Response[None]:
    await parts.identity.sign_out(signed)
    there = await parts.sign_on.farewell(signed.web.proof) if signed.web else None
    if there is not None:
        return onward(request, there, [Cookie(COOKIE, value="", secure=True, httponly=True, max_age=0)])
    name, value = clear_cookie()
    return Response(None, status_code=303, headers={"Location": "/signin", name: value})


API = Router(
    "/",
    tags=["identity"],
    route_handlers=[
        whoami, list_people, add_person, show_one, change_person, remove_person, list_accounts, add_account,
        show_account, change_account, remove_account, list_tokens, make_token, end_token,
        list_web_sessions, cut_web_session,
    ],
)  # fmt: skip
