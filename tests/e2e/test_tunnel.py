"""The device's own page through the real hub and connector: the same bytes, and nothing of them at the hub."""

import asyncio
import hashlib
import json
import os
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest_asyncio
from playwright.async_api import Browser, expect

from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.world import POLICY
from support.browser import tab
from support.traces import Names, forms, in_memory
from support.world import RunningWorld, Somebody, in_world

pytestmark = in_world("world-3")

SHUT = "".join(line for line in POLICY.splitlines(keepends=True) if not line.startswith("open"))
LOOK = {"command": "Roomgate.Tunnel.Get"}
WITHIN_S = 15.0


async def use_policy(world: RunningWorld, text: str, who: Somebody, room: str, outcome: str) -> None:
    """Change the site's policy, and wait until it is in force."""
    world.world.file("policy.toml", text)
    async with asyncio.timeout(WITHIN_S), world.caller(who.token) as caller:
        while (await caller.ask(room, LOOK))[1].get("outcome") != outcome:
            await asyncio.sleep(0.1)


@dataclass(frozen=True)
class Scene:
    world: RunningWorld
    room: Inside
    who: Somebody


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def scene(world: RunningWorld) -> AsyncIterator[Scene]:
    """A room in a world whose site allows tunnels."""
    async with world.room() as room:
        yield Scene(world, room, await world.guest(room.name, ["observe", "web"], minutes=30))


@dataclass
class Tunnel:
    process: asyncio.subprocess.Process
    told: dict[str, Any]

    @property
    def port(self) -> int:
        return urlsplit(self.told["address"]).port or 0

    async def ended(self) -> tuple[int, str]:
        async with asyncio.timeout(WITHIN_S):
            _, said = await self.process.communicate()
        return self.process.returncode or 0, said.decode()


@asynccontextmanager
async def tunnel(scene: Scene, token: str, *words: str) -> AsyncIterator[Tunnel]:
    """`roomgate room tunnel`, as a process of its own; the block begins once it has spoken, or ended."""
    given = {"ROOMGATE_HUB": scene.world.hub, "ROOMGATE_CA": scene.world.ca, "ROOMGATE_TOKEN": token}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from roomgate.cli.main import main; main()",
        "room", "tunnel", scene.room.name, "--no-open", "--json", *words,
        env={**os.environ, **scene.world.world.programs.env, **given},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(WITHIN_S):
            line = await process.stdout.readline()
        yield Tunnel(process, json.loads(line or b"{}"))
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def certificate(port: int) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    try:
        return hashlib.sha256(writer.get_extra_info("ssl_object").getpeercert(binary_form=True)).hexdigest()
    finally:
        writer.transport.abort()


async def test_the_page_is_the_devices_byte_for_byte_and_a_browser_signs_in(scene: Scene, browser: Browser) -> None:
    room = scene.room
    async with tunnel(scene, scene.who.token) as open_, httpx.AsyncClient(verify=False) as http:  # noqa: S501 (compared)
        assert (open_.told["agree"], open_.told["fingerprint"], open_.told["by"]) == (True, room.pin, "pin")
        assert await certificate(open_.port) == await certificate(room.port) == room.pin
        for path in ("/web/signin", "/web/hello.js", "/web/device.css", "/nothing"):
            through, direct = await http.get(f"{open_.told['address'][:-1]}{path}"), await http.get(room.address + path)
            assert (through.status_code, through.content) == (direct.status_code, direct.content)
            assert through.headers.items() - direct.headers.items() <= {("date", through.headers.get("date", ""))}
        state = await room.shows(lambda shown: shown["prompt"])
        assert f"{scene.who.name} (outside) has this device's own web page open." in state["text"]
        async with tab(browser, open_.told["address"]) as one:
            await one.page.goto("/web/signin")
            await one.page.fill("input[name=user]", room.admin_user)
            await one.page.fill("input[name=passphrase]", room.admin_password)
            await one.page.click("form button")
            await expect(one.page).to_have_url(f"{open_.told['address']}web/")
    await room.shows(lambda shown: not shown["prompt"])


