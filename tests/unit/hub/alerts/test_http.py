from pathlib import Path

import pytest

from support.console import console

pytestmark = pytest.mark.asyncio


async def test_the_list_its_pages_and_who_looks_after_one(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo", "rome")
        for name in ("oslo", "rome"):
            await it.state(name, {"Diagnostics": {"Message": [{"id": 1, "Level": "Error"}]}})
        await it.hub.parts.alerts.look(it.hub.parts.rooms.ids())
        _, token = await it.hub.token("ada")
        headers = {"Authorization": f"Bearer {token}"}

        async def get(query: str) -> dict[str, object]:
            return (await it.http.get(f"/api/v1/alerts{query}", headers=headers)).json()

        first = await get("?limit=1")
        (one,) = first["items"]
        assert (one["kind"], one["room_name"] in ("oslo", "rome"), one["ended"]) == ("device.problem", True, None)
        second = await get(f"?limit=1&cursor={first['next']}")
        assert {one["id"], second["items"][0]["id"]} == {o["id"] for o in (await get(""))["items"]}
        assert second["next"] is None
        seen = await it.http.post(f"/api/v1/alerts/{one['id']}/seen", headers=headers)
        assert seen.json()["seen_by"] == it.hub.admin.person.id
        assert (await it.http.post("/api/v1/alerts/alert_x/seen", headers=headers)).status_code == 404
        assert (await get("?cursor=eA"))["code"] == "input.bad"
        for name in ("oslo", "rome"):
            await it.state(name, {})
        await it.hub.parts.alerts.look(it.hub.parts.rooms.ids())
        over = await get("?ended=true&limit=1")
        assert over["items"][0]["ended"]
        assert len((await get(f"?ended=true&cursor={over['next']}"))["items"]) == 1
