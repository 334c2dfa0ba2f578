"""REST: approvals, and break-glass."""

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from roomgate.clock import iso
from roomgate.errors import BadInput
from roomgate.hub.approvals.request import EVERYDAY, Request, State
from roomgate.hub.grants.wanted import Wanted
from roomgate.hub.http.asking import Hub, Who
from roomgate.hub.http.paging import Page, build_page, parse_cursor, parse_limit


class ApprovalShown(msgspec.Struct, frozen=True):
    """``state``: waiting, approved, refused, withdrawn, lapsed; of break-glass taken, then acknowledged."""

    id: str
    person: str
    rooms: list[str]
    sites: list[str]
    tags: list[str]
    capabilities: list[str]
    role: str | None
    start: str | None
    minutes: float
    most_uses: int | None
    only_booked: bool
    reason: str
    state: str
    asked_at: str
    until: str
    answered_by: str | None
    answered_at: str | None
    words: str
    grant: str | None


class NewRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Access for oneself, for at most 7 days. Rooms are named as one knows them: nothing tells whether they exist."""

    minutes: float
    reason: str
    rooms: list[str] = []
    sites: list[str] = []
    tags: list[str] = []
    capabilities: list[str] = []
    role: str | None = None
    start: str | None = None
    most_uses: int | None = None
    only_booked: bool = False


class Approval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it, or less: fewer minutes, fewer capabilities."""

    words: str = ""
    minutes: float | None = None
    capabilities: list[str] | None = None


class Refusal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    words: str


class Acknowledgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    words: str = ""


class NewBreakGlass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One room or one site, for oneself, for at most 60 minutes; the everyday capabilities if none are named."""

    reason: str
    room: str | None = None
    site: str | None = None
    capabilities: list[str] | None = None
    minutes: float = 60.0


def show_request(request: Request) -> ApprovalShown:
    wanted = request.wanted
    return ApprovalShown(
        request.id, request.person, list(wanted.rooms), list(wanted.sites), list(wanted.tags),
        list(wanted.capabilities), wanted.role, wanted.start, wanted.minutes or 0, wanted.most_uses,
        wanted.only_booked, wanted.reason, request.state.value, iso(request.asked_at), iso(request.until),
        request.answered_by, iso(request.answered_at) if request.answered_at else None, request.words, request.grant,
    )  # fmt: skip


def parse_state(word: str | None) -> State | None:
    """Raises BadInput naming those that there are."""
    try:
        return None if word is None else State(word)
    except ValueError as bad:
        raise BadInput(f"A state is one of {', '.join(one.value for one in State)}.") from bad


def build_break_glass(person: str, data: NewBreakGlass) -> Wanted:
    return Wanted(
        person=person,
        rooms=() if data.room is None else (data.room,),
        sites=() if data.site is None else (data.site,),
        capabilities=tuple(sorted(EVERYDAY) if data.capabilities is None else data.capabilities),
        minutes=data.minutes,
        reason=data.reason,
    )


@get("/approvals")
async def list_approvals(
    parts: Hub,
    signed: Who,
    only: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[ApprovalShown]:
    """One's own; all with the right to approve, give or see. ``only``: those in one state."""
    most = parse_limit(limit)
    found = await parts.approvals.page(signed, parse_state(only), parse_cursor(cursor), most + 1)
    return build_page(found, most, lambda request: request.id, show_request)


@post("/approvals")
async def ask(parts: Hub, signed: Who, data: JSONBody[NewRequest]) -> Response[ApprovalShown]:
    wanted = Wanted(
        person=signed.person.id, rooms=tuple(data.rooms), sites=tuple(data.sites), tags=tuple(data.tags),
        capabilities=tuple(data.capabilities), role=data.role, start=data.start, minutes=data.minutes,
        most_uses=data.most_uses, only_booked=data.only_booked, reason=data.reason,
    )  # fmt: skip
    return Response(show_request(await parts.approvals.ask(signed, wanted)), status_code=201)


@get("/approvals/{id:str}")
async def show_one(parts: Hub, signed: Who, id: FromPath[str]) -> ApprovalShown:
    return show_request(await parts.approvals.get(id, signed))


@post("/approvals/{id:str}/approve", status_code=200)
async def approve(parts: Hub, signed: Who, id: FromPath[str], data: JSONBody[Approval]) -> ApprovalShown:
    capabilities = None if data.capabilities is None else tuple(data.capabilities)
    return show_request(
        await parts.approvals.approve(id, signed, data.words, minutes=data.minutes, capabilities=capabilities)
    )


@post("/approvals/{id:str}/refuse", status_code=200)
async def refuse(parts: Hub, signed: Who, id: FromPath[str], data: JSONBody[Refusal]) -> ApprovalShown:
    return show_request(await parts.approvals.refuse(id, signed, data.words))


@post("/approvals/{id:str}/withdraw", status_code=200)
async def withdraw(parts: Hub, signed: Who, id: FromPath[str]) -> ApprovalShown:
    return show_request(await parts.approvals.withdraw(id, signed))


@post("/approvals/{id:str}/acknowledge", status_code=200)
async def acknowledge(parts: Hub, signed: Who, id: FromPath[str], data: JSONBody[Acknowledgement]) -> ApprovalShown:
    """Of break-glass, by another person, after its end."""
    return show_request(await parts.break_glass.acknowledge(id, signed, data.words))


@post("/grants/break-glass")
async def break_glass(parts: Hub, signed: Who, data: JSONBody[NewBreakGlass]) -> Response[ApprovalShown]:
    """Access for oneself at once, and loudly."""
    taken = await parts.break_glass.take(signed, build_break_glass(signed.person.id, data))
    return Response(show_request(taken), status_code=201)


API = Router(
    "/",
    tags=["approvals"],
    route_handlers=[list_approvals, ask, show_one, approve, refuse, withdraw, acknowledge, break_glass],
)
