"""The page of a room's status, over a connector that answers by rote."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import pytest

from roomgate.hub.http.problem import NO_SUCH_ROOM
from roomgate.link.messages import Outcome
from roomgate.xapi.path import Path as At
from support.console import console, words
from support.waiting import until

pytestmark = pytest.mark.asyncio
EVIL = "<script>alert(1)</script>"
CHANNEL = {
    "id": 1, "Type": "Audio", "Direction": "Incoming", "Audio": {"ChannelRole": "Main", "Protocol": "Opus"},
    "Netstat": {"Jitter": 64, "LastIntervalLost": 7, "LastIntervalReceived": 93, "ChannelRate": 64000},
}  # fmt: skip
STATUS = {
    "Call": [{"id": 7, "Status": "Connected", "DisplayName": EVIL, "Protocol": "SIP", "Duration": 60}],
    "MediaChannels": {"Call": [{"id": 7, "Channel": [CHANNEL]}]},
    "Network": [{"id": 1, "IPv4": {"Address": "192.0.2.7"}, "Ethernet": {"MacAddress": "00:11"}}],
    "Diagnostics": {
        "Message": [
            {"id": 1, "Level": "Error", "Type": "TemperatureCheck", "Description": "Hot"},
            {"id": 2, "Level": "Info", "Type": "NeverHeardOf", "Description": "Something new"},
        ]
    },
    "RoomAnalytics": {"PeopleCount": {"Current": 5}},
    "SystemUnit": {"Hardware": {"Module": {"SerialNumber": "FOC1"}}, "Uptime": 7200},
}


async def test_it_tells_what_the_device_says_in_words_and_as_a_tree(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        site.answers["Status"] = STATUS
        bob = await it.guest("bob", "oslo", "observe")
        page = await bob.get("/rooms/oslo/status")
        assert page.status_code == 200
        text = words(page)
        for said in ("Poor", "7 %", "64 ms", "64 kbit/s", "192.0.2.7", "Something new", "too warm", "FOC1", "2 h"):
            assert said in text
        assert EVIL not in page.text
        assert '<button>Jitter</button> <b dir="auto">64</b>' in page.text
        await it.hub.parts.db.write(lambda conn: None)  # what was handed over before is committed with it
        known = await it.hub.parts.status.facts()
        assert [facts["serial"] for facts, _ in known.values()] == ["FOC1"]


async def test_a_part_of_it_and_a_search(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        site.answers["Status/SystemUnit"] = STATUS["SystemUnit"]
        site.answers["Status"] = STATUS
        bob = await it.guest("bob", "oslo", "observe")
        part = await bob.get("/rooms/oslo/status?path=Status/SystemUnit")
        assert 'data-root="Status/SystemUnit"' in part.text
        assert "<button>Uptime</button>" in part.text
        found = await bob.get("/rooms/oslo/status?q=module+foc")
        assert "<button>SerialNumber</button>" in found.text
        assert "<button>Uptime</button>" not in found.text
        for wrong in ("Configuration/Audio", "nothing at all", "Status/*/x", "%00"):
            assert (await bob.get(f"/rooms/oslo/status?path={wrong}")).status_code == 404


async def test_it_follows_what_its_stream_hears_and_asks_the_device_no_more(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        site.answers["Status"] = STATUS
        bob = await it.guest("bob", "oslo", "observe")
        await bob.get("/rooms/oslo/status")
        session = next(s for s in it.relay.book if s.principal.name == "bob")
        board = it.hub.parts.status.boards.get(session)
        assert board is not None
        asked = len(site.orders)
        change = {"Status": {"MediaChannels": {"Call": [{"id": 7, "Channel": [{"id": 1, "Netstat": {"Jitter": 2}}]}]}}}
        board.absorb(At.parse("Status/MediaChannels"), change, False)
        board.absorb(At.parse("Status/Diagnostics/Message"), {}, True)
        page = await bob.get("/rooms/oslo/status/now")
        assert " 2 ms" in words(page)
        assert "TemperatureCheck" not in page.text
        assert '<button>Jitter</button> <b dir="auto">2</b>' in page.text
        assert "SerialNumber" in page.text
        assert len(site.orders) == asked


async def test_a_page_without_an_answer_asks_again_when_it_goes_live(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        site.answers["Status"] = Outcome("", "refused", rule="device", words="Busy.")
        bob = await it.guest("bob", "oslo", "observe")
        page = await bob.get("/rooms/oslo/status")
        assert "data-parts=" not in page.text  # so that the script asks for the whole: the tree is still to come
        assert 'id="tree"' not in page.text
        assert "FOC1" not in (await bob.get("/rooms/oslo/status/now")).text
        site.answers["Status"] = STATUS
        session = next(s for s in it.relay.book if s.principal.name == "bob")
        live = asyncio.ensure_future(bob.get("/rooms/oslo/status/stream"))
        await until(lambda: it.hub.parts.status.boards.get(session) is not None)
        assert "FOC1" in (await bob.get("/rooms/oslo/status/now")).text
        page = await bob.get("/rooms/oslo/status")
        assert "data-parts=" in page.text
        assert re.search(r'id="heads".*<section[^>]* id="tree"', page.text, re.DOTALL)  # its place, for the script
        live.cancel()


async def test_who_may_only_see_reads_what_the_site_lets_out_and_no_more(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        site.answers["Status"] = STATUS
        await it.state("oslo", {"SystemUnit": {"ProductId": "Bar"}, "RoomAnalytics": {"PeopleCount": {"Current": 5}}})
        ada = await it.as_("ada")
        page = await ada.get("/rooms/oslo/status")
        assert "Bar" in page.text
        assert "You have no grant" in words(page)
        assert 'id="tree"' not in page.text
        assert "<dt>People</dt>" not in page.text
        assert site.orders == []
        assert (await ada.get("/rooms/oslo/status/now")).status_code == 200


async def test_plots_and_exports_tell_of_people_only_to_whom_it_is_given(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        await it.hub.parts.status.keep()
        for people in (3, 5):
            await it.state("oslo", {"RoomAnalytics": {"PeopleCount": {"Current": people}}, "Call": []})
            it.hub.clock.advance(300)
            await it.hub.parts.status.keep()
        bob, eve = await it.guest("bob", "oslo", "observe"), await it.guest("eve", "oslo", "privacy")
        page, more = await bob.get("/rooms/oslo/status"), await eve.get("/rooms/oslo/status")
        assert "In a call, % of each hour" in page.text
        assert "People, the most" not in page.text
        assert "People, the most" in more.text
        assert 'class="plot-bars"' in more.text
        sheet = await eve.get("/rooms/oslo/status/samples.csv")
        assert [line.split(",")[1:4] for line in sheet.text.splitlines()] == [
            ["online", "call", "people"], ["1", "0", "3"], ["1", "0", "5"],
        ]  # fmt: skip
        told = (await bob.get("/rooms/oslo/status/samples.json")).json()
        assert [one["people"] for one in told] == ["", ""]
        it.hub.clock.advance(timedelta(days=9).total_seconds())
        assert "Nothing was measured yet" in words(
            await (await it.guest("eva", "oslo", "privacy")).get("/rooms/oslo/status")
        )


@pytest.mark.parametrize(
    "answer", [Outcome("", "refused", rule="site.policy", words="The site says no."), None, [], "x"]
)
async def test_whatever_is_answered_there_is_a_page(tmp_path: Path, answer: object) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        site.answers["Status"] = answer
        bob = await it.guest("bob", "oslo", "observe")
        page = await bob.get("/rooms/oslo/status")
        assert page.status_code == 200
        assert ("The site says no." in page.text) == isinstance(answer, Outcome)


async def test_unknown_and_forbidden_rooms_answer_alike(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        await it.hub.person("bob")
        bob = await it.as_("bob")
        for path in ("", "/now", "/stream", "/samples.csv", "/samples.json"):
            there, not_there = await bob.get(f"/rooms/oslo/status{path}"), await bob.get(f"/rooms/paris/status{path}")
            assert (there.status_code, not_there.status_code) == (404, 404)
            assert there.text.replace("oslo", "paris") == not_there.text
        assert NO_SUCH_ROOM in words(await bob.get("/rooms/oslo/status"))
