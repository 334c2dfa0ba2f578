"""The page of all rooms' meetings, over a site that answers by rote."""

import csv
import io
from collections.abc import Callable
from html import escape
from pathlib import Path

import pytest

from roomgate.access.capability import Capability
from roomgate.hub.meetings import pages
from roomgate.link.messages import Outcome
from support.console import booking, console, words
from support.told_meetings import LIST, answer, told

pytestmark = pytest.mark.asyncio
EVIL = "<script>alert(1)</script>"


def in_turn(*answers: object) -> Callable[[object], object]:
    """Rooms are asked by name, and answer in that order."""
    left = iter(answers)
    return lambda _: next(left)


async def test_meetings_are_shown_by_time_with_their_buttons_and_reasons(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo", "rome")
        now = it.hub.clock.now()
        site.answers[LIST] = answer(
            told(now, "rg-2", "Later", minutes=90, Service="teams", How="native"),
            told(now, "rg-1", EVIL),
            told(now, "rg-3", "secret", minutes=10, Private=True, Organizer="Hidden"),
            told(now, "rg-4", "Talk", minutes=20, How="none", Service="none", Address=""),
        )
        ada = await it.guest("bob", "oslo", "bookings", "call")
        page = await ada.get("/meetings")
        said = words(page)
        assert EVIL not in page.text
        assert escape(EVIL) in page.text
        assert "secret" not in page.text
        assert "Hidden" not in page.text
        assert "zoomcrc" not in page.text  # addresses stand where somebody looks at one meeting
        for text in ("4 meetings", "1 of 1 rooms", "Private meeting", "By SIP", "No button", "Microsoft Teams"):
            assert text in said, text
        assert page.text.index("rg-1") < page.text.index("rg-3") < page.text.index("rg-2")
        assert "/rooms/oslo/meetings/rg-1" in page.text
        assert (
            page.text.count('formaction="/rooms/oslo/join"') == 2
        )  # what begins later is not joined now, nor what has no button
        assert "rome" not in page.text

        assert "Later" not in words(await ada.get("/meetings?state=no-button"))
        assert "Talk" not in words(await ada.get("/meetings?service=teams"))
        assert "No meeting is like that" in words(await ada.get("/meetings?q=nothing+like+it"))
        assert "Talk" in words(await ada.get("/meetings?q=tal+osl&view=room"))
        assert "days is from 1 to 7" in words(await ada.get("/meetings?days=x"))
        assert "day is a date" in words(await ada.get("/meetings?day=tomorrow"))
        assert "You may ask no room like that" in words(await ada.get("/meetings?room=rome"))

        sheet = list(csv.DictReader(io.StringIO((await ada.get("/meetings.csv?q=talk")).text)))
        assert [(one["room"], one["title"], one["button"]) for one in sheet] == [("oslo", "Talk", "no")]
        rows = (await ada.get("/meetings.json")).json()
        assert [one["title"] for one in rows] == [EVIL, "", "Talk", "Later"]


async def test_rooms_in_trouble_are_told_in_their_place_with_what_to_do(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("bern", "kyiv", "oslo", "rome")
        await it.hub.person("bob")
        for room in ("bern", "kyiv", "oslo", "rome"):
            await it.hub.grant("bob", room, capability="bookings")
        bob = await it.as_("bob")
        bad = [{"Name": "x.ics", "Reason": "no event"}]
        site.answers[LIST] = in_turn(
            Outcome("", "refused", rule="policy", words="Not here."),
            answer(calendar="down", words="It does not answer."),
            answer(told(it.hub.clock.now(), "rg-1"), bookings="no-right", words="No administrator.", bad=bad),
            answer("rubbish"),
        )
        said = words(await bob.get("/meetings"))
        for text in (
            "Refused Not here.", "site’s policy", "Calendar away It does not answer.", "tries again by itself",
            "List not taken No administrator.", "no-right", "x.ics: no event", "1 entries", "Weekly",
        ):  # fmt: skip
            assert text in said, text
        site.answers[LIST] = in_turn(answer(), answer(), answer(told(it.hub.clock.now(), "rg-1")), answer())
        assert "No meeting is like that" in words(await bob.get("/meetings?state=trouble"))


async def test_a_room_without_a_calendar_tells_the_devices_own_list(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        listed = {"Booking": [booking(it.hub, "b1", "Standup", "5364147796.110292@zoomcrc.com")]}
        site.answers["Command/Bookings/List"] = listed
        site.answers[LIST] = answer(calendar="none")
        bob = await it.guest("bob", "oslo", "bookings")
        page = await bob.get("/meetings")
        assert "Standup" in page.text
        assert "told the device’s own list" in words(page)
        assert "110292" not in (await bob.get("/meetings.json")).text
        site.answers[LIST] = Outcome("", "failed", words="This connector does not offer it.")
        assert "Standup" in (await bob.get("/meetings")).text


async def test_rooms_are_asked_a_page_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PAGE", 2)
    monkeypatch.setattr(pages, "MOST_LINES", 1)
    async with console(tmp_path) as it:
        site = await it.connect("bern", "kyiv", "oslo")
        await it.hub.person("bob")
        for room in ("bern", "kyiv", "oslo"):
            await it.hub.grant("bob", room, capability="bookings")
        site.answers[LIST] = answer(told(it.hub.clock.now(), "rg-1"))
        bob = await it.as_("bob")
        first = await bob.get("/meetings")
        assert sorted(order.room for order in site.orders) == ["bern", "kyiv"]
        assert "Rooms 1 to 2 of 3" in words(first)
        assert "The first 1 of 2." in words(first)
        assert 'href="/meetings?after=2"' in first.text
        site.orders.clear()
        second = await bob.get("/meetings?after=2")
        assert [order.room for order in site.orders] == ["oslo"]
        assert 'href="/meetings?after=0"' in second.text
        assert words(await bob.get("/meetings?all=1")).count("Weekly") == 6  # two, each with its link and its button
        assert "Rooms 1 to 2" in words(await bob.get("/meetings?after=99"))
        assert "Rooms 1 to 2" in words(await bob.get("/meetings?after=-1"))


async def test_whoever_has_no_such_grant_is_told_what_to_do(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo", "rome")
        ada = await it.as_("ada")
        page = words(await ada.get("/meetings"))
        assert "No room’s meetings are yours to see" in page
        assert "Give access" in page
        bob = await it.guest("bob", "oslo", "observe")
        page = await bob.get("/meetings")
        assert "Ask for access" in words(page)
        assert site.orders == []
        await it.hub.grant("bob", "rome", capability="bookings")
        site.answers[LIST] = answer()
        page = words(await bob.get("/meetings"))
        assert "1 more room is in your sight" in page
        assert "No meetings ahead" in page


async def test_a_room_whose_connector_is_away_is_not_asked(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        bob = await it.guest("bob", "oslo", "bookings")
        await it.relay.events.gone(site)
        page = words(await bob.get("/meetings"))
        assert "Not connected Its connector is not connected." in page
        assert site.orders == []


async def test_the_first_paint_is_light_however_much_there_is(tmp_path: Path) -> None:
    """Under 100 kB, with the 20 kB of styles and scripts that every page loads."""
    async with console(tmp_path) as it:
        rooms = [f"room-{number:02}" for number in range(pages.PAGE)]
        site = await it.connect(*rooms)
        now = it.hub.clock.now()
        site.answers[LIST] = answer(*(told(now, f"rg-{number:032}", "T" * 40, minutes=number) for number in range(8)))
        held = frozenset(map(Capability, ("bookings", "call")))
        await it.hub.parts.grants.make(it.hub.admin, "ada", rooms, held, minutes=5, reason="test")
        page = await (await it.as_("ada")).get("/meetings")
        assert f"The first {pages.MOST_LINES} of {8 * pages.PAGE}." in words(page)
        assert len(page.content) < 80_000
