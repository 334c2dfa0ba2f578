"""The two targets of the seven attempts: the wrong connector of 2019, and Roomgate; and what their owners do."""

import base64
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from roomgate import xapi
from roomgate.checks.attempts import Access, Request, Target, Trace
from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.people import Caller
from roomgate.cli.demo.world import MUSEUM, World, password
from roomgate.ids import mint
from roomgate.ledger.checkpoint import VerifierKey, open_checkpoint
from roomgate.ledger.tree import leaf_hash, verify_inclusion


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
    vkey: str  # of the hub's ledger
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

    async def proven(self, entry: dict[str, Any]) -> bool:
        """Whether this entry is in the tree whose root the hub's ledger key has signed: computed here, from scratch.

        Raises what of it does not hold.
        """
        shown = await self.admin.call("GET", f"/api/v1/ledger/{entry['index']}")
        signed = open_checkpoint(shown["checkpoint"], VerifierKey.parse(self.vkey))
        leaf, path = leaf_hash(base64.b64decode(shown["raw"])), [bytes.fromhex(step) for step in shown["path"]]
        verify_inclusion(leaf, shown["index"], shown["size"], path, signed.root)
        return bool(signed.size == shown["size"])


async def roomgate(world: World, room: Inside, admin: Caller) -> Target:
    owner = RoomgateOwner(world.hub, room, admin, world.caller, world.somebody, world.vkeys[0])
    return Target("Roomgate", owner, world.ca, await _named_anew(room), room.address, room.ca)


async def wrong(world: World, address: str, admin_password: str) -> Target:
    """The double at this address, for the device that no connector of ours has."""
    room = world.inside[MUSEUM]
    owner = Owner2019(address, world.ca, room, "admin", admin_password)
    return Target("as in 2019", owner, world.ca, await _named_anew(room), room.address, room.ca)


async def _named_anew(room: Inside) -> str:
    """Give the device a name that nobody outside can know."""
    secret = mint("room")
    url = room.address.replace("https", "wss") + "/ws"
    async with xapi.connect(url, user=room.admin_user, password=room.admin_password, ca=room.ca) as device:
        await device.set("Configuration/SystemUnit/Name", secret)
    return secret
