"""The pages of the fleet: plans, a new one from a document, how one stands, what is to be done in a room, and drift."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from litestar import get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from roomgate.access.principal import Right
from roomgate.clock import parse_iso
from roomgate.errors import BadInput, RoomgateError
from roomgate.fleet.difference import Step
from roomgate.fleet.document import BadDocument
from roomgate.fleet.waves import Options
from roomgate.hub.channels import Channel
from roomgate.hub.console.live import PageStream, stream_page
from roomgate.hub.console.naming import people_names
from roomgate.hub.console.notices import Notice
from roomgate.hub.console.visit import Form, Page, Relayed, Visit, Visiting, read_form, refused
from roomgate.hub.fleet.given import read_given
from roomgate.hub.fleet.plan import OVER, Plan, RoomState, State
from roomgate.hub.fleet.service import Drifted, Shown, ShownRoom
from roomgate.hub.http.asking import Hub, Req
from roomgate.hub.parts import Parts
from roomgate.ids import PersonId, RoomId

HERE = "/fleet"
MOST_PLANS, MOST_ROOMS, MOST_STEPS = 50, 50, 300
SIGNS = {
    "done": "ok", "unchanged": "ok", "planned": "void", "failed": "bad", "halted": "warn", "offline": "warn",
    "skipped": "warn", "refused": "bad", "unknown": "warn", "left": "warn",
}  # fmt: skip
# Rooms that want to be looked at come first.
ORDER = (
    RoomState.FAILED, RoomState.DOING, RoomState.OFFLINE, RoomState.SKIPPED, RoomState.WAITING, RoomState.READING,
    RoomState.DONE, RoomState.UNCHANGED,
)  # fmt: skip
WAVES = {"careful": (1, 10, 0), "halves": (1, 10, 100, 0), "all": (0,)}


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan, with what whoever looks may do; the service has the last word."""

    id: str
    name: str
    state: str
    sign: str
    words: str
    by: str
    created: datetime
    rooms: int
    ended: int
    counts: list[tuple[str, str, int]]  # state, sign, how many
    may_start: bool
    may_resume: bool
    may_halt: bool
    may_cancel: bool
    live: bool
    may_drift: bool


@dataclass(frozen=True, slots=True)
class DriftView:
    """One thing that is not as it should be; ``at`` None: nobody changed it by this hub."""

    drifted: Drifted
    at: datetime | None


@dataclass(frozen=True, slots=True)
class StepView:
    step: Step
    word: str  # the key of what would be said to it, or of what became of it
    sign: str
    rule: str
    words: str


@get(HERE, include_in_schema=False)
async def show_fleet(visit: Visiting, parts: Hub) -> Page:
    return await _list_page(visit, parts)


async def _list_page(visit: Visit, parts: Parts, complaints: tuple[str, ...] = (), text: str = "") -> Page:
    found = await parts.fleet.newest(visit.signed, MOST_PLANS)
    return visit.page(
        "fleet.html", 400 if complaints else 200, plans=await _views(visit, parts, found), complaints=complaints,
        text=text, waves=list(WAVES),
    )  # fmt: skip


@post(HERE, include_in_schema=False, status_code=303)
async def make(request: Req, visit: Visiting, parts: Hub) -> Page:
    form = await read_form(request)
    try:
        plan = await parts.fleet.make(visit.signed, await _given(form), _options(form))
    except RoomgateError as fault:
        return await _complaints(visit, parts, form, fault)
    return visit.back(f"{HERE}/{plan.id}")


@post(f"{HERE}/drift", include_in_schema=False, status_code=200)
async def compare(request: Req, visit: Visiting, parts: Hub) -> Page:
    """What is not as a document says. Nothing is kept of it."""
    form = await read_form(request)
    try:
        found = await parts.fleet.drift(await _given(form), visit.signed)
    except RoomgateError as fault:
        return await _complaints(visit, parts, form, fault)
    return _drift_page(visit, found)


@post(f"{HERE}/{{id:str}}/again", include_in_schema=False, status_code=303)
async def make_again(id: FromPath[str], visit: Visiting, parts: Hub) -> Page:
    """A new plan from a plan's document, applied in the same way."""
    try:
        plan = await parts.fleet.make_again(id, visit.signed)
    except RoomgateError as fault:
        return visit.back(f"{HERE}/{id}", refused(visit.t, fault))
    return visit.back(f"{HERE}/{plan.id}")


