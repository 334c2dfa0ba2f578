"""The console as people have it: a real Chromium over the real hub, connector and devices."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, expect

from roomgate import xapi
from roomgate.cli.demo import invitations
from roomgate.cli.demo.inside import Inside
from roomgate.clock import SystemClock
from roomgate.hub.http.door import COOKIE
from support.browser import Scheme, Tab, tab
from support.world import EVERYTHING, RunningWorld, Somebody, in_world

pytestmark = in_world("world-3")  # a world of its own: this file is long

PLANTED = "<script>document.title='planted'</script>"
HEAVIEST = 100_000
_WHERE = "all => all.map(one => one.getBoundingClientRect().toJSON())"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def boss(world: RunningWorld) -> Somebody:
    """An administrator for all tests here; each grants them its own room."""
    return await world.person(roles=["administrator"])


@asynccontextmanager
async def signed_in(
    browser: Browser, world: RunningWorld, who: Somebody, path: str = "/rooms", **more: object
) -> AsyncIterator[Tab]:
    """A tab at a page, signed in. Whatever went wrong in it by the end fails the test."""
    async with tab(browser, world.hub, **more) as one:  # type: ignore[arg-type]  # the options of tab()
        await one.carry(await cookie_of(world, who))
        await one.page.goto(path)
        yield one
        if more.get("script", True):
            assert await one.violations() == []
        assert one.faults == []


async def cookie_of(world: RunningWorld, who: Somebody) -> str:
    """A sign-in of theirs, with a browser of no consequence."""
    async with world.visitor(who) as visitor:
        return visitor.http.cookies[COOKIE]


async def may_all(world: RunningWorld, who: Somebody, room: Inside) -> Somebody:
    await world.grant(who.id, room.name, EVERYTHING)
    return who


def on_device(room: Inside) -> AbstractAsyncContextManager[xapi.Client]:
    """Straight to the device, as somebody inside the site."""
    return xapi.connect(f"wss://{room.host}:{room.port}/ws", user=room.user, password=room.password, pin=room.pin)


async def invite(world: RunningWorld, room: Inside, title: str = "Weekly stand-up") -> None:
    """An invitation in the room's calendar; returns when its panel shows the join button."""
    text = invitations.sip(SystemClock().now() + timedelta(minutes=2)).replace("Weekly stand-up", title)
    folder = world.folder / "calendar" / room.name
    (folder / ".new").write_text(text, "utf-8", newline="")
    (folder / ".new").rename(folder / "console.ics")
    await room.shows(lambda state: [one for one in state["bookings"] if one["joinable"]])


async def uninvite(world: RunningWorld, room: Inside) -> None:
    (world.folder / "calendar" / room.name / "console.ics").unlink()
    await room.shows(lambda state: not state["bookings"])


# -- signing in --------------------------------------------------------------------------------------


async def test_a_room_link_leads_through_sign_in_to_the_room(browser: Browser, world: RunningWorld) -> None:
    async with world.room() as room, tab(browser, world.hub) as one:
        who = await world.guest(room.name)
        await one.page.goto(f"/r/{room.name}")
        await expect(one.page).to_have_title("Sign in · Roomgate")
        await one.page.fill("#user", who.name)
        await one.page.fill("#pw", "wrong-one-altogether")
        await one.page.click("form button")
        await expect(one.page.get_by_role("alert")).to_contain_text("The name and the password do not fit.")
        await one.sign_in(who.name, who.password)
        await expect(one.page.get_by_role("heading", level=1)).to_have_text(room.name)
        assert await one.violations() == []
        assert [fault for fault in one.faults if "401" not in fault] == []
        await one.page.goto("/signin")
        assert one.page.url == f"{world.hub}/rooms"


async def test_signing_out_ends_it(browser: Browser, world: RunningWorld) -> None:
    who = await world.person()
    async with tab(browser, world.hub) as one:
        await one.page.goto("/signin")
        await one.sign_in(who.name, who.password)
        await one.page.get_by_role("button", name="Sign out").click()
        await expect(one.page.get_by_role("heading", level=1)).to_have_text("Sign in")
        answer = await one.page.goto("/rooms")
        assert answer is not None
        assert answer.status == 401


