"""Alembic's environment and the versions of the schema, each a step up from the one before."""
