"""REST over a room's security, calls and logs."""

from pathlib import Path

import pytest

from support.console import console
from support.guarded import BUNDLE, NEVER, guard, refused

pytestmark = pytest.mark.asyncio


async def test_each_part_has_its_outcome_and_a_foreign_room_is_none(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo", "bergen")
        guard(site, User_List=NEVER)
        bob = await it.guest("bob", "oslo", "observe", "security", "users", "privacy")

        async def get(path: str):
            return await it.http.get(f"/api/v1/rooms/{path}", headers=bob.headers)

        answer = (await get("oslo/security")).json()
        assert answer["findings"][0]["id"] == "auto-answer"
        assert answer["parts"]["users"] == {
            "outcome": "refused",
            "rule": "never",
            "words": "UserManagement is never done for somebody outside.",
            "opens": 'open = ["UserManagement"]',
        }
        assert answer["users"] is None
        assert [one["ours"] for one in answer["sessions"]] == [True, False]
        assert answer["certificates"][0]["fingerprint"] == "ab"

        answer = (await get("oslo/calls?only=Placed&limit=5")).json()
        assert (answer["outcome"], answer["items"][0]["name"]) == ("done", "Ada")
        assert "Limit=5" in str(site.orders[-1].call())
        site.answers["Command/CallHistory/Get"] = refused("policy", "no")
        answer = (await get("oslo/calls")).json()
        assert answer == {"outcome": "refused", "rule": "policy", "words": "no", "items": None}

        for path in ("security", "calls"):
            said = [await get(f"{room}/{path}") for room in ("bergen", "nowhere")]
            assert [one.status_code for one in said] == [404, 404]
            assert said[0].content == said[1].content


async def test_logs_are_a_file_for_whoever_has_the_class(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        guard(await it.connect("oslo"))
        bob, eve = await it.guest("bob", "oslo", "logs"), await it.guest("eve", "oslo", "observe")
        said = []
        for who in (bob, eve):
            headers = {**who.headers, "X-CSRF-Token": who.csrf, "Origin": "https://hub"}
            said.append(await it.http.post("/api/v1/rooms/oslo/logs", headers=headers))
        assert [one.status_code for one in said] == [200, 403]
        assert said[0].content == BUNDLE
        assert said[0].headers["content-type"] == "application/zip"
        kept = [one for one in it.relay.relay._asks._all.values() if "Logs" in str(one.call)]
        assert [one.result for one in kept] == [None]