# -- rooms -------------------------------------------------------------------------------------------


async def test_the_rooms_are_live(browser: Browser, world: RunningWorld, boss: Somebody) -> None:
    async with world.room() as room:
        who = boss
        async with signed_in(browser, world, who) as one:
            await one.live()
            cell = one.page.locator(".cell", has=one.page.get_by_role("link", name=room.name, exact=True))
            await expect(cell).to_contain_text("Fine")
            await one.page.evaluate("window.same = true")
            async with on_device(room) as device:
                await device.command("Dial", Number="live@example.com")
                await expect(cell).to_contain_text("In call")
                await device.command("Call.Disconnect")
                await expect(cell).to_contain_text("Fine")
            assert await one.page.evaluate("window.same")  # without a reload


async def test_rooms_are_found_as_one_types_and_by_state(browser: Browser, world: RunningWorld, boss: Somebody) -> None:
    async with world.room() as room:
        who = boss
        async with signed_in(browser, world, who) as one:
            await one.page.keyboard.press("/")
            await one.page.keyboard.type(room.name)
            await expect(one.page.locator(".cell:visible")).to_have_count(1)
            await one.page.keyboard.type("-nowhere")
            await expect(one.page.locator("#none-found")).to_be_visible()
            await one.page.keyboard.press("Escape")
            await expect(one.page.locator(".cell:visible")).to_have_count(len(world.rooms))
            await one.page.get_by_label("Table", exact=True).check()
            await expect(one.page.get_by_role("table")).to_be_visible()
            page = await world.admin.call("GET", "/api/v1/rooms?limit=200")
            trouble = [one["name"] for one in page["items"] if one["state"] == "trouble"]
            await one.page.goto("/rooms?state=bad")
            await expect(one.page.locator(".cell:visible")).to_have_count(len(trouble))
            await expect(one.page.locator(f".cell:visible:has-text('{room.name}')")).to_have_count(0)


async def test_the_keyboard_leads_everywhere(browser: Browser, world: RunningWorld, boss: Somebody) -> None:
    who = boss
    async with signed_in(browser, world, who) as one:
        await one.page.keyboard.press("?")
        await expect(one.page.get_by_role("heading", name="Keyboard")).to_be_visible()
        await one.page.keyboard.press("Escape")
        await expect(one.page.get_by_role("heading", name="Keyboard")).to_be_hidden()
        await one.page.keyboard.press("g")
        await one.page.keyboard.press("a")
        await expect(one.page).to_have_title("Access · Roomgate")
        await one.page.keyboard.press("g")
        await one.page.keyboard.press("r")
        await expect(one.page).to_have_title("Rooms · Roomgate")


async def test_the_table_is_exported(browser: Browser, world: RunningWorld, boss: Somebody) -> None:
    who = boss
    async with signed_in(browser, world, who) as one:
        told = await one.page.request.get("/rooms.json")
        assert {room["name"] for room in await told.json()} == set(world.rooms)
        sheet = await one.page.request.get("/rooms.csv")
        assert sheet.headers["content-type"] == "text/csv; charset=utf-8"
        assert len((await sheet.text()).splitlines()) == 1 + len(world.rooms)


# -- one room ----------------------------------------------------------------------------------------


async def test_a_setting_is_saved_on_the_device(browser: Browser, world: RunningWorld, boss: Somebody) -> None:
    async with world.room() as room, on_device(room) as device:
        who = await may_all(world, boss, room)
        async with signed_in(browser, world, who, f"/rooms/{room.name}") as one:
            await one.page.get_by_label("Default volume").fill("37")
            await one.page.get_by_role("button", name="Save").click()
            await expect(one.page.locator("#say-default-volume")).to_contain_text(
                "The default volume is saved on the device."
            )
            assert await device.get("Configuration/Audio/DefaultVolume") == 37
            await expect(one.page.get_by_label("Default volume")).to_have_value("37")
            await one.page.get_by_label("Default volume").fill("50")
            await one.page.get_by_role("button", name="Save").click()
            await expect(one.page.locator("#timeline")).to_contain_text("Audio/DefaultVolume 50")


