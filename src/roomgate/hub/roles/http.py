"""REST: roles, the shipped ones and our own."""

import msgspec
from litestar import Response, Router, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from roomgate.access.principal import Right
from roomgate.access.role import Role
from roomgate.errors import BadInput
from roomgate.hub.grants.wanted import parse_capabilities
from roomgate.hub.http.asking import Hub, IfMatch, Who, etag, parse_if_match
from roomgate.hub.http.paging import Page, build_page, parse_cursor, parse_limit
from roomgate.hub.roles.store import RoleRecord


class RoleShown(msgspec.Struct, frozen=True):
    name: str
    rights: list[str]  # over the hub
    capabilities: list[str]  # what a grant by this name gives
    words: str
    shipped: bool  # these stay as they are


class NewRole(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Never beyond the maker's own rights."""

    name: str
    rights: list[str] = []
    capabilities: list[str] = []
    words: str = ""


class RoleChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is left out stays."""

    rights: list[str] | None = None
    capabilities: list[str] | None = None
    words: str | None = None


def show_role(record: RoleRecord) -> RoleShown:
    role = record.role
    return RoleShown(role.name, sorted(role.rights), sorted(role.gives), role.words, role.shipped)


def parse_rights(words: list[str]) -> frozenset[Right]:
    """Raises BadInput naming what is none."""
    if unknown := sorted(set(words) - {right.value for right in Right}):
        raise BadInput(f"There is no right {', '.join(unknown)[:200]}.", hint=f"Rights: {', '.join(Right)}.")
    return frozenset(Right(word) for word in words)


def _answer(record: RoleRecord, status: int = 200) -> Response[RoleShown]:
    return Response(show_role(record), status_code=status, headers={"ETag": etag(record.version)})


@get("/roles")
async def list_roles(
    parts: Hub, signed: Who, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[RoleShown]:
    """By name; for whoever gives, sees or changes people."""
    signed.require(Right.SEE, Right.GIVE, Right.PEOPLE)
    most, after = parse_limit(limit), parse_cursor(cursor)
    found = sorted((r for r in await parts.roles.every() if r.role.name > after), key=lambda r: r.role.name)
    return build_page(found[: most + 1], most, lambda record: record.role.name, show_role)


@post("/roles")
async def add_role(parts: Hub, signed: Who, data: JSONBody[NewRole]) -> Response[RoleShown]:
    role = Role(data.name, parse_rights(data.rights), parse_capabilities(data.capabilities), data.words)
    return _answer(await parts.roles.add(role, signed), 201)


@get("/roles/{name:str}")
async def show_one(parts: Hub, signed: Who, name: FromPath[str]) -> Response[RoleShown]:
    signed.require(Right.SEE, Right.GIVE, Right.PEOPLE)
    return _answer(await parts.roles.get(name))


@patch("/roles/{name:str}")
async def change_role(
    parts: Hub, signed: Who, name: FromPath[str], data: JSONBody[RoleChange], if_match: IfMatch = None
) -> Response[RoleShown]:
    """Answers when what it takes away is cut."""
    record = await parts.roles.change(
        name, signed, words=data.words, version=parse_if_match(if_match),
        rights=None if data.rights is None else parse_rights(data.rights),
        gives=None if data.capabilities is None else parse_capabilities(data.capabilities),
    )  # fmt: skip
    return _answer(record)


@delete("/roles/{name:str}")
async def remove_role(parts: Hub, signed: Who, name: FromPath[str], if_match: IfMatch = None) -> None:
    """Refused while anybody has it."""
    await parts.roles.remove(name, signed, parse_if_match(if_match))


API = Router("/", tags=["roles"], route_handlers=[list_roles, add_role, show_one, change_role, remove_role])
