"""Tunnels at the site: what opens one, what shuts one, and what the room is told."""

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from roomgate.access.offered import offered
from roomgate.clock import HandClock
from roomgate.connector import tunnel as module
from roomgate.connector.consent import Panel
from roomgate.connector.devices import DeviceEntry
from roomgate.connector.own import Deed
from roomgate.connector.site_policy import Circumstances, SitePolicy
from roomgate.connector.tunnel import MOST_TUNNELS, SHUT_S, Tunnels
from roomgate.ids import RoomName, mint
from roomgate.ledger.event import Event, TunnelClosed, TunnelOpened
from roomgate.link.messages import LinkBroken, TunnelData, TunnelEnd
from roomgate.link.order import Order
from roomgate.tunnel.frames import What, build_frame, parse_frame
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import CommandFailed, DeviceUnreachable
from support.rooms import MemoryRoom
from support.waiting import until

pytestmark = pytest.mark.asyncio
PIN = "ab" * 32


@dataclass
class Site:
    """The tunnels of one site, its link and its ledger in memory, and a device that says again what it hears."""

    entry: DeviceEntry | None
    room: MemoryRoom = field(default_factory=MemoryRoom)
    clock: HandClock = field(default_factory=HandClock)
    ends: list[TunnelEnd] = field(default_factory=list)
    frames: list[TunnelData] = field(default_factory=list)
    entries: list[Event] = field(default_factory=list)
    broken: bool = False
    tunnels: Tunnels = field(init=False)

    def __post_init__(self) -> None:
        self.tunnels = Tunnels(lambda _: self.entry, self, Panel(offered()), self, self.clock, tell_again_s=0.01)

    def send(self, message: TunnelEnd, *, urgent: bool = False) -> bool:
        self.ends.append(message)
        return True

    async def carry(self, message: TunnelData) -> None:
        if self.broken:
            raise LinkBroken("gone")
        self.frames.append(message)

    def add_soon(self, event: Event) -> None:
        self.entries.append(event)

    def deed(self, session: str = "ses_1", principal: str = "per_1") -> Deed:
        call = offered().canonical(Verb.COMMAND, "Roomgate.Tunnel.Open", {})
        order = Order(
            id=mint("ord"), link=b"", sequence=1, session=session, site="site_1", connector="con_1", room="oslo",
            device="dev_oslo", verb="command", path=list(call.path.parts), arguments=[], body=None,
            digest=call.digest(), principal=principal, principal_name="Ada", principal_kind="person", grant="g",
            reason="", held=[],
        )  # fmt: skip
        about = Circumstances(principal, "Ada", False, "oslo", "", False)
        return Deed(order, self.room, call, about, SitePolicy.load(None))

    async def open(self, **who: str) -> str:
        deed = self.deed(**who)
        await self.tunnels.open(deed)
        return deed.order.id

    def say(self, order: str, what: What, payload: bytes = b"", connection: int = 1) -> None:
        self.tunnels.heard(TunnelData(order, build_frame(what, connection, payload)))

    def heard(self, order: str) -> bytes:
        frames = [parse_frame(one.data) for one in self.frames if one.order == order]
        return b"".join(one.payload for one in frames if one.what is What.DATA)

    def of(self, kind: type[Event]) -> list[Any]:
        return [one for one in self.entries if isinstance(one, kind)]


@asynccontextmanager
async def site(**entry: Any) -> AsyncIterator[Site]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    told = {"pin": PIN, "ca": None, **entry}
    made = Site(DeviceEntry(RoomName("oslo"), "127.0.0.1", port, daily="d", privileged="p", **told))
    async with server, asyncio.TaskGroup() as group:
        running = group.create_task(made.tunnels.run())
        await asyncio.sleep(0)
        try:
            yield made
        finally:
            made.tunnels.unlinked()
            await until(lambda: len(made.room.cleared) == len(made.room.prompts))
            running.cancel()


async def test_bytes_go_to_the_device_and_come_back_and_both_are_counted():
    async with site() as it:
        assert await it.tunnels.look(it.deed()) == {"Fingerprint": PIN, "By": "pin"}
        order = await it.open()
        it.say(order, What.OPEN)
        it.say(order, What.DATA, b"hello")
        await until(lambda: it.heard(order) == b"hello")
        it.tunnels.heard(TunnelEnd(order, "left"))
        [opened], [closed] = it.of(TunnelOpened), it.of(TunnelClosed)
        assert (opened.order, opened.room, opened.principal) == (order, "oslo", "per_1")
        assert (closed.order, closed.cause, closed.to_device, closed.from_device) == (order, "left", 5, 5)
        assert it.ends == []
        assert len(it.tunnels) == 0


