from datetime import timedelta
from pathlib import Path

import pytest

from roomgate.access.capability import Capability
from roomgate.access.grant import Lock
from roomgate.hub.grants import store
from roomgate.hub.grants.store import LockRecord
from roomgate.ids import LockId, PersonId
from support.hub import Hub, running

pytestmark = pytest.mark.asyncio


async def ids(hub: Hub, query) -> set[str]:
    return {record.grant.id for record in await hub.parts.db.read(query)}


async def test_a_grant_comes_back_as_it_was_given(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo", "rome")
        guest = await hub.person("guest")
        given = await hub.parts.grants.make(
            hub.admin,
            "guest",
            ["oslo", "rome"],
            frozenset({Capability.CALL, Capability.OBSERVE}),
            minutes=10,
            reason="r",
        )
        found = await hub.parts.db.read(lambda conn: store.find(conn, given.id))
        assert found is not None
        assert (found.grant, found.version, found.paused, found.ended) == (given, 1, None, None)
        assert await ids(hub, lambda conn: store.of_person(conn, guest.id)) == {given.id}


async def test_what_has_ended_is_in_no_answer(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo")
        guest = await hub.person("guest")
        gone, kept = await hub.grant("guest", "oslo"), await hub.grant("guest", "oslo")
        (id,) = kept.rooms
        room = (await hub.parts.db.read(lambda conn: hub.parts.rooms.find_in(conn, id))).room
        await hub.parts.db.write(lambda conn: store.change(conn, gone.id, ended="grant.revoked"))
        assert await hub.parts.db.read(lambda conn: store.find(conn, gone.id)) is None
        for query in (
            lambda conn: store.of_person(conn, guest.id),
            lambda conn: store.of_room(conn, room),
            lambda conn: store.given_by(conn, hub.admin.person.id),
            lambda conn: store.page(conn, None, None, "", 9),
            lambda conn: store.unended(conn),
        ):
            assert await ids(hub, query) == {kept.id}


async def test_a_change_makes_a_version_and_a_pause_takes_it_from_its_giver(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo")
        await hub.person("guest")
        grant = await hub.grant("guest", "oslo")
        await hub.parts.db.write(lambda conn: store.change(conn, grant.id, paused="why"))
        found = await hub.parts.db.read(lambda conn: store.find(conn, grant.id))
        assert found is not None
        assert (found.version, found.paused, found.grant.paused) == (2, "why", True)
        assert not found.grant.live(hub.clock.now() + timedelta(seconds=1))
        assert await ids(hub, lambda conn: store.given_by(conn, hub.admin.person.id)) == set()
        assert await ids(hub, lambda conn: store.unended(conn)) == {grant.id}


async def test_rooms_are_only_taken_away(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo", "rome", "bern")
        await hub.person("guest")
        some = frozenset({Capability.OBSERVE})
        one = await hub.parts.grants.make(hub.admin, "guest", ["oslo", "rome"], some, minutes=5)
        other = await hub.parts.grants.make(hub.admin, "guest", ["oslo", "rome"], some, minutes=5)
        oslo, bern = hub.parts.rooms.get("oslo").id, hub.parts.rooms.get("bern").id
        await hub.parts.db.write(lambda conn: store.keep_rooms(conn, one.id, frozenset({oslo, bern})))
        found = {g.grant.id: g.grant.rooms for g in await hub.parts.db.read(store.unended)}
        assert found == {one.id: {oslo}, other.id: other.rooms}


async def test_pages_by_person_and_room_go_on_after_the_last_one(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo", "rome")
        guest, other = await hub.person("guest"), await hub.person("other")
        made = sorted([(await hub.grant("guest", "oslo")).id for _ in range(3)])
        rome, theirs = await hub.grant("guest", "rome"), await hub.grant("other", "oslo")
        oslo = (await hub.parts.db.read(lambda conn: hub.parts.rooms.find_in(conn, "oslo"))).room
        page = store.page
        assert await ids(hub, lambda conn: page(conn, guest.id, oslo, "", 2)) == set(made[:2])
        assert await ids(hub, lambda conn: page(conn, guest.id, oslo, made[1], 2)) == {made[2]}
        assert await ids(hub, lambda conn: page(conn, guest.id, None, "", 9)) == {*made, rome.id}
        assert await ids(hub, lambda conn: page(conn, other.id, None, "", 9)) == {theirs.id}
        assert await ids(hub, lambda conn: page(conn, None, oslo, "", 9)) == {*made, theirs.id}


async def test_a_lock_holds_until_it_is_lifted(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        db = hub.parts.db
        record = LockRecord(Lock(LockId("lock_1"), "room", "room_1", "why"), PersonId("person_1"), 7, "t1")

        async def locked(kind: str, subject: str) -> bool:
            return await db.read(lambda conn: store.locked(conn, kind, subject))

        await db.write(lambda conn: store.add_lock(conn, record))
        assert await db.read(store.holding) == [record]
        assert await db.read(lambda conn: store.find_lock(conn, "lock_1")) == record
        assert await locked("room", "room_1")
        assert not await locked("person", "room_1")
        assert not await locked("room", "room_2")
        await db.write(lambda conn: store.lift(conn, LockId("lock_1"), 8, PersonId("person_1")))
        assert await db.read(store.holding) == []
        assert await db.read(lambda conn: store.find_lock(conn, "lock_1")) is None
        assert not await locked("room", "room_1")
