"""The way in: who is let through the upgrade, and with which status the others are turned away."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from roomgate.sim.app import RoomReady
from roomgate.sim.journal import read_journal
from roomgate.sim.servers.websocket import credentials
from support.simulated import simulator, tls_of, touch


def basic(user: str, passphrase: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{passphrase}".encode()).decode()}


def dial(room: RoomReady, user: str | None = None, passphrase: str | None = None, path: str = "/ws") -> Any:
    headers = basic(user or room.user, room.password if passphrase is None else passphrase)
    address = f"wss://{room.host}:{room.port}{path}"
    return connect(address, ssl=tls_of(room), additional_headers=headers, open_timeout=10)


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


@given(st.text(), st.lists(st.text(), max_size=3))
def test_any_credentials_read_as_words_or_as_nothing(header: str, protocols: list[str]) -> None:
    for kind in ("", "Basic "):
        user, passphrase, _ = credentials({"authorization": kind + header}, [*protocols, "auth-" + header])
        assert isinstance(user + passphrase, str)
