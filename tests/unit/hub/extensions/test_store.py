from pathlib import Path

import pytest

from roomgate.hub.extensions import store
from roomgate.hub.extensions.store import Version
from roomgate.hub.extensions.text import Kind
from support.hub import running


@pytest.mark.asyncio
async def test_versions_are_kept_apart_by_room_kind_and_name(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await hub.rooms("oslo", "paris")
        oslo, paris = (hub.parts.rooms.get(name).id for name in ("oslo", "paris"))
        now = hub.clock.now()

        def fill(conn) -> None:
            for room, kind, name, number in (
                (oslo, Kind.MACRO, "a", 1),
                (oslo, Kind.MACRO, "a", 2),
                (oslo, Kind.MACRO, "b", 1),
                (oslo, Kind.PANEL, "a", 7),
                (paris, Kind.MACRO, "a", 5),
            ):
                version = Version(name, number, f"{number}", "seen", None, now)
                store.add(conn, room, kind, version, f"{kind} {name} {number}".encode(), "2026-01-01T00:00:00Z")

        await hub.parts.db.write(fill)

        def look(conn):
            return (
                [one.number for one in store.every(conn, oslo, Kind.MACRO, "a")],
                store.newest(conn, paris, Kind.MACRO, "a").number,
                store.newest(conn, paris, Kind.PANEL, "a"),
                [(one.name, one.number) for one in store.newest_of_all(conn, oslo, Kind.MACRO)],
                store.sealed(conn, oslo, Kind.PANEL, "a", 7),
                store.sealed(conn, oslo, Kind.PANEL, "a", 8),
            )

        assert await hub.parts.db.read(look) == ([2, 1], 5, None, [("a", 2), ("b", 1)], b"panel a 7", None)
        await hub.parts.db.write(lambda conn: store.forget(conn, oslo, Kind.MACRO, "a", 1))
        assert (await hub.parts.db.read(look))[0] == [2]
