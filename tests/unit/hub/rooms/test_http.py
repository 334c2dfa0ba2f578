from pathlib import Path

import pytest

from roomgate.hub.revocation import Cause
from support.api import api, pages

pytestmark = pytest.mark.asyncio


async def test_each_sees_their_own_page_by_page(tmp_path: Path) -> None:
    async with api(tmp_path) as served:
        await served.hub.rooms("rome", "oslo", "bern")
        await served.hub.person("guest")
        grant = await served.hub.grant("guest", "oslo")
        admin, guest = await served.client("ada"), await served.client("guest")
        assert [room["name"] for room in await pages(admin, "/rooms")] == ["bern", "oslo", "rome"]
        assert [room["name"] for room in await pages(guest, "/rooms")] == ["oslo"]
        served.hub.clock.advance(600)
        assert await pages(guest, "/rooms") == []
        assert grant.until == served.hub.clock.now()


async def test_a_room_that_is_not_ones_own_and_one_that_is_not_there_are_one_answer(tmp_path: Path) -> None:
    async with api(tmp_path) as served:
        await served.hub.rooms("oslo", "rome")
        await served.hub.person("guest")
        await served.hub.grant("guest", "oslo")
        guest, nobody = await served.client("guest"), await served.client()
        rome = served.hub.parts.rooms.get("rome").id
        for method in ("GET", "DELETE"):
            said = [await guest.request(method, f"/rooms/{name}") for name in ("rome", "nowhere", rome)]
            assert len({(one.status_code, one.content, tuple(one.headers.items())) for one in said}) == 1
            assert said[0].status_code == 404
            said = [await nobody.request(method, f"/rooms/{name}") for name in ("oslo", "rome", "nowhere")]
            assert len({(one.status_code, one.content, tuple(one.headers.items())) for one in said}) == 1
            assert said[0].status_code == 401


async def test_what_is_not_known_of_a_room_is_null(tmp_path: Path) -> None:
    async with api(tmp_path) as served:
        connector = await served.hub.rooms("oslo")
        rooms, admin = served.hub.parts.rooms, await served.client("ada")
        shown = (await admin.get("/rooms/oslo")).json()
        assert (shown["state"], shown["volume"], shown["muted"], shown["call_since"]) == ("unknown", None, None, None)
        assert (shown["product"], shown["connector"], shown["sessions"]) == ("Room Bar", connector.id, 0)
        rooms.link_changed(connector.id, True)
        status = {"Audio": {"Volume": 40, "Microphones": {"Mute": "On"}}, "Call": [{"id": 1, "Status": "Connected"}]}
        rooms.state_changed(rooms.get("oslo").id, {"Status": status}, True)
        shown = (await admin.get(f"/rooms/{shown['id']}")).json()
        assert (shown["state"], shown["volume"], shown["muted"], shown["calls"]) == ("call", 40, True, 1)
        assert shown["call_since"] is not None


async def test_removing_takes_the_right_and_cuts(tmp_path: Path) -> None:
    async with api(tmp_path) as served:
        await served.hub.rooms("oslo")
        await served.hub.person("guest")
        await served.hub.grant("guest", "oslo")
        guest, admin = await served.client("guest"), await served.client("ada")
        denied = await guest.delete("/rooms/oslo")
        assert (denied.status_code, denied.json()["code"]) == (403, "right.missing")
        assert served.hub.heard == []
        assert (await admin.delete("/rooms/oslo")).status_code == 204
        assert [one.cause for one in served.hub.heard] == [Cause.ROOM_REMOVED]
        assert (await guest.get("/rooms/oslo")).status_code == 404
