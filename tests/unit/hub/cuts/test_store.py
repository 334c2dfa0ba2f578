from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from roomgate.hub.cuts import store
from roomgate.hub.cuts.store import Cut
from support.hub import running

AT = datetime(2026, 3, 1, tzinfo=UTC)


def cut(sequence: int) -> Cut:
    channels = {"xapi": [1.5, 2.0], "page": [3.0]}
    return Cut(
        sequence, "lock", AT + timedelta(days=sequence), 2, channels, {"connector_1": 4.5, "connector_2": None}, 5
    )


@pytest.mark.asyncio
async def test_what_is_kept_is_given_back_page_by_page_and_forgotten_by_age(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        db = hub.parts.db
        for number in (1, 2, 3):
            await db.write(lambda conn, number=number: store.add(conn, cut(number)))
        assert await db.read(lambda conn: store.page(conn, None, 2)) == [cut(3), cut(2)]
        assert await db.read(lambda conn: store.page(conn, 2, 2)) == [cut(1)]
        assert await db.read(lambda conn: store.since(conn, cut(2).at)) == [cut(2), cut(3)]
        assert await db.write(lambda conn: store.forget(conn, cut(3).at)) == 2
        assert await db.read(lambda conn: store.page(conn, None, 9)) == [cut(3)]
        assert (cut(1).closed, cut(1).every_ms) == (3, [1.5, 2.0, 3.0])
