import asyncio
from collections.abc import MutableMapping
from typing import Any

import httpx
import pytest

from roomgate.errors import Conflict
from roomgate.sim.servers.asgi import send_response, text
from roomgate.sim.servers.listener import Listener


async def hello(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
    await send_response(send, text(200, "hello"))


@pytest.mark.asyncio
async def test_the_port_is_known_before_it_serves_and_free_after() -> None:
    listener = Listener(hello, "127.0.0.1", 0)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(listener.run())
        await listener.ready()
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"http://127.0.0.1:{listener.port}/")).text == "hello\n"
        with pytest.raises(Conflict):
            Listener(hello, "127.0.0.1", listener.port)
        running.cancel()
    Listener(hello, "127.0.0.1", listener.port).close()
