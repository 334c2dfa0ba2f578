import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, event, text

from roomgate.hub.db.migrate import HEAD, migrate
from roomgate.hub.db.schema import metadata
from roomgate.hub.db.steps import NewerSchema
from roomgate.storage.database import Database
from support.old_database import load

pytestmark = pytest.mark.asyncio

OLD = sorted((Path(__file__).parents[3] / "corpus" / "databases").glob("hub-*.sql"))


def contents(file: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with closing(sqlite3.connect(file)) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {name: db.execute(f'SELECT * FROM "{name}" ORDER BY rowid').fetchall() for name in names}  # noqa: S608 (its own names)


async def test_from_nothing_to_exactly_the_schema_and_again(tmp_path: Path) -> None:
    db = Database.open(tmp_path / "hub.db")
    try:
        assert await migrate(db) == HEAD
        assert await migrate(db) == HEAD

        def differences(conn: Connection) -> list[object]:
            found = compare_metadata(MigrationContext.configure(conn), metadata)
            return [d for d in found if not (d[0].startswith("remove_") and "record_" in str(d[1]))]

        assert await db.read(differences) == []
        assert await db.read(lambda conn: conn.execute(text("SELECT value FROM sequence")).scalars().all()) == [0]
    finally:
        await db.aclose()


@pytest.mark.parametrize("old", OLD, ids=lambda path: path.stem)
async def test_an_old_database_comes_up_with_all_that_it_held(tmp_path: Path, old: Path) -> None:
    file = load(old, tmp_path / "data")
    before = contents(file)
    db = Database.open(file)
    try:
        assert await migrate(db) == HEAD
        found = await db.read(lambda conn: compare_metadata(MigrationContext.configure(conn), metadata))
        assert [d for d in found if not (d[0].startswith("remove_") and "record_" in str(d[1]))] == []
    finally:
        await db.aclose()
    after = contents(file)
    assert before["people"]
    assert before["record_entries"]
    for table, rows in before.items():
        if table != "alembic_version":
            kept = [row[: len(old_row)] for row, old_row in zip(after[table], rows, strict=True)]
            assert kept == rows, table  # a migration adds columns at the end


async def test_a_failure_in_the_middle_leaves_the_old_database(tmp_path: Path) -> None:
    """A step that fails undoes all steps; afterwards the same program brings it up."""
    file = load(OLD[0], tmp_path / "data")
    before = contents(file)
    db = Database.open(file)
    statements: list[str] = []

    def fail(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)
        if "ALTER TABLE tokens" in statement:
            raise OSError("no")

    event.listen(Engine, "before_cursor_execute", fail)
    try:
        with pytest.raises(OSError, match="no"):
            await migrate(db)
    finally:
        event.remove(Engine, "before_cursor_execute", fail)
        await db.aclose()
    assert any("CREATE TABLE restorations" in one for one in statements)
    assert contents(file) == before
    db = Database.open(file)
    try:
        assert await migrate(db) == HEAD
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
