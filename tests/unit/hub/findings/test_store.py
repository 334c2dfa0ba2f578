from dataclasses import replace
from pathlib import Path

import pytest

from roomgate.hub.findings import store
from roomgate.hub.findings.store import Finding
from support.hub import running

ONE = Finding("finding_a", "ledger", "critical", "A title.", {"order": "o1"}, "Mend it.", "t1", "t1")


@pytest.mark.asyncio
async def test_a_finding_is_kept_once_and_comes_back_as_it_was(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        db = hub.parts.db
        assert await db.write(lambda conn: store.seen_again(conn, ONE.id, "t1")) is False
        await db.write(lambda conn: store.add(conn, ONE))
        assert await db.write(lambda conn: store.seen_again(conn, ONE.id, "t2")) is True
        assert await db.read(lambda conn: store.page(conn, "", 9)) == [replace(ONE, last_seen="t2")]


@pytest.mark.asyncio
async def test_pages_go_on_after_the_last_one(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        for name in "cab":
            await hub.parts.db.write(lambda conn, name=name: store.add(conn, replace(ONE, id=name)))

        async def page(after: str, limit: int) -> list[str]:
            return [f.id for f in await hub.parts.db.read(lambda conn: store.page(conn, after, limit))]

        assert await page("", 2) == ["a", "b"]
        assert await page("b", 2) == ["c"]
        assert await page("c", 2) == []
