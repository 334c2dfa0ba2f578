"""A hub restart with many connectors: each comes back by itself, all of them within a minute and a half.

``make test`` has a dozen of them, ``make chaos`` two hundred. The hub is a real process; the connectors' links are
real too (sockets, both TLS sessions, the hello), with a site behind each that has one room and does nothing.
"""

import asyncio
import os
import time
from pathlib import Path

import pytest

from roomgate.clock import SystemClock
from roomgate.connector.enrol import Identity, enrol
from roomgate.connector.uplink import Site, Uplink, UplinkConfig
from roomgate.link.messages import RoomInfo
from support.link import SiteSide, running
from support.shaken import Shaken, shaken

pytestmark = [pytest.mark.faults, pytest.mark.e2e, pytest.mark.xdist_group("many")]

CONNECTORS = int(os.environ.get("CONNECTORS", "12"))
BACK_S = 90.0
ROOMS = 1000


class OneRoom(SiteSide):
    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def site(self) -> Site:
        return Site("meetings only", "digest", [RoomInfo(f"device-{self.number}", f"room-{self.number}", "fine")], [])


class ManyRooms(SiteSide):
    """A site so large that what it says first is several times what a hub takes from a stranger in one frame."""

    def site(self) -> Site:
        rooms = [
            RoomInfo(f"device-large-{n}", f"large-{n}", "fine", "Every room is as it should be.") for n in range(ROOMS)
        ]
        return Site("meetings only", "digest", rooms, [])


async def enrolled(world: Shaken, name: str, count: int) -> list[Identity]:
    """So many connectors of a new site of this name."""
    identities, folder = [], world.folder / name
    folder.mkdir()
    async with world.caller() as admin:
        site = (await admin.call("POST", "/api/v1/sites", {"name": name}))["id"]
        for number in range(count):
            offer = await admin.call("POST", "/api/v1/connectors", {"site": site})
            made = await enrol(
                world.hub, offer["code"], offer["hub_fingerprint"], f"c{number}", folder / str(number),
                ca_pem=world.authority.ca.read_bytes(),
            )  # fmt: skip
            await admin.call("POST", f"/api/v1/connectors/{made.connector}/confirm", {})
            identities.append(made)
    return identities


async def all_up(uplinks: list[Uplink], up: bool = True) -> None:
    async with asyncio.timeout(BACK_S):
        while not all(one.up is up for one in uplinks):
            await asyncio.sleep(0.02)


async def restarted(world: Shaken) -> list[float]:
    """How long after the hub's return each link was back."""
    ca = world.authority.ca.read_bytes()
    uplinks = [
        Uplink(UplinkConfig(identity, ca), OneRoom(number), SystemClock())
        for number, identity in enumerate(await enrolled(world, "many", CONNECTORS))
    ]
    async with running(*uplinks):
        await all_up(uplinks)
        await world.kill("hub")
        await all_up(uplinks, up=False)
        await world.start("hub")
        began = time.monotonic()
        back: dict[int, float] = {}
        async with asyncio.timeout(BACK_S):
            while len(back) < len(uplinks):
                for number, one in enumerate(uplinks):
                    if one.up:
                        back.setdefault(number, time.monotonic() - began)
                await asyncio.sleep(0.02)
        assert rooms_known(world) == CONNECTORS + 1  # and no room was taken for removed
    return sorted(back.values())


async def large_site(world: Shaken) -> int:
    """How many rooms more the hub knows of, of a site that has very many."""
    before = rooms_known(world)
    (identity,) = await enrolled(world, "large", 1)
    site = ManyRooms()
    async with running(Uplink(UplinkConfig(identity, world.authority.ca.read_bytes()), site, SystemClock())):
        await site.events.until(lambda event: event[0] == "welcome", BACK_S)
        return rooms_known(world) - before


def rooms_known(world: Shaken) -> int:
    return int(world.rows("hub", "SELECT count(*) FROM rooms WHERE removed IS NULL")[0][0])


async def story(folder: Path) -> tuple[list[float], int]:
    async with shaken(folder / "world", "oslo") as world:
        return await restarted(world), await large_site(world)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[float], int]:
    return asyncio.run(story(tmp_path_factory.mktemp("many")), debug=False)


def test_all_connectors_are_back_in_a_minute_and_a_half(told):
    times, _ = told
    print(f"{len(times)} links back after (s): median {times[len(times) // 2]:.1f}, most {times[-1]:.1f}")
    assert len(times) == CONNECTORS
    assert times[-1] <= BACK_S


def test_a_site_with_very_many_rooms_gets_its_link(told):
    assert told[1] == ROOMS
