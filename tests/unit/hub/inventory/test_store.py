from pathlib import Path

import pytest

from roomgate.hub.inventory import store
from roomgate.hub.inventory.store import View
from roomgate.ids import PersonId
from support.hub import running

pytestmark = pytest.mark.asyncio


async def test_a_view_is_put_found_counted_and_removed(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        me, nobody = hub.admin.person.id, PersonId("person_none")
        view = View("view_1", "Boards", {"tag": "boards"})
        await hub.parts.db.write(lambda conn: store.put(conn, me, "inventory", view, "2026-01-01T00:00:00.000Z"))
        assert await hub.parts.db.read(lambda conn: store.of(conn, me, "inventory")) == [view]
        assert await hub.parts.db.read(lambda conn: store.of(conn, me, "rooms")) == []
        assert await hub.parts.db.read(lambda conn: store.count(conn, me)) == 1
        assert not await hub.parts.db.write(lambda conn: store.remove(conn, nobody, "view_1"))
        assert await hub.parts.db.write(lambda conn: store.remove(conn, me, "view_1"))
