"""The pages of meetings in the browser: an invitation in a room's calendar becomes a line, a reason and a joined call."""

import os
import time
from datetime import timedelta
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from roomgate import xapi
from roomgate.cli.demo import invitations
from roomgate.cli.demo.inside import Inside
from roomgate.clock import SystemClock
from roomgate.hub.http.door import COOKIE
from support.browser import tab
from support.invites import ics
from support.packs import OWN
from support.world import RunningWorld, Somebody, in_world

pytestmark = in_world("world-3")  # the console's own

PICTURES = os.environ.get("ROOMGATE_PICTURES")  # a folder, for whoever wants to look


async def picture(page: Page, name: str) -> None:
    if PICTURES:
        await page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


async def invite(world: RunningWorld, room: Inside, **files: str) -> None:
    """These invitations in the room's calendar; returns when its panel shows as many."""
    folder = world.folder / "calendar" / room.name
    for name, text in files.items():
        (folder / f".{name}").write_text(text, "utf-8", newline="")
        (folder / f".{name}").rename(folder / f"{name}.ics")
    await room.shows(
        lambda state: len(state["bookings"]) >= len(files) and [b for b in state["bookings"] if b["joinable"]]
    )


async def uninvite(world: RunningWorld, room: Inside) -> None:
    for file in (world.folder / "calendar" / room.name).glob("*.ics"):
        file.unlink()
    await room.shows(lambda state: not [b for b in state["bookings"] if b["joinable"]])


async def cookie(world: RunningWorld, who: Somebody) -> str:
    async with world.visitor(who) as visitor:
        return str(visitor.http.cookies[COOKIE])


async def test_a_meeting_is_found_its_button_explained_and_joined(browser: Browser, world: RunningWorld) -> None:
    async with world.room() as room, tab(browser, world.hub, width=360) as one:
        now = SystemClock().now()
        who = await world.guest(room.name, ("observe", "bookings", "call"))
        lunch = invitations.event_file(
            "lunch@demo.example", now + timedelta(minutes=40), "<b>Lunch", "Kitchen", "At noon."
        )
        await invite(
            world,
            room,
            stand=invitations.sip(now + timedelta(minutes=2)),
            lunch=lunch,
            design=invitations.zoom(now + timedelta(hours=3)),
        )
        await one.carry(await cookie(world, who))
        await one.page.goto("/rooms")
        await one.page.get_by_role("button", name="Menu").click()
        await one.page.get_by_role("link", name="Meetings").click()
        await expect(one.page.locator("#meetings")).to_contain_text("Weekly stand-up")
        await expect(one.page.locator("#meetings")).to_contain_text("<b>Lunch")
        assert (await one.fits(), await one.axe(), await one.violations()) == (True, [], [])
        await picture(one.page, "meetings-360-light")
        assert "110292" not in await one.page.content()

        await one.page.get_by_label("State").select_option("no-button")
        await one.page.get_by_role("button", name="Show").click()
        await expect(one.page.locator("#meetings tbody tr")).to_have_count(1)
        await expect(one.page.locator("#meetings")).to_contain_text("No button")
        await one.page.goto(f"/meetings?q={room.name}+weekly")
        await one.page.get_by_role("link", name="Why Weekly stand-up").click()
        await expect(one.page.locator("#why")).to_contain_text("standup@example.com")
        assert (await one.fits(), await one.axe()) == (True, [])
        await picture(one.page, "meeting-360-light")
        await one.page.get_by_role("button", name="Join").click()
        await expect(one.page.locator("#join")).to_contain_text("The room is joining the meeting.")
        assert one.page.url.split("?")[0] == f"{world.hub}/rooms/{room.name}"
        await room.shows(lambda state: "standup@example.com" in str(state["calls"]))
        assert [fault for fault in one.faults if "404" not in fault] == []
        await uninvite(world, room)


async def test_the_keyboard_leads_there_and_no_script_is_needed(browser: Browser, world: RunningWorld) -> None:
    async with world.room() as room:
        who = await world.guest(room.name, ("observe", "bookings", "call"))
        await invite(world, room, stand=invitations.sip(SystemClock().now() + timedelta(minutes=2)))
        carried = await cookie(world, who)
        async with tab(browser, world.hub, scheme="dark") as one:
            await one.carry(carried)
            await one.page.goto("/rooms")
            await one.page.keyboard.press("g")
            await one.page.keyboard.press("m")
            await expect(one.page.locator("#meetings")).to_contain_text("Weekly stand-up")
            assert (await one.fits(), await one.axe(), await one.violations()) == (True, [], [])
            await picture(one.page, "meetings-1440-dark")
            await one.page.get_by_label("Order").select_option("room")
            await one.page.get_by_role("button", name="Show").click()
            await expect(one.page.get_by_role("rowheader", name=room.name)).to_be_visible()
            assert (await one.fits(), await one.axe()) == (True, [])
            await picture(one.page, "meetings-by-room-1440-dark")
            await one.page.goto(f"/rooms/{room.name}/meetings")
            await expect(one.page.locator("#meetings")).to_contain_text("The calendar was read")
            assert (await one.fits(), await one.axe()) == (True, [])
            await picture(one.page, "room-meetings-1440-dark")
        async with tab(browser, world.hub, script=False, locale="zh-CN") as plain:
            await plain.carry(carried)
            await plain.page.goto("/meetings")
            await expect(plain.page.get_by_role("heading", level=1)).to_have_text("会议")
            await picture(plain.page, "meetings-1440-light-zh")
            await plain.page.locator(f'button[formaction="/rooms/{room.name}/join"]').click()
            await room.shows(lambda state: state["calls"])
        await uninvite(world, room)


