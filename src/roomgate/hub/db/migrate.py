"""Brings a database to the present schema, from nothing or from any earlier version."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, select

from roomgate.errors import RoomgateError
from roomgate.hub.db.schema import sequence
from roomgate.storage.database import Database
from roomgate.storage.record import metadata as record_metadata


class NewerSchema(RoomgateError):
    """The data were written by a newer version; an older one does not touch them."""

    code = "schema.newer"
    hint = "Start the newer version, or restore the backup made before it."


async def migrate(db: Database) -> str:
    """Run what is missing, in one transaction; gives the version now. Raises NewerSchema. Safe to repeat."""
    return await db.write(_migrate)


def _config(conn: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", "roomgate.hub.db:migrations")
    config.attributes["connection"] = conn
    return config


def _migrate(conn: Connection) -> str:
    config = _config(conn)
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    here = MigrationContext.configure(conn).get_current_revision()
    if here is not None and here not in known:
        raise NewerSchema(f"The database has version {here}, which is unknown here.")
    command.upgrade(config, "head")
    record_metadata.create_all(conn)
    if conn.execute(select(sequence.c.value)).first() is None:
        conn.execute(insert(sequence), {"id": 1, "value": 0})
    return str(MigrationContext.configure(conn).get_current_revision())
