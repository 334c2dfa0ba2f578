from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from roomgate.hub.findings import store
from roomgate.hub.findings.store import Finding
from support.hub import Hub, running

ONE = Finding("finding_a", "ledger", "critical", "A title.", {"order": "o1"}, "Mend it.", "t1", "t1")
pytestmark = pytest.mark.asyncio


async def add(hub: Hub, *ids: str) -> None:
    def unit(conn: Connection) -> None:
        for id in ids:
            store.add(conn, replace(ONE, id=id))

    await hub.parts.db.write(unit)


async def test_a_finding_is_kept_once_and_comes_back_as_it_was(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        db = hub.parts.db
        assert await db.read(lambda conn: store.find(conn, ONE.id)) is None
        await db.write(lambda conn: store.add(conn, ONE))
        await db.write(lambda conn: store.seen_again(conn, ONE.id, "t2", {"order": "o2"}, "Mend it now."))
        again = replace(ONE, last_seen="t2", evidence={"order": "o2"}, mend="Mend it now.")
        assert await db.read(lambda conn: store.page(conn, "", 9)) == [again]
        assert await db.read(lambda conn: store.find(conn, ONE.id)) == again


async def test_what_is_closed_is_apart_the_last_first_until_it_is_seen_again(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        db = hub.parts.db
        await add(hub, "a", "b", "c")
        await db.write(lambda conn: store.close(conn, "a", "t3", "person_1", "mended"))
        await db.write(lambda conn: store.close(conn, "c", "t4", "person_1", "mended"))
        assert [one.id for one in await db.read(lambda conn: store.page(conn, "", 9))] == ["b"]
        closed = await db.read(lambda conn: store.closed(conn, 9))
        assert [(one.id, one.closed, one.closed_by, one.reason) for one in closed] == [
            ("c", "t4", "person_1", "mended"), ("a", "t3", "person_1", "mended"),
        ]  # fmt: skip
        assert [one.id for one in await db.read(lambda conn: store.closed(conn, 1))] == ["c"]
        await db.write(lambda conn: store.seen_again(conn, "a", "t5", {}, ""))
        back = await db.read(lambda conn: store.find(conn, "a"))
        assert back is not None
        assert (back.closed, back.closed_by, back.reason, back.first_seen) == (None, None, None, "t1")
        await db.write(lambda conn: store.remove(conn, "a"))
        assert await db.read(lambda conn: store.find(conn, "a")) is None


async def test_pages_go_on_after_the_last_one(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await add(hub, "c", "a", "b")

        async def page(after: str, limit: int) -> list[str]:
            return [f.id for f in await hub.parts.db.read(lambda conn: store.page(conn, after, limit))]

        assert await page("", 2) == ["a", "b"]
        assert await page("b", 2) == ["c"]
        assert await page("c", 2) == []
