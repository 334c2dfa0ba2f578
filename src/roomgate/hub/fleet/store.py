"""The SQL of plans. Steps and documents come and go sealed; who has the seal opens them."""

import json
from collections.abc import Callable, Collection, Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update

from roomgate.fleet.waves import Options
from roomgate.hub.db.schema import asks, plan_rooms, plans
from roomgate.hub.fleet.plan import OPEN, Plan, PlanRoom, RoomState, State, decode_steps, pack, unpack
from roomgate.storage.database import driver_of

Open = Callable[[bytes, str], bytes]  # opens what was sealed, for a plan's room
# Said to the driver, since each step of each room runs one of them.
_SAVE_ROOM = """UPDATE plan_rooms SET wave = ?, state = ?, progress = ?, tries = ?, words = ?, at = ?
    WHERE plan = ? AND room = ?"""
_SAVE_STEPS = _SAVE_ROOM.replace("at = ?", "at = ?, sealed = ?")


def _plan(row: Row[Any]) -> Plan:
    return Plan(
        row.id, row.kind, row.name, row.digest, msgspec.convert(row.options, Options), State(row.state), row.words,
        row.person, row.credential, row.created, row.started, row.ended, row.version,
    )  # fmt: skip


def _room(row: Row[Any], unseal: Open | None) -> PlanRoom:
    marks, told = unpack(row.progress)
    steps = decode_steps(unseal(bytes(row.sealed), f"{row.plan} {row.room}")) if unseal and row.sealed else ()
    return PlanRoom(
        row.plan, row.room, row.wave, RoomState(row.state), steps, marks, told, row.tries, row.words, row.at
    )


def add(conn: Connection, plan: Plan, sealed: bytes) -> None:
    conn.execute(
        insert(plans),
        {
            "id": plan.id, "kind": plan.kind, "name": plan.name, "sealed": sealed, "digest": plan.digest,
            "options": msgspec.to_builtins(plan.options), "state": plan.state.value, "words": plan.words,
            "person": plan.person, "credential": plan.credential, "created": plan.created, "started": plan.started,
            "ended": plan.ended, "version": plan.version,
        },
    )  # fmt: skip


def add_rooms(conn: Connection, plan: str, rooms: Iterable[str]) -> None:
    rows: list[dict[str, Any]] = [
        {
            "plan": plan, "room": room, "wave": 0, "state": RoomState.READING.value, "sealed": b"",
            "progress": {"marks": [], "told": {}}, "tries": 0, "words": "", "at": None,
        }
        for room in rooms
    ]  # fmt: skip
    conn.execute(insert(plan_rooms), rows)


def find(conn: Connection, id: str) -> Plan | None:
    row = conn.execute(select(plans).where(plans.c.id == id)).first()
    return _plan(row) if row else None


def document(conn: Connection, id: str) -> bytes:
    return bytes(conn.execute(select(plans.c.sealed).where(plans.c.id == id)).scalar_one())


def page(conn: Connection, person: str | None, after: str, limit: int) -> list[Plan]:
    """By id; of one person, or all."""
    query = select(plans).where(plans.c.id > after).order_by(plans.c.id).limit(limit)
    return [_plan(row) for row in conn.execute(query if person is None else query.where(plans.c.person == person))]


def newest(conn: Connection, person: str | None, limit: int) -> list[Plan]:
    query = select(plans).order_by(plans.c.created.desc(), plans.c.id).limit(limit)
    return [_plan(row) for row in conn.execute(query if person is None else query.where(plans.c.person == person))]


def in_state(conn: Connection, states: Collection[State]) -> list[Plan]:
    query = select(plans).where(plans.c.state.in_([one.value for one in states])).order_by(plans.c.created)
    return [_plan(row) for row in conn.execute(query)]


def unfinished(conn: Connection, person: str) -> int:
    lives = (plans.c.person == person) & plans.c.state.not_in([State.DONE.value, State.CANCELLED.value])
    return int(conn.execute(select(func.count()).select_from(plans).where(lives)).scalar_one())


def change(conn: Connection, id: str, states: Collection[State], **values: Any) -> bool:
    """Whether it was in one of these states: of two who change it the first one counts."""
    same = (plans.c.id == id) & plans.c.state.in_([one.value for one in states])
    return conn.execute(update(plans).where(same).values(version=plans.c.version + 1, **values)).rowcount == 1