@post(f"{HERE}/{{id:str}}/drift", include_in_schema=False, status_code=200)
async def show_drift(visit: Visiting, parts: Hub, id: FromPath[str]) -> Page:
    """What is not as a plan left it, or meant it. It asks each of its rooms, so no link leads here."""
    plan = (await parts.fleet.get(id, visit.signed)).plan
    return _drift_page(visit, await parts.fleet.drift_of(id, visit.signed), plan)


def _drift_page(visit: Visit, found: Sequence[Drifted], plan: Plan | None = None) -> Page:
    rows = [DriftView(one, parse_iso(one.at) if one.at else None) for one in found[:MOST_STEPS]]
    rooms = len({one.room for one in found})
    return visit.page("fleet_drift.html", plan=plan, rows=rows, rooms=rooms, left=len(found) - len(rows))


async def _given(form: Form) -> str:
    """Beside the loop: a large document takes its time."""
    return await asyncio.to_thread(read_given, form.text("document"), form.files.get("files", []))


async def _complaints(visit: Visit, parts: Parts, form: Form, fault: RoomgateError) -> Page:
    said: tuple[str, ...] = (f"{visit.t.said(fault.message)} {visit.t.said(fault.hint)}".strip(),)
    if isinstance(fault, BadDocument):
        said = tuple(fault.complaints[:50])
    return await _list_page(visit, parts, said, form.text("document"))


def _options(form: Form) -> Options:
    failures = form.text("most_failures") or "1"
    if not (failures.isascii() and failures.isdigit() and len(failures) < 6):
        raise BadInput("Say as a number after how many failures it halts.")
    return Options(
        waves=WAVES.get(form.text("waves"), WAVES["careful"]), most_failures=int(failures), night=form.text("night"),
        zone=form.text("zone") or "UTC", strict=form.text("strict") == "on", reason=form.text("reason"),
    )  # fmt: skip


@get(f"{HERE}/{{id:str}}", include_in_schema=False)
async def show_plan(visit: Visiting, parts: Hub, id: FromPath[str], only: FromQuery[str] = "") -> Page:
    shown = await parts.fleet.get(id, visit.signed)
    view = (await _views(visit, parts, [shown]))[0]
    states = [one for one in ORDER if one.value == only] or list(ORDER)
    rooms: list[ShownRoom] = []
    for state in states:
        if left := MOST_ROOMS - len(rooms):
            rooms += await parts.fleet.rooms(id, visit.signed, [state], limit=left)
    total = sum(count for state, count in shown.counts.items() if state in states)
    options = shown.plan.options
    return visit.page(
        "fleet_plan.html", plan=view, rooms=rooms, signs=SIGNS, left=total - len(rooms), options=options,
        waves=[str(one) if one else visit.t("fleet.all") for one in options.waves], only=only,
        digest=shown.plan.digest,
    )  # fmt: skip


@get(f"{HERE}/{{id:str}}/rooms/{{room:str}}", include_in_schema=False)
async def show_room(visit: Visiting, parts: Hub, id: FromPath[str], room: FromPath[str]) -> Page:
    shown = await parts.fleet.get(id, visit.signed)
    one = await parts.fleet.room(id, room, visit.signed)
    steps = [_step(one, number, step) for number, step in enumerate(one.steps[:MOST_STEPS])]
    return visit.page(
        "fleet_room.html", plan=shown.plan, room=one, steps=steps, signs=SIGNS, left=len(one.steps) - len(steps)
    )


def _step(room: ShownRoom, number: int, step: Step) -> StepView:
    mark = room.row.marks[number].value
    rule, words = room.row.told.get(number, (step.rule, step.words))
    if mark in ("", "left"):
        sign = {"allowed": "ok", "refused": "bad"}.get(step.verdict, "warn")
        return StepView(step, f"fleet.verdict-{step.verdict}", sign, rule, words)
    return StepView(step, f"fleet.step-{mark}", SIGNS.get(mark, "void"), rule, words)