async def test_nothing_that_went_through_is_in_the_hubs_memory(scene: Scene) -> None:
    """A canary in the page's address and form: at the device it arrives, at the hub nobody finds it."""
    canary = "canary-9f2c61d8e07b45a3"
    async with tunnel(scene, scene.who.token) as open_, httpx.AsyncClient(verify=False) as http:  # noqa: S501 (compared)
        form = {"user": canary, "passphrase": canary}
        origin = {"origin": open_.told["address"][:-1]}
        answer = await http.post(f"{open_.told['address']}web/signin", data=form, headers=origin)
        assert "Wrong user or passphrase" in answer.text, "it came to the device"
        page = forms("Wrong user or passphrase")
        names = Names({"what was sent": forms(canary), "what was shown": page, "the hub": forms(scene.world.hub)})
        assert in_memory(scene.world.pid("hub"), names) == {"the hub"}
        assert in_memory(scene.world.pid("connector"), names).isdisjoint({"what was sent", "what was shown"})


async def test_a_cut_closes_it_within_a_second_and_every_connection_in_it(scene: Scene) -> None:
    world, who = scene.world, await scene.world.guest(scene.room.name, ["web"])
    async with tunnel(scene, who.token) as open_:
        reader, writer = await asyncio.open_connection("127.0.0.1", open_.port)
        await world.admin.call("DELETE", f"/api/v1/grants/{who.grant}")
        async with asyncio.timeout(1.0):
            assert await reader.read() == b""
        code, said = await open_.ended()
        assert (code, "[grant.revoked]" in said, "Traceback" in said) == (1, True, False), said
        writer.transport.abort()


async def test_without_the_class_or_the_room_nobody_gets_one(scene: Scene) -> None:
    visitor = await scene.world.guest(scene.room.name, ["observe", "system"])
    stranger = await scene.world.person()
    async with tunnel(scene, visitor.token) as refused, tunnel(scene, stranger.token) as unknown:
        code, said = await refused.ended()
        assert (code, "rule capability" in said) == (1, True)
        assert (await unknown.ended())[0] == 1


async def test_another_certificate_than_expected_opens_nothing(scene: Scene) -> None:
    async with tunnel(scene, scene.who.token, "--pin", "ab" * 32) as open_:
        assert open_.told["agree"] is False
        code, said = await open_.ended()
        assert (code, "tunnel.certificate" in said) == (1, True)


async def test_the_page_about_it_in_light_and_dark_narrow_and_wide(scene: Scene, browser: Browser) -> None:
    async with scene.world.visitor(scene.who) as visitor, tunnel(scene, scene.who.token):
        cookie = visitor.http.cookies["__Host-roomgate"]
        for scheme, width in (("light", 1280), ("dark", 360)):
            async with tab(browser, scene.world.hub, scheme=scheme, width=width) as one:  # type: ignore[arg-type]
                await one.carry(cookie)
                await one.page.goto(f"/rooms/{scene.room.name}/page")
                shown = await one.page.inner_text("main")
                assert scene.room.pin[:4] + " " + scene.room.pin[4:8] in shown
                assert f"roomgate room tunnel {scene.room.name}" in shown
                assert scene.who.name in shown
                assert await one.axe() == []
                assert await one.fits()
                assert await one.violations() == one.faults == []
                assert await one.page.locator("iframe").count() == 0


async def test_a_site_that_has_not_opened_it_says_never(scene: Scene) -> None:
    await use_policy(scene.world, SHUT, scene.who, scene.room.name, "refused")
    try:
        async with tunnel(scene, scene.who.token) as open_:
            code, said = await open_.ended()
            assert (code, "rule never" in said) == (1, True)
    finally:
        await use_policy(scene.world, POLICY, scene.who, scene.room.name, "done")
