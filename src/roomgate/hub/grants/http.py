"""REST: grants and locks."""

from datetime import datetime

import msgspec
from litestar import Response, Router, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from roomgate.access.capability import Capability
from roomgate.access.principal import Right
from roomgate.clock import iso, parse_iso
from roomgate.errors import BadInput, NotFound
from roomgate.hub.grants.store import GrantRecord, LockRecord
from roomgate.hub.http.asking import Hub, IfMatch, Who, etag, parse_if_match
from roomgate.hub.http.paging import Page, build_page, parse_cursor, parse_limit
from roomgate.hub.parts import Parts
from roomgate.ids import RoomId


class GrantShown(msgspec.Struct, frozen=True):
    id: str
    person: str
    rooms: list[str]
    capabilities: list[str]
    reason: str
    start: str
    until: str
    made_by: str
    paused: str | None  # why: then it gives nothing until another administrator confirms it


class NewGrant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """With ``minutes`` or ``until``: there is no endless grant."""

    person: str
    rooms: list[str]
    capabilities: list[str]
    minutes: float | None = None
    until: str | None = None
    reason: str = ""


class GrantChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Less of it: an earlier end, fewer capabilities, fewer rooms."""

    until: str | None = None
    capabilities: list[str] | None = None
    rooms: list[str] | None = None


class NewLock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """On exactly one of them, by id or name."""

    person: str | None = None
    room: str | None = None
    site: str | None = None
    connector: str | None = None
    session: str | None = None
    reason: str = ""


class LockShown(msgspec.Struct, frozen=True):
    id: str
    kind: str
    subject: str
    reason: str
    by: str
    created: str


def show_grant(record: GrantRecord, names: dict[RoomId, str]) -> GrantShown:
    grant = record.grant
    return GrantShown(
        grant.id, grant.person, sorted(names.get(room, room) for room in grant.rooms), sorted(grant.capabilities),
        grant.reason, iso(grant.start), iso(grant.until), grant.made_by, record.paused,
    )  # fmt: skip


def show_lock(record: LockRecord) -> LockShown:
    lock = record.lock
    return LockShown(lock.id, lock.kind, lock.subject, lock.reason, record.by, record.created)


def parse_capabilities(words: list[str]) -> frozenset[Capability]:
    """Raises BadInput naming what is none."""
    if unknown := sorted(set(words) - {c.value for c in Capability}):
        known = ", ".join(c.value for c in Capability)
        raise BadInput(f"There is no capability {', '.join(unknown)[:200]}.", hint=f"Capabilities: {known}.")
    return frozenset(Capability(word) for word in words)


def _time(text: str | None) -> datetime | None:
    try:
        return parse_iso(text) if text is not None else None
    except ValueError as bad:
        raise BadInput("until is a time as in RFC 3339, with its zone.") from bad


async def _answer(parts: Parts, record: GrantRecord, status: int = 200) -> Response[GrantShown]:
    names = await parts.grants.room_names([record])
    return Response(show_grant(record, names), status_code=status, headers={"ETag": etag(record.version)})


@get("/grants")
async def list_grants(
    parts: Hub,
    signed: Who,
    person: FromQuery[str | None] = None,
    room: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[GrantShown]:
    """One's own; those of anybody with the right to see."""
    most = parse_limit(limit)
    if not signed.may(Right.SEE):
        if person not in (None, signed.person.id, signed.person.name):
            raise NotFound("There is nobody of this name.")
        person = signed.person.id
    found = await parts.grants.page(person, room, parse_cursor(cursor), most + 1)
    names = await parts.grants.room_names(found)
    return build_page(found, most, lambda record: record.grant.id, lambda record: show_grant(record, names))


@post("/grants")
async def make_grant(parts: Hub, signed: Who, data: JSONBody[NewGrant]) -> Response[GrantShown]:
    grant = await parts.grants.make(
        signed, data.person, data.rooms, parse_capabilities(data.capabilities),
        minutes=data.minutes, until=_time(data.until), reason=data.reason,
    )  # fmt: skip
    return await _answer(parts, await parts.grants.get(grant.id), 201)


@get("/grants/{id:str}")
async def show_one(parts: Hub, signed: Who, id: FromPath[str]) -> Response[GrantShown]:
    record = await parts.grants.get(id)
    if record.grant.person != signed.person.id and not signed.may(Right.SEE):
        raise NotFound("There is no such grant.")
    return await _answer(parts, record)


@patch("/grants/{id:str}")
async def narrow_grant(
    parts: Hub, signed: Who, id: FromPath[str], data: JSONBody[GrantChange], if_match: IfMatch = None
) -> Response[GrantShown]:
    record = await parts.grants.narrow(
        id, signed, until=_time(data.until), rooms=data.rooms, version=parse_if_match(if_match),
        capabilities=None if data.capabilities is None else parse_capabilities(data.capabilities),
    )  # fmt: skip
    return await _answer(parts, record)


@delete("/grants/{id:str}")
async def end_grant(parts: Hub, signed: Who, id: FromPath[str], if_match: IfMatch = None) -> None:
    await parts.grants.end(id, signed, version=parse_if_match(if_match))


@post("/grants/{id:str}/confirm", status_code=200)
async def confirm_grant(parts: Hub, signed: Who, id: FromPath[str]) -> Response[GrantShown]:
    return await _answer(parts, await parts.grants.confirm(id, signed))


@get("/locks")
async def list_locks(
    parts: Hub, signed: Who, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[LockShown]:
    signed.require(Right.SEE)
    most, after = parse_limit(limit), parse_cursor(cursor)
    found = [record for record in await parts.grants.locks() if record.lock.id > after]
    return build_page(found[: most + 1], most, lambda record: record.lock.id, show_lock)


@post("/locks")
async def make_lock(parts: Hub, signed: Who, data: JSONBody[NewLock]) -> LockShown:
    named = {
        kind: subject
        for kind in ("person", "room", "site", "connector", "session")
        if (subject := getattr(data, kind)) is not None
    }
    if len(named) != 1:
        raise BadInput("A lock is on exactly one of person, room, site, connector, session.")
    ((kind, subject),) = named.items()
    return show_lock(await parts.grants.lock(kind, subject, data.reason, signed))


@delete("/locks/{id:str}")
async def lift_lock(parts: Hub, signed: Who, id: FromPath[str]) -> None:
    await parts.grants.lift(id, signed)


API = Router(
    "/",
    tags=["grants"],
    route_handlers=[
        list_grants, make_grant, show_one, narrow_grant, end_grant, confirm_grant, list_locks, make_lock, lift_lock,
    ],
)  # fmt: skip
