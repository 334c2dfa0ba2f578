"""The terminal shell over real SSH, and what it has in common with the other wires."""

import asyncio
import json
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from roomgate.sim.app import RoomReady
from roomgate.sim.journal import read_journal
from support.simulated import simulator, touch
from support.waiting import until


def dial(room: RoomReady, user: str = "", passphrase: str = "", **how: Any) -> Any:
    known = asyncssh.import_known_hosts(f"[{room.host}]:{room.ssh_port} {room.ssh_host_key}\n")
    return asyncssh.connect(
        room.host,
        room.ssh_port,
        username=user or room.admin_user,
        password=passphrase or room.admin_password,
        known_hosts=known,
        config=None,
        client_keys=None,
        agent_path=None,
        **how,
    )


async def ready(process: Any) -> str:
    """All up to the line that is exactly OK."""
    said = await process.stdout.readuntil("\nOK\n")
    return str(said)


@pytest.mark.asyncio
async def test_as_the_vendors_client_drives_it(tmp_path: Path) -> None:
    async with asyncio.timeout(30), simulator(tmp_path) as (room,), dial(room) as line, line.create_process() as shell:
        assert (await ready(shell)).startswith("Welcome to Birch\nCisco Codec Release RoomOS 26.4.1.3")
        shell.stdin.write("echo off\n")
        await ready(shell)
        shell.stdin.write("xpreferences outputmode json\n")
        shell.stdin.write('xFeedback register /Status/Audio/Volume | resultId="1"\n')
        shell.stdin.write('xCommand Audio Volume Set Level: "33" | resultId="2"\n')
        lines = [json.loads((await shell.stdout.readline()).strip() or "{}") for _ in range(4)]
        assert [one for one in lines if one][-3:] == [
            {"ResultId": "1"},
            {"CommandResponse": {"VolumeSetResult": {"status": "OK"}}, "ResultId": "2"},
            {"Status": {"Audio": {"Volume": {"Value": "33"}}}},
        ]


@pytest.mark.parametrize("method", ["password", "keyboard-interactive"])
@pytest.mark.asyncio
async def test_either_way_in_is_one_session_until_it_ends(tmp_path: Path, method: str) -> None:
    async with asyncio.timeout(30), simulator(tmp_path) as (room,):
        async with dial(room, preferred_auth=method) as line, line.create_process() as shell:
            await ready(shell)
            shell.stdin.write("xCommand Security Session List\n")
            assert '*r SessionListResult Session 1 Type: "SSH"' in await ready(shell)
        await until(lambda: "ssh.closed" in [one["what"] for one in read_journal(room.journal)])
        assert [one["what"] for one in read_journal(room.journal)].count("ssh.open") == 1


@pytest.mark.asyncio
async def test_a_wrong_passphrase_counts_for_every_wire(tmp_path: Path) -> None:
    async with asyncio.timeout(30), simulator(tmp_path) as (room,):
        for _ in range(5):
            with pytest.raises(asyncssh.PermissionDenied):
                await dial(room, passphrase="wrong", preferred_auth="password")
        with pytest.raises(asyncssh.PermissionDenied):  # the right one, of an account that is locked out
            await dial(room, preferred_auth="password")
        reasons = [one["reason"] for one in read_journal(room.journal) if one["what"] == "login.failed"]
        assert reasons == ["passphrase"] * 5 + ["locked"]


@pytest.mark.asyncio
async def test_a_session_that_is_terminated_is_cut(tmp_path: Path) -> None:
    async with asyncio.timeout(30), simulator(tmp_path) as (room,), dial(room) as line, line.create_process() as shell:
        await ready(shell)
        (own,) = [one["session"] for one in read_journal(room.journal) if one["what"] == "ssh.open"]
        shell.stdin.write(f"xCommand Security Session Terminate SessionId: {own}\n")
        await line.wait_closed()


@pytest.mark.asyncio
async def test_a_reboot_cuts_and_nobody_answers_for_a_while(tmp_path: Path) -> None:
    async with asyncio.timeout(30), simulator(tmp_path) as (room,):
        async with dial(room) as line:
            await touch(room, "/fault", {"kind": "reboot", "seconds": 600})
            await line.wait_closed()
        with pytest.raises((OSError, asyncssh.Error)):
            await dial(room)
        await touch(room, "/fault", {"kind": "clear"})
        async with dial(room) as line, line.create_process() as shell:
            await ready(shell)


@pytest.mark.asyncio
async def test_half_an_answer_and_then_nobody(tmp_path: Path) -> None:
    async with asyncio.timeout(30), simulator(tmp_path) as (room,), dial(room) as line, line.create_process() as shell:
        await ready(shell)
        await touch(room, "/fault", {"kind": "half-frame"})
        shell.stdin.write("xStatus Audio\n")
        assert "OK" not in await shell.stdout.read()


@pytest.mark.asyncio
async def test_one_command_without_a_shell_is_refused(tmp_path: Path) -> None:
    async with asyncio.timeout(30), simulator(tmp_path) as (room,), dial(room) as line:
        assert (await line.run("xStatus Audio")).exit_status == 1


@pytest.mark.asyncio
async def test_a_line_without_end_ends_the_connection(tmp_path: Path) -> None:
    async with asyncio.timeout(30), simulator(tmp_path) as (room,), dial(room) as line, line.create_process() as shell:
        await ready(shell)
        shell.stdin.write("x" * 200_000)
        await line.wait_closed()
