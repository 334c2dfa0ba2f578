"""The double in memory: its application in place of the network, its sockets and streams included, and handed time.

The double follows the time of whoever checks it; it never moves it.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from roomgate.checks.catalogue import all_checks
from roomgate.checks.doubles.face import Face
from roomgate.checks.doubles.flaws import Flaws
from roomgate.checks.doubles.scene import CAUSES, OAK, Scene, build_scene
from roomgate.checks.doubles.target_file import Place, build_tables, write_toml
from roomgate.checks.pace import HandTime
from roomgate.checks.snapshot import Snapshot
from roomgate.checks.sockets import Pairs, SocketClosed, SocketRefused
from roomgate.checks.target import Target
from support.checks import looked, target_of
from support.followed_time import FollowedTime, WatchedTime

ADDRESS, DEVICE = "https://double.example", "https://device.example"


def _scope(url: str, kind: str, headers: Pairs, **more: Any) -> dict[str, Any]:
    parts = urlsplit(url)
    named = {name.lower() for name, _ in headers}
    pairs = [*headers, *([] if "host" in named else [("host", parts.netloc)])]
    return {
        "type": kind, "path": parts.path or "/", "query_string": parts.query.encode(), "client": ("192.0.2.9", 1),
        "headers": [(name.lower().encode(), value.encode()) for name, value in pairs], **more,
    }  # fmt: skip


class _Body(httpx.AsyncByteStream):
    def __init__(self, parts: asyncio.Queue[bytes | None], gone: asyncio.Event) -> None:
        self._parts, self._gone = parts, gone

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (part := await self._parts.get()) is not None:
            yield part

    async def aclose(self) -> None:
        self._gone.set()


class Transport(httpx.AsyncBaseTransport):
    """Applications by their host; answers come part by part."""

    def __init__(self, apps: dict[str, Any], group: asyncio.TaskGroup) -> None:
        self._apps, self._group = apps, group

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body, gone = await request.aread(), asyncio.Event()
        started: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        parts: asyncio.Queue[bytes | None] = asyncio.Queue()
        told = [{"type": "http.request", "body": body}]

        async def receive() -> dict[str, Any]:
            if told:
                return told.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                started.set_result(message)
            elif message["type"] == "http.response.body":
                if message.get("body"):
                    parts.put_nowait(message["body"])
                if not message.get("more_body"):
                    parts.put_nowait(None)

        url = str(request.url)
        app = self._apps[request.url.host]
        scope = _scope(url, "http", list(request.headers.multi_items()), method=request.method)
        self._group.create_task(app(scope, receive, send))
        head = await started
        return httpx.Response(head["status"], headers=head["headers"], stream=_Body(parts, gone))


class MemorySocket:
    """The checker's end of a WebSocket."""

    def __init__(self) -> None:
        self.to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._closed: int | None = None

    async def send(self, text: str) -> None:
        if self._closed is not None:
            raise SocketClosed("closed", self._closed)
        self.to_app.put_nowait({"type": "websocket.receive", "text": text})

    async def recv(self) -> str | bytes:
        if self._closed is not None:
            raise SocketClosed("closed", self._closed)
        message = await self.from_app.get()
        if message["type"] == "websocket.close":
            self._closed = message.get("code", 1000)
            raise SocketClosed("closed", self._closed)
        return str(message["text"])

    async def close(self) -> None:
        self._closed = self._closed or 1000
        self.to_app.put_nowait({"type": "websocket.disconnect"})


@dataclass(slots=True)
class InMemory:
    """A double that answers in memory, and how it is checked."""

    scene: Scene
    target: Target
    time: HandTime
    transport: Transport
    group: asyncio.TaskGroup

    async def open_socket(self, url: str, headers: Pairs, subprotocols: Sequence[str]) -> MemorySocket:
        made = MemorySocket()
        made.to_app.put_nowait({"type": "websocket.connect"})

        async def send(message: dict[str, Any]) -> None:
            made.from_app.put_nowait(message)

        self.group.create_task(self.scene.double(_scope(url, "websocket", headers), made.to_app.get, send))
        first = await made.from_app.get()
        if first["type"] != "websocket.accept":
            raise SocketRefused("the answer was 403", 403)
        return made

    async def look(self, folder: Path, only: Sequence[str] = ()) -> dict[str, Snapshot]:
        return await looked(
            folder, self.transport, only=only, intrusive=True, time=self.time, target=self.target,
            open_socket=self.open_socket,
        )  # fmt: skip


class Browser:
    """Somebody's browser before the double, by name."""

    def __init__(self, double: InMemory) -> None:
        self._double = double
        self.http = httpx.AsyncClient(transport=double.transport, base_url=ADDRESS)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(path, headers=headers)

    async def post(self, path: str, **more: Any) -> httpx.Response:
        return await self.http.post(path, **more)

    async def token(self, path: str = "/") -> str:
        found = re.search(r'name="token" value="([^"]+)"', (await self.get(path)).text)
        assert found is not None
        return found.group(1)

    async def sign_in(self, name: str, password: str = "", **form: str) -> httpx.Response:
        word = password or self._double.scene.passwords[name]
        fields = {"token": await self.token("/signin"), "user": name, "password": word, **form}
        return await self.post("/signin", data=fields)

    async def operate(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """As the operator."""
        headers = {"Authorization": f"Bearer {self._double.scene.service.operator_token}"}
        return await self.http.request(method, path, json=body, headers=headers)


@asynccontextmanager
async def double_in_memory(flaws: Flaws, causes: Sequence[str] = CAUSES) -> AsyncIterator[InMemory]:
    """``causes``: those that the target file names; fewer are quicker."""
    time = WatchedTime()
    scene = await build_scene(flaws, FollowedTime(time))
    device = scene.double.devices[OAK]
    place = Place(ADDRESS, "", (await device.read())["serial"], (), {"url": DEVICE}, 1)
    ids = {check.id for check in all_checks() if check.options is not None}
    tables = {k: v for k, v in build_tables(scene, place).items() if not k.startswith("K") or k in ids}
    tables["causes"] = [one for one in tables["causes"] if one["kind"] in causes]
    async with asyncio.TaskGroup() as group:
        transport = Transport({"double.example": scene.double, "device.example": Face(device)}, group)
        yield InMemory(scene, target_of(write_toml(tables)), time, transport, group)
        for task in asyncio.all_tasks():
            if task.get_coro().__qualname__.startswith(("Double.", "Face.")):
                task.cancel()
