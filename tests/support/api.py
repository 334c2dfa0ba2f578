"""The hub's REST API in memory: the whole application behind its door, and a client for each person."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from roomgate.hub.app import Extension, build_app
from roomgate.hub.http.asgi import App
from support.hub import Hub, running


@dataclass
class Api:
    hub: Hub
    app: App
    stack: AsyncExitStack

    async def client(self, person: str | None = None) -> httpx.AsyncClient:
        """Somebody's client with a token of theirs; anonymous without a name."""
        headers = {} if person is None else {"Authorization": f"Bearer {(await self.hub.token(person))[1]}"}
        transport = httpx.ASGITransport(self.app)
        client = httpx.AsyncClient(transport=transport, base_url="https://hub.example.com/api/v1", headers=headers)
        return await self.stack.enter_async_context(client)


@asynccontextmanager
async def api(folder: Path, **more: object) -> AsyncIterator[Api]:
    async with running(folder, **more) as hub, AsyncExitStack() as stack:
        yield Api(hub, build_app(hub.parts, Extension()), stack)


async def pages(client: httpx.AsyncClient, path: str, limit: int = 1) -> list[dict[str, object]]:
    """All items of a list, page after page."""
    items: list[dict[str, object]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await client.get(path, params={"limit": limit, "cursor": cursor})
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        cursor = answer.json()["next"]
        assert len(items) < 1000, "the pages do not end"
    return items
