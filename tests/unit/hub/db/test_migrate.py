from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from roomgate.hub.db.migrate import NewerSchema, migrate
from roomgate.hub.db.schema import metadata
from roomgate.storage.database import Database

pytestmark = pytest.mark.asyncio


async def test_from_nothing_to_exactly_the_schema_and_again(tmp_path: Path) -> None:
    db = Database.open(tmp_path / "hub.db")
    try:
        version = await migrate(db)
        assert await migrate(db) == version

        def differences(conn: Connection) -> list[object]:
            found = compare_metadata(MigrationContext.configure(conn), metadata)
            return [d for d in found if not (d[0].startswith("remove_") and "record_" in str(d[1]))]

        assert await db.read(differences) == []
        assert await db.read(lambda conn: conn.execute(text("SELECT value FROM sequence")).scalars().all()) == [0]
    finally:
        await db.aclose()


async def test_data_of_a_newer_version_are_left_alone(tmp_path: Path) -> None:
    db = Database.open(tmp_path / "hub.db")
    try:
        await migrate(db)
        await db.write(lambda conn: conn.execute(text("UPDATE alembic_version SET version_num='9999'")) and None)
        with pytest.raises(NewerSchema):
            await migrate(db)
    finally:
        await db.aclose()
