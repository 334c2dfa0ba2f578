from datetime import timedelta
from pathlib import Path

import pytest

from roomgate.hub.status import store
from support.hub import running

pytestmark = pytest.mark.asyncio


async def test_samples_are_kept_once_read_in_order_and_let_go(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo", "rome")
        oslo, rome = hub.parts.rooms.get("oslo").id, hub.parts.rooms.get("rome").id
        now, later = hub.clock.now(), hub.clock.now() + timedelta(minutes=5)
        for at, online in ((later, 0), (now, 1), (now, 0)):  # the last of a moment that is written already
            await hub.parts.db.write(
                lambda conn, at=at, online=online: store.add(
                    conn, at, [(oslo, {"online": online}), (rome, {"online": 1})]
                )
            )
        found = await hub.parts.db.read(lambda conn: store.since(conn, oslo, now))
        assert [(one.at, one.values) for one in found] == [(now, {"online": 1}), (later, {"online": 0})]
        assert await hub.parts.db.write(lambda conn: store.forget(conn, later)) == 2
        assert len(await hub.parts.db.read(lambda conn: store.since(conn, oslo, now))) == 1
        await hub.parts.db.write(lambda conn: store.add(conn, now, []))


async def test_what_is_told_again_takes_the_place_of_what_was_known(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo", "rome")
        oslo, rome = hub.parts.rooms.get("oslo").id, hub.parts.rooms.get("rome").id
        now = hub.clock.now()
        for told in ({oslo: {"serial": "1", "ipv4": "192.0.2.1"}}, {oslo: {"serial": "2"}, rome: {"serial": "3"}}):
            await hub.parts.db.write(lambda conn, told=told: store.keep_facts(conn, told, now))
        every = await hub.parts.db.read(store.facts)
        assert every[oslo] == ({"serial": "2", "ipv4": "192.0.2.1"}, now)
        assert set(await hub.parts.db.read(lambda conn: store.facts(conn, [rome]))) == {rome}
        await hub.parts.rooms.remove("oslo", hub.admin)
        assert set(await hub.parts.db.read(store.facts)) == {rome}
