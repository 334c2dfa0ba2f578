from pathlib import Path
from sqlite3 import IntegrityError

import pytest

from roomgate.hub.ledger import store
from roomgate.hub.ledger.store import SiteRecord
from roomgate.ids import ConnectorId
from roomgate.ledger.tree import Frontier, leaf_hash, root_of
from support.hub import running

pytestmark = pytest.mark.asyncio


def grown(*entries: bytes) -> Frontier:
    frontier = Frontier()
    for raw in entries:
        frontier, _ = frontier.append(leaf_hash(raw))
    return frontier


@pytest.mark.parametrize("count", [1, 2, 3, 7])
async def test_how_far_a_record_is_comes_back_so_that_it_can_go_on(tmp_path: Path, count: int) -> None:
    entries = [str(n).encode() for n in range(count)]
    async with running(tmp_path) as hub:
        id, db = (await hub.connector()).id, hub.parts.db
        assert await db.read(lambda conn: store.find(conn, id)) is None
        for upto in range(1, count + 1):
            record = SiteRecord(grown(*entries[:upto]), "roomgate.connector/home", f"note {upto}")
            await db.write(lambda conn, record=record: store.save(conn, id, record))
        found = await db.read(lambda conn: store.find(conn, id))
        assert found == record
        frontier, _ = found.frontier.append(leaf_hash(b"next"))
        assert frontier.root() == root_of([*entries, b"next"])
        assert await db.read(store.connectors) == [id]


async def test_entries_keep_their_place_and_are_never_written_over(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        one, two, db = (await hub.connector()).id, (await hub.connector("away")).id, hub.parts.db

        async def add(to: ConnectorId, start: int, *entries: bytes) -> None:
            await db.write(lambda conn: store.add(conn, to, start, list(entries)))

        await add(one, 0, b"a", b"b\x00", b"c")
        await add(one, 3)
        await add(two, 0, b"x")
        assert await db.read(lambda conn: store.entries(conn, one, 1, 9)) == [(1, b"b\x00"), (2, b"c")]
        assert await db.read(lambda conn: store.entries(conn, one, 0, 1)) == [(0, b"a")]
        assert await db.read(lambda conn: store.entries(conn, two, 0, 9)) == [(0, b"x")]
        with pytest.raises(IntegrityError):
            await add(one, 2, b"other")
        assert await db.read(lambda conn: store.entries(conn, one, 2, 9)) == [(2, b"c")]
