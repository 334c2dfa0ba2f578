import asyncio
import tracemalloc

import pytest
import pytest_asyncio

from roomgate.xapi.errors import (
    AuthenticationFailed,
    BadArgument,
    CertificateChanged,
    DeviceGone,
    DeviceUnreachable,
    ProtocolError,
)
from roomgate.xapi.transports.base import Address, Login
from roomgate.xapi.transports.host_key import HostKey
from roomgate.xapi.transports.ssh import dial
from support.echo_device import LOGIN
from support.ssh_device import SshDevice, key


@pytest_asyncio.fixture
async def device():
    async with SshDevice().open() as device:
        yield device


def pinned(number=0):
    return HostKey.parse(key(number).get_fingerprint())


@pytest.mark.asyncio
@pytest.mark.parametrize("way", ["keyboard-interactive", "password"])
async def test_a_document_goes_and_comes(device, way):
    device.ways = (way,)
    device.says["xStatus Audio Volume"] = {"Status": {"Audio": {"Volume": {"Value": "40"}}}}
    wire = await dial(device.address, LOGIN, pinned())
    await wire.send(b'xStatus Audio Volume | resultId="1"\n')
    assert b'"40"' in await wire.receive()
    assert device.lines[:2] == ["echo off", "xpreferences outputmode json"]
    assert device.attempts == [LOGIN.password]
    await wire.close()
    await wire.close()
    with pytest.raises(DeviceGone):
        await wire.send(b"x")
    with pytest.raises(DeviceGone):
        await wire.receive()


@pytest.mark.asyncio
@pytest.mark.parametrize("ways", [("keyboard-interactive",), ("password",), ("keyboard-interactive", "password")])
@pytest.mark.parametrize("asks_again", [True, False])
async def test_a_wrong_password_is_one_attempt(device, ways, asks_again):
    device.ways, device.asks_again = ways, asks_again
    with pytest.raises(AuthenticationFailed):
        await dial(device.address, Login(LOGIN.user, "wrong"), pinned())
    assert device.attempts == ["wrong"]
    assert len(device.connections) == 1


@pytest.mark.asyncio
async def test_nothing_is_sent_to_a_peer_without_the_pinned_key(device):
    for other in (pinned(1), HostKey.parse(key(1).export_public_key().decode())):
        with pytest.raises(CertificateChanged):
            await dial(device.address, LOGIN, other)
    assert (device.users, device.attempts) == ([], [])
    wire = await dial(device.address, LOGIN, HostKey.parse(key().export_public_key().decode()))
    await wire.close()


@pytest.mark.asyncio
async def test_any_key_must_be_asked_for_and_is_logged(device, caplog):
    with pytest.raises(BadArgument, match="unsafe_accept_any_host_key"):
        await dial(device.address, LOGIN, None)
    with pytest.raises(BadArgument):
        await dial(device.address, LOGIN, pinned(), unsafe_accept_any_host_key=True)
    assert device.users == []
    wire = await dial(device.address, LOGIN, None, unsafe_accept_any_host_key=True)
    await wire.close()
    ours = [record.levelname for record in caplog.records if record.name == "roomgate.xapi"]
    assert ours == ["WARNING"]


@pytest.mark.asyncio
async def test_nothing_of_the_user_s_own_set_up_is_read(device, tmp_path, monkeypatch):
    home = tmp_path / ".ssh"
    home.mkdir()
    (home / "config").write_text(f"Host *\n  User other\n  Port 1\n  UserKnownHostsFile {home}/known_hosts\n")
    (home / "known_hosts").write_text(f"@revoked * {key().export_public_key().decode()}")
    key(1).write_private_key(home / "id_ed25519")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    wire = await dial(device.address, LOGIN, pinned())
    assert device.users == [LOGIN.user]
    assert device.attempts == [LOGIN.password]
    await wire.close()


@pytest.mark.asyncio
@pytest.mark.parametrize("greets", ["x" * 100_000, "\r\nWelcome\r\nERROR\r\n"], ids=["endless", "error"])
async def test_a_greeting_that_is_none_is_given_up(device, greets):
    device.greets = greets
    with pytest.raises(DeviceUnreachable, match="terminal"):
        await dial(device.address, LOGIN, pinned())
    async with asyncio.timeout(5):
        await device.connections[0].wait_closed()


