"""How Alembic runs here: on the one connection that `hub.db.migrate` hands over, in its transaction."""

from alembic import context

from roomgate.hub.db.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
