"""REST: plans over many rooms."""

import msgspec
from litestar import Response, Router, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from roomgate.errors import BadInput
from roomgate.fleet.difference import Step
from roomgate.fleet.waves import USUAL_WAVES, Options
from roomgate.hub.fleet.plan import RoomState
from roomgate.hub.fleet.service import Drifted, Shown, ShownRoom
from roomgate.hub.http.asking import Hub, IfMatch, Who, etag, parse_if_match
from roomgate.hub.http.paging import Page, build_page, parse_cursor, parse_limit


class PlanShown(msgspec.Struct, frozen=True):
    """``state``: planning, planned, running, halted, done, cancelled. ``rooms``: how many are in which state."""

    id: str
    name: str
    kind: str
    state: str
    words: str
    person: str
    mine: bool
    rooms: dict[str, int]
    digest: str
    options: Options
    created: str
    started: str | None
    ended: str | None


class StepShown(msgspec.Struct, frozen=True):
    """``verdict``: allowed, consent (the room is asked), refused, unasked. ``state``: what became of it, or empty."""

    kind: str
    what: str
    before: str | None
    after: str
    verdict: str
    state: str
    rule: str
    words: str


class PlanRoomShown(msgspec.Struct, frozen=True):
    """``state``: reading, offline, waiting, doing, done, failed, skipped, unchanged."""

    room: str
    state: str
    wave: int
    words: str
    tries: int
    due: int
    done: int
    left: int
    at: str | None
    steps: list[StepShown]


class DriftShown(msgspec.Struct, frozen=True):
    """``by`` null: changed at the device, or by another tool."""

    room: str
    kind: str
    what: str
    now: str | None
    wanted: str
    words: str
    by: str | None
    at: str | None


class NewPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``document``: TOML, YAML or JSON as text. The rest: how it is applied."""

    document: str
    waves: tuple[int, ...] = USUAL_WAVES
    most_failures: int = 1
    most_share: float = 1.0
    night: str = ""
    zone: str = "UTC"
    tries: int = 6
    pause_s: float = 30.0
    strict: bool = False
    reason: str = ""

    def options(self) -> Options:
        return Options(
            self.waves, self.most_failures, self.most_share, self.night, self.zone, self.tries, self.pause_s,
            self.strict, self.reason,
        )  # fmt: skip


class Comparison(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    document: str


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    words: str = ""


class Again(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``again``: also the rooms in which something failed, once more."""

    again: bool = False


def show_plan(shown: Shown) -> PlanShown:
    plan = shown.plan
    return PlanShown(
        plan.id, plan.name, plan.kind, plan.state.value, plan.words, plan.person, shown.mine,
        {state.value: count for state, count in sorted(shown.counts.items())}, plan.digest, plan.options,
        plan.created, plan.started, plan.ended,
    )  # fmt: skip


def show_room(shown: ShownRoom) -> PlanRoomShown:
    row = shown.row
    steps = [_show_step(step, shown, number) for number, step in enumerate(shown.steps)]
    return PlanRoomShown(
        shown.name, row.state.value, row.wave, row.words, row.tries, row.due, row.done, row.left, row.at, steps
    )


def _show_step(step: Step, shown: ShownRoom, number: int) -> StepShown:
    rule, words = shown.row.told.get(number, (step.rule, step.words))
    mark = shown.row.marks[number].value
    return StepShown(step.kind, step.what, step.before, step.after, step.verdict, mark, rule, words)


def show_drift(one: Drifted) -> DriftShown:
    step = one.step
    return DriftShown(one.room, step.kind, step.what, step.before, step.after, step.words, one.by, one.at)


def parse_states(word: str | None) -> list[RoomState] | None:
    """Raises BadInput naming those that there are."""
    try:
        return None if word is None else [RoomState(one) for one in word.split(",")]
    except ValueError as bad:
        raise BadInput(f"A room's state is one of {', '.join(one.value for one in RoomState)}.") from bad


