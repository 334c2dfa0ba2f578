import asyncio
from pathlib import Path

import pytest

from roomgate.cli.api import trust
from roomgate.cli.exits import SaysNo
from roomgate.cli.tunnel_wire import CUT, Opened, TunnelWire, open_wire, told_end
from roomgate.errors import NotFound, Unreachable
from roomgate.tunnel.frames import TunnelBroken, What, build_frame
from support.tunnel_hub import TunnelHub, tunnel_hub
from support.waiting import until

pytestmark = pytest.mark.asyncio


async def wire_to(hub: TunnelHub, room: str = "oslo", reason: str = "") -> TunnelWire:
    return await open_wire(hub.api, room, reason, trust(str(hub.ca)))


async def test_it_shows_its_token_and_hears_what_was_decided(tmp_path: Path) -> None:
    async with tunnel_hub(tmp_path) as hub:
        hub.says = [{"outcome": "waiting"}, hub.done()]
        wire = await wire_to(hub, "big room", "the camera")
        waited: list[bool] = []
        assert await wire.opened(lambda: waited.append(True)) == Opened("order_1", hub.fingerprint, "pin")
        assert waited == [True]
        assert hub.asked[0].path == b"/api/v1/rooms/big%20room/tunnel?reason=the+camera"
        assert hub.asked[0].headers["Authorization"] == "Bearer rg_ada"
        wire.close()
        await until(wire.ended.done)


async def test_a_no_is_told_with_its_rule(tmp_path: Path) -> None:
    async with tunnel_hub(tmp_path) as hub:
        hub.says = [{"outcome": "refused", "rule": "never", "words": "Never done."}]
        wire = await wire_to(hub)
        with pytest.raises(SaysNo, match=r"Never done\. \(rule never\)"):
            await wire.opened(lambda: None)


async def test_a_hub_that_ends_before_it_has_decided_is_no_yes(tmp_path: Path) -> None:
    async with tunnel_hub(tmp_path) as hub:
        wire = await wire_to(hub)
        await until(lambda: hub.open)
        hub.close(CUT, "grant.revoked")
        with pytest.raises(SaysNo, match=r"grant\.revoked"):
            await wire.opened(lambda: None)
        await wire.put(b"nothing is sent after the end")


async def test_a_room_that_is_not_yours_and_a_hub_that_is_away(tmp_path: Path) -> None:
    async with tunnel_hub(tmp_path) as hub:
        hub.refuses = True
        with pytest.raises(NotFound, match="There is no room 'oslo' for you"):
            await wire_to(hub)
    with pytest.raises(Unreachable):
        await wire_to(hub)


async def test_a_frame_that_is_none_ends_it(tmp_path: Path) -> None:
    async with tunnel_hub(tmp_path) as hub:
        wire = await wire_to(hub)
        frames: list[bytes] = []

        def feed(frame: bytes) -> None:
            frames.append(frame)
            if frame == b"bad":
                raise TunnelBroken("no frame")

        wire.listen(feed)
        await until(lambda: hub.open)
        good = build_frame(What.BROKEN, 1)
        for one in (good, b"bad"):
            await hub.open[0].end._put(one)
        with pytest.raises(TunnelBroken):
            await wire.ended
        assert frames == [good, b"bad"]


async def test_nothing_is_sent_while_the_hub_takes_nothing() -> None:
    wire = TunnelWire()
    wire.pause_writing()
    sending = asyncio.ensure_future(wire.put(b"x"))
    await asyncio.sleep(0)
    assert not sending.done()
    wire.resume_writing()
    await sending


async def test_an_end_by_the_hubs_will_is_a_no_and_any_other_is_none() -> None:
    assert isinstance(told_end(CUT, "room.shut"), SaysNo)
    assert "Somebody in the room shut it." in str(told_end(CUT, "room.shut"))
    assert isinstance(told_end(1011, "link.lost"), Unreachable)
