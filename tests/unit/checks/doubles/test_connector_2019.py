"""The double is as wrong as it claims to be: were it not, an attempt that finds it open would prove nothing."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from roomgate.checks.doubles.connector_2019 import DoubleConfig, serve
from roomgate.checks.likeness import asks_for_password
from support.cli import Certificates
from support.simulated import simulator

pytestmark = pytest.mark.asyncio
ADMIN = {"user": "admin", "password": "secret"}


@asynccontextmanager
async def double(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The double on loopback, beside one simulated room."""
    made = Certificates.make(folder)
    async with simulator(folder / "sim", "Birch") as (room,), asyncio.TaskGroup() as group:
        config = DoubleConfig(
            made.server, made.server, "localhost", room.port, room.user, room.password, str(room.ca), ADMIN["password"]
        )
        address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        running = group.create_task(serve(config, address.set_result))
        trust = ssl.create_default_context(cafile=str(made.ca))
        async with httpx.AsyncClient(base_url=await address, verify=trust, timeout=10, trust_env=False) as client:
            yield client
        running.cancel()


async def portal(client: httpx.AsyncClient, act: str, **form: str) -> httpx.Response:
    return await client.post(f"/portal/{act}", data=form)


async def test_a_link_opens_the_device_to_anybody_and_outlives_everything(tmp_path: Path) -> None:
    async with double(tmp_path) as client:
        assert (await portal(client, "add", **ADMIN, new="eve", new_password="x")).status_code == 200
        link = (await portal(client, "link", user="eve", password="x")).text

        async def works() -> bool:
            name = await client.get(f"/d/{link}/name")
            wish = {"command": "Audio Volume Set", "arguments": {"Level": 31}}
            return name.text == "Birch" and (await client.post(f"/d/{link}/command", json=wish)).status_code == 200

        assert await works()
        await portal(client, "password", user="eve", password="x", new="y")
        assert (await portal(client, "link", user="eve", password="x")).status_code == 403
        assert await works()
        assert (await portal(client, "remove", **ADMIN, who="eve")).status_code == 200
        assert (await portal(client, "link", user="eve", password="y")).status_code == 403
        assert await works()

        page = (await client.get(f"/d/{link}")).text
        assert "Added on the way" in page
        assert "Birch" in page
        imitated = (await client.get(f"/d/{link}/signin")).text
        assert asks_for_password(imitated)
        assert "Device · " in imitated


async def test_only_what_it_issued_leads_anywhere(tmp_path: Path) -> None:
    async with double(tmp_path) as client:
        for path in ("/", "/d/abcdef", "/d/abcdef/name", "/portal/link"):
            assert (await client.get(path)).status_code == 404
        assert (await portal(client, "link", user="admin", password="wrong")).status_code == 403
        assert (await portal(client, "nothing", **ADMIN)).status_code == 404
        link = (await portal(client, "link", **ADMIN)).text
        for body in (b"", b"{", b"[]", b'{"command": 1}', b'{"command": "No Such Thing"}'):
            assert (await client.post(f"/d/{link}/command", content=body)).status_code == 400
