"""The table of requests: what goes in comes out, and of two answers the first counts."""

from pathlib import Path

import pytest

from roomgate.hub.approvals import store
from roomgate.hub.approvals.request import State
from roomgate.hub.grants.wanted import Wanted
from support.hub import running

pytestmark = pytest.mark.asyncio
WANTED = Wanted(
    person="", rooms=("oslo",), sites=("home",), tags=("board",), capabilities=("call",), role="technician",
    start="2026-03-11T12:00:00Z", minutes=60, most_uses=3, only_booked=True, reason="the camera",
)  # fmt: skip


async def test_all_that_was_wanted_is_kept(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        made = await hub.parts.approvals.ask(hub.admin, WANTED)
        kept = await hub.parts.db.read(lambda conn: store.find(conn, made.id))
        assert kept == made
        assert made.wanted.most_uses == 3
        assert made.wanted.only_booked
        assert made.wanted.person == hub.admin.person.id


async def test_of_two_answers_the_first_counts(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        made = await hub.parts.approvals.ask(hub.admin, WANTED)
        told = [
            await hub.parts.db.write(lambda conn, state=state: store.answer(conn, made, state, "at", None, state.value))
            for state in (State.APPROVED, State.REFUSED)
        ]
        assert told == [True, False]
        rows = await hub.parts.db.read(lambda conn: conn.exec_driver_sql("SELECT state, words FROM requests").all())
        assert [tuple(row) for row in rows] == [("approved", "approved")]


async def test_lists_are_of_one_person_or_all_and_by_state(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        approvals = hub.parts.approvals
        await hub.person("kim")
        kim, _ = await hub.sign_in("kim")
        first, second = await approvals.ask(hub.admin, WANTED), await approvals.ask(kim, WANTED)
        third = await approvals.ask(kim, WANTED)
        await approvals.withdraw(third.id, kim)

        def unit(conn):
            return (
                [one.id for one in store.in_state(conn, [State.WAITING])],
                [one.id for one in store.in_state(conn, [State.WAITING], kim.person.id)],
                store.count_waiting(conn, kim.person.id),
                [one.id for one in store.newest_answered(conn, None, 50)],
                [one.id for one in store.newest_answered(conn, hub.admin.person.id, 50)],
                {one.id for one in store.page(conn, kim.person.id, None, "", 50)},
                [one.id for one in store.page(conn, None, State.WITHDRAWN, "", 50)],
            )

        assert await hub.parts.db.read(unit) == (
            [first.id, second.id], [second.id], 1, [third.id], [], {second.id, third.id}, [third.id],
        )  # fmt: skip
