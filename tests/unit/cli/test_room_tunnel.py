"""`roomgate room tunnel` against a hub of the test's own. The real hub, connector and device: tests/e2e/test_tunnel.py."""

import asyncio
import json
import socket
import ssl
import webbrowser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from roomgate.cli.exits import SaysNo, code_of
from roomgate.cli.room_tunnel import _hold, grouped, parse_fingerprint
from roomgate.cli.tunnel_wire import CUT
from roomgate.errors import BadInput, Unreachable
from support.cli import run
from support.tunnel_hub import PAGE, TunnelHub, tunnel_hub
from support.waiting import until


@pytest.fixture
def browsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    return opened


def begin(
    hub: TunnelHub, known: str = "", *, port: int = 0, json: bool = False, browse: bool = True
) -> asyncio.Task[None]:
    return asyncio.ensure_future(_hold(hub.api, "oslo", port, known, "", browse=browse, json=json))


@pytest.mark.asyncio
async def test_the_page_is_there_once_the_certificates_agree(
    tmp_path: Path, browsed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    async with tunnel_hub(tmp_path) as hub:
        hub.says = [{"outcome": "waiting"}, hub.done()]
        held = begin(hub, hub.fingerprint)
        await until(lambda: browsed)
        trust = ssl.create_default_context(cafile=str(hub.ca))
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", urlsplit(browsed[0]).port, ssl=trust, server_hostname="localhost"
        )
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await reader.readexactly(len(PAGE)) == PAGE
        hub.close(CUT, "grant.revoked")
        with pytest.raises(ExceptionGroup) as ended:
            await held
        assert code_of(ended.value) == 1
        writer.transport.abort()
    said = capsys.readouterr().out
    assert "Waiting for somebody in the room" in said
    assert grouped(hub.fingerprint) in said
    assert "They agree." in said


@pytest.mark.asyncio
@pytest.mark.parametrize(("told", "known"), [("ab" * 32, ""), ("", ""), (None, "cd" * 32)])
async def test_another_certificate_opens_nothing(
    tmp_path: Path, browsed: list[str], capsys: pytest.CaptureFixture[str], told: str | None, known: str
) -> None:
    async with tunnel_hub(tmp_path) as hub:
        hub.says = [hub.done(told)]
        with pytest.raises(ExceptionGroup) as no:
            async with asyncio.timeout(10):
                await begin(hub, known, json=told is None)
    [fault] = no.value.exceptions
    assert isinstance(fault, SaysNo)
    assert fault.code == "tunnel.certificate"
    assert browsed == []
    said = capsys.readouterr().out
    assert "They agree" not in said
    assert told is not None or json.loads(said)["agree"] is False


@pytest.mark.asyncio
async def test_a_device_that_does_not_answer_opens_nothing(tmp_path: Path, browsed: list[str]) -> None:
    async with tunnel_hub(tmp_path) as hub:
        hub.says, hub.away = [hub.done()], True
        with pytest.raises(ExceptionGroup) as away:
            await begin(hub)
        assert isinstance(away.value.exceptions[0], Unreachable)
    assert browsed == []


def test_a_pin_is_taken_in_any_usual_spelling() -> None:
    assert parse_fingerprint("SHA256:" + ":".join(["AB"] * 32)) == "ab" * 32
    assert parse_fingerprint(grouped("cd" * 32)) == "cd" * 32
    for bad in ("ab", "zz" * 32, "ab" * 33):
        with pytest.raises(BadInput):
            parse_fingerprint(bad)


def test_a_port_that_is_none_is_refused_before_anything_is_asked() -> None:
    done = run("room", "tunnel", "oslo", "--port", "70000")
    assert done.code == 2
    assert "0 to 65535" in done.err


@pytest.mark.asyncio
async def test_a_port_that_somebody_has_is_told_before_any_room_is_asked(tmp_path: Path, browsed: list[str]) -> None:
    async with tunnel_hub(tmp_path) as hub:
        hub.says = [hub.done()]
        with socket.create_server(("127.0.0.1", 0)) as theirs, pytest.raises(OSError) as busy:
            await begin(hub, port=theirs.getsockname()[1])
        assert code_of(busy.value) == 2
        assert (hub.asked, hub.open, browsed) == ([], [], [])


@pytest.mark.asyncio
async def test_the_port_is_free_again_where_the_room_says_no(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours:
        port = ours.getsockname()[1]
    async with tunnel_hub(tmp_path) as hub:
        hub.says = [{"outcome": "refused", "rule": "policy", "words": "No."}]
        with pytest.raises(SaysNo):
            await begin(hub, port=port)
        assert len(hub.asked) == 1
    socket.create_server(("127.0.0.1", port)).close()
