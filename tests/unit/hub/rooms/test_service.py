import asyncio
from pathlib import Path

import pytest

from roomgate.errors import NotFound
from roomgate.hub.identity.person import Forbidden
from roomgate.hub.revocation import Cause, SubjectKind
from roomgate.hub.rooms.state import RoomState
from support.hub import info, running

pytestmark = pytest.mark.asyncio


async def test_the_connectors_list_is_followed(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        connector = await hub.rooms("oslo", "bergen")
        rooms = hub.parts.rooms
        oslo = rooms.get("oslo").id
        kept = await rooms.saw(connector.id, connector.site, [info("oslo", state="offline"), info("tromso")])
        assert sorted(r.name for r in kept) == ["oslo", "tromso"]
        assert rooms.get("oslo").id == oslo
        assert [(r.cause, r.kind) for r in hub.heard] == [(Cause.ROOM_REMOVED, SubjectKind.ROOM)]
        with pytest.raises(NotFound):
            rooms.get("bergen")
        assert (await hub.kinds()).count("room.seen") == 3


async def test_another_device_under_the_name_is_another_room(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        connector = await hub.rooms("oslo")
        before = hub.parts.rooms.get("oslo")
        await hub.parts.rooms.saw(connector.id, connector.site, [info("oslo", "another-device")])
        after = hub.parts.rooms.get("oslo")
        assert after.id != before.id
        assert [r.subject for r in hub.heard] == [before.id]
        assert hub.parts.rooms.by_device(connector.id, "another-device") is not None
        assert hub.parts.rooms.device_of(after.id) == "another-device"


async def test_a_name_that_is_taken_goes_to_the_first_and_becomes_a_finding(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo")
        other = await hub.connector("away")
        for _ in range(2):
            assert await hub.parts.rooms.saw(other.id, other.site, [info("oslo"), info("a/b"), info("")]) == []
        assert hub.parts.rooms.get("oslo").connector != other.id
        found = await hub.parts.findings.page()
        assert len(found) == 3
        assert (await hub.kinds()).count("finding") == 3


async def test_what_an_administrator_took_away_stays_away(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        connector = await hub.rooms("oslo")
        await hub.person("guest")
        guest, _ = await hub.sign_in("guest")
        with pytest.raises(Forbidden):
            await hub.parts.rooms.remove("oslo", guest)
        await hub.parts.rooms.remove("oslo", hub.admin)
        assert await hub.parts.rooms.saw(connector.id, connector.site, [info("oslo")]) == []
        assert [r.cause for r in hub.heard] == [Cause.ROOM_REMOVED]


async def test_state_is_merged_and_watchers_hear_it_once(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        connector = await hub.rooms("oslo", "bergen")
        rooms = hub.parts.rooms
        oslo = rooms.get("oslo").id
        assert rooms.get("oslo").state is RoomState.UNKNOWN
        rooms.link_changed(connector.id, True)
        with rooms.watch() as watch:
            rooms.state_changed(oslo, {"Status": {"Audio": {"Volume": 40}}}, True)
            rooms.state_changed(oslo, {"Status": {"Standby": {"State": "Off"}}}, False)
            async with asyncio.timeout(5):
                assert await watch.next() == {oslo}
        said = rooms.get("oslo")
        assert (said.state, said.volume, said.standby) == (RoomState.FINE, 40, "Off")
        rooms.link_changed(connector.id, False)
        assert (rooms.get("oslo").state, rooms.get("oslo").volume) == (RoomState.UNKNOWN, None)
        assert rooms.document(oslo) == {}


async def test_people_see_the_rooms_of_their_grants(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo", "bergen")
        await hub.person("guest")
        guest, _ = await hub.sign_in("guest")
        await hub.grant("guest", "oslo")
        granted = await hub.parts.grants.live_rooms(guest.principal)
        assert [r.name for r in hub.parts.rooms.list_for(guest, granted)] == ["oslo"]
        assert len(hub.parts.rooms.list_for(hub.admin, frozenset())) == 2
        oslo = hub.parts.rooms.get("oslo")
        await hub.parts.rooms.changed(oslo.connector, oslo.site, info("oslo", state="quarantined"))  # type: ignore[arg-type]
        hub.parts.rooms.link_changed(hub.parts.rooms.get("oslo").connector, True)  # type: ignore[arg-type]
        assert hub.parts.rooms.get("oslo").state is RoomState.TROUBLE


async def test_a_room_that_the_site_adds_while_the_link_is_up_is_taken_in_by_the_same_rules(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        connector = await hub.rooms("oslo", "bergen")
        rooms = hub.parts.rooms
        await rooms.changed(connector.id, connector.site, info("tromso"))
        assert rooms.get("tromso").id == rooms.by_device(connector.id, info("tromso").device).id  # type: ignore[union-attr]
        assert (await hub.kinds()).count("room.seen") == 3
        await rooms.changed(connector.id, connector.site, info("oslo", "another-device"))  # the name is taken
        assert rooms.by_device(connector.id, "another-device") is None
        assert len(await hub.parts.findings.page()) == 1
        await rooms.remove("bergen", hub.admin)
        await rooms.changed(connector.id, connector.site, info("bergen"))
        with pytest.raises(NotFound):
            rooms.get("bergen")


async def test_a_changed_room_is_found_by_its_new_state_and_its_watchers_hear_of_it(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        connector = await hub.rooms("oslo", "bergen")
        rooms = hub.parts.rooms
        rooms.link_changed(connector.id, True)
        with rooms.watch() as watch:
            await rooms.changed(connector.id, connector.site, info("oslo", state="quarantined"))
            async with asyncio.timeout(5):
                assert await watch.next() == {rooms.get("oslo").id}
        assert (rooms.get("oslo").state, rooms.get("bergen").state) == (RoomState.TROUBLE, RoomState.UNKNOWN)
        await rooms.load()
        assert rooms.get("oslo").state is RoomState.TROUBLE


async def test_a_change_that_comes_while_all_rooms_are_read_is_not_forgotten(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        connector = await hub.rooms("oslo", "bergen")
        rooms = hub.parts.rooms
        rooms.link_changed(connector.id, True)
        read = rooms._db.read

        async def slow(unit: object) -> object:
            found = await read(unit)  # type: ignore[arg-type]
            rooms._db.read = read  # type: ignore[method-assign]
            await rooms.changed(connector.id, connector.site, info("oslo", state="quarantined"))
            return found

        rooms._db.read = slow  # type: ignore[method-assign]
        await rooms.load()
        assert rooms.get("oslo").state is RoomState.TROUBLE