async def test_what_changes_at_the_device_shows_by_itself(browser: Browser, world: RunningWorld) -> None:
    async with world.room() as room, on_device(room) as device:
        who = await world.guest(room.name, ["observe"])
        async with signed_in(browser, world, who, f"/rooms/{room.name}") as one:
            await one.live()
            await device.command("Audio.Volume.Set", Level=23)
            await expect(one.page.locator("#call")).to_contain_text("23")
            await device.command("Audio.Microphones.Mute")
            await expect(one.page.locator("#call")).to_contain_text("Muted")
            await device.command("Audio.Microphones.Unmute")
            await device.command("Audio.Volume.Set", Level=50)
            await expect(one.page.locator("#call")).to_contain_text("50")


async def test_what_changes_before_the_page_hears_of_changes_shows_too(browser: Browser, world: RunningWorld) -> None:
    async with world.room() as room, on_device(room) as device:
        who = await world.guest(room.name, ["observe"])
        page, goes_on = f"/rooms/{room.name}", asyncio.Event()

        async def hold(route: Route) -> None:
            await goes_on.wait()
            await route.continue_()

        async with signed_in(browser, world, who, page) as one, signed_in(browser, world, who, page) as late:
            await one.live()
            await late.live()
            await late.page.route("**/stream", hold)
            await late.page.goto(page)
            await device.command("Audio.Volume.Set", Level=23)
            await expect(one.page.locator("#call")).to_contain_text("23")
            await expect(late.page.locator("#call")).to_contain_text("50")
            goes_on.set()
            await expect(late.page.locator("#call")).to_contain_text("23")
            await device.command("Audio.Volume.Set", Level=50)


async def test_a_booked_meeting_is_joined_with_one_click(browser: Browser, world: RunningWorld, boss: Somebody) -> None:
    async with world.room() as room:
        await invite(world, room, f"Plans {PLANTED}")
        who = await may_all(world, boss, room)
        async with signed_in(browser, world, who, f"/rooms/{room.name}") as one:
            await expect(one.page.locator("#join")).to_contain_text(f"Plans {PLANTED}")  # text, never markup
            await one.page.locator("#join").get_by_role("button", name="Join").click()
            await expect(one.page.locator("#say-join")).to_contain_text("The room is joining the meeting.")
            await room.shows(lambda state: state["calls"])
            await expect(one.page.locator("#room-head")).to_contain_text("In call")
            await one.page.get_by_role("button", name="Hang up").click()
            await expect(one.page.locator("#say-hang-up")).to_contain_text("The call has ended.")
            await room.shows(lambda state: not state["calls"])
            await expect(one.page).to_have_title(f"{room.name} · Roomgate")
        await uninvite(world, room)


async def test_a_dial_waits_for_the_rooms_yes(browser: Browser, world: RunningWorld, boss: Somebody) -> None:
    async with world.room() as room:
        who = await may_all(world, boss, room)
        async with signed_in(browser, world, who, f"/rooms/{room.name}") as one:
            await one.page.get_by_label("Number or address").fill("yes@example.com")
            await one.page.get_by_label("Reason").fill(PLANTED)
            await one.page.get_by_role("button", name="Ask to dial").click()
            said = one.page.locator("#say-dial")
            await expect(said).to_contain_text("Asking the room. Somebody there can say yes or no.")
            await expect(said.locator("[data-countdown]")).to_have_text(re.compile(r"^(2[0-5]|1\d) s$"))
            left = int((await said.locator("[data-countdown]").inner_text()).split()[0])
            await expect(said.locator("[data-countdown]")).to_have_text(f"{left - 1} s")  # it counts
            question = await room.say_yes()
            assert PLANTED in question["text"]
            assert who.name in question["text"]
            await expect(said).to_contain_text("The room is dialling.")
            await expect(one.page.locator("#timeline")).to_contain_text(PLANTED)
            await expect(one.page.get_by_label("Number or address")).to_have_value("")
        assert room.count("call.dialled", number="yes@example.com") == 1


