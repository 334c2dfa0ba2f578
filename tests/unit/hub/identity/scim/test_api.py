from pathlib import Path

import pytest

from support.api import Api, api

pytestmark = pytest.mark.asyncio


async def directory(it: Api) -> str:
    ada = await it.client("ada")
    body = {"name": "upstream", "roles": ["provisioner"]}
    return str((await ada.post("/service-accounts", json=body)).json()["id"])


async def test_directories_are_listed_with_their_brake(tmp_path: Path) -> None:
    async with api(tmp_path) as it:
        id = await directory(it)
        ada = await it.client("ada")
        assert (await ada.get("/directories")).json()["items"] == [
            {"id": id, "name": "upstream", "active": True, "people": 0, "groups": 0, "ended": 0, "limit": 10, "held": False,
             "released_until": None}
        ]  # fmt: skip
        released = await ada.post("/directories/upstream/release", json={"minutes": 5})
        assert (released.status_code, released.json()["released_until"]) == (200, "2026-03-10T09:05:00.000Z")
        assert (await ada.post("/directories/upstream/release", json={"minutes": 0})).status_code == 400
        assert (await ada.post("/directories/nowhere/release", json={})).status_code == 404


async def test_a_person_is_handed_over(tmp_path: Path) -> None:
    async with api(tmp_path) as it:
        await directory(it)
        await it.hub.person("bob")
        ada = await it.client("ada")
        handed = await ada.post("/directories/upstream/people", json={"person": "bob"})
        assert (handed.status_code, handed.json()["name"]) == (200, "bob")
        assert (await ada.get("/directories")).json()["items"][0]["people"] == 1
        assert (await ada.post("/directories/upstream/people", json={"person": "ada"})).status_code == 403


async def test_nobody_else_is_told_of_them(tmp_path: Path) -> None:
    async with api(tmp_path) as it:
        await directory(it)
        await it.hub.person("sue", "security-officer")
        for name in ("sue", "upstream"):
            other = await it.client(name)
            assert (await other.get("/directories")).status_code == 403
            for id in ("upstream", "nowhere"):
                assert (await other.post(f"/directories/{id}/release", json={})).status_code == 403
                assert (await other.post(f"/directories/{id}/people", json={"person": "sue"})).status_code == 403