@pytest.mark.asyncio
async def test_a_device_that_never_is_ready_is_given_up(device):
    device.greets = "Welcome\r\n"
    with pytest.raises(DeviceUnreachable):
        await dial(device.address, LOGIN, pinned(), timeout_s=0.5)
    async with asyncio.timeout(5):
        await device.connections[0].wait_closed()  # nothing is left open


@pytest.mark.asyncio
async def test_a_peer_that_says_nothing_is_given_up():
    hung_up = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.transport.abort()
        hung_up.set()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(DeviceUnreachable):
            await dial(Address.parse(f"ssh://127.0.0.1:{port}", "ssh"), LOGIN, pinned(), timeout_s=0.1)
        async with asyncio.timeout(5):
            await hung_up.wait()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "said", [b"\r\n" * 50_000, b"\xff" * 100_000, b"SSH-2.0-x\r\n" + b"\0" * 100_000, b"HTTP/1.1 400 no\r\n\r\n", b""]
)
async def test_a_peer_that_speaks_something_else(said):
    async def odd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await reader.read(100)
        writer.transport.abort()

    async with await asyncio.start_server(odd, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(DeviceUnreachable):
            await dial(Address.parse(f"ssh://127.0.0.1:{port}", "ssh"), LOGIN, pinned(), timeout_s=5)


@pytest.mark.asyncio
async def test_nobody_there():
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
    with pytest.raises(DeviceUnreachable):
        await dial(Address.parse(f"ssh://127.0.0.1:{port}", "ssh"), LOGIN, pinned())


@pytest.mark.asyncio
async def test_the_end_is_said_and_goes_on_being_said(device):
    device.says["last"] = '{"a": 1}\n'
    wire = await dial(device.address, LOGIN, pinned())
    await wire.send(b"last\nbye\n")
    assert await wire.receive() == b'{"a": 1}'
    for _ in range(2):
        with pytest.raises(DeviceGone):
            await wire.receive()
    with pytest.raises(DeviceGone):
        await wire.send(b"more")
    await wire.close()


@pytest.mark.asyncio
async def test_a_lost_connection_is_an_end(device):
    wire = await dial(device.address, LOGIN, pinned())
    device.connections[0].abort()
    with pytest.raises(DeviceGone):
        await wire.receive()
    await wire.close()


@pytest.mark.asyncio
async def test_half_an_answer_is_no_answer(device):
    device.says["half"] = '{"a": {"Value": '
    wire = await dial(device.address, LOGIN, pinned())
    await wire.send(b"half\nbye\n")
    with pytest.raises(DeviceGone):
        await wire.receive()
    await wire.close()


@pytest.mark.asyncio
async def test_a_cancelled_receive_loses_nothing(device):
    device.says["x"] = '{"a": 1}\n{"b": 2}\n'
    wire = await dial(device.address, LOGIN, pinned())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await wire.receive()
    await wire.send(b"x\n")
    assert [await wire.receive(), await wire.receive()] == [b'{"a": 1}', b'{"b": 2}']
    await wire.close()


@pytest.mark.asyncio
async def test_a_document_without_end_ends_it(device):
    device.says["x"] = '{"a": "' + "x" * (9 * 1024 * 1024)
    wire = await dial(device.address, LOGIN, pinned())
    await wire.send(b"x\n")
    with pytest.raises(ProtocolError, match="8 MiB"):
        await wire.receive()
    with pytest.raises(DeviceGone):
        await wire.receive()
    await wire.close()


@pytest.mark.asyncio
async def test_what_is_not_read_is_not_taken_in(device):
    wire = await dial(device.address, LOGIN, pinned())
    tracemalloc.start()
    try:
        writer = device.sessions[0].stdout
        writer.write("x" * (4 * 1024 * 1024))
        held = tracemalloc.get_traced_memory()[0]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await writer.drain()
        # What waits is at the device's end; here there is no more than the window.
        assert tracemalloc.get_traced_memory()[0] - held < 2 * 1024 * 1024
    finally:
        tracemalloc.stop()
    await wire.close()