async def test_the_rooms_no_is_told(browser: Browser, world: RunningWorld, boss: Somebody) -> None:
    async with world.room() as room:
        who = await may_all(world, boss, room)
        async with signed_in(browser, world, who, f"/rooms/{room.name}") as one:
            await one.page.get_by_label("Number or address").fill("no@example.com")
            await one.page.get_by_role("button", name="Ask to dial").click()
            question = await room.question()
            await room.touch("answer", feedback=question["feedback"], option=2)
            await expect(one.page.locator("#say-dial")).to_contain_text("Refused")
        assert (await room.state())["calls"] == []


async def test_cut_beside_a_person_ends_what_they_have_open(
    browser: Browser, world: RunningWorld, boss: Somebody
) -> None:
    async with world.room() as room:
        who, guest = await may_all(world, boss, room), await world.guest(room.name)
        path = f"/rooms/{room.name}"
        async with signed_in(browser, world, who, path) as one, tab(browser, world.hub) as theirs:
            await theirs.carry(await cookie_of(world, guest))
            await theirs.page.goto(path)
            await theirs.live()
            await one.live()
            line = one.page.locator("#who tr", has_text=guest.name)
            await expect(line.filter(has_text="inside")).to_have_count(1)
            await line.filter(has_not_text="inside").get_by_role("button", name="Cut").click()
            await expect(one.page.locator("#said")).to_contain_text("The grant has ended, with all that it had opened.")
            await expect(theirs.page.locator("#said")).to_contain_text("The access was taken back.")
            await expect(theirs.page.locator("#said").get_by_role("link", name="Back to the rooms")).to_be_visible()
            await expect(line).to_have_count(0)
            assert [fault for fault in theirs.faults if "404" not in fault and "401" not in fault] == []
            await theirs.page.reload()
            await expect(theirs.page.get_by_role("heading", level=1)).to_have_text("Nothing here")


async def test_cut_now_locks_the_room_and_the_lock_is_lifted(
    browser: Browser, world: RunningWorld, boss: Somebody
) -> None:
    async with world.room() as room:
        who = await may_all(world, boss, room)
        async with signed_in(browser, world, who, f"/rooms/{room.name}") as one:
            await one.live()
            await one.page.get_by_role("button", name="Cut now").click()
            await expect(one.page.locator("#said")).to_contain_text("nobody is let in until you lift the lock")
            await expect(one.page.locator("#room-head")).to_contain_text("Locked")
            await expect(one.page.locator("#dial")).to_have_count(0)
            await one.page.get_by_role("button", name="Lift the lock").click()
            await expect(one.page.locator("#said")).to_contain_text("The lock is lifted.")
            await expect(one.page.locator("#dial")).to_have_count(1)


# -- access ------------------------------------------------------------------------------------------


async def test_a_grant_is_given_and_cut(browser: Browser, world: RunningWorld, boss: Somebody) -> None:
    async with world.room() as room:
        who, guest = boss, await world.person()
        async with signed_in(browser, world, who, "/access") as one, world.caller(guest.token) as caller:
            await one.page.get_by_label("Person or service account").fill(guest.name)
            await one.page.get_by_label(room.name, exact=True).check()
            await one.page.get_by_label("Ends after").select_option("10")
            await one.page.get_by_label("Reason, kept in the ledger").fill(f"repair {PLANTED}")
            await one.page.locator("#give").get_by_role("button", name="Give access").click()
            await expect(one.page.locator("#said")).to_contain_text(guest.name)
            assert (await caller.ask(room.name, {"get": "Status/Audio/Volume"}))[0] == 200
            await one.page.fill("#ask", f"who can do what in {room.name}")
            await one.page.keyboard.press("Enter")
            line = one.page.locator("#answer tr", has_text=guest.name)
            await expect(line).to_contain_text(f"repair {PLANTED}")
            await line.get_by_role("button", name="Cut").click()
            await expect(one.page.locator("#said")).to_contain_text("The grant has ended")
            await expect(line).to_have_count(0)
            assert (await caller.ask(room.name, {"get": "Status/Audio/Volume"}))[0] == 404


