import asyncio
from pathlib import Path

import pytest

from roomgate.errors import RoomgateError
from roomgate.hub.metrics.service import Metrics
from roomgate.hub.revocation import Cause, Revocation, SubjectKind
from support.console import console

pytestmark = pytest.mark.asyncio


async def test_what_is_counted(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        await it.connect("oslo")
        metrics = Metrics(it.hub.parts, it.relay)
        before = await metrics.snapshot()
        assert (before.signins_failed, before.connectors_linked, before.connectors_away, before.rooms) == (0, 1, 0, {})
        with pytest.raises(RoomgateError):
            await it.hub.parts.identity.sign_in("ada", "wrong-one-altogether", "192.0.2.1")
        who = await it.guest("eve", "oslo", "observe")
        await who.get("/rooms/oslo")
        await it.hub.parts.db.write(lambda conn: None)
        (grant,) = await it.hub.parts.grants.of_person((await it.hub.parts.identity.get("eve")).id)
        await it.hub.parts.grants.end(grant.grant.id, it.hub.admin)
        after = await metrics.snapshot()
        assert after.signins_failed == 1
        assert after.ledger_entries > before.ledger_entries
        assert set(after.alerts) == {"critical", "warning"}
        it.hub.parts.rooms.link_changed(next(iter(it.hub.parts.rooms.connectors())), up=False)
        assert (await metrics.snapshot()).connectors_away == 1


async def test_how_late_the_loop_is_and_how_long_cuts_take(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        metrics = Metrics(it.hub.parts, it.relay)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(metrics.measure_loop(0))
            await asyncio.sleep(0)
            it.hub.clock.advance(2)
            await asyncio.sleep(0)
            task.cancel()
        fall = it.hub.parts.cuts.begin(Revocation(1, Cause.GRANT_REVOKED, SubjectKind.GRANT, "g", None, "x", None))
        it.hub.clock.advance(0.03)
        fall.closed("page")
        fall.ended_here()
        now = await metrics.snapshot()
        assert now.loop_lag_s == pytest.approx(2)
        assert now.cuts.total == pytest.approx(0.03)
        assert (await metrics.snapshot()).loop_lag_s == 0
