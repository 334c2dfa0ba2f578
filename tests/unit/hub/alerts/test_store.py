import pytest

from roomgate.hub.alerts import store
from roomgate.hub.alerts.store import Alert, Route
from roomgate.hub.db.schema import metadata
from roomgate.storage.database import Database

pytestmark = pytest.mark.asyncio
AT = "2026-03-10T09:00:00.000Z"


async def test_places_go_on_where_alerts_are_forgotten(tmp_path):
    db = Database.open(tmp_path / "x.db", metadata)

    def unit(conn):
        for number in (1, 2, 3):
            store.add(conn, Alert(f"a{number}", "room", "room.offline", "critical", str(number), "", AT, raised=number))
        store.end(conn, "a1", AT, 4)
        assert [(place, one.id, over) for place, one, over in store.told_after(conn, 2, 5)] == [
            (3, "a3", False), (4, "a1", True),
        ]  # fmt: skip
        assert len(store.told_after(conn, 0, 2)) == 2
        store.add_route(conn, Route("r1", "desk", b"x", ("room.offline",), AT, "ada", None, "", 0))
        store.tried(conn, "r1", AT, "No.")
        assert store.find_route(conn, "desk").told == 0
        store.tried(conn, "r1", AT, "", 4)
        for id in ("a2", "a3"):
            store.end(conn, id, AT, 4)
        store.forget(conn, "2027")
        assert store.open_ones(conn) == []
        assert store.place(conn) == 4
        assert [(one.kinds, one.last_words) for one in store.routes(conn)] == [(("room.offline",), "")]
        store.remove_route(conn, "r1")
        assert store.find_route(conn, "r1") is None
        assert store.place(conn) == 0
        assert store.halted_plans(conn, 10) == []

    try:
        await db.write(unit)
    finally:
        await db.aclose()
