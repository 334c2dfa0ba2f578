"""The SQL of the copies that the hub keeps of the connectors' records."""

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from roomgate.hub.db.schema import site_checkpoints, site_entries
from roomgate.ids import ConnectorId
from roomgate.ledger.tree import HASH_BYTES, Frontier
from roomgate.storage.database import driver_of


@dataclass(frozen=True, slots=True)
class SiteRecord:
    """How far a connector's record is here, and the newest checkpoint that was verified."""

    frontier: Frontier
    origin: str
    checkpoint: str


def find(conn: Connection, connector: ConnectorId) -> SiteRecord | None:
    row = conn.execute(select(site_checkpoints).where(site_checkpoints.c.connector == connector)).first()
    if row is None:
        return None
    hashes = tuple(row.hashes[i : i + HASH_BYTES] for i in range(0, len(row.hashes), HASH_BYTES))
    return SiteRecord(Frontier(row.size, hashes), row.origin, row.checkpoint)


def save(conn: Connection, connector: ConnectorId, record: SiteRecord) -> None:
    columns = {
        "size": record.frontier.size,
        "hashes": b"".join(record.frontier.hashes),
        "origin": record.origin,
        "checkpoint": record.checkpoint,
    }
    known = update(site_checkpoints).where(site_checkpoints.c.connector == connector).values(**columns)
    if conn.execute(known).rowcount == 0:
        conn.execute(insert(site_checkpoints), {"connector": connector, **columns})


def add(conn: Connection, connector: ConnectorId, start: int, entries: list[bytes]) -> None:
    if entries:
        rows = [(connector, start + i, raw) for i, raw in enumerate(entries)]
        driver_of(conn).executemany('INSERT INTO site_entries (connector, "index", entry) VALUES (?, ?, ?)', rows)


def entries(conn: Connection, connector: ConnectorId, start: int, limit: int) -> list[tuple[int, bytes]]:
    query = (
        select(site_entries.c.index, site_entries.c.entry)
        .where(site_entries.c.connector == connector, site_entries.c.index >= start)
        .order_by(site_entries.c.index)
        .limit(limit)
    )
    return [(index, bytes(raw)) for index, raw in conn.execute(query)]


def connectors(conn: Connection) -> list[ConnectorId]:
    return [ConnectorId(row.connector) for row in conn.execute(select(site_checkpoints.c.connector))]
