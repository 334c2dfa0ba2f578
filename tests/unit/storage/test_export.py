"""An export beside the running program: what is signed, as it is, and nothing else."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.errors import Conflict, NotFound
from roomgate.ledger.event import Permitted
from roomgate.storage.database import DamagedData, Database
from roomgate.storage.export import export
from roomgate.storage.record import Record, metadata
from roomgate.storage.verify import verify


async def opened(folder: Path) -> tuple[Database, Record]:
    db = Database.open(folder / "connector.db", metadata)
    return db, Record(db, "roomgate.connector/one", Ed25519PrivateKey.generate())


async def add(record: Record, count: int) -> None:
    for n in range(count):
        await record.add(
            Permitted(
                at="2026-03-10T09:00:00.000Z", ask=f"a{n}", order=f"o{n}", principal="ada", room="oslo", call="Dial",
                digest="d", grant="g",
            )
        )  # fmt: skip


@pytest.mark.asyncio
async def test_what_is_signed_is_exported_while_the_program_writes_on(tmp_path):
    db, record = await opened(tmp_path / "data")
    await add(record, 5)
    await record.checkpoint()
    await add(record, 3)
    assert export(tmp_path / "data", tmp_path / "out") == 5
    verdict = verify(tmp_path / "out", key=record.verifier)
    assert (verdict.ok, verdict.size, verdict.signed_size) == (True, 5, 5)
    await record.checkpoint()
    assert export(tmp_path / "data", tmp_path / "later") == 8
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "out").iterdir()} == {0o600}
    await record.export(tmp_path / "signed")
    names = sorted(path.name for path in (tmp_path / "signed").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "later").iterdir())
    assert all((tmp_path / "signed" / n).read_bytes() == (tmp_path / "later" / n).read_bytes() for n in names)
    await db.aclose()


@pytest.mark.asyncio
async def test_a_changed_entry_is_copied_as_it_is_and_found_by_whoever_verifies(tmp_path):
    db, record = await opened(tmp_path / "data")
    await add(record, 5)
    await record.checkpoint()
    await db.aclose()
    export(tmp_path / "data", tmp_path / "out")
    file = tmp_path / "out" / "entries.jsonl"
    file.write_bytes(file.read_bytes().replace(b"oslo", b"rome", 1))
    assert verify(tmp_path / "out").problems[0] == "entry 0 is not what was recorded: its hash differs"


@pytest.mark.asyncio
async def test_nothing_signed_nothing_there_and_a_full_folder(tmp_path):
    with pytest.raises(NotFound):
        export(tmp_path, tmp_path / "out")
    db, record = await opened(tmp_path / "data")
    with pytest.raises(Conflict, match="signed yet"):
        export(tmp_path / "data", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    await add(record, 1)
    await record.checkpoint()
    for taken in (tmp_path, tmp_path / "data" / "connector.db"):
        with pytest.raises(Conflict, match="not empty"):
            export(tmp_path / "data", taken)
    await db.aclose()


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "hub.db").write_bytes(b"not a database, but long enough to be looked at" * 50)
    with pytest.raises(DamagedData):
        export(tmp_path, tmp_path / "out")
