import pytest

from roomgate.hub.db.schema import metadata
from roomgate.hub.metrics.store import asks_by_outcome
from roomgate.storage.database import Database


@pytest.mark.asyncio
async def test_asks_are_counted_by_outcome(tmp_path):
    db = Database.open(tmp_path / "x.db", metadata)
    try:
        assert await db.read(asks_by_outcome) == {}
    finally:
        await db.aclose()
