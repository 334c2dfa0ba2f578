"""Verification: what is whole agrees; whatever is touched is found, and named."""

import json
import shutil
import sqlite3

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.errors import NotFound
from roomgate.ledger.checkpoint import COSIGNATURE, Checkpoint, Note, VerifierKey, cosign
from roomgate.ledger.event import Permitted
from roomgate.storage.database import Database
from roomgate.storage.record import Record, metadata
from roomgate.storage.verify import verify

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
THIEF = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
WITNESS_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
WITNESS = VerifierKey.of("w.example.com", WITNESS_KEY, COSIGNATURE)
ORIGIN = "roomgate.hub/main"
SIZE = 21


def permit(n):
    return Permitted(
        at="2026-03-10T09:00:00.000Z",
        ask=f"a{n}",
        order=f"o{n}",
        principal="ada",
        room="oslo",
        call=f"Dial {n}",
        digest="d",
        grant="g",
    )


async def fill(folder, key=KEY, size=SIZE, events=permit):
    db = Database.open(folder / "hub.db", metadata)
    record = Record(db, ORIGIN, key)
    for n in range(size):
        record.add_soon(events(n))
        if n in (4, 12, size - 1):
            note = Note.parse(await record.checkpoint())
            await record.cosigned(n + 1, [cosign(note.text, WITNESS.name, WITNESS_KEY, 1_700_000_000 + n)])
    return db, record


async def data_folder(tmp_path):
    folder = tmp_path / "data"
    db, _ = await fill(folder)
    await db.aclose()
    (folder / "witness.vkey").write_text(f"{WITNESS}\n")
    return folder


async def export_folder(tmp_path):
    db, record = await fill(tmp_path / "data")
    await record.export(tmp_path / "export")
    await db.aclose()
    (tmp_path / "export" / "witness.vkey").write_text(f"{WITNESS}\n")
    return tmp_path / "export"


def tamper(folder, *statements):
    db = sqlite3.connect(folder / "hub.db")
    for (trigger,) in list(db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")):
        db.execute(f"DROP TRIGGER {trigger}")
    for statement, *values in statements:
        db.execute(statement, values)
    db.commit()
    db.close()


@pytest.mark.asyncio
async def test_a_whole_data_folder_agrees(tmp_path):
    verdict = verify(await data_folder(tmp_path))
    assert verdict.problems == ()
    assert verdict.ok
    assert (verdict.size, verdict.signed_size, verdict.witnessed_size) == (SIZE, SIZE, SIZE)
    assert verdict.origin == ORIGIN


@pytest.mark.asyncio
async def test_a_whole_export_agrees_and_gives_the_same_root(tmp_path):
    verdict = verify(await export_folder(tmp_path))
    assert verdict.problems == ()
    assert (verdict.size, verdict.signed_size, verdict.witnessed_size) == (SIZE, SIZE, SIZE)
    assert verdict.root == verify(tmp_path / "data").root


@pytest.mark.asyncio
async def test_a_folder_in_use_can_be_verified(tmp_path):
    db, record = await fill(tmp_path / "data")
    assert verify(tmp_path / "data").ok
    await record.add(permit(99))
    verdict = verify(tmp_path / "data")
    assert (verdict.ok, verdict.size, verdict.signed_size) == (True, SIZE + 1, SIZE)
    await db.aclose()


@pytest.mark.asyncio
async def test_verifying_changes_nothing(tmp_path):
    folder = await data_folder(tmp_path)
    before = (folder / "hub.db").read_bytes()
    verify(folder)
    assert (folder / "hub.db").read_bytes() == before


@pytest.mark.asyncio
async def test_one_byte_flipped_in_the_data_file_is_found_and_named(tmp_path):
    folder = await data_folder(tmp_path)
    raw = (folder / "hub.db").read_bytes()
    for n in (0, 7, SIZE - 1):
        copy = tmp_path / f"copy{n}"
        shutil.copytree(folder, copy)
        needle = permit(n).encode()
        at = raw.index(needle) + needle.index(b"Dial") + 1
        (copy / "hub.db").write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        verdict = verify(copy)
        assert not verdict.ok
        assert any(f"entry {n} " in problem for problem in verdict.problems)


@pytest.mark.asyncio
async def test_one_byte_flipped_anywhere_in_an_exports_entries_is_found_and_named(tmp_path):
    folder = await export_folder(tmp_path)
    path = folder / "entries.jsonl"
    raw = path.read_bytes()
    for at in range(0, len(raw) - 1, 37):
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 0x08]) + raw[at + 1 :])
        index = raw.count(b"\n", 0, at)
        verdict = verify(folder)
        assert any(f"entry {index} " in problem for problem in verdict.problems), at
    path.write_bytes(raw)
    assert verify(folder).ok