@get(f"{HERE}/{{id:str}}/stream", include_in_schema=False)
async def plan_stream(visit: Visiting, parts: Hub, relay: Relayed, id: FromPath[str]) -> Stream:
    signed = visit.signed
    await parts.fleet.get(id, signed)

    async def look(_: frozenset[RoomId] | None) -> dict[str, object]:
        shown = await parts.fleet.get(id, signed)
        return {"plan": (shown.plan.state.value, shown.plan.version), "counts": sorted(shown.counts.items())}

    async def enter(stream: PageStream) -> Channel:
        return relay.channels.open_page(signed.principal, stream.cut)

    return stream_page(parts.rooms.watch(), look, visit.t.said, enter)


# -- changing ------------------------------------------------------------------------------------------


@post(f"{HERE}/{{id:str}}/start", include_in_schema=False, status_code=303)
async def start(id: FromPath[str], visit: Visiting, parts: Hub) -> Page:
    try:
        await parts.fleet.start(id, visit.signed)
    except RoomgateError as fault:
        return visit.back(f"{HERE}/{id}", refused(visit.t, fault))
    return visit.back(f"{HERE}/{id}", Notice("ok", visit.t("said.done"), visit.t("fleet.started-now"), id))


@post(f"{HERE}/{{id:str}}/resume", include_in_schema=False, status_code=303)
async def resume(id: FromPath[str], request: Req, visit: Visiting, parts: Hub) -> Page:
    form = await read_form(request)
    try:
        await parts.fleet.resume(id, visit.signed, again=form.text("again") == "on")
    except RoomgateError as fault:
        return visit.back(f"{HERE}/{id}", refused(visit.t, fault))
    return visit.back(f"{HERE}/{id}", Notice("ok", visit.t("said.done"), visit.t("fleet.started-now"), id))


@post(f"{HERE}/{{id:str}}/halt", include_in_schema=False, status_code=303)
async def halt(id: FromPath[str], visit: Visiting, parts: Hub) -> Page:
    try:
        await parts.fleet.halt(id, visit.signed)
    except RoomgateError as fault:
        return visit.back(f"{HERE}/{id}", refused(visit.t, fault))
    return visit.back(f"{HERE}/{id}", Notice("ok", visit.t("said.done"), visit.t("fleet.halted-now"), id))


@post(f"{HERE}/{{id:str}}/cancel", include_in_schema=False, status_code=303)
async def cancel(id: FromPath[str], visit: Visiting, parts: Hub) -> Page:
    try:
        await parts.fleet.cancel(id, visit.signed)
    except RoomgateError as fault:
        return visit.back(f"{HERE}/{id}", refused(visit.t, fault))
    return visit.back(f"{HERE}/{id}", Notice("ok", visit.t("said.done"), visit.t("fleet.cancelled-now"), id))


# -- looking -------------------------------------------------------------------------------------------


async def _views(visit: Visit, parts: Parts, found: list[Shown]) -> list[PlanView]:
    names = await people_names(parts, [PersonId(one.plan.person) for one in found])
    return [_view(visit, one, names[PersonId(one.plan.person)]) for one in found]


def _view(visit: Visit, shown: Shown, by: str) -> PlanView:
    plan, counts = shown.plan, shown.counts
    open = (RoomState.READING, RoomState.OFFLINE, RoomState.WAITING, RoomState.DOING)
    may_stop = shown.mine or visit.signed.may(Right.CUT)
    live = plan.state in (State.PLANNING, State.RUNNING)
    return PlanView(
        plan.id, plan.name or plan.id, plan.state.value, SIGNS.get(plan.state.value, "void"), plan.words, by,
        parse_iso(plan.created), sum(counts.values()), sum(n for state, n in counts.items() if state not in open),
        [(state.value, SIGNS.get(state.value, "void"), counts[state]) for state in ORDER if state in counts],
        shown.mine and plan.state is State.PLANNED, shown.mine and plan.state is State.HALTED, live and may_stop,
        plan.state not in OVER and may_stop, live, shown.mine and plan.started is not None,
    )  # fmt: skip


ROUTES = [
    show_fleet,
    make,
    make_again,
    compare,
    show_drift,
    show_plan,
    show_room,
    plan_stream,
    start,
    resume,
    halt,
    cancel,
]
