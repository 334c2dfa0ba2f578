"""Alerts of a hub: raised from what connectors tell, kept over a restart, seen by whose rooms they are."""

from datetime import timedelta
from pathlib import Path

import pytest

from roomgate.clock import iso
from roomgate.errors import NotFound
from roomgate.hub.alerts import store
from roomgate.hub.alerts.service import Alerts
from roomgate.hub.findings.service import Seen
from roomgate.hub.identity.person import Forbidden
from roomgate.link.messages import CertificateEnd, Upkeep
from support.console import Console, console
from support.hub import info, running

pytestmark = pytest.mark.asyncio
PROBLEM = {"Diagnostics": {"Message": [{"id": 1, "Level": "Error", "Type": "Fan", "Description": "The fan stands."}]}}


async def look(it: Console) -> list[str]:
    await it.hub.parts.alerts.look(it.hub.parts.rooms.ids())
    return [f"{one.kind} {one.subject}".strip() for one in await it.hub.parts.alerts.open_for(it.hub.admin)]


async def test_what_connectors_tell_raises_and_ends(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo", "rome")
        assert await look(it) == []
        await it.state("oslo", PROBLEM)
        connector = site.connector
        await it.hub.parts.rooms.changed(connector, site.site, info("rome", state="offline"))
        assert await look(it) == ["room.offline", "device.problem Fan"]
        assert it.hub.parts.alerts.count(it.hub.admin) == 2
        await it.state("oslo", {"Standby": {"State": "Off"}})
        assert await look(it) == ["room.offline"]
        it.hub.parts.rooms.link_changed(connector, up=False)
        assert await look(it) == [f"connector.away {connector}", "room.offline"]  # of rome nothing else is known
        for _ in range(4):
            it.hub.parts.rooms.link_changed(connector, up=True)
        assert await look(it) == ["room.offline", f"connector.flapping {connector}"]
        it.hub.clock.advance(601)
        await it.hub.parts.rooms.remove("rome", it.hub.admin)
        await it.hub.parts.alerts.look([*it.hub.parts.rooms.ids(), *it.hub.parts.alerts._tracker.rooms()])
        assert await it.hub.parts.alerts.open_for(it.hub.admin) == []
        ended = await it.hub.parts.alerts.ended_for(it.hub.admin)
        assert len(ended) == 4
        assert await it.hub.parts.alerts.ended_for(it.hub.admin, before=ended[1].over) == ended[2:]


async def test_a_restart_neither_raises_again_nor_ends_what_is_not_known_to_be_over(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        connector = await hub.rooms("oslo")
        hub.parts.rooms.link_changed(connector.id, up=True)
        await hub.parts.rooms.changed(connector.id, connector.site, info("oslo", state="offline"))
        await hub.parts.alerts.look(hub.parts.rooms.ids())
        (before,) = await hub.parts.alerts.open_for(hub.admin)
        await hub.parts.alerts.see(before.id, hub.admin)
        hub.parts.rooms.link_changed(connector.id, up=False)  # as at a start
        parts = hub.parts
        alerts = Alerts(parts.db, parts.clock, parts.rooms, parts.grants, parts.findings, 0)
        await alerts.load()
        await alerts.look(parts.rooms.ids())
        after = {one.id: one for one in await alerts.open_for(hub.admin)}
        assert after[before.id].seen_by == hub.admin.person.id
        assert len(after) == 2  # the connector is away, too
        parts.rooms.link_changed(connector.id, up=True)
        await parts.rooms.changed(connector.id, connector.site, info("oslo"))
        await alerts.look(parts.rooms.ids())
        assert await alerts.open_for(hub.admin) == []


async def test_nobody_learns_of_a_room_that_is_not_theirs(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo", "rome")
        await it.state("oslo", PROBLEM)
        await it.state("rome", PROBLEM)
        await it.guest("eve", "oslo", "observe")
        eve, _ = await it.hub.sign_in("eve")
        auditor = (await it.hub.person("kim", "service-desk")) and (await it.hub.sign_in("kim"))[0]
        alerts = it.hub.parts.alerts
        await it.hub.parts.findings.note([Seen("rooms", "k", "warning", "Odd.", {}, "Look.")])
        assert len(await look(it)) == 3
        theirs = await alerts.open_for(eve)
        assert await alerts.names(theirs) == {theirs[0].room: "oslo"}
        assert [one.kind for one in await alerts.open_for(auditor)] == ["device.problem"] * 2  # findings are for audits
        assert (alerts.count(eve), alerts.count(auditor)) == (0, 2)
        (other,) = [one for one in await alerts.open_for(auditor) if one.room != theirs[0].room]
        for id in (other.id, "alert_nowhere"):
            with pytest.raises(NotFound, match="no such alert"):
                await alerts.see(id, eve)
        with pytest.raises(Forbidden):
            await alerts.see(theirs[0].id, eve)
        await it.hub.parts.grants.lock("room", "oslo", "shut", it.hub.admin)
        assert await alerts.open_for(eve) == []
        await it.state("oslo", {})
        await look(it)
        assert await alerts.ended_for(eve) == []
        assert len(await alerts.ended_for(auditor)) == 1


async def test_who_says_first_looks_after_it(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        await it.state("oslo", PROBLEM)
        await look(it)
        await it.hub.person("kim", "service-desk")
        kim, _ = await it.hub.sign_in("kim")
        alerts = it.hub.parts.alerts
        (one,) = await alerts.open_for(kim)
        assert (await alerts.see(one.id, kim)).seen_by == kim.person.id
        assert (await alerts.see(one.id, it.hub.admin)).seen_by == kim.person.id
        assert alerts.count(kim) == 0
        await it.state("oslo", {"Diagnostics": {"Message": [{"id": 1, "Level": "Critical", "Type": "Fan"}]}})
        await look(it)
        (again,) = await alerts.open_for(kim)
        assert (again.severity, again.seen_by) == ("critical", None)  # what becomes worse is looked at anew
        (before,) = await alerts.ended_for(kim)
        assert (before.id, before.severity, before.seen_by) == (one.id, "warning", kim.person.id)
        assert before.over is not None
        assert before.over < again.raised


async def test_what_is_over_is_forgotten_after_a_while(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        await it.state("oslo", PROBLEM)
        await look(it)
        await it.state("oslo", {})
        await look(it)
        it.hub.clock.advance(91 * 86400)
        await look(it)
        await it.hub.parts.db.write(lambda conn: None)
        kept = await it.hub.parts.db.read(lambda conn: store.ended(conn, None, (), None, 10))
        assert [one.kind for one in kept if one.kind == "device.problem"] == []


async def test_a_look_that_could_not_be_written_is_taken_again(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        await it.state("oslo", PROBLEM)
        parts = it.hub.parts
        other = Alerts(parts.db, parts.clock, parts.rooms, parts.grants, parts.findings, 0)
        other._tracker.absorb = lambda *_: (_ for _ in ()).throw(OSError("disk"))  # type: ignore[method-assign]
        with pytest.raises(OSError, match="disk"):
            await other.look(parts.rooms.ids())
        await other.load()
        await other.look(parts.rooms.ids())
        assert len(await other.open_for(it.hub.admin)) == 1


async def test_certificates_and_failed_calls_of_rooms_connectors_and_the_hub(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        clock, alerts = it.hub.clock, it.hub.parts.alerts
        site = await it.connect("oslo")
        soon = iso(clock.now() + timedelta(days=20))
        day = soon[:10]
        for told in (
            Upkeep("device-oslo", [CertificateEnd("HTTPS", soon)], "not-found", iso(clock.now())),
            Upkeep("", [CertificateEnd("hub_ca", soon)]),
            Upkeep("device-later", [CertificateEnd("SIP", soon)]),  # told before its room is
        ):
            await it.relay.events.message(site, told)
        alerts._load_own = lambda: [("certificate", clock.now() + timedelta(days=2))]
        hub = f"certificate.ends hub · certificate {iso(clock.now() + timedelta(days=2))[:10]}"
        others = [f"certificate.ends HTTPS {day}", f"certificate.ends {site.connector} · hub_ca {day}", "call.failed"]
        found = await look(it)
        assert found[0] == hub
        assert sorted(found[1:]) == sorted(others)
        await it.hub.parts.rooms.changed(site.connector, site.site, info("later"))
        assert f"certificate.ends SIP {day}" in await look(it)
        clock.advance(86_401)  # the call is no news any more, whether its connector still knows of it or not
        assert "call.failed" not in await look(it)
        await it.relay.events.message(site, Upkeep("device-oslo", None, "network", iso(clock.now())))
        assert "call.failed" in await look(it)
        it.hub.parts.rooms.link_changed(site.connector, up=False)
        assert f"certificate.ends HTTPS {day}" in await look(it)  # of a room whose connector is away nothing is known
        clock.advance(86_401)
        assert "call.failed" not in await look(it)
        it.hub.parts.rooms.link_changed(site.connector, up=True)
        await it.relay.events.message(site, Upkeep("device-oslo", []))
        await it.relay.events.message(site, Upkeep("device-later", []))
        await it.relay.events.message(site, Upkeep("", []))
        alerts._load_own = tuple
        clock.advance(3600)
        assert await look(it) == []
