"""A connector that does it all wrong, as one was found to do in 2019. For checks to be tried on, on loopback.

What is wrong here, on purpose: links to devices ask for no sign-in (F1), never end (F2), outlive the
administrator's password and the administrator (F3) and the device's password, since one session to the device
is held for ever (F4); the device's page is fetched, changed and shown on (F5); its sign-in page is imitated
(F6); nothing is written down (F7). In our own design throughout.
"""

import asyncio
import secrets
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import msgspec
import uvicorn

from roomgate import xapi
from roomgate.xapi.errors import XapiError

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class DoubleConfig:
    """Where the double listens, and the one device that it bridges."""

    certificate: Path
    key: Path
    device_host: str
    device_port: int
    device_user: str
    device_password: str
    device_ca: str
    admin_password: str
    host: str = "127.0.0.1"
    port: int = 0


@dataclass(slots=True)
class Double:
    """The wrong connector, as an ASGI application."""

    config: DoubleConfig
    device: xapi.Client
    web: httpx.AsyncClient  # signed in at the device's page once, and for ever
    admins: dict[str, str] = field(default_factory=dict)
    links: set[str] = field(default_factory=set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body") or len(body) > BODY:
                break
        status, kind, text = await self.answer(scope["method"], scope["path"], body)
        headers = [(b"content-type", kind.encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": text.encode()})

    async def answer(self, method: str, path: str, body: bytes) -> tuple[int, str, str]:
        words = path.strip("/").split("/")
        match method, words:
            case "POST", ["portal", act]:
                return self._portal(act, {k: v[0] for k, v in parse_qs(body.decode("utf-8", "replace")).items()})
            case "GET", ["d", link] if link in self.links:
                return 200, "text/html; charset=utf-8", await self._doctored()
            case "GET", ["d", link, "signin"] if link in self.links:
                return 200, "text/html; charset=utf-8", await self._imitated()
            case "POST", ["d", link, "command"] if link in self.links:
                return await self._command(body)
            case "GET", ["d", link, "name"] if link in self.links:
                return 200, "text/plain; charset=utf-8", str(await self.device.get("Configuration/SystemUnit/Name"))
        return 404, "text/plain; charset=utf-8", "Nothing here"

    def _portal(self, act: str, form: dict[str, str]) -> tuple[int, str, str]:
        """The administrator's side: it has passwords, and they change nothing for the links."""
        if self.admins.get(form.get("user", "")) != form.get("password"):
            return 403, "text/plain", "No"
        match act:
            case "link":
                link = secrets.token_hex(3)  # short, guessable, without end
                self.links.add(link)
                return 200, "text/plain", link
            case "password":
                self.admins[form["user"]] = form["new"]
            case "add":
                self.admins[form["new"]] = form["new_password"]
            case "remove":
                del self.admins[form["who"]]
            case _:
                return 404, "text/plain", "Nothing here"
        return 200, "text/plain", "Done"

    async def _doctored(self) -> str:
        page = (await self.web.get("/web/")).text
        return page.replace("</body>", '<p class="added">Added on the way: control this room from here.</p></body>')

    async def _imitated(self) -> str:
        return (await self.web.get("/web/signin")).text.replace("<title>", "<title>Device · ")

    async def _command(self, body: bytes) -> tuple[int, str, str]:
        try:
            wish = msgspec.json.decode(body)
            result = await self.device.command(wish["command"], arguments=wish.get("arguments", {}))
        except (msgspec.MsgspecError, KeyError, TypeError, XapiError) as bad:
            return 400, "text/plain", type(bad).__name__
        return 200, "application/json", msgspec.json.encode(result).decode()


async def serve(config: DoubleConfig, ready: Callable[[str], None]) -> None:
    """Run until cancelled. ``ready`` hears the address once it listens."""
    address = f"https://{config.device_host}:{config.device_port}"
    trust = ssl.create_default_context(cafile=config.device_ca)
    socket = address.replace("https", "wss") + "/ws"
    user, password = config.device_user, config.device_password
    async with (
        xapi.connect(socket, user=user, password=password, ca=config.device_ca) as device,
        httpx.AsyncClient(base_url=address, verify=trust, follow_redirects=True, timeout=10) as web,
    ):
        form = {"user": user, "passphrase": password}
        await web.post("/web/signin", data=form, headers={"Origin": address})
        app = Double(config, device, web, {"admin": config.admin_password})
        server = _Telling(
            uvicorn.Config(
                app, host=config.host, port=config.port, log_config=None, lifespan="off",
                ssl_certfile=str(config.certificate), ssl_keyfile=str(config.key),
            )
        )  # fmt: skip
        server.ready = ready
        await server.serve()


class _Telling(uvicorn.Server):
    """Tells its address once it listens."""

    ready: Callable[[str], None]

    async def main_loop(self) -> None:
        try:
            await super().main_loop()
        except asyncio.CancelledError:
            await self.shutdown()  # brief, and the port is free again
            raise

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.ready(f"https://localhost:{self.servers[0].sockets[0].getsockname()[1]}")
