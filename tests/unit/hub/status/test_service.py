from datetime import timedelta
from pathlib import Path

import pytest

from roomgate.hub.status.service import KEPT
from roomgate.ids import ConnectorId
from support.hub import Hub, info, running

pytestmark = pytest.mark.asyncio


async def samples(hub: Hub, room: str = "oslo") -> list[dict[str, float]]:
    found = await hub.parts.status.samples(hub.parts.rooms.get(room).id, hub.clock.now() - KEPT - timedelta(days=1))
    return [one.values for one in found]


async def link(hub: Hub, *names: str) -> ConnectorId:
    connector = await hub.rooms(*names)
    hub.parts.rooms.link_changed(connector.id, True)
    return connector.id


async def test_each_room_is_sampled_once_in_five_minutes_and_not_at_the_start(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        names = [f"room-{n}" for n in range(250)]
        await link(hub, "oslo", *names)
        oslo = hub.parts.rooms.get("oslo").id
        hub.parts.rooms.state_changed(oslo, {"Status": {"Call": [{"id": 1, "Status": "Connected"}]}}, True)
        await hub.parts.status.keep()
        assert await samples(hub) == []
        for _ in range(3):
            hub.clock.advance(299)
            await hub.parts.status.keep()
            await hub.parts.status.keep()
        assert await samples(hub) == [{"online": 1, "call": 1}] * 2
        assert await samples(hub, "room-7") == [{"online": 0}] * 2  # nothing was heard of it


async def test_a_room_whose_device_or_connector_is_away_is_out_of_reach(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        connector = await link(hub, "oslo")
        rooms = hub.parts.rooms
        rooms.state_changed(rooms.get("oslo").id, {"Status": {}}, True)
        assert [online for _, online in rooms.reach()] == [True]
        await rooms.changed(connector, rooms.get("oslo").site, info("oslo", state="offline"))
        assert [online for _, online in rooms.reach()] == [False]
        await rooms.changed(connector, rooms.get("oslo").site, info("oslo"))
        rooms.link_changed(connector, False)
        assert [online for _, online in rooms.reach()] == [False]


async def test_old_samples_are_let_go(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await link(hub, "oslo")
        await hub.parts.status.keep()
        for _ in range(2):
            hub.clock.advance(KEPT.total_seconds() + 300)
            await hub.parts.status.keep()
        assert len(await samples(hub)) == 1


async def test_what_a_device_is_is_written_when_it_is_told_and_when_it_changes(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await link(hub, "oslo")
        oslo = hub.parts.rooms.get("oslo").id
        unit = {"ProductId": "Bar", "Hardware": {"Module": {"SerialNumber": "FOC1"}}}
        hub.parts.rooms.state_changed(oslo, {"Status": {"SystemUnit": unit}}, True)
        await hub.parts.status.keep()
        seen = []
        for _ in range(2):
            hub.clock.advance(300)
            await hub.parts.status.keep()
            seen.append((await hub.parts.status.facts())[oslo])
        assert seen[0] == seen[1]
        assert seen[0][0] == {"serial": "FOC1", "product": "Bar"}

        hub.parts.status.saw(oslo, {"Network": [{"id": 1, "IPv4": {"Address": "192.0.2.9"}}]})
        hub.parts.status.saw(oslo, {"Network": [{"id": 1, "IPv4": {"Address": "192.0.2.9"}}]})
        hub.parts.status.saw(oslo, "nothing")
        await hub.parts.db.write(lambda conn: None)  # what was handed over before is committed with it
        assert (await hub.parts.status.facts([oslo]))[oslo][0] == {
            "serial": "FOC1", "product": "Bar", "ipv4": "192.0.2.9",
        }  # fmt: skip
