"""What SQLAlchemy has compiled serves every database of a test run.

It keeps compiled statements with their engine, which a program has for as long as it runs. Here nearly each test opens
a database of its own, and would compile every statement of a hub anew: that was more than half of such a test.
Only the text of statements is kept; connections, transactions and files are each database's own, as ever.
"""

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

_first = create_engine("sqlite://")
_compiled: dict[Any, Any] = {}


def share() -> None:
    """From now on, for the whole process."""
    with _first.connect():  # so that its dialect knows SQLite's version
        event.listen(Engine, "engine_connect", _shared)


def _shared(conn: Connection) -> None:
    conn.dialect = _first.dialect  # compiled statements are kept by dialect
    conn.execution_options(compiled_cache=_compiled)
