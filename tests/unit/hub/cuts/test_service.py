from pathlib import Path

import pytest

from roomgate.hub.cuts.service import KEPT, PATIENCE_S
from roomgate.hub.identity.person import Forbidden
from roomgate.hub.revocation import Cause, Revocation, SubjectKind
from roomgate.ids import ConnectorId
from support.hub import Hub, running

pytestmark = pytest.mark.asyncio


def revocation(hub: Hub, sequence: int = 7) -> Revocation:
    return Revocation(sequence, Cause.LOCK, SubjectKind.PERSON, "person_1", None, "test", written=hub.clock.monotonic())


async def kept(hub: Hub):
    await hub.parts.db.write(lambda conn: None)  # what was handed over before is committed with it
    return await hub.parts.cuts.page(hub.admin)


async def test_a_cut_is_kept_once_it_is_over_with_its_figures(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        told = revocation(hub)
        hub.clock.advance(0.005)  # the commit
        fall = hub.parts.cuts.begin(told)
        fall.sessions = 1
        fall.closed("xapi")
        fall.told(ConnectorId("connector_1"), "cut_1")
        fall.ended_here()
        assert await kept(hub) == []
        hub.clock.advance(0.01)
        fall.said("cut_1", ConnectorId("connector_1"))
        [cut] = await kept(hub)
        assert (cut.sequence, cut.cause, cut.sessions, cut.took_ms) == (7, "lock", 1, 15)
        assert (cut.channels, cut.connectors) == ({"xapi": [5.0]}, {"connector_1": 15.0})


async def test_a_revocation_that_found_nothing_open_is_no_cut(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        hub.parts.cuts.begin(revocation(hub)).ended_here()
        assert await kept(hub) == []


async def test_a_connector_that_never_says_it_is_kept_as_silent(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        fall = hub.parts.cuts.begin(revocation(hub))
        fall.sessions = 1
        fall.told(ConnectorId("connector_1"), "cut_1")
        fall.ended_here()
        hub.clock.advance(PATIENCE_S)
        hub.parts.cuts.sweep()
        assert await kept(hub) == []
        hub.clock.advance(1)
        hub.parts.cuts.sweep()
        [cut] = await kept(hub)
        assert cut.connectors == {"connector_1": None}
        fall.said("cut_1", ConnectorId("connector_1"))  # too late to be told
        assert len(await kept(hub)) == 1


async def test_old_figures_are_let_go(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        for sequence in (7, 8):
            fall = hub.parts.cuts.begin(revocation(hub, sequence))
            fall.closed("page")
            fall.ended_here()
            hub.clock.advance(KEPT.total_seconds() - 60)
        hub.parts.cuts.sweep()
        assert [cut.sequence for cut in await kept(hub)] == [8]
        assert [cut.sequence for cut in await hub.parts.cuts.of_days(hub.admin, 90)] == [8]
        assert await hub.parts.cuts.of_days(hub.admin, 1) == []


async def test_figures_are_for_who_may_see_or_audit(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        for name, role in (("guest", "member"), ("desk", "service-desk"), ("watcher", "auditor")):
            await hub.person(name, role)
        for name in ("desk", "watcher"):
            assert await hub.parts.cuts.page((await hub.token(name))[0]) == []
        guest, _ = await hub.token("guest")
        with pytest.raises(Forbidden):
            await hub.parts.cuts.page(guest)
        with pytest.raises(Forbidden):
            await hub.parts.cuts.of_days(guest, 30)
