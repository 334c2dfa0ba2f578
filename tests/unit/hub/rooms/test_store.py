from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from roomgate.access.decision import Room
from roomgate.hub.rooms import store
from roomgate.hub.rooms.service import BY_HAND
from roomgate.hub.rooms.store import RoomRecord
from roomgate.hub.sites.store import ConnectorRecord
from roomgate.ids import RoomId, RoomName
from support.hub import Hub, running

pytestmark = pytest.mark.asyncio


def record(of: ConnectorRecord, name: str, id: str = "") -> RoomRecord:
    room = Room(RoomId(id or f"room_{name}"), RoomName(name), of.site, of.id)
    return RoomRecord(room, f"device-{name}", "fine", "words", "Room Bar", "ce11", "t1", None, trusted=True)


async def put(hub: Hub, *records: RoomRecord) -> None:
    for one in records:
        await hub.parts.db.write(lambda conn, one=one: store.add(conn, one))


async def test_a_room_comes_back_by_name_and_id_while_it_is_there(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        oslo = record(await hub.connector(), "oslo")
        await put(hub, oslo)
        read = hub.parts.db.read
        for name in ("oslo", "room_oslo"):
            assert await read(lambda conn, name=name: store.find(conn, name)) == oslo
        assert await read(lambda conn: store.find(conn, "Oslo")) is None
        await hub.parts.db.write(lambda conn: store.change(conn, oslo.room.id, removed="gone"))
        assert await read(lambda conn: store.find(conn, "room_oslo")) is None
        assert await read(store.every) == []
        assert await read(lambda conn: store.of_connector(conn, oslo.room.connector)) == []
        assert await read(lambda conn: store.names(conn, frozenset({oslo.room.id}))) == {oslo.room.id: "oslo"}
        assert await read(lambda conn: store.names(conn, frozenset())) == {}


async def test_a_name_and_a_device_are_held_by_one(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        here, away = await hub.connector(), await hub.connector("away")
        await put(hub, record(here, "oslo"))
        with pytest.raises(IntegrityError):
            await put(hub, record(away, "oslo", "room_2"))
        await hub.parts.db.write(lambda conn: store.change(conn, RoomId("room_oslo"), removed="gone"))
        await put(hub, record(away, "oslo", "room_2"))
        found = await hub.parts.db.read(lambda conn: store.find(conn, "oslo"))
        assert found is not None
        assert found.room.connector == away.id


@pytest.mark.parametrize("state", ["pending", "disabled"])
async def test_a_room_is_as_trusted_as_its_connector(tmp_path: Path, state: str) -> None:
    from roomgate.hub.sites.store import set_state

    async with running(tmp_path) as hub:
        here, away = await hub.connector(), await hub.connector("away")
        await put(hub, record(here, "oslo"), record(away, "rome"))
        await hub.parts.db.write(lambda conn: set_state(conn, here.id, state))
        assert {r.room.name: r.trusted for r in await hub.parts.db.read(store.every)} == {"oslo": False, "rome": True}


async def test_only_what_a_hand_took_away_is_barred_and_only_there(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        here, away = await hub.connector(), await hub.connector("away")
        await put(hub, record(here, "oslo"), record(here, "rome"), record(away, "bern"))
        for name, why in (("oslo", BY_HAND), ("rome", "not in the site's list any more"), ("bern", BY_HAND)):
            await hub.parts.db.write(
                lambda conn, id=f"room_{name}", why=why: store.change(conn, RoomId(id), removed=why)
            )
        assert await hub.parts.db.read(lambda conn: store.removed_by_hand(conn, here.id)) == {("device-oslo", "oslo")}
