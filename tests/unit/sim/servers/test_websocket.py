"""The way in: who is let through the upgrade, and with which status the others are turned away."""

import asyncio
import base64
import json
import ssl
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from roomgate.sim.app import RoomReady
from roomgate.sim.journal import read_journal
from roomgate.sim.servers.websocket import build_frame
from support.simulated import simulator, tls_of, touch


def basic(user: str, passphrase: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{passphrase}".encode()).decode()}


def dial(room: RoomReady, user: str | None = None, passphrase: str | None = None, path: str = "/ws") -> Any:
    headers = basic(user or room.user, room.password if passphrase is None else passphrase)
    address = f"wss://{room.host}:{room.port}{path}"
    return connect(address, ssl=tls_of(room), additional_headers=headers, open_timeout=10, max_size=None)


async def rpc(socket: Any, method: str, **params: Any) -> Any:
    await socket.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
    return json.loads(await socket.recv())


@pytest.mark.asyncio
async def test_basic_and_sub_protocol_get_in_and_the_sub_protocol_is_echoed(tmp_path: Path) -> None:
    async with simulator(tmp_path) as (room,):
        async with dial(room, path="/ws/") as socket:
            assert (await rpc(socket, "xGet", Path=["Status", "Audio", "Volume"]))["result"] == 50
        packed = base64.urlsafe_b64encode(f"{room.user}:{room.password}".encode()).decode().rstrip("=")
        address = f"wss://localhost:{room.port}/ws"
        async with connect(address, ssl=tls_of(room), subprotocols=["auth-" + packed]) as socket:  # type: ignore[list-item]  # a plain word is a sub-protocol
            assert socket.subprotocol == "auth-" + packed
            assert (await rpc(socket, "xGet", Path=["Status", "Audio", "Volume"]))["result"] == 50


@pytest.mark.asyncio
async def test_a_wrong_passphrase_is_403_and_one_failed_login(tmp_path: Path) -> None:
    async with simulator(tmp_path) as (room,):
        with pytest.raises(InvalidStatus) as refused:
            await dial(room, passphrase="wrong")
        assert refused.value.response.status_code == 403
        with pytest.raises(InvalidStatus) as refused:
            await dial(room, path="/elsewhere")
        assert refused.value.response.status_code == 404
        assert [line["account"] for line in read_journal(room.journal) if line["what"] == "login.failed"] == [room.user]


@pytest.mark.asyncio
async def test_one_socket_is_one_session_and_terminating_it_closes_the_socket(tmp_path: Path) -> None:
    async with (
        simulator(tmp_path) as (room,),
        dial(room) as daily,
        dial(room, room.privileged_user, room.privileged_password) as admin,
    ):
        sessions = (await rpc(admin, "xCommand/Security/Session/List"))["result"]["Session"]
        assert sorted(one["Username"] for one in sessions) == ["roomgate-daily", "roomgate-privileged"]
        (victim,) = [one["Id"] for one in sessions if one["Username"] == room.user]
        await rpc(admin, "xCommand/Security/Session/Terminate", SessionId=victim)
        with pytest.raises(ConnectionClosed):
            await daily.recv()


@pytest.mark.parametrize("action", ["None", "InvalidateAllUserSessions"])
@pytest.mark.asyncio
async def test_a_changed_passphrase_closes_sockets_only_when_told(tmp_path: Path, action: str) -> None:
    async with simulator(tmp_path) as (room,):
        async with dial(room) as daily, dial(room, room.privileged_user, room.privileged_password) as admin:
            sets = {"Username": room.user, "NewPassphrase": "another one", "SecurityAction": action}
            assert "result" in await rpc(admin, "xCommand/UserManagement/User/Passphrase/Set", **sets)
            if action == "None":
                assert (await rpc(daily, "xGet", Path=["Status", "Audio", "Volume"]))["result"] == 50
            else:
                with pytest.raises(ConnectionClosed):
                    await daily.recv()
        with pytest.raises(InvalidStatus):
            await dial(room)


@pytest.mark.asyncio
async def test_a_reboot_drops_the_socket_and_answers_502_for_a_while(tmp_path: Path) -> None:
    async with simulator(tmp_path) as (room,):
        async with dial(room) as socket:
            await touch(room, "/fault", {"kind": "reboot", "seconds": 600})
            with pytest.raises(ConnectionClosed) as gone:
                await socket.recv()
            assert gone.value.rcvd is None
        with pytest.raises(InvalidStatus) as refused:
            await dial(room)
        assert refused.value.response.status_code == 502
        await touch(room, "/fault", {"kind": "clear"})
        async with dial(room) as socket:
            assert (await rpc(socket, "xGet", Path=["Status", "Audio", "Volume"]))["result"] == 50


async def broken(room: RoomReady, socket: Any, kind: str, **how: float) -> None:
    await touch(room, "/fault", {"kind": kind, **how})
    await socket.send('{"jsonrpc":"2.0","id":7,"method":"xGet","params":{"Path":["Status","Audio","Volume"]}}')


@pytest.mark.asyncio
async def test_half_a_frame_and_then_nobody(tmp_path: Path) -> None:
    async with simulator(tmp_path) as (room,), dial(room) as socket:
        await broken(room, socket, "half-frame")
        with pytest.raises(ConnectionClosed) as gone:
            await socket.recv()
        assert gone.value.rcvd is None


@pytest.mark.asyncio
async def test_an_answer_twice_garbage_huge_and_deep(tmp_path: Path) -> None:
    async with simulator(tmp_path) as (room,), dial(room) as socket:
        await broken(room, socket, "answer-twice")
        assert [json.loads(await socket.recv())["id"] for _ in "ab"] == [7, 7]
        await touch(room, "/fault", {"kind": "clear"})
        await broken(room, socket, "garbage")
        assert str(await socket.recv()).startswith("}")
        await touch(room, "/fault", {"kind": "clear"})
        await broken(room, socket, "huge-document", size=1)
        assert len(await socket.recv()) > 1_000_000
        await touch(room, "/fault", {"kind": "clear"})
        await broken(room, socket, "deep-document", size=500)
        assert str(await socket.recv()).count('{"A":') == 500


@pytest.mark.asyncio
async def test_a_stall_ends_and_what_was_asked_is_answered(tmp_path: Path) -> None:
    async with asyncio.timeout(20), simulator(tmp_path) as (room,), dial(room) as socket:
        before = asyncio.get_running_loop().time()
        await broken(room, socket, "stall", seconds=0.3)
        assert json.loads(await socket.recv())["result"] == 50
        assert asyncio.get_running_loop().time() - before >= 0.3


@pytest.mark.asyncio
async def test_a_slow_reader_rests_between_two_requests(tmp_path: Path) -> None:
    async with asyncio.timeout(20), simulator(tmp_path) as (room,), dial(room) as socket:
        await touch(room, "/fault", {"kind": "slow-reader", "seconds": 0.1})
        before = asyncio.get_running_loop().time()
        for _ in range(3):
            await socket.send('{"jsonrpc":"2.0","id":7,"method":"xGet","params":{"Path":["Status","Audio","Volume"]}}')
        for _ in range(3):
            await socket.recv()
        assert asyncio.get_running_loop().time() - before >= 0.3


@pytest.mark.parametrize("kind", ["wrong-certificate", "changed-certificate"])
@pytest.mark.asyncio
async def test_a_certificate_that_is_not_the_rooms_cuts_and_is_shown(tmp_path: Path, kind: str) -> None:
    async with simulator(tmp_path) as (room,):
        async with dial(room) as socket:
            await touch(room, "/fault", {"kind": kind})
            with pytest.raises(ConnectionClosed):
                await socket.recv()
        with pytest.raises(ssl.SSLCertVerificationError):
            await dial(room)
        await touch(room, "/fault", {"kind": "clear"})
        async with dial(room) as socket:
            assert (await rpc(socket, "xGet", Path=["Status", "Audio", "Volume"]))["result"] == 50


@pytest.mark.asyncio
async def test_a_clock_that_is_off_is_off_for_the_room_alone(tmp_path: Path) -> None:
    async with simulator(tmp_path) as (room,), dial(room) as socket:
        right = str((await rpc(socket, "xGet", Path=["Status", "Time", "SystemTime"]))["result"])
        await touch(room, "/fault", {"kind": "clock-off", "seconds": -86400 * 365 * 5})
        wrong = str((await rpc(socket, "xGet", Path=["Status", "Time", "SystemTime"]))["result"])
        assert int(right[:4]) - int(wrong[:4]) in (5, 6)
        stamps = [line["wall_ms"] for line in read_journal(room.journal)]
        assert stamps == sorted(stamps)


@pytest.mark.asyncio
async def test_a_socket_that_is_switched_off_is_not_there(tmp_path: Path) -> None:
    async with simulator(tmp_path) as (room,):
        async with dial(room, room.admin_user, room.admin_password) as socket:
            await rpc(socket, "xSet", Path=["Configuration", "NetworkServices", "Websocket"], Value="Off")
        with pytest.raises(InvalidStatus) as refused:
            await dial(room)
        assert refused.value.response.status_code == 404


@pytest.mark.asyncio
async def test_without_the_web_server_there_is_no_socket_either(tmp_path: Path) -> None:
    async with simulator(tmp_path) as (room,):
        async with dial(room) as other, dial(room, room.admin_user, room.admin_password) as socket:
            with pytest.raises(ConnectionClosed):
                await rpc(socket, "xSet", Path=["Configuration", "NetworkServices", "HTTP", "Mode"], Value="Off")
            with pytest.raises(ConnectionClosed):
                await other.recv()
        with pytest.raises(InvalidMessage):
            await dial(room)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_a_frame_is_what_a_client_reads(size: int) -> None:
    text = "ä" * (size // 2) + "x" * (size % 2)
    reader = StreamReader()
    reader.feed_data(build_frame(text))
    parsing = Frame.parse(reader.read_exact, mask=False)
    with pytest.raises(StopIteration) as done:
        next(parsing)
    assert (done.value.value.opcode, bytes(done.value.value.data).decode()) == (Opcode.TEXT, text)
