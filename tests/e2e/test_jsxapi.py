"""Other people's clients on the hub's /ws, unmodified: npm's jsxapi, PyPI's xows, a browser's own WebSocket.

The hub answers as a device does. A dial waits for the room: silence and No are no, Yes dials once.
"""

import asyncio
import base64
import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import Browser, Page

from roomgate.cli.demo.inside import Inside
from support.browser import tab
from support.half_minutes import HalfMinutes
from support.jsxapi import jsxapi
from support.world import RunningWorld, in_world

pytestmark = in_world()

PERMISSION_DENIED, METHOD_NOT_FOUND, INVALID_PARAMS, COMMAND_ERROR = -31999, -32601, -32602, 1
CUT = 4403
ALL_DAY = ["observe", "call", "av-control", "configure"]
SILENT_S = 26.0


async def put_back(room: Inside) -> None:
    """The volume as other tests expect it."""
    from roomgate import xapi

    url = room.address.replace("https", "wss") + "/ws"
    async with xapi.connect(url, user=room.user, password=room.password, ca=room.ca) as device:
        await device.command("Audio Volume Set", Level=50)


# ---- the daily work ------------------------------------------------------------------------------------


async def test_jsxapi_works_as_on_a_device_until_it_is_cut(world: RunningWorld) -> None:
    async with world.room() as room:
        who = await world.guest(room.name, ALL_DAY)
        async with jsxapi(world, room.name, who.token, "work") as client:
            assert (await client.says("get"))["value"] == 50
            assert (await client.says("command"))["result"]["status"] == "OK"
            assert (await client.says("feedback"))["value"] == 23
            await client.says("set")
            assert (await client.says("config"))["value"] == 61
            # What the grants do not allow is answered as a device answers a missing role …
            assert (await client.says("role"))["error"]["code"] == PERMISSION_DENIED
            # … and what no catalogue knows, as an unknown command.
            assert (await client.says("unknown"))["error"]["code"] == METHOD_NOT_FOUND
            assert (await client.says("argument"))["error"]["code"] == INVALID_PARAMS
            await world.admin.call("DELETE", f"/api/v1/grants/{who.grant}")
            assert (await client.says("closed"))["code"] == CUT
        done = [line["name"] for line in room.lines() if line["what"] == "command" and "UserManagement" in line["name"]]
        assert done == []
        await put_back(room)


async def test_xows_works_as_on_a_device(world: RunningWorld) -> None:
    async with world.room() as room:
        who = await world.guest(room.name, ALL_DAY)
        url = world.hub.replace("https", "wss") + "/ws"
        script = str(Path(__file__).with_name("hub_xows.py"))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "ignore", script, url, room.name, who.token,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, complaint = await process.communicate()
        assert process.returncode == 0, complaint.decode()
        told = json.loads(out)
        assert (told["get"], told["present"], told["feedback"], told["config"]) == (50, 50, 23, 61)
        assert told["errors"] == ["MethodNotFound", "InvalidParameter", "PermissionDenied"]
        assert told["wrong"] == ["AuthenticationFailure", "AuthenticationFailure"]
        await put_back(room)


# ---- a browser -----------------------------------------------------------------------------------------

# Opens the socket, asks, and tells every frame and the end: a script that any page may hold.
SOCKET = """
async ([url, protocol, frames]) => {
  window.heard = [];
  window.socket = new WebSocket(url, protocol ? [protocol] : []);
  socket.onmessage = (event) => heard.push(JSON.parse(event.data));
  const ended = new Promise((resolve) => (socket.onclose = (event) => resolve({ code: event.code })));
  ended.then((end) => (window.end = end));
  const open = new Promise((resolve) => (socket.onopen = () => resolve({ protocol: socket.protocol })));
  const first = await Promise.race([open, ended]);
  if (first.code === undefined) frames.forEach((frame) => socket.send(JSON.stringify(frame)));
  return first;
}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def page(browser: Browser, world: RunningWorld) -> AsyncIterator[Page]:
    """A blank page, such as any stranger's script may stand on."""
    async with tab(browser, world.hub) as blank:
        yield blank.page


def protocol(room: str, token: str) -> str:
    return "auth-" + base64.urlsafe_b64encode(f"{room}:{token}".encode()).decode().rstrip("=")


