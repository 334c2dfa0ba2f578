import asyncio
import json

import pytest

from roomgate.checks.doubles.flaws import NONE, Flaw, Flaws
from roomgate.checks.doubles.live import EVERY_S
from roomgate.checks.sockets import SocketClosed, SocketRefused
from support.double import ADDRESS, Browser, InMemory, double_in_memory

pytestmark = pytest.mark.asyncio
SOCKET = ADDRESS.replace("https", "wss") + "/ws/oak"


async def cookie_of(double: InMemory) -> tuple[str, str]:
    browser = Browser(double)
    await browser.sign_in("ada")
    return "cookie", "; ".join(f"{name}={value}" for name, value in browser.http.cookies.items())


async def test_a_socket_answers_until_it_is_cut():
    async with double_in_memory(NONE) as double:
        socket = await double.open_socket(SOCKET, [await cookie_of(double)], ())
        await socket.send("read")
        assert json.loads(await socket.recv())["reading"] == 1
        double.scene.service.cut("ada", "deleted")
        await double.time.sleep(1)
        with pytest.raises(SocketClosed) as closed:
            await socket.recv()
        assert closed.value.status == 1008


@pytest.mark.parametrize(
    ("flaws", "origin", "opens"),
    [
        (NONE, "https://evil.example", False),
        (NONE, "null", False),
        (NONE, ADDRESS, True),
        (frozenset({Flaw.ANY_ORIGIN}), "https://evil.example", True),
    ],
)
async def test_whose_pages_may_open_it(flaws: Flaws, origin: str, opens: bool):
    async with double_in_memory(flaws) as double:
        headers = [await cookie_of(double), ("origin", origin)]
        if opens:
            await (await double.open_socket(SOCKET, headers, ())).close()
            return
        with pytest.raises(SocketRefused):
            await double.open_socket(SOCKET, headers, ())


async def test_nobody_and_other_rooms_are_refused():
    async with double_in_memory(NONE) as double:
        cookie = await cookie_of(double)
        for url, headers in ((SOCKET, []), (SOCKET.replace("oak", "elm"), [cookie]), (SOCKET + "/x", [cookie])):
            with pytest.raises(SocketRefused):
                await double.open_socket(url, headers, ())


@pytest.mark.parametrize("what", ["events", "recording"])
async def test_a_stream_ends_with_the_sign_in(what: str):
    async with double_in_memory(NONE) as double:
        browser, parts = Browser(double), []
        await browser.sign_in("ada")
        async with browser.http.stream("GET", f"/api/rooms/oak/{what}") as answer:
            async for part in answer.aiter_bytes():
                parts.append(part)
                if len(parts) == 3:
                    double.scene.service.cut("ada", "deleted")
                double.time.advance(EVERY_S)
                await asyncio.sleep(0)
        assert len(parts) == 3


async def test_a_long_poll_waits_for_its_answer():
    async with double_in_memory(NONE) as double:
        browser = Browser(double)
        await browser.sign_in("ada")
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(browser.get("/api/rooms/oak/wait"))
            for _ in range(20):
                await asyncio.sleep(0)
            assert not asked.done()
            double.time.advance(EVERY_S)
        assert asked.result().json()["reading"] == 0
