import asyncio
import shutil
import sqlite3
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.ledger.checkpoint import COSIGNATURE, VerifierKey
from support.cli import BookHub, RealHub, ok, run
from support.hub import running

pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a hub in which something happened, signed."""
    folder = tmp_path_factory.mktemp("kept")

    async def live() -> None:
        async with running(folder) as hub:
            await hub.person("bob")
            await hub.rooms("oslo")
            await hub.grant("bob", "oslo")
            await hub.parts.record.checkpoint()

    asyncio.run(live())
    return folder


@pytest.fixture
def copy(kept: Path, tmp_path: Path) -> Path:
    shutil.copytree(kept, tmp_path / "copy")
    return tmp_path / "copy"


def test_a_whole_record_holds(kept):
    done = run("ledger", "verify", str(kept))
    assert (done.code, "every hash and signature holds" in done.out) == (0, True)
    told = run("ledger", "verify", str(kept), "--json").json
    assert (told["ok"], told["size"], told["signed_size"], told["problems"]) == (True, told["size"], told["size"], [])
    assert run("ledger", "verify", str(kept), "--key", told["key"]).code == 0


def test_one_changed_byte_is_found_and_named(copy):
    with sqlite3.connect(copy / "hub.db") as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("""UPDATE record_entries SET bytes = CAST(replace(CAST(bytes AS TEXT), 'bob', 'rob') AS BLOB)""")
    db.close()
    done = run("ledger", "verify", str(copy))
    assert (done.code, "does NOT hold" in done.out, "its hash differs" in done.out) == (1, True, True)
    told = run("ledger", "verify", str(copy), "--json")
    assert (told.code, told.json["ok"]) == (1, False)


def test_a_witness_that_did_not_sign_is_missed(kept):
    stranger = str(VerifierKey.of("w.example.com", Ed25519PrivateKey.generate(), COSIGNATURE))
    done = run("ledger", "verify", str(kept), "--witness", stranger)
    assert (done.code, "No checkpoint carries the witness's signature" in done.out) == (1, True)


@pytest.mark.parametrize("words", [["--key", "rubbish"], ["--witness", "rubbish"]])
def test_a_key_that_is_none_is_bad_input(kept, words):
    assert run("ledger", "verify", str(kept), *words).code == 2


def test_a_folder_without_a_record(tmp_path):
    for verb in (["verify", str(tmp_path)], ["export", str(tmp_path), str(tmp_path / "out")]):
        done = run("ledger", *verb)
        assert (done.code, "holds no record" in done.err, "data folder" in done.err) == (1, True, True)


def test_an_export_can_be_verified_anywhere(kept, tmp_path):
    done = run("ledger", "export", str(kept), str(tmp_path / "out"))
    assert (done.code, "roomgate ledger verify" in done.out) == (0, True)
    whole = run("ledger", "verify", str(kept), "--json").json
    there = run("ledger", "verify", str(tmp_path / "out"), "--json").json
    assert (there["ok"], there["size"], there["root"]) == (True, whole["size"], whole["root"])
    done = run("ledger", "export", str(kept), str(tmp_path / "out"))
    assert (done.code, "is not empty" in done.err) == (1, True)
    assert run("ledger", "export", str(kept), str(tmp_path / "other"), "--json").json["entries"] == whole["size"]


def test_the_hub_s_ledger_is_listed(hub: RealHub):
    run("person", "add", "lena")
    rows = run("ledger", "list", "--kind", "person-made", "--json").json or run("ledger", "list", "--json").json
    assert all({"index", "event"} <= set(row) for row in rows)
    assert [row["index"] for row in rows] == sorted((row["index"] for row in rows), reverse=True)
    assert run("ledger", "list", "--room", "nowhere").out == "Nothing has happened yet.\n"
    assert run("ledger", "list").out.splitlines()[0].split()[:3] == ["index", "at", "kind"]


def test_records_that_agree_and_records_that_do_not(hub: RealHub, book: BookHub):
    finding = {"id": "f", "source": "reconciliation", "severity": "critical", "title": "Twice.", "mend": "Look."}
    book.answer(ok({"items": [finding, finding | {"source": "other", "title": "Other."}], "next": None}))
    done = run("ledger", "reconcile")
    assert (done.code, "Twice." in done.out, "Other." in done.out) == (1, True, False)
    book.answer(ok({"items": [], "next": None}))
    assert run("ledger", "reconcile", "--json").json == []
    assert run("ledger", "reconcile").code == 0
