"""REST: grants and locks."""

from collections.abc import Mapping

import msgspec
from litestar import Response, Router, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from roomgate.access.offered import offered
from roomgate.access.principal import Principal, Right
from roomgate.clock import iso
from roomgate.errors import BadInput, NotFound
from roomgate.hub.console.naming import site_names
from roomgate.hub.grants.explained import Verdict, explain, parse_call
from roomgate.hub.grants.store import GrantRecord, LockRecord
from roomgate.hub.grants.wanted import Wanted, parse_capabilities, parse_time
from roomgate.hub.http.asking import Hub, IfMatch, Who, etag, parse_if_match
from roomgate.hub.http.paging import Page, build_page, parse_cursor, parse_limit
from roomgate.hub.http.problem import NO_SUCH_ROOM
from roomgate.hub.parts import Parts
from roomgate.ids import RoomId


class GrantShown(msgspec.Struct, frozen=True):
    """Rooms and sites by name. ``sites`` and ``tags`` cover what comes under them later, too."""

    id: str
    person: str
    rooms: list[str]
    capabilities: list[str]
    reason: str
    start: str
    until: str
    made_by: str
    paused: str | None  # why: then it gives nothing until another administrator confirms it
    sites: list[str]
    tags: list[str]
    most_uses: int | None  # of what acts; null: as often as it comes
    used: int
    only_booked: bool  # it counts only while a room has a booking
    loud: bool  # taken in an emergency
    approved_by: str | None


class NewGrant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """With ``minutes`` or ``until``: there is no endless grant. ``role`` adds what a grant by its name gives."""

    person: str
    rooms: list[str] = []
    capabilities: list[str] = []
    minutes: float | None = None
    until: str | None = None
    reason: str = ""
    sites: list[str] = []
    tags: list[str] = []
    role: str | None = None
    start: str | None = None
    most_uses: int | None = None
    only_booked: bool = False


class GrantChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Less of it: an earlier end, fewer capabilities, rooms, sites, tags or uses, or only while booked."""

    until: str | None = None
    capabilities: list[str] | None = None
    rooms: list[str] | None = None
    sites: list[str] | None = None
    tags: list[str] | None = None
    most_uses: int | None = None
    only_booked: bool = False


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


def show_grant(record: GrantRecord, rooms: Mapping[RoomId, str], sites: Mapping[str, str]) -> GrantShown:
    grant = record.grant
    return GrantShown(
        grant.id, grant.person, sorted(rooms.get(room, room) for room in grant.rooms), sorted(grant.capabilities),
        grant.reason, iso(grant.start), iso(grant.until), grant.made_by, record.paused,
        sorted(sites.get(site, site) for site in grant.sites), sorted(grant.tags), grant.most_uses, record.used,
        grant.only_booked, record.loud, record.approved_by,
    )  # fmt: skip


def show_lock(record: LockRecord) -> LockShown:
    lock = record.lock
    return LockShown(lock.id, lock.kind, lock.subject, lock.reason, record.by, record.created)


async def show_grants(parts: Parts, records: list[GrantRecord]) -> list[GrantShown]:
    rooms = await parts.grants.room_names(records)
    sites = await site_names(parts) if any(record.grant.sites for record in records) else {}
    return [show_grant(record, rooms, sites) for record in records]


async def _answer(parts: Parts, record: GrantRecord, status: int = 200) -> Response[GrantShown]:
    (shown,) = await show_grants(parts, [record])
    return Response(shown, status_code=status, headers={"ETag": etag(record.version)})


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
    shown = await show_grants(parts, found)
    return build_page(shown, most, lambda one: one.id, lambda one: one)


@post("/grants")
async def make_grant(parts: Hub, signed: Who, data: JSONBody[NewGrant]) -> Response[GrantShown]:
    wanted = Wanted(
        person=data.person, rooms=tuple(data.rooms), sites=tuple(data.sites), tags=tuple(data.tags),
        capabilities=tuple(data.capabilities), role=data.role, start=data.start, minutes=data.minutes,
        until=data.until, most_uses=data.most_uses, only_booked=data.only_booked, reason=data.reason,
    )  # fmt: skip
    grant = await parts.grants.give(signed, wanted)
    return await _answer(parts, await parts.grants.get(grant.id), 201)


@get("/grants/explain")
async def explain_grant(
    parts: Hub,
    signed: Who,
    person: FromQuery[str],
    room: FromQuery[str],
    call: FromQuery[str],
    value: FromQuery[str | None] = None,
) -> Verdict:
    """Whether somebody may make a call in a room now, and what decides that. Asks nothing of the room.

    Of oneself, as far as one knows the room; of anybody with the right to see.
    """
    sees = signed.may(Right.SEE)
    if not sees and person not in (signed.person.id, signed.person.name):
        raise NotFound("There is nobody of this name.")
    catalogue = offered()
    wish = parse_call(call, value, catalogue)
    why = await parts.grants.explain(person, room)
    if why.person is None and sees:
        raise NotFound("There is nobody of this name.")
    if why.person is None or why.room is None:
        raise NotFound(NO_SUCH_ROOM)
    who = Principal(why.person.id, why.person.name, why.person.kind, "")
    now = parts.clock.now()
    if not sees and not why.facts.covering(who.id, why.room, now):
        raise NotFound(NO_SUCH_ROOM)
    return explain(who, why.room, why.facts, why.grants, why.locks, wish, now, catalogue)


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
        id, signed, until=None if data.until is None else parse_time("until", data.until), rooms=data.rooms,
        sites=data.sites, tags=data.tags, most_uses=data.most_uses, only_booked=data.only_booked,
        capabilities=None if data.capabilities is None else parse_capabilities(data.capabilities),
        version=parse_if_match(if_match),
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
        list_grants, make_grant, explain_grant, show_one, narrow_grant, end_grant, confirm_grant, list_locks, make_lock,
        lift_lock,
    ],
)  # fmt: skip