def frame(number: int, method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


async def test_a_browsers_own_socket_signs_in_by_sub_protocol(world: RunningWorld, page: Page) -> None:
    url = world.hub.replace("https", "wss") + "/ws"
    async with world.room() as room:
        who = await world.guest(room.name)
        shown = protocol(room.name, who.token)
        asks = [
            frame(1, "xGet", Path=["Status", "Audio", "Volume"]),
            frame(2, "xFeedback/Subscribe", Query=["Status", "Audio", "Volume"], NotifyCurrentValue=True),
            frame(3, "xCommand/Bookings/Clear"),
        ]
        assert await page.evaluate(SOCKET, [url, shown, asks]) == {"protocol": shown}
        await page.wait_for_function("heard.length >= 4")
        heard = await page.evaluate("heard")
        answers = {one["id"]: one for one in heard if "id" in one}
        assert answers[1]["result"] == 50
        assert answers[3]["error"]["code"] == PERMISSION_DENIED
        events = [one["params"] for one in heard if one.get("method") == "xFeedback/Event"]
        assert events == [{"Id": answers[2]["result"]["Id"], "Status": {"Audio": {"Volume": 50}}}]
        await world.admin.call("POST", "/api/v1/locks", {"person": who.id, "reason": "a test"})
        await page.wait_for_function("window.end")
        assert await page.evaluate("end") == {"code": CUT}


async def test_who_may_not_come_in_learns_nothing_of_why(world: RunningWorld, page: Page) -> None:
    """A wrong token, an unknown room, a room without a grant, no credentials: one answer for all, before the upgrade."""
    url = world.hub.replace("https", "wss") + "/ws"
    async with world.room() as room, world.room() as other:
        who = await world.guest(room.name)
        tried = {
            "wrong token": (room.name, "wrong"),
            "unknown room": ("nowhere", who.token),
            "forbidden room": (other.name, who.token),
            "wrong both": ("nowhere", "wrong"),
        }
        refusals = {}
        for name, (asked, token) in tried.items():
            async with jsxapi(world, asked, token, "work") as client:
                refusals[name] = await client.says("refused")
            assert await page.evaluate(SOCKET, [url, protocol(asked, token), []]) == {"code": 1006}
        assert {refusal["status"] for refusal in refusals.values()} == {403}
        assert len({json.dumps(refusal) for refusal in refusals.values()}) == 1, refusals
        assert await page.evaluate(SOCKET, [url, "", []]) == {"code": 1006}


# ---- a dial --------------------------------------------------------------------------------------------


async def test_with_nobody_at_the_panel_nothing_is_dialled(half_minutes: HalfMinutes) -> None:
    await half_minutes.over()
    silence = half_minutes.silence.result()
    assert silence.said["error"]["code"] == COMMAND_ERROR
    assert "Nobody in the room answered" in silence.said["error"]["message"]
    assert silence.said["ms"] <= SILENT_S * 1000
    assert [line for line in silence.room.lines() if line["what"] == "prompt.shown"]
    assert silence.room.count("call.dialled") == 0


async def test_with_yes_it_is_dialled_once(world: RunningWorld) -> None:
    async with world.room() as room:
        before = room.count("call.dialled")
        who = await world.guest(room.name)
        async with jsxapi(world, room.name, who.token, "dial") as client:
            question = await room.say_yes()
            said = await client.says("dial")
            assert who.name in question["text"]
            assert "meet@example.com" in question["text"]
            assert "CallId" in said["result"]
            await room.journal_says("call.connected")
            assert room.count("call.dialled") == before + 1
            # Gone from the room, gone from the client: nothing was dialled a second time meanwhile.
            await world.admin.call("DELETE", f"/api/v1/grants/{who.grant}")
            assert (await client.says("closed"))["code"] == CUT
            await room.shows(lambda state: not state["calls"])
        assert room.count("call.dialled") == before + 1


async def test_with_no_it_is_refused_at_once(world: RunningWorld) -> None:
    async with world.room() as room:
        before = room.count("call.dialled")
        who = await world.guest(room.name)
        async with jsxapi(world, room.name, who.token, "dial") as client:
            question = await room.question()
            began = time.monotonic()
            await room.touch("answer", feedback=question["feedback"], option=2)
            said = await client.says("dial")
        assert said["error"]["code"] == COMMAND_ERROR
        assert "Nobody" not in said["error"]["message"]
        assert time.monotonic() - began < 5
        assert room.count("call.dialled") == before
