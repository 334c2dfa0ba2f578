"""A room's phone book in the browser, to the device and back, and a call out of it that the room says yes to."""

from playwright.async_api import Browser, expect

from roomgate import xapi
from roomgate.hub.http.door import COOKIE
from support.browser import tab
from support.world import RunningWorld, in_world

pytestmark = in_world("world-3")  # the console's own


async def test_a_contact_is_added_made_a_favourite_called_and_removed(browser: Browser, world: RunningWorld) -> None:
    async with world.room() as room, tab(browser, world.hub, scheme="dark", width=320) as one:
        who = await world.guest(room.name)
        async with world.visitor(who) as visitor:
            await one.carry(visitor.http.cookies[COOKIE])
            await one.page.goto(f"/rooms/{room.name}")
            await one.page.get_by_role("link", name="Phone book").click()
            await expect(one.page.locator("#book")).to_contain_text("4 in all")
            await expect(one.page.locator(".tabs [aria-current]")).to_be_in_viewport(ratio=1)
            await one.page.locator("#add").get_by_label("Name", exact=True).fill("Night porter")
            await one.page.locator("#add").get_by_label("Number or address").fill("porter@example.com")
            await one.page.get_by_role("button", name="Add", exact=True).click()
            await expect(one.page.get_by_role("status")).to_contain_text("The contact is in the phone book.")
            await one.page.get_by_role("button", name="Make favourite Night porter").click()
            await one.page.get_by_label("Favourites only").check()
            await one.page.get_by_role("button", name="Search").click()
            row = one.page.get_by_role("row", name="Night porter")
            await expect(row).to_contain_text("Favourite")
            await expect(one.page.locator("#book")).to_contain_text("1 in all")
            assert (await one.fits(), await one.axe(), await one.violations()) == (True, [], [])

            async with xapi.connect(
                f"wss://{room.host}:{room.port}/ws", user=room.user, password=room.password, pin=room.pin
            ) as device:
                found = await device.command("Phonebook.Search", Tag="Favorite")
                assert [contact["Name"] for contact in found["Contact"]] == ["Night porter"]
            await row.get_by_role("button", name="Ask to dial").click()
            question = await room.say_yes()
            assert who.name in question["text"]
            await room.shows(lambda state: state["calls"])
            await one.page.goto(f"/rooms/{room.name}/phonebook")
            await one.page.get_by_role("button", name="Remove Night porter").click()
            await expect(one.page.get_by_role("status")).to_contain_text("The contact is gone.")
            await expect(one.page.locator("#book")).to_contain_text("4 in all")
            assert one.faults == []
