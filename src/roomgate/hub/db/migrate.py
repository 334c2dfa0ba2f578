"""Brings a database to the present schema, from nothing or from any earlier version."""

from sqlalchemy import Connection, insert, inspect, select, text

from roomgate.hub.db.schema import sequence
from roomgate.storage.database import Database
from roomgate.storage.record import metadata as record_metadata

HEAD = "0006"  # the newest of migrations/versions


async def migrate(db: Database) -> str:
    """Run what is missing, in one transaction; gives the version now. Raises NewerSchema. Safe to repeat."""
    return await db.write(_migrate)


def _migrate(conn: Connection) -> str:
    if _version(conn) != HEAD:
        from roomgate.hub.db.steps import upgrade

        upgrade(conn)
    record_metadata.create_all(conn)
    if conn.execute(select(sequence.c.value)).first() is None:
        conn.execute(insert(sequence), {"id": 1, "value": 0})
    return str(_version(conn))


def _version(conn: Connection) -> str | None:
    """What Alembic wrote down; None for a database without tables."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    found: str | None = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found
