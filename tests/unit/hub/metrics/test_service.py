from pathlib import Path

import pytest

from roomgate.errors import RoomgateError
from roomgate.hub.metrics.service import Metrics
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
