"""Alembic's side of a migration: whatever lies between the version that is there and ours.

Loaded only where there is something to do: Alembic takes longer to load than a small program takes to start.
"""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from roomgate.errors import RoomgateError


class NewerSchema(RoomgateError):
    """The data were written by a newer version; an older one does not touch them."""

    code = "schema.newer"
    hint = "Start the newer version, or restore the backup made before it."


def upgrade(conn: Connection) -> None:
    """Run what is missing. Raises NewerSchema."""
    config = Config()
    config.set_main_option("script_location", "roomgate.hub.db:migrations")
    config.attributes["connection"] = conn
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    here = MigrationContext.configure(conn).get_current_revision()
    if here is not None and here not in known:
        raise NewerSchema(f"The database has version {here}, which is unknown here.")
    command.upgrade(config, "head")
