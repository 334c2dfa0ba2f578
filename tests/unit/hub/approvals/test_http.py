"""REST: asking, answering, and break-glass."""

from pathlib import Path

import pytest

from roomgate.errors import BadInput
from roomgate.hub.approvals.http import NewBreakGlass, build_break_glass, parse_state
from roomgate.hub.approvals.request import EVERYDAY, State
from support.api import api, pages

pytestmark = pytest.mark.asyncio
WISH = {"rooms": ["oslo"], "capabilities": ["observe", "call"], "minutes": 60, "reason": "the camera"}


async def test_asked_by_one_approved_by_another(tmp_path: Path) -> None:
    async with api(tmp_path) as served:
        await served.hub.rooms("oslo")
        for name, roles in (("kim", []), ("eve", []), ("ole", ["security-officer"])):
            await served.hub.person(name, *roles)
        kim, eve, ole = [await served.client(name) for name in ("kim", "eve", "ole")]
        made = await kim.post("/approvals", json=WISH)
        assert (made.status_code, made.json()["state"], made.json()["minutes"]) == (201, "waiting", 60)
        here = f"/approvals/{made.json()['id']}"
        # What is somebody else's and what does not exist are one answer.
        for verb in ("approve", "refuse", "withdraw", "acknowledge"):
            body = {"words": "no"} if verb != "withdraw" else {}
            said = [await eve.post(f"{path}/{verb}", json=body) for path in (here, "/approvals/request_none")]
            assert {one.status_code for one in said} == {404}
            assert said[0].content == said[1].content
        said = [await eve.get(path) for path in (here, "/approvals/request_none")]
        assert (said[0].status_code, said[0].content) == (404, said[1].content)
        assert await pages(eve, "/approvals") == []
        assert (await kim.post(f"{here}/approve", json={})).status_code == 403
        less = await ole.post(f"{here}/approve", json={"minutes": 5, "capabilities": ["observe"], "words": "Briefly."})
        assert (less.status_code, less.json()["state"], less.json()["words"]) == (200, "approved", "Briefly.")
        grant = (await kim.get(f"/grants/{less.json()['grant']}")).json()
        assert (grant["capabilities"], grant["made_by"]) == (["observe"], less.json()["answered_by"])
        assert (await ole.post(f"{here}/refuse", json={"words": "no"})).status_code == 409
        assert (await kim.get(here)).json() == less.json()
        assert [one["id"] for one in await pages(ole, "/approvals")] == [made.json()["id"]]


async def test_refused_withdrawn_and_listed_by_state(tmp_path: Path) -> None:
    async with api(tmp_path) as served:
        await served.hub.person("kim")
        kim, ada = await served.client("kim"), await served.client("ada")
        one, two = [(await kim.post("/approvals", json=WISH)).json()["id"] for _ in range(2)]
        assert (await ada.post(f"/approvals/{one}/refuse", json={"words": ""})).status_code == 400
        assert (await ada.post(f"/approvals/{one}/refuse", json={"words": "No."})).json()["words"] == "No."
        assert (await kim.post(f"/approvals/{two}/withdraw")).json()["state"] == "withdrawn"
        listed = (await ada.get("/approvals", params={"only": "refused"})).json()["items"]
        assert [item["id"] for item in listed] == [one]
        assert (await ada.get("/approvals", params={"only": "lost"})).status_code == 400


async def test_what_takes_two_says_so_and_what_to_do(tmp_path: Path) -> None:
    async with api(tmp_path, second_person=["system"]) as served:
        await served.hub.rooms("oslo")
        await served.hub.person("kim")
        ada = await served.client("ada")
        give = {"person": "ada", "rooms": ["oslo"], "minutes": 5, "reason": "x"}
        refused = await ada.post("/grants", json={**give, "capabilities": ["observe", "system"]})
        assert (refused.status_code, refused.json()["code"]) == (409, "second-person")
        assert "approval ask" in refused.json()["hint"]
        assert (await ada.post("/grants", json={**give, "capabilities": ["observe"]})).status_code == 201
        assert (
            await ada.post("/grants", json={**give, "person": "kim", "capabilities": ["system"]})
        ).status_code == 201


async def test_break_glass_and_its_end(tmp_path: Path) -> None:
    async with api(tmp_path) as served:
        await served.hub.rooms("oslo")
        await served.hub.person("ole", "security-officer")
        ada, ole = await served.client("ada"), await served.client("ole")
        wish = {"room": "oslo", "reason": "the fire alarm rings"}
        assert (await ole.post("/grants/break-glass", json=wish)).status_code == 403
        assert (await ada.post("/grants/break-glass", json={**wish, "minutes": 61})).status_code == 400
        keyed = {"Idempotency-Key": "once"}
        taken, again = [await ada.post("/grants/break-glass", json=wish, headers=keyed) for _ in range(2)]
        assert (taken.status_code, taken.json()["state"]) == (201, "taken")
        assert again.json() == taken.json()
        here = f"/approvals/{taken.json()['id']}/acknowledge"
        assert (await ole.post(here, json={})).status_code == 409
        assert (await ole.delete(f"/grants/{taken.json()['grant']}")).status_code == 204
        assert (await ada.post(here, json={})).status_code == 403
        assert (await ole.post(here, json={"words": "A drill."})).json()["state"] == "acknowledged"


async def test_words_become_states_and_wishes() -> None:
    assert (parse_state(None), parse_state("taken")) == (None, State.TAKEN)
    with pytest.raises(BadInput):
        parse_state("lost")
    own = build_break_glass("person_ada", NewBreakGlass("because of it", site="home"))
    assert (own.person, own.rooms, own.sites, own.minutes) == ("person_ada", (), ("home",), 60)
    assert set(own.capabilities) == EVERYDAY
    assert build_break_glass("p", NewBreakGlass("x", room="oslo", capabilities=["logs"])).capabilities == ("logs",)
