"""One address, three applications: which request goes where."""

from pathlib import Path
from typing import Any

import pytest

from roomgate.clock import HandClock
from roomgate.sim.faults import Fault, Kind
from roomgate.sim.profile import get_profile
from roomgate.sim.room import Room
from roomgate.sim.servers.front import Front
from roomgate.sim.store import ensure_passphrases


async def ask(room: Room, path: str) -> tuple[int, bytes]:
    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "client": ("192.0.2.7", 4000)}
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    await Front(room)(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]


@pytest.mark.asyncio
async def test_the_api_asks_who_it_is_the_page_shows_itself_and_a_room_that_boots_does_neither(tmp_path: Path) -> None:
    room = Room.load("Birch", tmp_path, get_profile("26"), HandClock(), ensure_passphrases(tmp_path))
    assert (await ask(room, "/getxml"))[0] == 401
    assert (await ask(room, "/web/signin"))[0] == 200
    assert (await ask(room, "/nothing"))[0] == 404
    room.break_down(Fault(Kind.REBOOT, 3))
    assert [(await ask(room, path))[0] for path in ("/getxml", "/web/signin")] == [502, 502]
    room.close()


@pytest.mark.asyncio
async def test_who_is_not_to_come_in_is_not_answered_at_all(tmp_path: Path) -> None:
    room = Room.load("Birch", tmp_path, get_profile("26"), HandClock(), ensure_passphrases(tmp_path))
    room.device.restore_setting(("Network", 1, "RemoteAccess", "Allow"), "192.0.2.8")
    with pytest.raises(IndexError):  # nothing was sent
        await ask(room, "/web/signin")
    room.close()
