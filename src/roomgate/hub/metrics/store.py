"""The SQL of what is counted in the database."""

from sqlalchemy import Connection, func, select

from roomgate.hub.db.schema import asks


def asks_by_outcome(conn: Connection) -> dict[str, int]:
    query = select(asks.c.outcome, func.count()).group_by(asks.c.outcome)
    return {str(outcome): int(count) for outcome, count in conn.execute(query)}
