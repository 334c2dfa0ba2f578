"""Very many rooms at the hub, without their devices: a real link, and a site behind it that only tells of rooms."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bench.scene import Scene
from roomgate.clock import SystemClock
from roomgate.connector.enrol import enrol
from roomgate.connector.uplink import Site, Uplink, UplinkConfig
from roomgate.link.messages import Cut, EffectInfo, RoomInfo, State, TunnelData, TunnelEnd, Welcome
from roomgate.link.order import Order

_WELCOME_S = 120.0
_LOOK_S = 0.05
_FULL_S = 0.02  # the link takes no more for the moment


def document(number: int, asleep: bool = False) -> dict[str, Any]:
    """What a room's dashboard sends up, about as much as a real one's."""
    return {
        "Status": {
            "Audio": {"Volume": 30 + number % 40, "VolumeMute": "Off", "Microphones": {"Mute": "Off"}},
            "Video": {"Input": {"MainVideoMute": "Off"}},
            "Standby": {"State": "Standby" if asleep else "Off"},
            "SystemUnit": {
                "ProductPlatform": "Board Pro 55",
                "Software": {"DisplayName": "RoomOS 26.4.1.3"},
                "State": {"NumberOfActiveCalls": 0},
            },
            "Bookings": {"Availability": {"Status": "Free"}},
        }
    }


class Crowd:
    """The site's side of the link: it says that all rooms are fine, and does nothing that it is asked."""

    def __init__(self, count: int) -> None:
        self.names = [f"crowd-{number:05}" for number in range(count)]
        self.welcomed = asyncio.Event()

    def site(self) -> Site:
        rooms = [RoomInfo(f"device-{name}", name, "fine", product="Board Pro 55") for name in self.names]
        return Site("a crowd", "digest", rooms, [])

    def effects(self) -> list[EffectInfo]:
        return []

    def linked(self, session: str, hub: str) -> None: ...

    def unlinked(self, session: str, reason: str) -> None: ...

    async def welcome(self, welcome: Welcome) -> None:
        self.welcomed.set()

    async def order(self, order: Order, arrived: float) -> None:
        """Nobody asks anything of these rooms."""

    async def refused(self, order: Order | None, rule: str, words: str) -> None:
        """As `order`."""

    async def cut(self, cut: Cut) -> list[str]:
        return []

    async def lapsed(self, sessions: list[str]) -> None:
        """Nobody is inside."""

    async def unsubscribe(self, order: str) -> None:
        """Nobody watches."""

    def tunnel(self, message: TunnelData | TunnelEnd) -> None:
        """Nobody has a tunnel."""

    async def kept(self, size: int, checkpoint: str) -> None:
        """There is no ledger behind it."""


class Told:
    """A crowd that is linked."""

    def __init__(self, uplink: Uplink, crowd: Crowd) -> None:
        self._uplink = uplink
        self.names = crowd.names

    async def tell(self, name: str, document: dict[str, Any], *, whole: bool = False) -> None:
        """What a room shows now, on its way to the hub when this returns."""
        while not self._uplink.send(State(f"device-{name}", document, whole)):
            await asyncio.sleep(_FULL_S)


@asynccontextmanager
async def crowd(world: Scene, folder: Path, count: int, name: str = "crowd") -> AsyncIterator[Told]:
    """A connector of ``count`` rooms, all of them fine and known to the hub when the block begins."""
    ca = Path(world.world.ca).read_bytes()
    site = (await world.admin.call("POST", "/api/v1/sites", {"name": name}))["id"]
    offer = await world.admin.call("POST", "/api/v1/connectors", {"site": site})
    identity = await enrol(world.world.hub, offer["code"], offer["hub_fingerprint"], name, folder, ca_pem=ca)
    await world.admin.call("POST", f"/api/v1/connectors/{identity.connector}/confirm", {})
    behind = Crowd(count)
    uplink = Uplink(UplinkConfig(identity, ca), behind, SystemClock())
    async with asyncio.TaskGroup() as group:
        running = group.create_task(uplink.run(), name="crowd")
        try:
            async with asyncio.timeout(_WELCOME_S):
                await behind.welcomed.wait()
                told = Told(uplink, behind)
                for number, room in enumerate(behind.names):
                    await told.tell(room, document(number), whole=True)
                last = behind.names[-1]
                while (await world.admin.call("GET", f"/api/v1/rooms/{last}"))["state"] != "fine":
                    await asyncio.sleep(_LOOK_S)
            yield told
        finally:
            running.cancel()