CHANGED = permit(3).encode().replace(b"Dial 3", b"Dial 9")


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        ([('UPDATE record_entries SET bytes = ? WHERE "index" = 3', CHANGED)], "entry 3 is not what was recorded"),
        ([('DELETE FROM record_entries WHERE "index" = 5',)], "entry 5 is missing"),
        ([('DELETE FROM record_entries WHERE "index" = 20',)], "21 entries were signed for, 20 are here"),
        ([('UPDATE record_entries SET "order" = \'x\' WHERE "index" = 6',)], "entry 6 is filed under other names"),
        ([("UPDATE record_entries SET kind = 'x' WHERE \"index\" = 6",)], "entry 6 is filed under other names"),
        ([('UPDATE record_nodes SET hash = zeroblob(32) WHERE level = 2 AND "index" = 1',)], "the tree over entries 4"),
        ([('DELETE FROM record_nodes WHERE level = 1 AND "index" = 1',)], "the tree over entries 2"),
        ([("INSERT INTO record_nodes VALUES (9, 9, zeroblob(32))",)], "nodes that it should not have"),
        ([("UPDATE record_head SET size = 20",)], "right edge"),
        ([("UPDATE record_head SET size = 22",)], "right edge"),
        ([("DELETE FROM record_head",)], "nodes that it should not have"),
        ([('UPDATE record_entries SET leaf = zeroblob(32) WHERE "index" = 4',)], "entry 4 is not what was recorded"),
        ([("UPDATE record_checkpoints SET note = replace(note, 'hub', 'hut')",)], "cannot be trusted"),
        ([("UPDATE record_about SET key = ''",)], "no key"),
        ([("UPDATE record_about SET key = 'rubbish'",)], "own key cannot be read"),
        ([("DROP TABLE record_entries",)], "cannot be read"),
    ],
)
@pytest.mark.asyncio
async def test_each_change_is_found(tmp_path, statements, said):
    folder = await data_folder(tmp_path)
    tamper(folder, *statements)
    verdict = verify(folder)
    assert any(said in problem for problem in verdict.problems), verdict.problems


@pytest.mark.asyncio
async def test_a_history_rewritten_whole_is_caught_by_its_signatures(tmp_path):
    folder = await data_folder(tmp_path)
    db, _ = await fill(tmp_path / "forged", events=lambda n: permit(n + 1000))
    await db.aclose()
    source = sqlite3.connect(folder / "hub.db")
    notes = list(source.execute("SELECT size, note FROM record_checkpoints"))
    source.close()
    tamper(tmp_path / "forged", *(("UPDATE record_checkpoints SET note = ? WHERE size = ?", n, s) for s, n in notes))
    verdict = verify(tmp_path / "forged")
    assert any("are not those that were signed for" in problem for problem in verdict.problems)


@pytest.mark.asyncio
async def test_a_history_signed_with_another_key_is_caught_by_who_knows_the_right_one(tmp_path):
    db, _ = await fill(tmp_path / "forged", key=THIEF)
    await db.aclose()
    assert verify(tmp_path / "forged").ok
    verdict = verify(tmp_path / "forged", key=VerifierKey.of(ORIGIN, KEY))
    assert any("another key than yours" in problem for problem in verdict.problems)
    assert verdict.signed_size == 0


@pytest.mark.asyncio
async def test_a_forged_cosignature_is_found(tmp_path):
    folder = await data_folder(tmp_path)
    stranger = VerifierKey.of(WITNESS.name, THIEF, COSIGNATURE)
    verdict = verify(folder, witnesses=[stranger])
    assert verdict.witnessed_size == 0
    assert any("did not sign" in problem for problem in verdict.problems)


@pytest.mark.asyncio
async def test_a_checkpoint_of_another_record_is_refused(tmp_path):
    folder = await data_folder(tmp_path)
    other = str(Checkpoint("roomgate.hub/other", 5, bytes(32)).sign(KEY))
    tamper(folder, ("UPDATE record_checkpoints SET note = ? WHERE size = 5", other))
    assert any("cannot be trusted" in problem for problem in verify(folder).problems)


@pytest.mark.parametrize("name", ["leaves", "key", "checkpoint", "checkpoints.json"])
@pytest.mark.asyncio
async def test_an_export_that_lacks_a_part_does_not_agree(tmp_path, name):
    folder = await export_folder(tmp_path)
    (folder / name).unlink()
    assert not verify(folder).ok


@pytest.mark.asyncio
async def test_an_export_that_was_cut_short_does_not_agree(tmp_path):
    folder = await export_folder(tmp_path)
    for name in ("entries.jsonl", "leaves"):
        lines = (folder / name).read_bytes().splitlines(keepends=True)
        (folder / name).write_bytes(b"".join(lines[:-1]))
    assert any("21 entries were signed for" in problem for problem in verify(folder).problems)
    notes = json.loads((folder / "checkpoints.json").read_bytes())[:-1]
    (folder / "checkpoints.json").write_text(json.dumps(notes))
    assert not verify(folder).ok


def test_an_empty_folder_is_no_record(tmp_path):
    with pytest.raises(NotFound):
        verify(tmp_path)


def test_a_damaged_file_is_a_problem_and_no_crash(tmp_path):
    (tmp_path / "connector.db").write_bytes(b"rubbish " * 1000)
    assert any("cannot be read" in problem for problem in verify(tmp_path).problems)


@pytest.mark.asyncio
async def test_a_restored_record_is_whole_under_both_names(tmp_path):
    db, record = await fill(tmp_path / "data")
    record.rename(f"{ORIGIN}/2")
    await record.add(permit(99))
    await record.checkpoint()
    await db.aclose()
    verdict = verify(tmp_path / "data", witnesses=[WITNESS])
    assert (verdict.problems, verdict.origin) == ((), f"{ORIGIN}/2")
    assert (verdict.signed_size, verdict.witnessed_size) == (SIZE + 1, SIZE)