async def test_a_person_is_cut_now_and_let_in_again(browser: Browser, world: RunningWorld, boss: Somebody) -> None:
    async with world.room() as room:
        who, guest = boss, await world.guest(room.name)
        page = f"/access?q={guest.name}"
        async with signed_in(browser, world, who, page) as one, tab(browser, world.hub) as theirs:
            await theirs.carry(await cookie_of(world, guest))
            await theirs.page.goto("/rooms")
            await theirs.live()
            await one.page.locator("#answer").get_by_role("button", name="Cut now").click()
            await expect(one.page.locator("#said")).to_contain_text(f"{guest.name} is out of everything")
            await expect(theirs.page.locator("#said").get_by_role("link", name="Sign in again")).to_be_visible()
            lock = one.page.locator("#locks tr", has_text=guest.name)
            await lock.get_by_role("button", name="Lift").click()
            await expect(lock).to_have_count(0)


async def test_somebody_without_rights_sees_their_own_and_no_more(browser: Browser, world: RunningWorld) -> None:
    async with world.room() as room, tab(browser, world.hub) as one:
        await one.carry(await cookie_of(world, await world.person()))
        await one.page.goto("/rooms")
        await expect(one.page.get_by_role("heading", name="No room is yours now")).to_be_visible()
        for path in (f"/rooms/{room.name}", "/rooms/no-such-room", "/no-such-page"):
            answer = await one.page.goto(path)
            assert answer is not None
            assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
            await expect(one.page.get_by_role("heading", level=1)).to_have_text("Nothing here")
        await one.page.goto("/access")
        for hidden in ("#give", "#people", "#locks"):
            await expect(one.page.locator(hidden)).to_have_count(0)


# -- every page --------------------------------------------------------------------------------------


async def test_the_language_is_switched_in_place(browser: Browser, world: RunningWorld, boss: Somebody) -> None:
    async with world.room() as room:
        who = await may_all(world, boss, room)
        async with signed_in(browser, world, who, f"/rooms/{room.name}") as one:
            await one.page.get_by_role("button", name="简体中文").click()
            await expect(one.page.get_by_role("heading", level=1)).to_have_text(room.name)
            await expect(one.page.locator("html")).to_have_attribute("lang", "zh-Hans")
            await expect(one.page.locator("#h-call")).to_have_text("通话")
            await one.page.goto("/access")
            await expect(one.page.get_by_role("heading", level=1)).to_have_text("访问权限")
            await one.page.get_by_role("button", name="English").click()
            await expect(one.page.get_by_role("heading", level=1)).to_have_text("Access")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everybody_can_use_every_page(
    browser: Browser, world: RunningWorld, boss: Somebody, scheme: Scheme
) -> None:
    async with world.room() as room:
        who, guest = await may_all(world, boss, room), await world.guest(room.name)
        await invite(world, room)
        async with tab(browser, world.hub, scheme=scheme) as one:
            await one.page.goto("/signin")
            assert await one.axe() == []
        async with signed_in(browser, world, who, scheme=scheme) as one:
            pages = ("/rooms", "/rooms?view=table", f"/rooms/{room.name}", f"/inventory?q={room.name}")
            for path in (*pages, "/access", f"/access?q={guest.name}"):
                await one.page.goto(path)
                if not path.startswith("/inventory"):  # it is of its moment
                    await one.live()
                assert (path, await one.axe()) == (path, [])
                assert await one.violations() == []
        await uninvite(world, room)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
async def test_alerts_are_read_and_sent_on(
    browser: Browser, world: RunningWorld, boss: Somebody, scheme: Scheme, width: int
) -> None:
    async with signed_in(browser, world, boss, "/alerts", scheme=scheme, width=width) as one:
        name = f"desk-{width}"
        await one.page.get_by_label("Name", exact=True).fill(name)
        await one.page.get_by_label("Address", exact=True).fill("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/")
        await one.page.get_by_role("button", name="Add", exact=True).click()
        row = one.page.get_by_role("row", name=name)
        await expect(row).to_contain_text("slack://…/…")
        assert await one.axe() == []
        assert await one.fits()
        await row.get_by_role("button", name="Remove").click()
        await expect(one.page.locator("#said")).to_contain_text("Nothing is sent there any more.")


