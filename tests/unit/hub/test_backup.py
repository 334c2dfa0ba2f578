import io
import os
import sqlite3
import stat
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from roomgate.clock import HandClock
from roomgate.errors import Conflict, NotFound
from roomgate.hub.backup import FILES, MANIFEST, BadBackup, make_backup, open_backup, place, require_empty
from support.hub import running


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A hub's data folder and a backup of it."""
    import asyncio

    folder = tmp_path_factory.mktemp("backup")

    async def fill():
        async with running(folder / "data") as hub:
            await hub.person("guest")
            await hub.token("guest")

    asyncio.run(fill())
    backup = make_backup(folder / "data", folder / "data/hub.db", folder / "b", HandClock())
    return folder, backup


def members(file: Path) -> dict[str, bytes]:
    with tarfile.open(file) as tar:
        return {info.name: tar.extractfile(info).read() for info in tar}


def write(file: Path, contents: list[tuple[str, bytes]], **more: object) -> Path:
    with tarfile.open(file, "w") as tar:
        for name, raw in contents:
            info = tarfile.TarInfo(name)
            info.size = len(raw)
            for key, value in more.items():
                setattr(info, key, value)
            tar.addfile(info, io.BytesIO(raw))
    return file


def opened(file: Path, tmp_path: Path, seal: str = ""):
    folder = tmp_path / "unpacked"
    folder.mkdir()
    return open_backup(file, folder, seal), folder


def test_what_is_restored_is_what_was_backed_up(made, tmp_path):
    folder, backup = made
    again, unpacked = opened(folder / "b", tmp_path, backup.seal)
    assert again == backup
    assert stat.S_IMODE(os.stat(folder / "b").st_mode) == 0o600
    for name in FILES[1:]:
        assert (unpacked / name).read_bytes() == (folder / "data" / name).read_bytes()
        assert stat.S_IMODE(os.stat(unpacked / name).st_mode) == 0o600
    with closing(sqlite3.connect(unpacked / "hub.db")) as db:
        assert db.execute("SELECT count(*) FROM people").fetchone() == (2,)
    assert [p.name for p in folder.iterdir() if p.name.startswith(".backup-")] == []


@pytest.mark.parametrize("name", [MANIFEST, *FILES])
def test_one_byte_changed_anywhere_is_refused(made, tmp_path, name):
    folder, backup = made
    raw = members(folder / "b")
    middle = len(raw[name]) // 2
    raw[name] = raw[name][:middle] + bytes([raw[name][middle] ^ 1]) + raw[name][middle + 1 :]
    with pytest.raises(BadBackup):
        opened(write(tmp_path / "b", list(raw.items())), tmp_path, backup.seal)


def test_a_ledger_that_was_changed_with_its_hashes_mended_is_refused(made, tmp_path):
    """Whoever changes the file can mend the hashes, and does not have the seal; the ledger shows it as well."""
    import hashlib
    import json

    folder, _ = made
    raw = members(folder / "b")
    (tmp_path / "hub.db").write_bytes(raw["hub.db"])
    with closing(sqlite3.connect(tmp_path / "hub.db")) as db:
        db.execute("DROP TRIGGER record_entries_no_update")
        db.execute("UPDATE record_entries SET bytes = replace(bytes, 'guest', 'nobod') WHERE kind = 'token.made'")
        db.execute("""UPDATE record_entries SET bytes = CAST(replace(CAST(bytes AS TEXT), 'test', 'tess') AS BLOB)""")
        db.commit()
    raw["hub.db"] = (tmp_path / "hub.db").read_bytes()
    manifest = json.loads(raw[MANIFEST])
    manifest["files"]["hub.db"] = {
        "size_bytes": len(raw["hub.db"]), "sha256": hashlib.sha256(raw["hub.db"]).hexdigest(),
    }  # fmt: skip
    raw[MANIFEST] = json.dumps(manifest).encode()
    with pytest.raises(BadBackup, match="ledger"):
        opened(write(tmp_path / "b", list(raw.items())), tmp_path)


def test_whatever_is_no_backup_is_refused(made, tmp_path):
    folder, _ = made
    raw = members(folder / "b")
    whole = (folder / "b").read_bytes()
    outside = [(MANIFEST, raw[MANIFEST]), ("../hub.db", raw["hub.db"])]
    cases = {
        "empty": b"", "rubbish": bytes(range(256)) * 64, "cut": whole[: len(whole) // 2],
        "first": write(tmp_path / "1", list(raw.items())[1:]).read_bytes(),
        "more": write(tmp_path / "2", [*raw.items(), ("extra", b"x")]).read_bytes(),
        "outside": write(tmp_path / "3", outside).read_bytes(),
        "link": write(tmp_path / "4", [(MANIFEST, b"")], type=tarfile.SYMTYPE, linkname="/etc/passwd").read_bytes(),
        "words": write(tmp_path / "5", [(MANIFEST, b"{}")]).read_bytes(),
    }  # fmt: skip
    for name, content in cases.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "b").write_bytes(content)
        with pytest.raises(BadBackup):
            opened(tmp_path / name / "b", tmp_path / name)
    with pytest.raises(BadBackup):
        opened(tmp_path / "nothing", tmp_path)


def test_nothing_is_overwritten(made, tmp_path):
    folder, _ = made
    before = (folder / "b").read_bytes()
    with pytest.raises(Conflict):
        make_backup(folder / "data", folder / "data/hub.db", folder / "b", HandClock())
    assert (folder / "b").read_bytes() == before
    with pytest.raises(NotFound):
        make_backup(tmp_path, tmp_path / "hub.db", tmp_path / "b", HandClock())
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("kept")
    with pytest.raises(Conflict):
        require_empty(tmp_path / "full")
    (tmp_path / "fresh").mkdir()
    with pytest.raises(Conflict):
        place(tmp_path / "fresh", tmp_path / "full")
    assert (tmp_path / "full" / "x").read_text() == "kept"
    (tmp_path / "empty").mkdir()
    require_empty(tmp_path / "empty")
    place(tmp_path / "fresh", tmp_path / "empty")
