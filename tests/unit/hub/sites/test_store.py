from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from roomgate.hub.sites import store
from roomgate.hub.sites.store import ConnectorRecord, Site
from roomgate.ids import ConnectorId, SiteId
from support.hub import Hub, running

pytestmark = pytest.mark.asyncio
HOME, AWAY = Site(SiteId("site_1"), "home", "t1"), Site(SiteId("site_2"), "away", "t1")
NOW, LATER = "2026-03-10T09:00:00.000Z", "2026-03-10T09:15:00.000Z"


def connector(id: str, site: Site = HOME) -> ConnectorRecord:
    return ConnectorRecord(ConnectorId(id), site.id, id, id.encode(), "pending", "t1", b"certificate")


async def sites(hub: Hub) -> None:
    for site in (HOME, AWAY):
        await hub.parts.db.write(lambda conn, site=site: store.add_site(conn, site, "ada"))


async def test_a_site_comes_back_by_id_and_by_name(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await sites(hub)
        for name in ("home", "site_1"):
            assert await hub.parts.db.read(lambda conn, name=name: store.find_site(conn, name)) == HOME
        assert await hub.parts.db.read(lambda conn: store.find_site(conn, "nowhere")) is None
        assert await hub.parts.db.read(lambda conn: store.list_sites(conn, "", 1)) == [HOME]
        assert await hub.parts.db.read(lambda conn: store.list_sites(conn, HOME.id, 9)) == [AWAY]


async def test_a_code_is_used_by_the_first_and_before_its_end(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await sites(hub)
        for hash in ("good", "late"):
            await hub.parts.db.write(lambda conn, hash=hash: store.add_code(conn, hash, HOME.id, LATER, "ada"))

        async def use(hash: str, by: str, now: str) -> SiteId | None:
            return await hub.parts.db.write(lambda conn: store.consume_code(conn, hash, ConnectorId(by), now))

        assert await use("unknown", "c1", NOW) is None
        assert await use("late", "c1", LATER) is None
        assert await use("good", "c1", NOW) == HOME.id
        assert await use("good", "c2", NOW) is None
        assert await use("good", "c1", NOW) is None


async def test_a_connector_is_known_by_its_id_and_its_key(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await sites(hub)
        read, write = hub.parts.db.read, hub.parts.db.write
        first, second = connector("c1"), connector("c2", AWAY)
        for one in (first, second):
            await write(lambda conn, one=one: store.add_connector(conn, one))
        assert await read(lambda conn: store.find_connector(conn, "c1")) == first
        assert await read(lambda conn: store.find_by_key(conn, b"c2")) == second
        assert await read(lambda conn: store.find_by_key(conn, b"c3")) is None
        assert await read(lambda conn: store.list_connectors(conn, None, "", 9)) == [first, second]
        assert await read(lambda conn: store.list_connectors(conn, AWAY.id, "", 9)) == [second]
        assert await read(lambda conn: store.list_connectors(conn, None, "c1", 9)) == [second]
        await write(lambda conn: store.set_state(conn, first.id, "live", "ada"))
        assert [c.state for c in await read(lambda conn: store.list_connectors(conn, None, "", 9))] == [
            "live",
            "pending",
        ]
        with pytest.raises(IntegrityError):
            await write(lambda conn: store.add_connector(conn, first))