async def test_a_cut_shuts_it_before_anything_else_happens_and_tells_the_hub():
    async with site() as it:
        mine, others = await it.open(), await it.open(session="ses_2")
        it.say(mine, What.OPEN)
        assert it.tunnels.end({"ses_1"}, "grant.revoked", "taken back") == ["the tunnel to the page of oslo: shut"]
        assert [(one.order, one.cause) for one in it.ends] == [(mine, "grant.revoked")]
        it.say(mine, What.DATA, b"late")
        assert it.ends[-1].cause == "tunnel.unknown"
        it.say(others, What.OPEN)
        it.say(others, What.DATA, b"goes on")
        await until(lambda: it.heard(others) == b"goes on")
        assert it.heard(mine) == b""


async def test_a_cut_while_it_is_being_opened_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch):
    async with site() as it:

        async def identity(entry: DeviceEntry) -> dict[str, str]:
            it.tunnels.end({"ses_1"}, "grant.revoked", "taken back")
            return {}

        monkeypatch.setattr(module, "_identity", identity)
        with pytest.raises(CommandFailed, match="ended while"):
            await it.open()
        assert (len(it.tunnels), it.of(TunnelOpened)) == (0, [])


async def test_the_room_is_told_for_as_long_as_it_is_open():
    async with site() as it:
        order = await it.open()
        await until(lambda: it.room.prompts)
        text = str(it.room.prompts[0].argument("Text"))
        assert text.startswith("Ada (outside) has this device's own web page open.")
        assert it.room.prompts[0].argument("Option.1") == "Shut it"
        assert it.room.cleared == []
        it.tunnels.heard(TunnelEnd(order, "left"))
        await until(lambda: it.room.cleared)


async def test_a_panel_that_is_away_is_tried_again():
    async with site() as it:
        it.room.broken_panel = DeviceUnreachable("away")
        await it.open()
        it.room.broken_panel = None
        await until(lambda: it.room.prompts)


async def test_the_room_shuts_it_and_that_person_stays_out_for_a_while():
    async with site() as it:
        order, other = await it.open(), await it.open(session="ses_2")
        someone = await it.open(session="ses_3", principal="per_2")
        await until(lambda: it.room.prompts)
        it.room.press(1)
        await until(lambda: len(it.tunnels) < 3)
        shut = {one.order for one in it.ends}
        assert {one.cause for one in it.ends} == {"room.shut"}
        if someone in shut:  # whose notice it was is the panel's to say
            assert shut == {someone}
            who = "per_2"
        else:
            assert shut == {order, other}
            who = "per_1"
        with pytest.raises(CommandFailed, match="Somebody in the room shut"):
            await it.open(principal=who)
        it.clock.advance(SHUT_S + 1)
        await it.open(principal=who)


async def test_one_in_which_nobody_says_anything_is_shut(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "FIRST_WITHIN_S", 0.0)
    async with site() as it:
        order = await it.open()
        await until(lambda: it.ends)
        assert (it.ends[0].order, it.ends[0].cause) == (order, "silent")


async def test_no_more_than_so_many_are_open_at_once():
    async with site() as it:
        it.room.broken_panel = DeviceUnreachable("away")
        for number in range(MOST_TUNNELS):
            await it.open(session=f"ses_{number}")
        with pytest.raises(CommandFailed, match="Too many"):
            await it.open()


async def test_a_hub_that_keeps_to_no_rule_loses_the_tunnel():
    async with site() as it:
        order = await it.open()
        it.tunnels.heard(TunnelData(order, b"rubbish that is no frame"))
        assert [one.cause for one in it.ends] == ["tunnel.broken"]


async def test_a_lost_link_ends_it_and_so_does_the_end_of_the_connector():
    async with site() as it:
        order = await it.open()
        it.say(order, What.OPEN)
        it.broken = True
        it.say(order, What.DATA, b"x")
        await until(lambda: len(it.tunnels) == 0)
        it.broken = False
        await it.open()
        it.tunnels.unlinked()
        assert [one.cause for one in it.of(TunnelClosed)] == ["link.lost", "link.lost"]


async def test_without_its_tasks_or_without_the_device_nothing_is_opened():
    async with site() as it:
        idle = Site(it.entry)
        with pytest.raises(CommandFailed):
            await idle.open()
        it.entry = None
        with pytest.raises(CommandFailed, match="no such device"):
            await it.tunnels.look(it.deed())


async def test_where_an_authority_vouches_the_certificate_is_told_that_the_device_shows(tmp_path: Path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    issued = authority.issue_cert("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server, site(pin=None, ca=tmp_path / "ca.pem") as it:
        assert it.entry is not None
        it.entry = replace(it.entry, port=server.sockets[0].getsockname()[1])
        shown = hashlib.sha256(ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())).hexdigest()
        assert await it.tunnels.look(it.deed()) == {"Fingerprint": shown, "By": "ca"}
        it.entry = replace(it.entry, ca=tmp_path / "other.pem")
        with pytest.raises(DeviceUnreachable):
            await it.open()
        assert len(it.tunnels) == 0
