"""A device that is really there (the simulator's, never a real room's): xAPI, and its own web page."""

import asyncio
import secrets
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from roomgate import xapi
from roomgate.checks.doubles.device import HELPER, Reading
from roomgate.xapi.dial import open_client
from roomgate.xapi.errors import XapiError

_PAGE_S = 10.0
_MACRO = "// Put here by the connector's double.\n"


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the device is, and which accounts the connector was given. The owner's is for what its owner does."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    ca: str = ""
    owner: str = ""
    owner_password: str = field(default="", repr=False)
    screen: str = ""  # the simulator's panel, to see what the room sees

    @property
    def address(self) -> str:
        return f"https://{self.host}:{self.port}"


@dataclass(slots=True)
class RealDevice:
    """One connection is held, by the group that this belongs to; ``stays`` keeps the web page's session as well."""

    reach: Reach
    group: asyncio.TaskGroup
    stays: bool = False
    _password: str = field(default="", repr=False)
    _client: xapi.Client | None = None
    _web: httpx.AsyncClient | None = None

    def __post_init__(self) -> None:
        self._password = self.reach.password

    async def _device(self) -> xapi.Client:
        if self._client is None or self._client.closed:
            self._client = await self._open(self.reach.user, self._password)
            self.group.create_task(self._client.run(), name="double.device")
        return self._client

    async def _open(self, user: str, password: str) -> xapi.Client:
        socket = self.reach.address.replace("https", "wss") + "/ws"
        return await open_client(socket, user=user, password=password, ca=self.reach.ca)

    async def aclose(self) -> None:
        if self._client is not None:
            self._client.end("the double ends")
            await self._client.aclose()
        if self._web is not None:
            await self._web.aclose()

    async def read(self) -> Reading:
        device = await self._device()
        return {
            "name": str(await device.get("Configuration/SystemUnit/Name")),
            "product": str(await device.get("Status/SystemUnit/ProductId")),
            "serial": str(await device.get("Status/SystemUnit/Hardware/Module/SerialNumber")),
        }

    async def command(self, name: str, arguments: dict[str, Any]) -> Any:
        return await (await self._device()).command(name, arguments=arguments)

    async def in_call(self) -> bool:
        return bool(await (await self._device()).get("Status/Call"))

    async def hang_up(self) -> None:
        try:
            await self.command("Call Disconnect", {})
        except XapiError:
            pass  # there was none

    async def notify(self, text: str) -> None:
        await self.command("UserInterface Message Alert Display", {"Text": text, "Duration": 20})

    async def shown(self) -> str:
        if not self.reach.screen:
            return ""
        async with httpx.AsyncClient(timeout=_PAGE_S, trust_env=False) as http:
            return (await http.get(f"{self.reach.screen}state")).text

    async def clear(self) -> None:
        await self.command("UserInterface Message Alert Clear", {})

    async def page(self, path: str) -> str:
        if path == "/web/signin":
            async with self._browser() as http:
                return (await http.get(path)).text
        if self.stays:
            self._web = self._web or await self._signed_in()
            return (await self._web.get(path)).text
        http = await self._signed_in()
        try:
            return (await http.get(path)).text
        finally:
            await http.post("/web/signout")
            await http.aclose()

    async def visit(self, *, leave: bool) -> None:
        if leave:
            await (await self._signed_in()).aclose()

    async def change_password(self, new: str) -> None:
        fields = {"username": self.reach.user, "passphrase": new, "own": self.reach.owner_password}
        await self._as_owner(lambda http: http.post("/web/users", data=fields))
        self._password = new

    async def install(self) -> None:
        async with self._owner() as owner:
            await owner.command("Macros Macro Save", arguments={"Name": HELPER, "Overwrite": "True", "body": _MACRO})
            users = await owner.command("UserManagement User List")
            if HELPER not in str(users):
                account = {"Username": HELPER, "Passphrase": f"{secrets.token_urlsafe(12)}1a", "Role": ["User"]}
                await owner.command("UserManagement User Add", arguments=account)

    async def uninstall(self) -> None:
        async with self._owner() as owner:
            await owner.command("Macros Macro Remove", arguments={"Name": HELPER})
            await owner.command("UserManagement User Delete", arguments={"Username": HELPER})
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    @asynccontextmanager
    async def _owner(self) -> AsyncIterator[xapi.Client]:
        """The device's owner for a moment: their session is closed again, whatever happens."""
        socket = self.reach.address.replace("https", "wss") + "/ws"
        who = {"user": self.reach.owner, "password": self.reach.owner_password}
        async with xapi.connect(socket, **who, ca=self.reach.ca) as owner:
            yield owner

    def _browser(self) -> httpx.AsyncClient:
        address = self.reach.address
        return httpx.AsyncClient(
            base_url=address, verify=ssl.create_default_context(cafile=self.reach.ca), timeout=_PAGE_S,
            follow_redirects=True, trust_env=False, headers={"Origin": address},
        )  # fmt: skip

    async def _signed_in(self) -> httpx.AsyncClient:
        http = self._browser()
        await http.post("/web/signin", data={"user": self.reach.user, "passphrase": self._password})
        return http

    async def _as_owner(self, act: Callable[[httpx.AsyncClient], Any]) -> None:
        async with self._browser() as http:
            await http.post("/web/signin", data={"user": self.reach.owner, "passphrase": self.reach.owner_password})
            answer = await act(http)
            answer.raise_for_status()
            await http.post("/web/signout")
