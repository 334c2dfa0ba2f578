"""The hub as people run it: what the extension hangs in, and one start and stop of the whole."""

import asyncio
import ssl
from pathlib import Path

import httpx
import pytest
import trustme

from roomgate.errors import BadInput
from roomgate.hub.app import build_app
from roomgate.hub.making import init
from roomgate.hub.program import extend, serve
from support.hub import PASSWORD, config, running

pytestmark = pytest.mark.asyncio


async def test_console_relay_and_sockets_stand_on_the_same_parts(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        made = extend(hub.parts)
        assert {"/link", "/ws", "/ws/"} <= set(made.front.websockets)
        assert {name for name, _ in made.tasks} >= {"hub.relay", "hub.streams"}
        _, token = await hub.token("ada")
        app = build_app(hub.parts, made)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://hub.example.com") as client:
            as_ada = {"Authorization": f"Bearer {token}"}
            assert (await client.get("/api/v1/asks/unknown", headers=as_ada)).status_code == 404
            for path, status in (("/rooms", 200), ("/access", 200), ("/rooms/nowhere", 404)):
                page = await client.get(path, headers={**as_ada, "Accept": "text/html"})
                assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
            stranger = await client.get("/r/oslo")
            assert stranger.status_code == 200
            assert b'name="password"' in stranger.content
            assert "script-src 'self'" in stranger.headers["content-security-policy"]


async def test_it_says_where_it_listens_and_stops_when_it_is_told(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "hub.pem")
    pem = str(tmp_path / "hub.pem")
    settings = config(tmp_path / "data", certificate=pem, certificate_key=pem, listen_port=0)
    await init(settings, "ada", PASSWORD)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        program = group.create_task(serve(settings, address.set_result))
        async with httpx.AsyncClient(base_url=await address, verify=trust, trust_env=False) as client:
            assert (await client.get("/healthz")).text == "ok"
            assert (await client.get("/rooms/oslo")).status_code == 401
        program.cancel()
    assert program.cancelled()


async def test_without_a_certificate_it_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="TLS"):
        await serve(config(tmp_path), lambda url: None)
