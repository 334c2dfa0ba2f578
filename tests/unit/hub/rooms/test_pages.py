"""The page of all rooms, read as somebody reads them: behind the door, over a connector that answers by rote."""

from pathlib import Path

import pytest

from support.console import console, words

pytestmark = pytest.mark.asyncio


async def test_an_empty_hub_teaches_how_rooms_come(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        page = await (await it.as_("ada")).get("/rooms")
        assert page.status_code == 200
        assert "roomgate site add oslo" in words(page)
        assert "roomgate connector enrol" in words(page)


async def test_whoever_has_no_room_is_told_whom_to_ask(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        await it.hub.person("bob")
        page = await (await it.as_("bob")).get("/rooms")
        assert "No room is yours now" in words(page)
        assert "oslo" not in page.text


async def test_the_list_holds_what_somebody_may_see(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo", "rome")
        bob = await it.guest("bob", "rome", "observe")
        assert "/rooms/oslo" not in (await bob.get("/rooms")).text
        told = (await bob.get("/rooms.json")).json()
        assert [room["name"] for room in told] == ["rome"]
        both = (await (await it.as_("ada")).get("/rooms.csv")).text
        assert both.splitlines()[0].startswith("name,site,state")
        assert {line.split(",")[0] for line in both.splitlines()[1:]} == {"oslo", "rome"}


async def test_the_list_is_narrowed_and_shown_as_a_table(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo", "rome")
        await it.state("oslo", {"Call": [{"id": 1, "Status": "Connected"}]})
        ada = await it.as_("ada")
        calls = (await ada.get("/rooms?state=call")).text
        assert "/rooms/oslo" in calls
        assert "/rooms/rome" not in calls
        assert "/rooms/rome" not in (await ada.get("/rooms?q=OSL")).text
        table = (await ada.get("/rooms?view=table")).text
        assert "<table>" in table
        assert 'class="plan"' not in table


async def test_the_link_that_people_share_leads_to_the_room(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        answer = await (await it.as_("ada")).get("/r/oslo")
        assert (answer.status_code, answer.headers["location"]) == (303, "/rooms/oslo")
        anonymous = [await it.http.get(f"/r/{name}", headers={"Accept": "text/html"}) for name in ("oslo", "paris")]
        assert [page.status_code for page in anonymous] == [200, 200]
        assert anonymous[0].text == anonymous[1].text


async def test_cells_are_those_that_were_asked_for(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo", "rome")
        ada = await it.as_("ada")
        rooms = {room["name"]: room["id"] for room in (await ada.get("/rooms.json")).json()}
        part = (await ada.get(f"/rooms.cells?id={rooms['rome']}")).text
        assert f"cell-{rooms['rome']}" in part
        assert f"cell-{rooms['oslo']}" not in part
        assert 'id="tally"' in part


async def test_the_page_of_rooms_carries_the_word_that_its_stream_begins_with(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo", "bergen")
        ada = await it.as_("ada")

        async def mark(path: str) -> str:
            return (await ada.get(path)).text.partition('data-mark="')[2].partition('"')[0]

        first = await mark("/rooms")
        assert first
        assert await mark("/rooms?q=oslo") == first  # of all rooms, whatever the page shows of them
        await it.state("oslo", {"Call": [{"id": 1, "Status": "Connected", "DisplayName": "x"}]})
        assert await mark("/rooms") != first
