"""The room at run time: who hears of what, and what is written down."""

import asyncio
import json
from pathlib import Path

import pytest

from roomgate.clock import HandClock, SystemClock
from roomgate.sim.accounts import LoginFailed
from roomgate.sim.faults import Fault, Kind
from roomgate.sim.journal import read_journal
from roomgate.sim.profile import get_profile
from roomgate.sim.restless import parse_unrest
from roomgate.sim.room import Connection, Cut, Room
from roomgate.sim.store import ensure_passphrases
from support.waiting import until


def made(folder: Path, clock: HandClock | SystemClock | None = None) -> tuple[Room, Connection]:
    passphrases = ensure_passphrases(folder)
    room = Room.load("Birch", folder, get_profile("26"), clock or HandClock(), passphrases)
    account, login = room.log_in("roomgate-daily", passphrases["roomgate-daily"], "WebSocket", "test")
    return room, room.connect(account, login)


def ask(room: Room, connection: Connection, method: str, **params: object) -> None:
    frame = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    for reply in room.receive(connection, frame):
        connection.send(reply)
    room.settle()


def drained(connection: Connection) -> list[str | Cut]:
    return [connection.outgoing.get_nowait() for _ in range(connection.outgoing.qsize())]


def test_the_reply_goes_before_what_it_caused(tmp_path: Path) -> None:
    room, connection = made(tmp_path)
    ask(room, connection, "xFeedback/Subscribe", Query=["Status", "Audio"])
    ask(room, connection, "xCommand/Audio/Volume/Set", Level=7)
    frames = [json.loads(str(one)) for one in drained(connection)]
    assert [("result" in one, "method" in one) for one in frames] == [(True, False), (True, False), (False, True)]
    room.close()


def test_a_session_that_is_ended_cuts_its_socket_and_only_that(tmp_path: Path) -> None:
    room, connection = made(tmp_path)
    account, login = room.log_in("admin", ensure_passphrases(tmp_path)["admin"], "WebSocket", "test")
    other = room.connect(account, login)
    room.device.accounts.end(connection.session.id)
    room.settle()
    assert drained(connection) == [Cut(1000)]
    assert drained(other) == []
    room.close()


def test_a_reboot_cuts_everybody_and_the_web_server_is_away(tmp_path: Path) -> None:
    clock = HandClock()
    room, connection = made(tmp_path, clock)
    room.break_down(Fault(Kind.REBOOT, 3))
    assert drained(connection) == [Cut(None)]
    assert room.faults.is_booting(clock.monotonic())
    clock.advance(3)
    assert not room.faults.is_booting(clock.monotonic())
    assert "rebooted" in [line["what"] for line in read_journal(tmp_path / "journal.jsonl")]
    room.close()


def test_who_does_not_read_is_cut(tmp_path: Path) -> None:
    room, connection = made(tmp_path)
    for _ in range(3000):
        connection.send("x")
    assert drained(connection) == [Cut(1008)]
    room.close()


def test_the_journal_tells_who_came_and_what_was_done(tmp_path: Path) -> None:
    room, connection = made(tmp_path)
    room.settle()
    ask(room, connection, "xCommand/Dial", Number="a@example.com")
    room.disconnect(connection)
    room.close()
    lines = read_journal(tmp_path / "journal.jsonl")
    assert {line["what"] for line in lines} >= {"started", "login.ok", "socket.open", "command", "call.dialled"}
    assert lines[-1]["what"] == "socket.closed"
    assert room.device.accounts.logins == {}


def test_a_password_that_is_wrong_is_counted_over_a_restart(tmp_path: Path) -> None:
    room, _ = made(tmp_path)
    with pytest.raises(Exception, match="authentication failed"):
        room.log_in("admin", "wrong", "Web", "test")
    room.settle()
    room.close()
    again, _ = made(tmp_path)
    assert again.device.accounts.by_name["admin"].failed == 1
    again.close()


@pytest.mark.asyncio
async def test_time_passes_by_itself(tmp_path: Path) -> None:
    room, connection = made(tmp_path, SystemClock())
    with room.watch() as changed:
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            running = group.create_task(room.run())
            ask(room, connection, "xCommand/Dial", Number="a@example.com")
            while room.device.calls.ongoing[1].status != "Connected":
                changed.clear()
                await changed.wait()
            running.cancel()
    assert room.device.calls.next_at(room.clock.now()) is None
    room.close()


@pytest.mark.asyncio
async def test_a_new_volume_is_kept_a_moment_later(tmp_path: Path) -> None:
    room, connection = made(tmp_path, SystemClock())
    async with asyncio.TaskGroup() as group, asyncio.timeout(10):
        running = group.create_task(room.run())
        ask(room, connection, "xCommand/Audio/Volume/Set", Level=7)
        await until(lambda: b'"volume":7' in (tmp_path / "state.json").read_bytes())
        running.cancel()
    room.journal.close()


@pytest.mark.asyncio
async def test_a_restless_room_tells_of_each_change_until_it_is_quiet_again(tmp_path: Path) -> None:
    room, connection = made(tmp_path, SystemClock())
    ask(room, connection, "xFeedback/Subscribe", Query=["Status", "Audio", "Volume"])
    drained(connection)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        running = group.create_task(room.run())
        room.stir(parse_unrest(b'{"leaf": "Status/Audio/Volume", "seconds": 0.05}'))
        told = [json.loads(str(await connection.outgoing.get())) for _ in range(3)]
        room.stir(None)
        running.cancel()
    assert [one["params"]["Status"]["Audio"]["Volume"] for one in told] == [31, 32, 33]
    assert room.device.restless is None
    room.close()


def test_an_account_without_a_passphrase_gets_in_at_the_web_page_only(tmp_path: Path) -> None:
    room, _ = made(tmp_path, SystemClock())
    room.device.accounts.by_name["admin"].set_passphrase("")
    room.device.accounts.by_name["admin"].blank = True
    assert room.log_in("admin", "", "Web", "there")[0].name == "admin"
    with pytest.raises(LoginFailed):
        room.log_in("admin", "", "WebSocket", "there")
    room.close()


@pytest.mark.parametrize(
    ("allowed", "admitted"),
    [("", True), ("192.0.2.7", True), ("198.51.100.1 192.0.2.0/24", True), ("198.51.100.1", False), ("rubbish", False)],
)
def test_who_may_come_in_afresh_is_a_setting(tmp_path: Path, allowed: str, admitted: bool) -> None:
    room, _ = made(tmp_path)
    room.device.restore_setting(("Network", 1, "RemoteAccess", "Allow"), allowed)
    assert room.admits("192.0.2.7") is admitted
    room.close()
