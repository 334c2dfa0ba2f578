"""The book of wishes over a real database and a real record; opened again, it is as after a kill."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.connector.wishes import Wishes, metadata
from roomgate.storage.database import Database
from roomgate.storage.record import Record
from roomgate.storage.record import metadata as record_tables


@dataclass
class Book:
    wishes: Wishes
    record: Record
    db: Database

    async def kinds(self) -> list[str]:
        return [entry.event.kind for entry in await self.record.entries(0, 1000)]


@asynccontextmanager
async def wished(folder: Path) -> AsyncIterator[Book]:
    db = Database.open(folder / "connector.db", record_tables)
    try:
        await db.write(metadata.create_all)
        record = Record(db, "connector.example.com/1", Ed25519PrivateKey.generate())
        yield Book(await Wishes.open(db, record), record, db)
    finally:
        await db.aclose()
