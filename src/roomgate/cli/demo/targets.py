"""The two targets of the seven attempts: the wrong connector of 2019, and Roomgate; and what their owners do."""

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from roomgate.checks.attempts import Access, Request, Target, Trace
from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.people import Caller
from roomgate.cli.demo.world import World, password
from roomgate.ids import mint


async def _change_at_device(room: Inside) -> None:
    """What the device's owner does: new passwords for the accounts that a connector uses."""
    for account in (room.user, room.privileged_user):
        await room.change_password(account, password())


@dataclass(slots=True)
class Owner2019:
    """The double's administrator and its device's owner."""

    address: str
    ca: str
    room: Inside
    admin: str
    admin_password: str
    _who: dict[str, str] = field(default_factory=dict)

    async def _portal(self, act: str, **form: str) -> str:
        trust = ssl.create_default_context(cafile=self.ca)
        async with httpx.AsyncClient(base_url=self.address, verify=trust, timeout=10) as http:
            answer = await http.post(f"/portal/{act}", data=form)
            answer.raise_for_status()
            return answer.text

    async def issue(self, seconds: float) -> Access:
        """A new administrator makes a link; it knows of no end."""
        name, secret = mint("admin"), password()
        root = {"user": self.admin, "password": self.admin_password}
        await self._portal("add", **root, new=name, new_password=secret)
        self._who = {"user": name, "password": secret}
        link = await self._portal("link", **self._who)
        base = f"{self.address}/d/{link}"
        dial = {"command": "Dial", "arguments": {"Number": "listen@example.com"}}
        return Access(base, Request("GET", f"{base}/name"), Request("POST", f"{base}/command", dial))

    async def change_admin_password(self) -> None:
        new = password()
        await self._portal("password", **self._who, new=new)
        self._who["password"] = new

    async def remove_admin(self) -> None:
        await self._portal("remove", user=self.admin, password=self.admin_password, who=self._who["user"])

    async def change_device_password(self) -> None:
        await _change_at_device(self.room)

    async def calls(self) -> int:
        return self.room.count("call.dialled")

    async def records(self) -> list[Trace]:
        """It keeps none: there is nothing to ask for."""
        return []


@dataclass(slots=True)
class RoomgateOwner:
    """A hub's administrator and a device's owner."""

    hub: str
    room: Inside
    admin: Caller
    as_somebody: Callable[[str], Caller]
    name: Callable[[str], str]
    proven: Callable[[dict[str, Any]], Awaitable[bool]]
    _who: dict[str, Any] = field(default_factory=dict)

    async def issue(self, seconds: float) -> Access:
        """A new administrator gives themself access to the room: grants and tokens always end."""
        self._who = await self.admin.call(
            "POST", "/api/v1/people", {"name": self.name("deputy"), "password": password(), "roles": ["administrator"]}
        )
        minutes = seconds / 60
        token = await self.admin.call("POST", "/api/v1/tokens", {"person": self._who["id"], "minutes": max(minutes, 5)})
        own = self.as_somebody(token["token"])
        await own.call(
            "POST",
            "/api/v1/grants",
            {
                "person": self._who["id"],
                "rooms": [self.room.name],
                "capabilities": ["observe", "call", "system"],
                "minutes": minutes,
                "reason": "the seven attempts",
            },
        )
        await own.close()
        asks = f"{self.hub}/api/v1/rooms/{self.room.name}/asks"
        read = {"get": "Configuration/SystemUnit/Name"}
        dial = {"command": "Dial", "arguments": {"Number": "listen@example.com"}, "reason": "to listen"}
        headers = {"Authorization": f"Bearer {token['token']}"}
        return Access(
            f"{self.hub}/r/{self.room.name}", Request("POST", asks, read), Request("POST", asks, dial), headers
        )

    async def change_admin_password(self) -> None:
        await self.admin.call("PATCH", f"/api/v1/people/{self._who['id']}", {"password": password()})

    async def remove_admin(self) -> None:
        await self.admin.call("DELETE", f"/api/v1/people/{self._who['id']}")

    async def change_device_password(self) -> None:
        await _change_at_device(self.room)

    async def calls(self) -> int:
        return self.room.count("call.dialled")

    async def records(self) -> list[Trace]:
        """The hub's ledger for this room, a sample of it with its proof checked."""
        page = await self.admin.call("GET", f"/api/v1/ledger?room={self.room.name}&limit=200")
        acts = [e for e in page["items"] if e["event"]["kind"] in ("permit", "denied")]
        return [
            Trace(e["event"]["principal"], e["event"]["call"], e["event"]["at"], await self.proven(e)) for e in acts[:5]
        ]


def roomgate(
    world: World, room: Inside, admin: Caller, secret: str, proven: Callable[[Any], Awaitable[bool]]
) -> Target:
    owner = RoomgateOwner(world.hub, room, admin, world.caller, world.somebody, proven)
    return Target("Roomgate", owner, world.ca, secret, room.address, room.ca)


def wrong(address: str, world: World, room: Inside, admin_password: str, secret: str) -> Target:
    owner = Owner2019(address, world.ca, room, "admin", admin_password)
    return Target("as in 2019", owner, world.ca, secret, room.address, room.ca)