async def test_an_invitation_is_pasted_chosen_and_explained(browser: Browser, world: RunningWorld) -> None:
    who = await world.person()
    async with tab(browser, world.hub, width=360) as one:
        await one.carry(await cookie(world, who))
        await one.page.goto("/meetings")
        await expect(one.page.locator("#main")).to_contain_text("No room’s meetings are yours to see")
        assert (await one.fits(), await one.axe()) == (True, [])
        await picture(one.page, "meetings-empty-360-light")
        await one.page.goto("/meetings/explain")
        await one.page.get_by_label("Text of the invitation").fill(invitations.zoom(SystemClock().now()))
        await one.page.get_by_role("button", name="Explain", exact=True).click()
        await expect(one.page.locator("#main")).to_contain_text("Design review")
        await expect(one.page.locator("#main")).to_contain_text("zoomcrc.com")
        assert (await one.fits(), await one.axe(), await one.violations()) == (True, [], [])
        await picture(one.page, "explain-360-light")
        evil = ics(
            "DTSTART:20260310T090000Z",
            "DTEND:20260310T093000Z",
            "SUMMARY:<img src=x onerror=alert(1)>",
            "LOCATION:Kitchen",
        )
        await one.page.get_by_label(".ics file").set_input_files(
            {"name": "x.ics", "mimeType": "text/calendar", "buffer": evil}
        )
        await one.page.get_by_role("button", name="Explain", exact=True).click()
        await expect(one.page.get_by_role("heading", name="<img src=x onerror=alert(1)>")).to_be_visible()
        await expect(one.page.locator("#main")).to_contain_text("No button")
        assert (await one.violations(), one.faults) == ([], [])


async def test_rules_of_ones_own_are_tried_against_past_invitations(browser: Browser, world: RunningWorld) -> None:
    who = await world.person()
    past = ics("DTSTART:20260310T090000Z", "SUMMARY:Call", "DESCRIPTION:Bridge: 4711")
    async with tab(browser, world.hub, width=360) as one:
        await one.carry(await cookie(world, who))
        await one.page.goto("/meetings")
        await one.page.get_by_role("link", name="Rules").click()
        await expect(one.page.locator("#packs")).to_contain_text("zoomcrc.com")
        await one.page.get_by_label("Packs (.toml) and past invitations (.ics)").set_input_files(
            [
                {"name": "own.toml", "mimeType": "text/plain", "buffer": OWN.encode()},
                {"name": "past.ics", "mimeType": "text/calendar", "buffer": past},
            ]
        )
        await one.page.get_by_label("Domains that the site allows").fill("example.com")
        await one.page.get_by_role("button", name="Compare").click()
        await expect(one.page.locator("#tried")).to_contain_text("4711@video.example.com")
        assert (await one.fits(), await one.axe(), await one.violations(), one.faults) == (True, [], [], [])
        await picture(one.page, "rules-360-light")


async def test_a_room_is_booked_and_a_meeting_is_given_more_time_and_ended(
    browser: Browser, world: RunningWorld
) -> None:
    """Whether the calendar takes it is the calendar's own matter: the page says so, and what the device was asked."""
    async with world.room() as room, tab(browser, world.hub, scheme="dark") as one:
        async with xapi.connect(
            f"wss://{room.host}:{room.port}/ws", user=room.admin_user, password=room.admin_password, pin=room.pin
        ) as device:  # as the device's owner switches it on
            await device.set("Configuration/Bookings/AdhocBooking/Enabled", "True")
        who = await world.guest(room.name, ("observe", "bookings", "call"))
        await invite(world, room, stand=invitations.sip(SystemClock().now() - timedelta(minutes=1)))
        await one.carry(await cookie(world, who))
        await one.page.goto(f"/rooms/{room.name}")
        said, began = one.page.locator("#join"), time.monotonic()
        await one.page.get_by_role("button", name="Check in Weekly stand-up").click()
        await expect(said).to_contain_text("The room is checked in.")
        await one.page.get_by_role("button", name="+15 min Weekly stand-up").click()
        await expect(said).to_contain_text("asked for more time")
        await room.journal_says("booking.moved", after=began)
        assert (await one.fits(), await one.axe(), await one.violations()) == (True, [], [])
        await picture(one.page, "room-1440-dark")
        await one.page.get_by_role("button", name="End Weekly stand-up").click()
        await expect(said).to_contain_text("The booking has ended")
        await room.journal_says("booking.deleted", after=began, cause="ManualCheckOut")
        await room.shows(lambda state: not state["bookings"])
        await one.page.get_by_label("Book this room now").fill("Ad hoc talk")
        await one.page.get_by_role("button", name="Book now").click()
        await expect(said).to_contain_text("The device was asked for the booking.")
        await room.journal_says("booking.made", after=began)
        assert one.faults == []
        await uninvite(world, room)
