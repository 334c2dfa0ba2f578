from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from roomgate.errors import BadInput
from roomgate.hub.status.http import parse_path, parse_since
from roomgate.hub.status.service import KEPT
from roomgate.link.messages import Outcome
from support.console import Console, console

NOW = datetime(2026, 3, 8, tzinfo=UTC)


async def bearer(it: Console, name: str, *capabilities: str) -> dict[str, str]:
    await it.hub.person(name)
    for one in capabilities:
        await it.hub.grant(name, "oslo", capability=one)
    return {"Authorization": f"Bearer {(await it.hub.token(name))[1]}"}


@pytest.mark.asyncio
async def test_a_room_tells_its_summary_a_part_and_its_samples(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        site.answers["Status/Audio"] = {"Volume": 40}
        site.answers["Status"] = {"Diagnostics": {"Message": [{"id": 1, "Level": "Error", "Type": "TemperatureCheck"}]}}
        bob = await bearer(it, "bob", "observe")

        async def get(path: str, who: dict[str, str] = bob) -> httpx.Response:
            return await it.http.get(f"/api/v1/rooms{path}", headers=who)

        told = (await get("/oslo/status")).json()
        assert told["summary"]["messages"][0]["type"] == "TemperatureCheck"
        assert "too warm" in told["advice"][0]["words"]
        part = (await get("/oslo/status?path=status/audio")).json()
        assert (part["path"], part["value"], part["summary"]) == ("Status/Audio", {"Volume": 40}, None)
        for wrong in ("Configuration/Audio", "Status/Nothing", ""):
            assert (await get(f"/oslo/status?path={wrong}")).status_code == 400
        site.answers["Status"] = Outcome("", "failed", rule="device.error", words="No.")
        assert (await get("/oslo/status")).status_code == 409

        await it.hub.parts.status.keep()
        await it.state("oslo", {"RoomAnalytics": {"PeopleCount": {"Current": 3}}})
        it.hub.clock.advance(300)
        await it.hub.parts.status.keep()
        [sample] = (await get("/oslo/samples")).json()["items"]
        assert sample["values"] == {"online": 1, "call": 0}
        eve = await bearer(it, "eve", "privacy")
        assert (await get("/oslo/samples", eve)).json()["items"][0]["values"]["people"] == 3
        assert (await get(f"/oslo/samples?since={sample['at']}")).json()["items"] == [sample]
        assert (await get("/oslo/samples?since=2999-01-01T00:00:00Z")).json()["items"] == []
        assert (await get("/oslo/samples?since=yesterday")).status_code == 400

        nobody = await bearer(it, "nil")
        for path in ("status", "status?path=Status/Audio", "samples"):
            there, not_there = await get(f"/oslo/{path}", nobody), await get(f"/paris/{path}", nobody)
            assert (there.status_code, there.text) == (404, not_there.text.replace("paris", "oslo"))


def test_a_moment_is_not_older_than_what_is_kept() -> None:
    assert parse_since(None, NOW) == NOW - timedelta(days=1)
    assert parse_since("2020-01-01T00:00:00Z", NOW) == NOW - KEPT
    for wrong in ("", "2026-03-01T00:00:00", "0001-01-01T00:00:00+14:00"):
        with pytest.raises(BadInput):
            parse_since(wrong, NOW)


def test_only_the_status_has_a_path_here() -> None:
    assert str(parse_path("Status/Audio")) == "Status/Audio"
    with pytest.raises(BadInput):
        parse_path("Configuration/Audio")
