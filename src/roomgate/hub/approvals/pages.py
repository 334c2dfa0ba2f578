"""The page of approvals: what waits for a yes, what was answered, and asking."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from roomgate.access.capability import Capability
from roomgate.access.principal import Right
from roomgate.clock import iso
from roomgate.errors import RoomgateError
from roomgate.hub.approvals.request import EVERYDAY, Request, State, may_answer
from roomgate.hub.approvals.words import say_request
from roomgate.hub.channels import Channel
from roomgate.hub.console import export
from roomgate.hub.console.live import PageStream, stream_page
from roomgate.hub.console.naming import people_names, room_names
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Form, Page, Relayed, Visit, Visiting, read_form, refused
from roomgate.hub.grants.wanted import Wanted
from roomgate.hub.http.asking import Hub, Req
from roomgate.hub.parts import Parts
from roomgate.hub.relay.asked import Asked
from roomgate.hub.relay.parts import RelayParts
from roomgate.hub.rooms.view import room_href
from roomgate.ids import RoomId

HERE = "/approvals"
LENGTHS = (10, 30, 60, 120, 240, 480, 1440, 10080)
LOUD_LENGTHS = (10, 30, 60)
MOST_ANSWERED = 50
MOST_EXPORTED = 5000


@dataclass(frozen=True, slots=True)
class RequestView:
    """One request, with what whoever looks may do; the service has the last word."""

    id: str
    text: str
    loud: bool
    lives: bool  # break-glass that gives something still
    asked_at: datetime
    until: datetime
    may_answer: bool
    may_withdraw: bool
    may_cut: bool
    grant: str
    capabilities: list[str]
    lengths: list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class AnsweredView:
    id: str
    text: str
    state: str
    by: str
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class QuestionView:
    """An ask that somebody in the room must say yes to."""

    name: str
    room: str
    href: str
    call: str
    since: datetime


@get(HERE, include_in_schema=False)
async def show_approvals(visit: Visiting, parts: Hub, relay: Relayed, room: FromQuery[str] = "") -> Page:
    signed = visit.signed
    waiting = await parts.approvals.open(signed)
    names = await people_names(parts, [one.person for one in waiting])
    return visit.page(
        "approvals.html",
        waiting=[await _waiting(visit, parts, one, names[one.person]) for one in waiting],
        answered=await _answered(visit, parts, MOST_ANSWERED),
        questions=[_question(visit, parts, one) for one in _questions(visit, relay)],
        rooms=await room_names(parts, visit.signed),
        wanted_room=room[:200],
        everyday=[one.value for one in Capability if one in EVERYDAY],
        others=[one.value for one in Capability if one not in EVERYDAY],
        lengths=_lengths(visit, LENGTHS),
        loud_lengths=_lengths(visit, LOUD_LENGTHS),
    )


@get(f"{HERE}/stream", include_in_schema=False)
async def approvals_stream(visit: Visiting, parts: Hub, relay: Relayed) -> Stream:
    signed = visit.signed

    async def look(_: frozenset[RoomId] | None) -> dict[str, object]:
        waiting, answered = await parts.approvals.open(signed), await parts.approvals.answered(signed, 1)
        return {
            "waiting": [(one.id, one.loud and await parts.break_glass.lives(one)) for one in waiting],
            "answered": [one.id for one in answered],
            "questions": [one.id for one in _questions(visit, relay)],
        }

    async def enter(stream: PageStream) -> Channel:
        return relay.channels.open_page(signed.principal, stream.cut)

    return stream_page(parts.rooms.watch(), look, visit.t.said, enter)


_COLUMNS = ("asked_for", "answer", "by", "words", "at", "id")


@get(f"{HERE}/answered.csv", include_in_schema=False)
async def answered_csv(visit: Visiting, parts: Hub) -> Page:
    return export.csv_page(_COLUMNS, _table(await _answered(visit, parts, MOST_EXPORTED)), "approvals")


@get(f"{HERE}/answered.json", include_in_schema=False)
async def answered_json(visit: Visiting, parts: Hub) -> Page:
    return export.json_page(_COLUMNS, _table(await _answered(visit, parts, MOST_EXPORTED)))


def _table(answered: list[AnsweredView]) -> list[list[str]]:
    return [[one.text, one.state, one.by, one.words, iso(one.at), one.id] for one in answered]


# -- changing ------------------------------------------------------------------------------------------


@post(HERE, include_in_schema=False, status_code=303)
async def ask(request: Req, visit: Visiting, parts: Hub) -> Page:
    form = await read_form(request)
    try:
        await parts.approvals.ask(visit.signed, _wanted(visit, form))
    except RoomgateError as fault:
        return visit.back(f"{HERE}#ask", refused(visit.t, fault))
    return visit.back(HERE, Notice("ok", visit.t("said.done"), visit.t("approvals.asked")))


@post(f"{HERE}/break-glass", include_in_schema=False, status_code=303)
async def break_glass(request: Req, visit: Visiting, parts: Hub) -> Page:
    form = await read_form(request)
    try:
        taken = await parts.break_glass.take(visit.signed, _wanted(visit, form))
    except RoomgateError as fault:
        return visit.back(f"{HERE}#glass", refused(visit.t, fault))
    said = visit.t("glass.done", where=taken.where)
    return visit.back(HERE, Notice("warn", visit.t("glass.head"), said, taken.grant or ""))


@post(f"{HERE}/{{id:str}}/approve", include_in_schema=False, status_code=303)
async def approve(id: FromPath[str], request: Req, visit: Visiting, parts: Hub) -> Page:
    """What is ticked, of what was asked for. A request by a role has nothing to tick."""
    form = await read_form(request)
    try:
        asked = await parts.approvals.get(id, visit.signed)
        ticked = tuple(form.all("capabilities"))
        same = set(ticked) == set(asked.wanted.capabilities)
        await parts.approvals.approve(
            id, visit.signed, form.text("words"), minutes=form.minutes() if form.text("minutes") else None,
            capabilities=None if same else ticked,
        )  # fmt: skip
    except RoomgateError as fault:
        return visit.back(HERE, refused(visit.t, fault))
    return visit.back(HERE, Notice("ok", visit.t("said.done"), visit.t("approvals.approved-now"), id))


@post(f"{HERE}/{{id:str}}/refuse", include_in_schema=False, status_code=303)
async def refuse(id: FromPath[str], request: Req, visit: Visiting, parts: Hub) -> Page:
    form = await read_form(request)
    try:
        await parts.approvals.refuse(id, visit.signed, form.text("words"))
    except RoomgateError as fault:
        return visit.back(HERE, refused(visit.t, fault))
    return visit.back(HERE, Notice("ok", visit.t("said.done"), visit.t("approvals.refused-now"), id))


@post(f"{HERE}/{{id:str}}/withdraw", include_in_schema=False, status_code=303)
async def withdraw(id: FromPath[str], visit: Visiting, parts: Hub) -> Page:
    try:
        await parts.approvals.withdraw(id, visit.signed)
    except RoomgateError as fault:
        return visit.back(HERE, refused(visit.t, fault))
    return visit.back(HERE, Notice("ok", visit.t("said.done"), visit.t("approvals.withdrawn-now"), id))


@post(f"{HERE}/{{id:str}}/acknowledge", include_in_schema=False, status_code=303)
async def acknowledge(id: FromPath[str], request: Req, visit: Visiting, parts: Hub) -> Page:
    form = await read_form(request)
    try:
        await parts.break_glass.acknowledge(id, visit.signed, form.text("words"))
    except RoomgateError as fault:
        return visit.back(HERE, refused(visit.t, fault))
    return visit.back(HERE, Notice("ok", visit.t("said.done"), visit.t("glass.acknowledged-now"), id))


def _wanted(visit: Visit, form: Form) -> Wanted:
    return Wanted(
        person=visit.signed.person.id,
        rooms=tuple(name.strip() for name in form.text("rooms").split(",") if name.strip()),
        capabilities=tuple(form.all("capabilities")),
        minutes=form.minutes(),
        reason=form.text("reason"),
    )


# -- looking -------------------------------------------------------------------------------------------


def _lengths(visit: Visit, minutes: tuple[int, ...]) -> list[tuple[int, str]]:
    return [(one, visit.t.duration(one * 60)) for one in minutes]


async def _waiting(visit: Visit, parts: Parts, one: Request, name: str) -> RequestView:
    signed, minutes = visit.signed, int(one.wanted.minutes or 0)
    return RequestView(
        one.id, say_request(visit.t, one, name), one.loud, one.loud and await parts.break_glass.lives(one),
        one.asked_at, one.until, may_answer(signed, one), one.person == signed.person.id and not one.loud,
        signed.may(Right.GIVE) or signed.may(Right.CUT) or one.person == signed.person.id, one.grant or "",
        [c.value for c in Capability if c.value in one.wanted.capabilities],
        _lengths(visit, (*(m for m in LENGTHS if m < minutes), minutes)),
    )  # fmt: skip


async def _answered(visit: Visit, parts: Parts, most: int) -> list[AnsweredView]:
    """The newest first."""
    found = await parts.approvals.answered(visit.signed, most)
    names = await people_names(parts, [id for one in found for id in (one.person, one.answered_by) if id])
    return [
        AnsweredView(
            one.id, say_request(visit.t, one, names[one.person]), one.state.value,
            names[one.answered_by] if one.answered_by else "",
            visit.t.said(one.words) if one.state is State.LAPSED else one.words, one.answered_at or one.until,
        )
        for one in found
    ]  # fmt: skip


def _questions(visit: Visit, relay: RelayParts) -> list[Asked]:
    """One's own; all with the right to see."""
    signed = visit.signed
    every = signed.may(Right.SEE)
    return [one for one in relay.relay.in_question() if every or one.principal.id == signed.person.id]


def _question(visit: Visit, parts: Parts, one: Asked) -> QuestionView:
    since = visit.now - timedelta(seconds=max(0.0, parts.clock.monotonic() - one.asked))
    return QuestionView(
        one.principal.name, one.room, room_href(one.room, one.room), " ".join(one.call.path.words), since
    )


ROUTES = [
    show_approvals,
    approvals_stream,
    answered_csv,
    answered_json,
    ask,
    break_glass,
    approve,
    refuse,
    withdraw,
    acknowledge,
]