async def test_a_failed_call_comes_up_on_the_page_of_alerts_by_itself(
    browser: Browser, world: RunningWorld, boss: Somebody
) -> None:
    async with world.room() as room, signed_in(browser, world, boss, "/alerts") as one:
        await one.live()
        row = one.page.locator("#open").get_by_role("row", name="Call failed").filter(has_text=room.name)
        async with on_device(room) as device:
            await device.command("Dial", Number="nobody@example.com")
            await expect(row).to_contain_text("the far end was not found", timeout=15_000)
            assert await one.axe() == []
            await device.command("Dial", Number="hangup@example.com")
        await expect(row).to_have_count(0, timeout=15_000)
        await expect(one.page.locator("#over")).to_contain_text(room.name)
        assert await one.violations() == []


@pytest.mark.parametrize("width", [320, 390])
async def test_nothing_is_out_of_sight_on_a_small_screen(
    browser: Browser, world: RunningWorld, boss: Somebody, width: int
) -> None:
    async with world.room() as room:
        who = await may_all(world, boss, room)
        async with signed_in(browser, world, who, width=width) as one:
            pages = ("/rooms", "/rooms?view=table", f"/rooms/{room.name}", f"/inventory?q={room.name}")
            for path in (*pages, "/access", f"/access?q={room.name}"):
                await one.page.goto(path)
                if not path.startswith("/inventory"):  # it is of its moment
                    await one.live()
                assert (path, await one.fits()) == (path, True)
                cuts = await one.page.get_by_role("button", name="Cut").evaluate_all(_WHERE)  # rows come and go
                assert [(path, box) for box in cuts if not 0 <= box["left"] < box["right"] <= width] == []


async def test_a_page_is_light(browser: Browser, world: RunningWorld, boss: Somebody) -> None:
    async with world.room() as room, tab(browser, world.hub) as one:
        who = await may_all(world, boss, room)
        weights: dict[str, int] = {}
        await one.carry(await cookie_of(world, who))
        for path in ("/rooms", f"/rooms/{room.name}", "/access"):
            answer = await one.page.goto(path)
            assert answer is not None
            parts = await one.page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
            styles = sorted({part for part in parts if "/static/" in part})
            assert all(part.startswith(world.hub) for part in parts)  # nothing of anybody else's
            assert any("main.js" in part for part in styles)
            sizes = await one.page.evaluate(
                "performance.getEntriesByType('resource').filter((one) => one.name.includes('/static/'))"
                ".map((one) => one.encodedBodySize)"
            )
            weights[path] = len(await answer.body()) + sum(sizes)
        assert max(weights.values()) < HEAVIEST, weights


async def test_it_all_works_without_script(browser: Browser, world: RunningWorld, boss: Somebody) -> None:
    async with world.room() as room, on_device(room) as device:
        who = await may_all(world, boss, room)
        async with signed_in(browser, world, who, f"/rooms/{room.name}", script=False) as one:
            await one.page.get_by_label("Default volume").fill("44")
            await one.page.get_by_role("button", name="Save").click()
            await expect(one.page.locator("#say-default-volume")).to_contain_text(
                "The default volume is saved on the device."
            )
            assert await device.get("Configuration/Audio/DefaultVolume") == 44
            await one.page.get_by_label("Number or address").fill("plain@example.com")
            await one.page.get_by_role("button", name="Ask to dial").click()
            await expect(one.page.locator("#say-dial")).to_contain_text("Asking the room.")
            await room.say_yes()
            await expect(one.page.locator("#say-dial")).to_contain_text("The room is dialling.")  # it looks again
            await one.page.goto("/rooms")
            await one.page.fill("#q", room.name)
            await one.page.keyboard.press("Enter")
            await expect(one.page.locator(".cell")).to_have_count(1)
            await device.set("Configuration/Audio/DefaultVolume", 50)


async def test_a_form_that_is_out_of_date_says_so(browser: Browser, world: RunningWorld) -> None:
    async with world.room() as room:
        who = await may_all(world, await world.person(), room)
        async with tab(browser, world.hub, script=False) as one:
            await one.carry(await cookie_of(world, who))
            await one.page.goto(f"/rooms/{room.name}")
            await one.carry(await cookie_of(world, who))  # signed in again meanwhile
            await one.page.get_by_role("button", name="Save").click()
            await expect(one.page.get_by_role("alert")).to_contain_text("This form is out of date.")
