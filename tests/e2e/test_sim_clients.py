"""Other people's clients, unmodified and in processes of their own, against the real simulator."""

import asyncio
import sys
from pathlib import Path

import pytest

from roomgate import xapi
from roomgate.sim.app import RoomReady
from roomgate.sim.journal import read_journal
from support.node import jsxapi_home, node_binary, node_environment, read_lines
from support.simulated import simulator

__all__ = ["jsxapi_home"]
HERE = Path(__file__).parent


async def run(*command: str, env: dict[str, str] | None = None) -> dict[str, object]:
    """What the program printed; its own words if it failed."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe, env=env)
    try:
        async with asyncio.timeout(45):
            output, complaint = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, complaint.decode()
    return read_lines(output)


def calls(room: RoomReady) -> list[tuple[str, str]]:
    return [(line["what"], line["by"]) for line in read_journal(room.journal) if line["what"].startswith("call.")]


RELEASES = pytest.mark.parametrize("release", ["9.15", "11", "26"])
ONE_CALL = [("call.dialled", "roomgate-daily"), ("call.connected", "roomgate-daily"), ("call.ended", "roomgate-daily")]


@pytest.mark.e2e
@RELEASES
@pytest.mark.asyncio
async def test_xows_reads_sets_dials_and_hears(tmp_path: Path, release: str) -> None:
    async with simulator(tmp_path, profile=release) as (room,):
        program = [sys.executable, "-W", "ignore", str(HERE / "sim_xows.py")]
        told = await run(*program, room.host, str(room.port), room.user, room.password)
        assert (told["before"], told["after"]) == (50, 23)
        assert told["seen"] == ["Dialling", "Connecting", "Connected", "ghost"]
        assert told["errors"] == ["MethodNotFound", "InvalidParameter", "PermissionDenied"]
        assert calls(room) == ONE_CALL


@pytest.mark.e2e
@RELEASES
@pytest.mark.parametrize("how", ["checked", "connect"])
@pytest.mark.asyncio
async def test_jsxapi_reads_sets_dials_and_hears(tmp_path: Path, jsxapi_home: Path, how: str, release: str) -> None:
    async with simulator(tmp_path, profile=release) as (room,):
        who = {"HOST": room.host, "PORT": str(room.port), "ROOM_USER": room.user, "ROOM_PASSWORD": room.password}
        env = node_environment(room.ca, jsxapi_home, HOW=how, **who)
        told = await run(node_binary(), str(HERE / "sim_jsxapi.js"), env=env)
        assert (told["before"], told["after"], told["setting"]) == (50, 23, 61)
        assert told["seen"] == ["Dialling", "Connecting", "Connected"]
        assert (told["refused"], told["unknown"]) == (-31999, -32601)
        assert calls(room) == ONE_CALL


@pytest.mark.e2e
@pytest.mark.asyncio
async def test_jsxapi_does_the_same_over_ssh(tmp_path: Path, jsxapi_home: Path) -> None:
    async with simulator(tmp_path) as (room,):
        who = {"HOST": room.host, "PORT": str(room.ssh_port), "ROOM_USER": room.user, "ROOM_PASSWORD": room.password}
        env = node_environment(room.ca, jsxapi_home, HOW="ssh", **who)
        told = await run(node_binary(), str(HERE / "sim_jsxapi.js"), env=env)
        assert (told["before"], told["after"], told["setting"]) == ("50", "23", "61")
        assert told["seen"] == ["Dialling", "Connecting", "Connected"]
        assert (told["refused"], told["unknown"]) == (0, 3)  # jsxapi's own numbers for what SSH says in words
        assert calls(room) == ONE_CALL


@pytest.mark.e2e
@pytest.mark.asyncio
async def test_a_client_that_checks_the_certificate_refuses_another_room(tmp_path: Path, jsxapi_home: Path) -> None:
    async with simulator(tmp_path, "Birch", "Oslo") as (birch, oslo):
        who = {"HOST": birch.host, "PORT": str(birch.port), "ROOM_USER": birch.user, "ROOM_PASSWORD": birch.password}
        env = node_environment(oslo.ca, jsxapi_home, HOW="checked", **who)
        with pytest.raises(AssertionError, match="self-signed"):
            await run(node_binary(), str(HERE / "sim_jsxapi.js"), env=env)
        assert not [line for line in read_journal(birch.journal) if line["what"].startswith("login")]


@pytest.mark.e2e
@pytest.mark.asyncio
async def test_our_own_client_agrees_and_pins_the_certificate(tmp_path: Path) -> None:
    async with simulator(tmp_path, "Birch", "Oslo") as (birch, oslo):
        address = f"wss://{birch.host}:{birch.port}/ws"
        async with xapi.connect(address, user=birch.user, password=birch.password, pin=birch.pin) as room:
            assert await room.get("Status/Audio/Volume") == 50
            await room.command("Dial", Number="meet@example.com")
            await room.command("Call.Disconnect")
            with pytest.raises(xapi.PermissionDenied):
                await room.command("UserManagement.User.List")
        with pytest.raises(xapi.CertificateChanged):
            async with xapi.connect(address, user=birch.user, password=birch.password, pin=oslo.pin):
                pass
        with pytest.raises(xapi.AuthenticationFailed):
            async with xapi.connect(address, user=birch.user, password="wrong", pin=birch.pin):
                pass
        assert [line["what"] for line in read_journal(birch.journal) if line["what"].startswith("login")] == [
            "login.ok",
            "login.failed",
        ]