# -- rooms -------------------------------------------------------------------------------------------


def rooms(
    conn: Connection,
    plan: str,
    unseal: Open | None = None,
    *,
    states: Collection[RoomState] | None = None,
    ids: Collection[str] | None = None,
    after: str = "",
    limit: int | None = None,
) -> list[PlanRoom]:
    """By room; with their steps where they can be opened."""
    query = select(plan_rooms).where(plan_rooms.c.plan == plan, plan_rooms.c.room > after)
    if states is not None:
        query = query.where(plan_rooms.c.state.in_([one.value for one in states]))
    if ids is not None:
        query = query.where(plan_rooms.c.room.in_(ids))
    return [_room(row, unseal) for row in conn.execute(query.order_by(plan_rooms.c.room).limit(limit))]


def standing(conn: Connection, plan: str) -> list[tuple[str, int, RoomState]]:
    """Each room with its wave and how it stands: all that is looked at of thousands at once."""
    query = select(plan_rooms.c.room, plan_rooms.c.wave, plan_rooms.c.state).where(plan_rooms.c.plan == plan)
    return [(row.room, row.wave, RoomState(row.state)) for row in conn.execute(query.order_by(plan_rooms.c.room))]


def counts(conn: Connection, plan: str) -> dict[RoomState, int]:
    query = select(plan_rooms.c.state, func.count()).where(plan_rooms.c.plan == plan).group_by(plan_rooms.c.state)
    return {RoomState(state): int(count) for state, count in conn.execute(query)}


def ended_since(conn: Connection, plan: str, since: str) -> tuple[int, int]:
    """How many rooms came to an end since then: those in which something failed, and all."""
    over = plan_rooms.c.state.not_in([one.value for one in (*OPEN, RoomState.OFFLINE)])
    ended = (plan_rooms.c.plan == plan) & (plan_rooms.c.at >= since) & over
    failed = func.count().filter(plan_rooms.c.state == RoomState.FAILED.value)
    found = conn.execute(select(failed, func.count()).where(ended)).one()
    return int(found[0]), int(found[1])


def save_room(conn: Connection, row: PlanRoom, sealed: bytes | None = None) -> None:
    values = (row.wave, row.state.value, json.dumps(pack(row)), row.tries, row.words, row.at)
    if sealed is None:
        driver_of(conn).execute(_SAVE_ROOM, (*values, row.plan, row.room))
    else:
        driver_of(conn).execute(_SAVE_STEPS, (*values, sealed, row.plan, row.room))


def set_waves(conn: Connection, plan: str, waves: dict[str, int]) -> None:
    driver_of(conn).executemany(
        "UPDATE plan_rooms SET wave = ? WHERE plan = ? AND room = ?",
        [(wave, plan, room) for room, wave in waves.items()],
    )


def taken(conn: Connection, plan: str) -> int:
    """How many of the plan's rooms another plan that runs is about to change."""
    mine = select(plan_rooms.c.room).where(plan_rooms.c.plan == plan)
    others = (
        select(func.count(func.distinct(plan_rooms.c.room)))
        .join(plans, plans.c.id == plan_rooms.c.plan)
        .where(plans.c.id != plan, plans.c.state == State.RUNNING.value, plan_rooms.c.room.in_(mine))
        .where(
            plan_rooms.c.state.in_(
                [one.value for one in (RoomState.READING, RoomState.OFFLINE, RoomState.WAITING, RoomState.DOING)]
            )
        )
    )
    return int(conn.execute(others).scalar_one())


def done_asks(conn: Connection, room: str, since: str, most: int) -> list[tuple[str, str, str]]:
    """What was asked of a room, by its name, and done since, the newest first: the call as it was kept, by whom, when."""
    query = (
        select(asks.c.call, asks.c.person, asks.c.asked_at)
        .where(asks.c.room == room, asks.c.outcome == "done", asks.c.asked_at > since)
        .order_by(asks.c.asked_at.desc())
        .limit(most)
    )
    return [(row.call, row.person, row.asked_at) for row in conn.execute(query)]
