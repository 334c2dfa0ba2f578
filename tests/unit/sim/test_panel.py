"""The touch screen: what it shows, what a finger does, and who else may not."""

import json
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest

from roomgate.clock import HandClock
from roomgate.sim.diary import parse_bookings
from roomgate.sim.faults import Kind
from roomgate.sim.journal import read_journal
from roomgate.sim.messages import Prompt
from roomgate.sim.panel import Panel
from roomgate.sim.profile import get_profile
from roomgate.sim.room import Room
from roomgate.sim.store import ensure_passphrases
from support.simulated import NINE

LOCAL = {"host": "127.0.0.1:5", "x-panel": "1"}


class Finger:
    def __init__(self, folder: Path) -> None:
        self.clock = HandClock()
        self.room = Room.load("Birch", folder, get_profile("26"), self.clock, ensure_passphrases(folder))
        self.panel = Panel(self.room)

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        sent: list[MutableMapping[str, Any]] = []
        named = {name.replace("_", "-"): value for name, value in headers.items()} or LOCAL
        scope = {"type": "http", "method": method, "path": path}
        scope["headers"] = [(name.encode(), value.encode()) for name, value in named.items()]  # type: ignore[assignment]  # a scope is a bag
        raw = body if isinstance(body, bytes) else json.dumps(body or {}).encode()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": raw}

        async def keep(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        await self.panel(scope, receive, keep)
        content = sent[1]["body"]
        return sent[0]["status"], json.loads(content) if content.startswith(b"{") else content


BOOKING = {
    "Id": "b-1",
    "Title": "Stand-up",
    "Number": "standup@example.com",
    "Protocol": "SIP",
    "Organizer": {"Name": "Ada"},
    "Time": {"StartTime": "2026-03-10T09:04:00Z", "Duration": 30},
}


@pytest.mark.asyncio
async def test_join_dials_within_its_time_and_never_outside_it(tmp_path: Path) -> None:
    finger = Finger(tmp_path)
    later = BOOKING | {"Id": "b-2", "Time": {"StartTime": "2026-03-10T12:00:00Z", "Duration": 30}}
    finger.room.device.diary.bookings = parse_bookings(json.dumps({"Bookings": [BOOKING, later]}))
    assert [one["joinable"] for one in (await finger.send("GET", "/state"))[1]["bookings"]] == [True, False]
    assert (await finger.send("POST", "/join", {"booking": "b-2"}))[0] == 409
    assert (await finger.send("POST", "/join", {"booking": "none"}))[0] == 409
    status, state = await finger.send("POST", "/join", {"booking": "b-1"})
    assert (status, state["calls"][0]["number"], state["calls"][0]["by"]) == (200, "standup@example.com", "panel")
    status, state = await finger.send("POST", "/hang-up")
    assert (status, state["calls"]) == (200, [])
    assert [line["what"] for line in read_journal(tmp_path / "journal.jsonl")][1:] == [
        "panel.join",
        "call.dialled",
        "panel.hang-up",
        "call.ended",
    ]
    finger.room.close()


@pytest.mark.asyncio
async def test_an_answer_is_the_rooms(tmp_path: Path) -> None:
    finger = Finger(tmp_path)
    finger.room.device.messages.prompt = Prompt("Yes?", "", "f1", ((1, "No"), (2, "Yes")), NINE, None)
    assert (await finger.send("POST", "/answer", {"feedback": "f1", "option": 9}))[0] == 409
    status, state = await finger.send("POST", "/answer", {"feedback": "f1", "option": 2})
    assert (status, state["prompt"]) == (200, None)
    answered = [line for line in read_journal(tmp_path / "journal.jsonl") if line["what"] == "prompt.answered"]
    assert [(line["option"], line["by"]) for line in answered] == [(2, "panel")]
    finger.room.close()


@pytest.mark.asyncio
async def test_other_buttons(tmp_path: Path) -> None:
    finger = Finger(tmp_path)
    assert (await finger.send("POST", "/mute"))[1]["microphones"] == "On"
    assert (await finger.send("POST", "/mute"))[1]["microphones"] == "Off"
    assert (await finger.send("POST", "/ring", {"number": "ada@example.com"}))[1]["calls"][0]["status"] == "Ringing"
    assert (await finger.send("POST", "/pick-up"))[1]["calls"][0]["status"] == "Connected"
    finger.room.device.messages.prompt = Prompt("Hello", "", "f1", (), NINE, None)
    assert (await finger.send("POST", "/dismiss", {"feedback": "f1"}))[1]["prompt"] is None
    assert (await finger.send("POST", "/fault", {"kind": "delay", "seconds": 1}))[0] == 200
    assert finger.room.faults.seconds(Kind.DELAY, 0) == 1
    assert (await finger.send("POST", "/unrest", {"leaf": "Status/Audio/Volume", "seconds": 2}))[0] == 200
    assert finger.room.device.restless is not None
    assert (await finger.send("POST", "/unrest", {"leaf": "Status/Audio"}))[0] == 409
    for path, body in (("/explode", {}), ("/fault", {"kind": "melt"}), ("/join", {"bookings": 1}), ("/join", b"{")):
        assert (await finger.send("POST", path, body))[0] == 409
    finger.room.close()


@pytest.mark.asyncio
async def test_each_state_says_that_it_is_later_than_the_one_before(tmp_path: Path) -> None:
    finger = Finger(tmp_path)
    first = (await finger.send("GET", "/state"))[1]["turn"]
    second = (await finger.send("POST", "/mute"))[1]["turn"]
    assert first < second < finger.panel.state()["turn"]
    finger.room.close()


@pytest.mark.asyncio
async def test_a_private_meeting_shows_no_title(tmp_path: Path) -> None:
    finger = Finger(tmp_path)
    finger.room.device.diary.bookings = parse_bookings(json.dumps({"Bookings": [BOOKING | {"Privacy": "Private"}]}))
    (shown,) = (await finger.send("GET", "/state"))[1]["bookings"]
    assert (shown["title"], shown["organizer"]) == ("Private meeting", "")
    finger.room.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "127.0.0.1:5"},
        {"host": "127.0.0.1:5", "x_panel": "1", "origin": "https://evil.example.com"},
        {"host": "127.0.0.1:5", "x_panel": "1", "sec_fetch_site": "cross-site"},
        {"host": "127.0.0.1:5", "content_type": "application/x-www-form-urlencoded"},
        {"host": "evil.example.com:5", "x_panel": "1"},
    ],
)
@pytest.mark.asyncio
async def test_nobody_but_the_screen_presses_its_buttons(tmp_path: Path, headers: dict[str, str]) -> None:
    finger = Finger(tmp_path)
    assert (await finger.send("POST", "/mute", {}, **headers))[0] in (403, 421)
    assert finger.room.device.state.read("Status", "Audio", "Microphones", "Mute") == "Off"
    finger.room.close()


@pytest.mark.asyncio
async def test_the_page_works_by_form_too_and_has_its_files(tmp_path: Path) -> None:
    finger = Finger(tmp_path)
    form = {"host": "localhost:5", "origin": "http://localhost:5", "content_type": "application/x-www-form-urlencoded"}
    assert (await finger.send("POST", "/mute", b"option=0", **form))[0] == 303
    for path in ("/", "/panel.js", "/panel.css", "/tokens.css", "/components.css", "/mark.svg"):
        assert (await finger.send("GET", path))[0] == 200
    assert (await finger.send("GET", "/../app.py"))[0] == 404
    assert (await finger.send("PUT", "/"))[0] == 405
    finger.room.close()
