import pytest
from sqlalchemy import event

from roomgate.fleet.difference import Step
from roomgate.fleet.waves import Options
from roomgate.hub.fleet import store
from roomgate.hub.fleet.plan import Plan, RoomState, State, encode_steps, planned
from support.hub import running

pytestmark = pytest.mark.asyncio

STEP = Step("setting", "a", "set", "Configuration/A", {"Value": "secret"}, verdict="allowed")


async def test_plans_and_their_rooms_are_kept_and_changed_by_whoever_is_first(tmp_path):
    async with running(tmp_path) as hub:
        ada = hub.admin.person.id

        def plan(id, state=State.PLANNED, created="1"):
            return Plan(id, "document", "n", "d", Options(waves=(2,)), state, "", ada, "c", created, None, None, 1)

        def unit(conn):
            store.add(conn, plan("plan_a"), b"sealed")
            store.add(conn, plan("plan_b", State.RUNNING, "2"), b"sealed")
            store.add_rooms(conn, "plan_a", ["r1", "r2"])
            store.add_rooms(conn, "plan_b", ["r2", "r3"])
            assert store.find(conn, "plan_a") == plan("plan_a")
            assert store.find(conn, "plan_x") is None
            assert store.document(conn, "plan_a") == b"sealed"
            assert [one.id for one in store.page(conn, ada, "plan_a", 5)] == ["plan_b"]
            assert [one.id for one in store.newest(conn, None, 5)] == ["plan_b", "plan_a"]
            assert store.newest(conn, "person_x", 5) == []
            assert [one.id for one in store.in_state(conn, [State.RUNNING])] == ["plan_b"]
            assert store.unfinished(conn, ada) == 2
            assert store.taken(conn, "plan_a") == 1

            row = planned(store.rooms(conn, "plan_a")[0], [STEP], strict=False)
            store.save_room(conn, row, encode_steps([STEP]))
            store.set_waves(conn, "plan_a", {"r1": 3})
            [again] = store.rooms(conn, "plan_a", lambda sealed, about: sealed, states=[RoomState.WAITING])
            assert (again.steps, again.marks, again.wave) == ((STEP,), row.marks, 3)
            assert store.rooms(conn, "plan_a", ids=["r2"])[0].steps == ()
            assert [one.room for one in store.rooms(conn, "plan_a", after="r1", limit=1)] == ["r2"]
            assert store.standing(conn, "plan_a") == [("r1", 3, RoomState.WAITING), ("r2", 0, RoomState.READING)]
            assert store.counts(conn, "plan_a") == {RoomState.WAITING: 1, RoomState.READING: 1}

            assert store.change(conn, "plan_a", [State.PLANNED], state="running")
            assert not store.change(conn, "plan_a", [State.PLANNED], state="running")
            assert store.find(conn, "plan_a").version == 2
            assert store.done_asks(conn, "oslo", "", 5) == []

        await hub.parts.db.write(unit)


async def test_what_was_done_in_a_room_is_found_without_looking_through_all_that_was_ever_asked(tmp_path):
    async with running(tmp_path) as hub:

        def unit(conn):
            said = []

            def hear(_conn, _cursor, statement, parameters, *_):
                said.append((statement, parameters))

            event.listen(conn, "before_cursor_execute", hear)
            store.done_asks(conn, "oslo", "", 5)
            event.remove(conn, "before_cursor_execute", hear)
            [(statement, parameters)] = said
            steps = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            assert [step.detail for step in steps] == ["SEARCH asks USING INDEX ix_asks_room (room=? AND asked_at>?)"]

        await hub.parts.db.write(unit)
