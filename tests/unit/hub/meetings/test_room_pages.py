from pathlib import Path

import pytest

from roomgate.link.messages import Outcome
from support.console import booking, console, words
from support.told_meetings import EXPLAIN, LIST, SYNC, answer, told

pytestmark = pytest.mark.asyncio


async def test_a_rooms_meetings_with_how_its_calendar_is(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        now = it.hub.clock.now()
        site.answers[LIST] = answer(
            told(now, "rg-1"), told(now, "rg-2", "Far", minutes=3000), calendar="down", words="Away."
        )
        bob = await it.guest("bob", "oslo", "bookings")
        page = await bob.get("/rooms/oslo/meetings")
        said = words(page)
        for text in (
            "Weekly",
            "Far",
            "Calendar away Away.",
            "The calendar was read",
            "5364147796.",
            "Read the calendar now",
        ):
            assert text in said, text
        assert "/rooms/oslo/join" not in page.text  # bookings alone do not call
        assert "Far" not in words(await bob.get("/rooms/oslo/meetings?days=1"))
        assert "Far" in words(await bob.get("/rooms/oslo/meetings?days=99"))
        assert "Meetings" in words(await bob.get("/rooms/oslo"))
        site.answers[LIST] = answer()
        assert "No meetings ahead in this room" in words(await bob.get("/rooms/oslo/meetings"))
        watcher = await it.guest("eve", "oslo", "observe")
        said = words(await watcher.get("/rooms/oslo/meetings"))
        assert "Refused" in said
        assert "Read the calendar now" not in said


async def test_one_meeting_says_why_it_has_its_button(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        now = it.hub.clock.now()
        bob = await it.guest("bob", "oslo", "bookings")
        steps = [
            {"Step": "wrapper", "Saw": "<b>x", "Decided": "undone"},
            {"Step": "service", "Saw": "y", "Decided": "zoom"},
        ]
        site.answers[EXPLAIN] = told(now, "rg-1", Why=steps)
        page = await bob.get("/rooms/oslo/meetings/rg-1")
        assert dict(site.orders[-1].arguments) == {"Id": "rg-1"}
        for text in ("wrapper", "undone", "service", "does not include calls", "Zoom"):
            assert text in words(page), text
        assert "<b>x" not in page.text
        await it.hub.grant("bob", "oslo", capability="call")
        ada = await it.guest("cyd", "oslo", "bookings")
        site.answers[EXPLAIN] = told(now, "rg-1", "Hush", Private=True)
        said = words(await ada.get("/rooms/oslo/meetings/rg-1"))
        assert "Hush" not in said
        assert "nobody here sees its title" in said
        site.answers[EXPLAIN] = told(now, "rg-1", How="none", Service="none", Address="")
        assert "nothing to join" in words(await ada.get("/rooms/oslo/meetings/rg-1"))
        site.answers[EXPLAIN] = told(now, "rg-1", Shown=False)
        assert "does not have it" in words(await ada.get("/rooms/oslo/meetings/rg-1"))
        site.answers[EXPLAIN] = told(now, "rg-1", minutes=300)
        assert "an hour before" in words(await ada.get("/rooms/oslo/meetings/rg-1"))


async def test_a_meeting_that_the_device_lists_by_itself_has_no_reasons(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        bob = await it.guest("bob", "oslo", "bookings")
        site.answers[EXPLAIN] = Outcome("", "failed", words="None of this id.")
        site.answers[LIST] = answer(calendar="none")
        site.answers["Command/Bookings/List"] = {"Booking": [booking(it.hub, "b1", "Standup")]}
        assert "lists this by itself" in words(await bob.get("/rooms/oslo/meetings/b1"))
        gone = await bob.get("/rooms/oslo/meetings/b2")
        assert gone.status_code == 404
        assert "no such meeting" in words(gone)
        site.answers[LIST] = Outcome("", "refused", rule="policy", words="Not here.")
        assert "Not here." in words(await bob.get("/rooms/oslo/meetings/b2"))
        assert (await bob.get("/rooms/oslo/meetings/" + "x" * 200)).status_code == 404
        nowhere, theirs = await bob.get("/rooms/rome/meetings/b1"), await bob.get("/rooms/rome/meetings")
        assert nowhere.status_code == theirs.status_code == 404


async def test_the_calendar_is_read_when_somebody_asks(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        bob = await it.guest("bob", "oslo", "bookings")
        site.answers[SYNC] = site.answers[LIST] = answer()
        assert "The site has read the calendar." in words(await bob.post("/rooms/oslo/meetings/sync"))
        site.answers[SYNC] = Outcome("", "refused", rule="policy", words="Not here.")
        assert "Not here." in words(await bob.post("/rooms/oslo/meetings/sync"))