def _answer(shown: Shown, status: int = 200) -> Response[PlanShown]:
    return Response(show_plan(shown), status_code=status, headers={"ETag": etag(shown.plan.version)})


@get("/plans")
async def list_plans(
    parts: Hub, signed: Who, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[PlanShown]:
    """One's own; all with the right to see."""
    most = parse_limit(limit)
    found = await parts.fleet.page(signed, parse_cursor(cursor), most + 1)
    return build_page(found, most, lambda shown: shown.plan.id, show_plan)


@post("/plans")
async def make_plan(parts: Hub, signed: Who, data: JSONBody[NewPlan]) -> Response[PlanShown]:
    """It looks at its rooms from now on: ask for it again until it is planned."""
    plan = await parts.fleet.make(signed, data.document, data.options())
    return _answer(await parts.fleet.get(plan.id, signed), 201)


@post("/plans/drift", status_code=200)
async def compare(parts: Hub, signed: Who, data: JSONBody[Comparison]) -> list[DriftShown]:
    """What is not as a document says, and by whom it was changed. Nothing is kept or changed."""
    return [show_drift(one) for one in await parts.fleet.drift(data.document, signed)]


@get("/plans/{id:str}")
async def show_one(
    parts: Hub, signed: Who, id: FromPath[str], past: FromQuery[str | None] = None
) -> Response[PlanShown]:
    """``past``: planning or running; then the answer waits, at most 20 seconds, until it is so no more."""
    return _answer(await parts.fleet.past(id, signed, past) if past else await parts.fleet.get(id, signed))


@get("/plans/{id:str}/rooms")
async def list_rooms(
    parts: Hub,
    signed: Who,
    id: FromPath[str],
    states: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[PlanRoomShown]:
    """What is to be done in each room, and what became of it. ``states``: only rooms in these, by commas."""
    most = parse_limit(limit)
    found = await parts.fleet.rooms(id, signed, parse_states(states), parse_cursor(cursor), most + 1)
    return build_page(found, most, lambda shown: shown.row.room, show_room)


@get("/plans/{id:str}/drift")
async def list_drift(parts: Hub, signed: Who, id: FromPath[str]) -> list[DriftShown]:
    """What is not as the plan's document says, and by whom it was changed since it was applied."""
    return [show_drift(one) for one in await parts.fleet.drift_of(id, signed)]


@post("/plans/{id:str}/start", status_code=200)
async def start(parts: Hub, signed: Who, id: FromPath[str], if_match: IfMatch = None) -> Response[PlanShown]:
    """Have it applied, by the token or sign-in that asks now; when that ends, the plan halts."""
    return _answer(await parts.fleet.start(id, signed, parse_if_match(if_match)))


@post("/plans/{id:str}/resume", status_code=200)
async def resume(
    parts: Hub, signed: Who, id: FromPath[str], data: JSONBody[Again], if_match: IfMatch = None
) -> Response[PlanShown]:
    return _answer(await parts.fleet.resume(id, signed, parse_if_match(if_match), again=data.again))


@post("/plans/{id:str}/halt", status_code=200)
async def halt(
    parts: Hub, signed: Who, id: FromPath[str], data: JSONBody[Said], if_match: IfMatch = None
) -> Response[PlanShown]:
    return _answer(await parts.fleet.halt(id, signed, data.words, parse_if_match(if_match)))


@post("/plans/{id:str}/cancel", status_code=200)
async def cancel(
    parts: Hub, signed: Who, id: FromPath[str], data: JSONBody[Said], if_match: IfMatch = None
) -> Response[PlanShown]:
    return _answer(await parts.fleet.cancel(id, signed, data.words, parse_if_match(if_match)))


API = Router(
    "/",
    tags=["fleet"],
    route_handlers=[
        list_plans, make_plan, compare, show_one, list_rooms, list_drift, start, resume, halt, cancel,
    ],
)  # fmt: skip
