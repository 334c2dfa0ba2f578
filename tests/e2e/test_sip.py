"""Real SIP: from an invitation in the room's calendar to a call at a real peer, its controls, and its end by a cut.

The room's user agent is Debian's baresip, the meeting Debian's sipp; ``pytest -s`` shows what was measured.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from roomgate import xapi
from roomgate.cli.demo import invitations
from roomgate.cli.demo.inside import Inside
from roomgate.clock import SystemClock
from roomgate.errors import BadInput
from roomgate.meetings.controls_panel import PANEL_ID, widget_id
from roomgate.meetings.in_call import find_control
from roomgate.sim.app import RoomConfig, SimConfig, serve
from roomgate.sim.journal import read_journal
from support.browser import Scheme, tab
from support.simulated import simulator, touch
from support.sip_peer import BUSY, Meeting, free_udp_port, meeting
from support.waiting import until, until_told
from support.world import RunningWorld, running_world

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("sip")]

ADDRESS = "85512345678.110292@zoomcrc.com"  # the invitation's meeting, its passcode in its place
PROMISED_S = 1.0


# ---- the simulated room alone ---------------------------------------------------------------------


def connected(state: dict[str, Any]) -> bool:
    return [one["status"] for one in state["calls"]] == ["Connected"]


async def shows(room: Any, condition: Callable[[dict[str, Any]], bool]) -> None:
    async def looked() -> bool:
        return condition(await touch(room, "/wake", {}))

    await until_told(looked)


def agents() -> dict[int, int]:
    """Processes of baresip and who their parents are."""
    told = subprocess.run(["ps", "-eo", "pid=,ppid=,comm="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in told.splitlines()]
    return {int(pid): int(parent) for pid, parent, name in rows if name == "baresip"}


def mine() -> list[int]:
    return [pid for pid, parent in agents().items() if parent == os.getpid()]


async def test_a_dial_is_an_invite_and_its_tones_and_its_end_arrive(tmp_path: Path) -> None:
    port = free_udp_port()
    async with simulator(tmp_path / "sim", sip=f"127.0.0.1:{port}") as (room,), meeting(port, tmp_path / "m") as peer:
        assert mine() == []  # a room that calls nobody has no user agent
        await touch(room, "/dial", {"number": ADDRESS})
        await shows(room, connected)
        await until(lambda: peer.media.sound > 10)
        state = await touch(room, "/tones", {"call": 1, "text": "*172#"})
        await until(lambda: len(peer.media.digits) >= 5)
        await touch(room, "/hang-up", {"call": state["calls"][0]["id"]})
        await peer.ended()
    assert peer.media.digits == "*172#"
    assert mine() == []
    invite, ack, bye = peer.received()
    assert invite.startswith(f"INVITE sip:{ADDRESS} SIP/2.0")
    assert (ack[:4], bye[:4]) == ("ACK ", "BYE ")


async def test_a_far_end_that_is_busy_or_none_ends_the_call(tmp_path: Path) -> None:
    port = free_udp_port()
    async with simulator(tmp_path / "sim", sip=f"127.0.0.1:{port}") as (room,):
        await touch(room, "/dial", {"number": "no address"})
        await shows(room, lambda state: not state["calls"])
        assert mine() == []
        async with meeting(port, tmp_path / "m", BUSY) as peer:
            await touch(room, "/dial", {"number": ADDRESS})
            await peer.ended()
            await shows(room, lambda state: not state["calls"])
        ends = [line["cause"] for line in read_journal(room.journal) if line["what"] == "call.ended"]
    assert ends == ["UnknownRemoteSite", "RemoteBusy"]


async def test_an_agent_that_falls_takes_its_call_along_and_the_next_call_has_another(tmp_path: Path) -> None:
    port = free_udp_port()
    async with simulator(tmp_path / "sim", sip=f"127.0.0.1:{port}") as (room,):
        async with meeting(port, tmp_path / "one"):
            await touch(room, "/dial", {"number": ADDRESS})
            await shows(room, connected)
            (fallen,) = mine()
            os.kill(fallen, signal.SIGKILL)
            await shows(room, lambda state: not state["calls"])
        async with meeting(port, tmp_path / "two") as peer:
            await touch(room, "/dial", {"number": ADDRESS})
            await shows(room, connected)
            (other,) = mine()
            assert other != fallen
            await touch(room, "/hang-up", {})
            await peer.ended()


async def test_real_calls_leave_no_machine_and_need_doors_of_their_own(tmp_path: Path) -> None:
    for sip, shared in (("192.0.2.1:5060", None), ("127.0.0.1:5060", True)):
        with pytest.raises(BadInput):
            await serve(SimConfig(tmp_path, (RoomConfig("Birch"),), shared=shared, sip=sip), lambda _: None)


# ---- the whole way --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def port() -> int:
    return free_udp_port()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory, port: int) -> AsyncIterator[RunningWorld]:
    folder = tmp_path_factory.mktemp("s") / "world"
    async with running_world(folder, rooms=1, sip=f"127.0.0.1:{port}") as running:
        yield running


async def invite(world: RunningWorld, room: Inside) -> str:
    """A Zoom invitation arrives; gives the id of the booking with the button."""
    folder = world.folder / "calendar" / room.name
    text = invitations.zoom(SystemClock().now() + timedelta(minutes=2))
    (folder / ".new").write_text(text, "utf-8", newline="")
    (folder / ".new").rename(folder / "zoom.ics")
    found: str = await room.shows(lambda state: next((one["id"] for one in state["bookings"] if one["joinable"]), None))
    return found


async def press(room: Inside, control: str) -> None:
    found = find_control("zoom", control)
    assert found is not None
    await room.touch("widget", widget=widget_id("zoom", found))


def has_panel(state: dict[str, Any]) -> bool:
    return any(one["id"] == PANEL_ID for one in state["buttons"])


async def in_meeting(room: Inside, peer: Meeting) -> None:
    await room.shows(connected)
    await until(lambda: peer.media.sound > 10)
    await room.shows(has_panel)


async def test_the_button_of_an_invitation_joins_and_its_controls_arrive_once(
    world: RunningWorld, port: int, tmp_path: Path
) -> None:
    async with world.room() as room, meeting(port, tmp_path) as peer:
        booking = await invite(world, room)
        assert not has_panel(await room.state())
        await room.touch("join", booking=booking)
        await in_meeting(room, peer)

        await room.touch("panel", panel=PANEL_ID)
        began = time.monotonic()
        await press(room, "hand")
        await until(lambda: peer.media.digits)
        print(f"\nfrom the finger to the first telephone event: {(time.monotonic() - began) * 1000:.0f} ms")
        await until(lambda: len(peer.media.digits) >= 3)
        await press(room, "mute-all")
        await until(lambda: len(peer.media.digits) >= 7)

        await room.touch("hang-up")
        await peer.ended()
        await room.shows(lambda state: not has_panel(state) and not state["calls"])
        (world.folder / "calendar" / room.name / "zoom.ics").unlink()
        await room.shows(lambda state: not state["bookings"])
    assert peer.media.digits == "*13*176"
    invite_, *_, bye = peer.received()
    assert invite_.startswith(f"INVITE sip:{ADDRESS} SIP/2.0")
    assert re.search(rf"^To: <sip:{re.escape(ADDRESS)}>\r?$", invite_, re.MULTILINE)
    assert re.search(r"^m=audio [0-9]+ RTP/AVP 0 .*101\r?$", invite_, re.MULTILINE)
    assert bye.startswith("BYE ")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_touch_screen_shows_the_controls_in_the_call_alone(
    browser: Browser, world: RunningWorld, port: int, tmp_path: Path, scheme: Scheme
) -> None:
    async with (
        world.room() as room,
        meeting(port, tmp_path) as peer,
        tab(browser, room.panel.rstrip("/"), scheme=scheme) as shown,
    ):
        await invite(world, room)
        page = shown.page
        await page.goto("/")
        await page.get_by_role("button", name="Join").click()
        await page.get_by_role("button", name="Zoom controls").click()
        await page.get_by_role("button", name="Raise or lower hand").click()
        await until(lambda: peer.media.digits == "*13")
        for width in (360, 1000):
            await page.set_viewport_size({"width": width, "height": 800})
            assert await shown.fits()
        assert await shown.axe() == []
        await expect(page.get_by_role("button", name="Record")).to_be_hidden()
        await page.get_by_role("button", name="Host only").click()
        await page.get_by_role("button", name="Record").click()
        await until(lambda: peer.media.digits == "*13*172")
        await room.touch("hang-up")
        await peer.ended()
        await expect(page.get_by_role("button", name="Rest")).to_be_visible()
        await expect(page.get_by_role("button", name="Zoom controls")).to_be_hidden()
        assert shown.faults == []
        (world.folder / "calendar" / room.name / "zoom.ics").unlink()
        await room.shows(lambda state: not state["bookings"])


async def test_a_cut_ends_the_real_call_within_the_promised_time(
    world: RunningWorld, port: int, tmp_path: Path
) -> None:
    async with world.room() as room, meeting(port, tmp_path) as peer:
        booking = await invite(world, room)
        guest = await world.guest(room.name)
        async with world.caller(guest.token) as caller:
            wish = {"command": "Dial", "arguments": {"Number": ADDRESS, "BookingId": booking}, "reason": "the review"}
            status, answer = await caller.ask(room.name, wish)
            assert (status, answer["outcome"]) == (200, "done"), answer
            await in_meeting(room, peer)
            began = time.monotonic()
            await world.admin.call("DELETE", f"/api/v1/grants/{guest.grant}")
            took_s = await peer.ended() - began
        print(f"\nfrom the revocation to the answered BYE: {took_s * 1000:.0f} ms")
        assert took_s < PROMISED_S
        await room.shows(lambda state: not has_panel(state) and not state["calls"])


async def test_a_device_in_chinese_has_its_controls_in_chinese(world: RunningWorld, port: int, tmp_path: Path) -> None:
    async with world.room() as room, meeting(port, tmp_path) as peer:
        who = {"user": room.privileged_user, "password": room.privileged_password, "pin": room.pin}
        async with xapi.connect(f"wss://{room.host}:{room.port}/ws", **who) as client:
            await client.set("Configuration/UserInterface/Language", "ChineseSimplified")
            try:
                await room.touch("dial", number=ADDRESS)
                await in_meeting(room, peer)
                names = [one["name"] for one in (await room.state())["buttons"] if one["id"] == PANEL_ID]
                assert names == ["Zoom 会议控制"]
                await room.touch("hang-up")
                await peer.ended()
            finally:
                await client.set("Configuration/UserInterface/Language", "English")


async def test_a_lost_connection_replays_no_press_and_loses_no_panel(
    world: RunningWorld, port: int, tmp_path: Path
) -> None:
    async with world.room() as room, meeting(port, tmp_path) as peer:
        await room.touch("dial", number=ADDRESS)
        await in_meeting(room, peer)
        await press(room, "hand")
        await until(lambda: peer.media.digits == "*13")
        before = room.count("socket.open", account=room.user)
        await room.touch("fault", kind="drop", seconds=0, lasting=0)

        async def works_again() -> bool:
            if room.count("socket.open", account=room.user) > before:
                try:
                    await press(room, "chat")
                except httpx.HTTPStatusError as none:  # the panel is being put anew: a finger finds no button then
                    assert none.response.status_code == httpx.codes.CONFLICT
            return "*107" in peer.media.digits

        await until_told(works_again)
        await room.touch("hang-up")
        await peer.ended()
        await room.shows(lambda state: not state["calls"])
    digits = peer.media.digits
    assert digits.removeprefix("*13").replace("*107", "") in ("", "*", "*1", "*10")  # hung up while tones were sent


async def test_a_connector_that_was_killed_in_a_call_takes_its_panel_away(
    world: RunningWorld, port: int, tmp_path: Path
) -> None:
    async with world.room() as room, meeting(port, tmp_path) as peer:
        who = {"user": room.privileged_user, "password": room.privileged_password, "pin": room.pin}
        async with xapi.connect(f"wss://{room.host}:{room.port}/ws", **who) as client:

            async def panels() -> list[str]:
                found = (await client.command("UserInterface/Extensions/List"))["Extensions"].get("Panel", [])
                return [one["PanelId"] for one in found]

            await room.touch("dial", number=ADDRESS)
            await in_meeting(room, peer)
            async with world.killed("connector"):
                await room.touch("hang-up")
                await peer.ended()
                assert await panels() == [PANEL_ID]

            async def gone() -> bool:
                return await panels() == []

            await until_told(gone)
        await world.fine()


async def test_a_simulator_that_is_killed_leaves_no_agent_behind(
    world: RunningWorld, port: int, tmp_path: Path
) -> None:
    async with world.room() as room, meeting(port, tmp_path):
        await room.touch("dial", number=ADDRESS)
        await room.shows(connected)
        sim = world.pid("sim")
        carrying = {pid for pid, parent in agents().items() if parent == sim}
        assert carrying
        async with world.killed("sim"):
            await until(lambda: not carrying & agents().keys())
        await world.fine()
