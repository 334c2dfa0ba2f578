"""A network that delays, narrows, stalls, cuts and loses bytes, between all parts; and one that looks inside.

What was asked for is done at most once, what cannot be known is called unknown, and everything is back by itself.
"""

import asyncio
import random
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from roomgate.cli.demo.certificates import Authority
from roomgate.cli.demo.invitations import event_file
from support.proxy import OpeningProxy, Proxy, running
from support.shaken import VOLUME, Shaken, show

pytestmark = [
    pytest.mark.faults,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("network"),
]

ROOM = "oslo"
BACK_S = 30.0
LEASE_S = 15.0
MEETING = "standing@example.com"


@dataclass(slots=True)
class Net:
    """A world whose parts reach each other through proxies only."""

    world: Shaken
    link: Proxy
    device: Proxy
    witness: Proxy

    async def ask(self, wish: dict[str, object], key: str = "") -> tuple[int, dict[str, object]]:
        async with self.world.caller() as admin:
            headers = {"Idempotency-Key": key} if key else {}
            answer = await admin.http.post(f"/api/v1/rooms/{ROOM}/asks?wait=20", json=wish, headers=headers)
            return answer.status_code, answer.json()

    async def show(self, text: str) -> int:
        return (await self.ask(show(text), text))[0]

    async def back(self) -> float:
        """How long until the room answers again."""
        began = time.monotonic()
        async with asyncio.timeout(BACK_S):
            while (await self.ask(VOLUME))[0] != httpx.codes.OK:
                await asyncio.sleep(0.05)
        return time.monotonic() - began


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def net(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Net]:
    world = Shaken(tmp_path_factory.mktemp("network") / "world", (ROOM,))
    link, witness, device = Proxy(world.ports["hub"]), Proxy(world.ports["witness"]), Proxy(0)
    async with running(link, witness, device):
        world.link_port, world.witness_port = link.port, witness.port
        try:
            await world.start_all()
            device.target = world.inside[ROOM].port
            world.write_devices({ROOM: device.port})
            made = Net(world, link, device, witness)
            await world.give(ROOM)
            async with asyncio.timeout(BACK_S):
                while not device.connections:  # the site's file was read anew
                    await asyncio.sleep(0.05)
            await made.back()
            yield made
        finally:
            await world.programs.stop_all()


@pytest.mark.parametrize("where", ["link", "device"])
async def test_a_slow_and_narrow_network_is_slow_and_nothing_else(net, where):
    weather = getattr(net, where).weather
    weather.delay_s, weather.bytes_per_s = 0.15, 64 * 1024
    try:
        assert await net.show(f"slowly over the {where}") == httpx.codes.OK
        assert net.world.shown(ROOM, f"slowly over the {where}") == 1
    finally:
        weather.delay_s = weather.bytes_per_s = 0.0


@pytest.mark.parametrize("how", ["reset", "end", "lose"])
@pytest.mark.parametrize("where", ["link", "device"])
async def test_cut_and_lost_bytes_do_nothing_twice_and_nobody_is_told_what_is_not_so(net, where, how):
    proxy: Proxy = getattr(net, where)
    dice = random.Random(f"{where} {how}")
    told: dict[str, int] = {}

    async def disturb() -> None:
        for _ in range(4):
            await asyncio.sleep(dice.uniform(0.02, 0.3))  # the random moment
            if how == "lose":
                proxy.weather.lose = dice.randint(1, 200)
            else:
                proxy.cut(reset=how == "reset")

    async with asyncio.TaskGroup() as group:
        disturbing = group.create_task(disturb())
        number = 0
        while not disturbing.done():
            number += 1
            text = f"{how} at the {where} {number}"
            told[text] = await net.show(text)
    await net.back()
    shown = {text: net.world.shown(ROOM, text) for text in told}
    assert max(shown.values()) <= 1
    assert [t for t, status in told.items() if status == httpx.codes.OK and shown[t] == 0] == []
    assert [t for t, status in told.items() if status in (403, 404, 503) and shown[t] == 1] == []
    assert set(told.values()) <= {200, 403, 503, 504}


async def test_a_link_that_is_a_black_hole_ends_what_was_begun_within_a_lease(net):
    start = datetime.now(UTC) - timedelta(minutes=1)
    text = event_file("standing@test", start, "Standing", f"sip:{MEETING}", "Always.", timedelta(hours=6))
    (net.world.folder / "calendar" / ROOM / "standing.ics").write_text(text)
    room = net.world.inside[ROOM]
    await room.shows(lambda state: any(one["joinable"] for one in state["bookings"]), BACK_S)
    async with asyncio.timeout(BACK_S):
        while (await net.ask({"command": "Dial", "arguments": {"Number": MEETING}}))[0] != httpx.codes.OK:
            await asyncio.sleep(0.1)
    await room.shows(lambda state: state["calls"])
    net.link.weather.stall()
    began = time.monotonic()
    try:
        await room.shows(lambda state: not state["calls"], BACK_S)
        assert time.monotonic() - began < LEASE_S + 2
    finally:
        net.link.weather.flow()
    await net.back()


async def test_a_witness_out_of_reach_is_caught_up_with(net):
    net.witness.weather.shut = True
    net.witness.cut()
    await net.show("unseen by the witness")
    grown = net.world.size("hub")
    net.witness.weather.shut = False
    async with asyncio.timeout(BACK_S):
        while net.world.witnessed("hub") < grown:
            await asyncio.sleep(0.05)


async def test_a_proxy_that_opens_the_outer_tls_sees_that_there_is_a_link_and_nothing_of_it(
    tmp_path: Path,
):
    corporate = tmp_path / "corporate"
    corporate.mkdir()
    authority = Authority(corporate)
    certificate, key = authority.issue("proxy")
    inbound = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    inbound.load_cert_chain(certificate, key)
    world = Shaken(tmp_path / "world", (ROOM,), connector_extra={"hub_ca": str(authority.ca)})
    proxy = OpeningProxy(world.ports["hub"], inbound, ssl.create_default_context(cafile=str(world.authority.ca)))
    async with running(proxy):
        world.link_port = proxy.port
        try:
            await world.start_all()
            await world.give(ROOM)
            net = Net(world, proxy, proxy, proxy)
            await net.back()
            assert await net.show("canary-of-an-order") == httpx.codes.OK
            async with asyncio.timeout(BACK_S):  # the ledger too has gone over the link
                while world.at_hub() < world.size("connector"):
                    await asyncio.sleep(0.05)
        finally:
            await world.programs.stop_all()
    assert proxy.connections >= 2  # the enrolment and the link
    room = world.inside[ROOM]
    secrets = [room.password, room.privileged_password, room.admin_password, world.admin]
    inside = ["canary-of-an-order", "TextLine", "Status/Audio", "SystemUnit", ROOM, room.user, room.pin, "order.about"]
    link = bytes(proxy.seen).partition(b"101 Switching Protocols")[2]
    assert len(link) > 5_000
    assert [word for word in [*secrets, *inside] if word.encode() in link] == []
    assert [word for word in secrets if word.encode() in proxy.seen] == []
