"""REST: several settings of a room, and the changes of one."""

from pathlib import Path

import httpx
import pytest

from roomgate.access.capability import Capability
from roomgate.link.messages import Outcome
from support.console import console
from support.settings import settled

pytestmark = pytest.mark.asyncio
AT = "/api/v1/rooms/oslo/settings"
VOLUME = "Configuration/Audio/DefaultVolume"


class Caller:
    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self.http, self.headers = http, {"Authorization": f"Bearer {token}"}

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(path, headers=self.headers)

    async def patch(self, **body: object) -> httpx.Response:
        return await self.http.patch(AT, json=body, headers=self.headers)


async def caller(it, name, *capabilities):
    if name != "ada":
        await it.hub.person(name)
    if capabilities:
        await it.hub.parts.grants.make(
            it.hub.admin, name, ["oslo"], frozenset(map(Capability, capabilities)), minutes=10, reason="test"
        )
    return Caller(it.http, (await it.hub.token(name))[1])


async def test_they_are_listed_found_and_paged(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        settled(await it.connect("oslo"))
        bob = await caller(it, "bob", "av-control", "security", "configure")
        items = (await bob.get(AT)).json()["items"]
        by_path = {one["path"]: one for one in items}
        assert by_path[VOLUME] == {
            "path": VOLUME, "value": 50, "default": "50", "space": "0–100", "class": "av-control", "writable": True,
            "masked": False, "needs": [],
        }  # fmt: skip
        assert by_path["Configuration/SIP/Authentication/Password"]["value"] == "***"
        first = (await bob.get(f"{AT}?group=audio&limit=3")).json()
        second = (await bob.get(f"{AT}?group=audio&limit=3&cursor={first['next']}")).json()
        assert [one["path"] for one in first["items"] + second["items"]] == [p for p in by_path if "/Audio/" in p]
        assert second["next"] is None
        assert [one["path"] for one in (await bob.get(f"{AT}?q=ring+vol")).json()["items"]] == [
            "Configuration/Audio/SoundsAndAlerts/RingVolume"
        ]
        (zone,) = (await (await caller(it, "zoe", "system")).get(f"{AT}?q=zone")).json()["items"]
        assert (zone["space"], zone["needs"]) == ("one of the device's own words", ["configure"])
        assert (await bob.get(f"{AT}?cursor=eA")).status_code == 400


async def test_several_are_changed_in_order_and_each_is_told(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = settled(await it.connect("oslo"))
        ring = "Configuration/Audio/SoundsAndAlerts/RingVolume"
        site.fails[ring] = Outcome("", "failed", rule="xapi.failed", words="No such volume.")
        bob = await caller(it, "bob", "av-control", "configure")
        told = (await bob.patch(set={"Audio/DefaultVolume": 40, ring: 10}, reason="quiet")).json()
        assert [(one["path"], one["before"], one["after"], one["outcome"], one["words"]) for one in told["items"]] == [
            (VOLUME, 50, 40, "done", ""),
            (ring, 50, 10, "failed", "No such volume."),
        ]
        assert told["complete"] is False
        no = await bob.patch(set={"Audio/DefaultVolume": 30}, expect={"Audio/DefaultVolume": 50})
        assert no.status_code == 412
        assert no.json()["detail"] == "Changed meanwhile: Audio/DefaultVolume is 40, not 50."
        assert site.value(VOLUME) == 40
        assert (await bob.patch(set={"Audio/DefaultVolume": 41}, expect={VOLUME: 40})).json()["complete"] is True


async def test_a_dry_run_changes_nothing_and_a_secret_is_set_and_told_to_nobody(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = settled(await it.connect("oslo"), refused={"Configuration/NetworkServices/Websocket"})
        bob = await caller(it, "bob", "security", "observe", "configure")
        told = (await bob.patch(set={"NetworkServices/Websocket": "Off"}, dry_run=True)).json()
        (one,) = told["items"]
        assert (one["outcome"], one["verdict"], one["rule"], one["warnings"]) == (
            "planned",
            "refused",
            "policy",
            ["ends"],
        )
        assert site.changes == []
        path = "Configuration/SIP/Authentication/Password"
        told = await bob.patch(set={path: "hunter2 again"})
        assert site.changes == [(path, "hunter2 again")]
        assert "hunter2" not in told.text
        assert "hunter2" not in (await bob.get(f"{AT}/history?path={path}")).text
        assert (await bob.patch(set={path: "x"}, expect={path: "y"})).status_code == 400


async def test_what_cannot_be_asked_is_refused_whole(tmp_path: Path) -> None:
    bodies: list[dict[str, object]] = [
        {"set": {}},
        {"set": {"Audio/Nothing": 1}},
        {"set": {"Audio/DefaultVolume": 400}},
        {"set": {"Audio/DefaultVolume": 1, "audio/defaultvolume": 2}},
        {"set": {"Audio/DefaultVolume": 1}, "expect": {"SystemUnit/Name": "x"}},
        {"set": {"Audio/DefaultVolume": 1}, "other": 1},
    ]
    async with console(tmp_path) as it:
        site = settled(await it.connect("oslo"))
        bob = await caller(it, "bob", "av-control", "configure")
        assert [(await bob.patch(**body)).status_code for body in bodies] == [400] * len(bodies)
        assert site.changes == []


async def test_the_history_is_ones_own_or_everybodys_with_the_right_to_audit(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        settled(await it.connect("oslo"))
        bob = await caller(it, "bob", "av-control", "configure")
        eve = await caller(it, "eve", "av-control", "configure")
        ada = await caller(it, "ada")
        await bob.patch(set={"Audio/DefaultVolume": 40})
        await eve.patch(set={"Audio/DefaultVolume": 30})
        await it.hub.parts.db.write(lambda conn: None)  # outcomes are committed a moment later
        where = f"{AT}/history?path=Audio/DefaultVolume"
        everybody = [(one["name"], one["before"], one["after"]) for one in (await ada.get(where)).json()["items"]]
        assert everybody == [("eve", "40", "30"), ("bob", None, "40")]
        assert [one["after"] for one in (await bob.get(where)).json()["items"]] == ["40"]
        assert (await bob.get(f"{AT}/history")).status_code == 400


async def test_a_room_that_is_not_theirs_is_none_and_a_silent_one_says_so(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        fake = settled(site)
        nobody, bob = await caller(it, "nobody"), await caller(it, "bob", "av-control", "configure")
        for path in (AT, f"{AT}/history?path=Audio/DefaultVolume"):
            there, nowhere = await nobody.get(path), await nobody.get(path.replace("oslo", "rome"))
            assert (there.status_code, there.content) == (404, nowhere.content)
        assert (await nobody.patch(set={"Audio/DefaultVolume": 1})).status_code == 404
        ada = await caller(it, "ada")
        assert (await ada.get(f"{AT}/history?path=Audio/DefaultVolume".replace("oslo", "rome"))).status_code == 404
        site.answers["Configuration"] = Outcome("", "failed", rule="unreachable", words="The device is away.")
        assert (await bob.get(AT)).status_code == 503
        assert fake.changes == []
