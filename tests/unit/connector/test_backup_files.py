"""A backup on the disk: sealed, whole or not there, and nothing but what was written is ever read."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roomgate.connector import backup_files
from roomgate.connector.backup_files import LARGEST, BackupDamaged, BackupFiles, BackupNotKept, Kept
from roomgate.errors import NotFound
from roomgate.fleet.backup import Contents, Macro
from roomgate.ids import DeviceId
from roomgate.redact import Secret

KEY = Secret(b"k" * 32)
OSLO, ROME = DeviceId("device_oslo"), DeviceId("device_rome")
CONTENTS = Contents(settings={"Audio/DefaultVolume": 40}, macros={"m": Macro("canary-code", True)})


def keep(files: BackupFiles, device: DeviceId = OSLO) -> Kept:
    return files.write(device, "2026-03-10T09:00:00.000Z", "oslo", "before", "person_1", CONTENTS)


def file_of(folder: Path, kept: Kept) -> Path:
    return folder / kept.head.device / f"{kept.head.id}.backup"


def test_what_is_kept_comes_back_and_only_with_the_key(tmp_path: Path):
    files = BackupFiles(tmp_path, KEY)
    kept = keep(files)
    assert files.read(OSLO, kept.head.id) == kept
    assert (files.ids(OSLO), files.ids(ROME)) == ([kept.head.id], [])
    with pytest.raises(BackupDamaged, match="another key"):
        BackupFiles(tmp_path, Secret(b"x" * 32)).read(OSLO, kept.head.id)


def test_the_disk_holds_nothing_of_it_in_the_clear(tmp_path: Path):
    kept = keep(BackupFiles(tmp_path, KEY))
    [file] = [one for one in tmp_path.rglob("*") if one.is_file()]
    raw = file.read_bytes()
    assert [
        word
        for word in (b"canary", b"DefaultVolume", b"before", b"person_1", kept.label.digest.encode())
        if word in raw
    ] == []
    assert "oslo" not in file.name
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_another_rooms_file_is_refused_wherever_it_is_put(tmp_path: Path):
    files = BackupFiles(tmp_path, KEY)
    mine, theirs = keep(files), keep(files, ROME)
    file_of(tmp_path, theirs).rename(tmp_path / OSLO / f"{theirs.head.id}.backup")
    with pytest.raises(BackupDamaged, match="another backup's"):
        files.read(OSLO, theirs.head.id)
    (tmp_path / OSLO / f"{theirs.head.id}.backup").rename(file_of(tmp_path, mine))
    with pytest.raises(BackupDamaged, match="another backup's"):
        files.read(OSLO, mine.head.id)


def test_a_head_that_was_changed_to_fit_is_noticed(tmp_path: Path):
    files = BackupFiles(tmp_path, KEY)
    mine, theirs = keep(files), keep(files, ROME)
    raw = file_of(tmp_path, theirs).read_bytes()
    dressed = raw.replace(theirs.head.id.encode(), mine.head.id.encode()).replace(ROME.encode(), OSLO.encode())
    file_of(tmp_path, mine).write_bytes(dressed)
    with pytest.raises(BackupDamaged, match="changed since"):
        files.read(OSLO, mine.head.id)
    file_of(tmp_path, theirs).write_bytes(raw.replace(b"2026-03-10", b"2027-03-10"))
    with pytest.raises(BackupDamaged, match="changed since"):
        files.read(ROME, theirs.head.id)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.data())
def test_no_byte_can_be_changed_or_cut_off(tmp_path: Path, data: st.DataObject):
    files = BackupFiles(tmp_path, KEY)
    kept = keep(files)
    file = file_of(tmp_path, kept)
    raw = bytearray(file.read_bytes())
    at = data.draw(st.integers(0, len(raw) - 1))
    if data.draw(st.booleans()):
        raw[at] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del raw[at:]
    file.write_bytes(raw)
    with pytest.raises(BackupDamaged):
        files.read(OSLO, kept.head.id)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=300), st.booleans())
def test_rubbish_is_no_backup(tmp_path: Path, rubbish: bytes, dressed: bool):
    files = BackupFiles(tmp_path, KEY)
    kept = keep(files)
    file_of(tmp_path, kept).write_bytes((b"roomgate backup 1\n" if dressed else b"") + rubbish)
    with pytest.raises(BackupDamaged):
        files.read(OSLO, kept.head.id)


def test_what_is_huge_or_no_plain_file_is_not_read(tmp_path: Path):
    files = BackupFiles(tmp_path, KEY)
    kept = keep(files)
    file = file_of(tmp_path, kept)
    os.truncate(file, LARGEST + 1)
    with pytest.raises(BackupDamaged, match="larger"):
        files.read(OSLO, kept.head.id)
    elsewhere = tmp_path / "elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    with pytest.raises(BackupDamaged, match="cannot be opened"):
        files.read(OSLO, kept.head.id)
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(BackupDamaged, match="no file"):
        files.read(OSLO, kept.head.id)


@pytest.mark.parametrize("id", ["", "../device_rome/x", "backup_" + "x" * 19, "backup_" + "X" * 20, "now"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, id: str):
    files = BackupFiles(tmp_path, KEY)
    for do in (files.read, files.remove):
        with pytest.raises(NotFound):
            do(OSLO, id)


def test_an_older_one_that_was_put_back_is_what_it_says_with_its_own_time(tmp_path: Path):
    files = BackupFiles(tmp_path, KEY)
    kept = keep(files)
    raw = file_of(tmp_path, kept).read_bytes()
    files.remove(OSLO, kept.head.id)
    file_of(tmp_path, kept).write_bytes(raw)
    assert files.read(OSLO, kept.head.id).head.made == "2026-03-10T09:00:00.000Z"


def test_the_newest_is_known_without_opening_any(tmp_path: Path):
    files = BackupFiles(tmp_path, Secret(b"x" * 32))
    assert files.newest(OSLO) == ""
    keep(BackupFiles(tmp_path, KEY))
    later = BackupFiles(tmp_path, KEY).write(OSLO, "2026-03-11T09:00:00.000Z", "oslo", "", "", CONTENTS)
    assert files.newest(OSLO) == "2026-03-11T09:00:00.000Z"
    file_of(tmp_path, later).write_bytes(b"roomgate backup 1\n{")
    assert files.newest(OSLO) == "2026-03-10T09:00:00.000Z"


def test_what_is_removed_is_gone(tmp_path: Path):
    files = BackupFiles(tmp_path, KEY)
    kept = keep(files)
    files.remove(OSLO, kept.head.id)
    assert files.ids(OSLO) == []
    with pytest.raises(NotFound):
        files.read(OSLO, kept.head.id)
    with pytest.raises(NotFound):
        files.remove(OSLO, kept.head.id)


def test_a_full_disk_keeps_nothing_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    files = BackupFiles(tmp_path, KEY)
    kept = keep(files)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup_files.os, "fsync", full)
    with pytest.raises(BackupNotKept, match="No space left"):
        keep(files)
    assert [one.name for one in (tmp_path / OSLO).iterdir()] == [f"{kept.head.id}.backup"]


KILLED = """
import os, sys
from pathlib import Path
from roomgate.connector import backup_files
from roomgate.fleet.backup import Contents
from roomgate.redact import Secret
backup_files.os.fsync = lambda _: os.kill(os.getpid(), 9)
backup_files.BackupFiles(Path(sys.argv[1]), Secret(b"k" * 32)).write("device_oslo", "", "oslo", "", "", Contents())
"""


def test_a_kill_in_the_middle_leaves_nothing_that_counts(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    files = BackupFiles(tmp_path, KEY)
    assert done.returncode == -9
    assert len(list((tmp_path / OSLO).iterdir())) == 1
    assert files.ids(OSLO) == []
    assert (files.sweep(), list((tmp_path / OSLO).iterdir())) == (1, [])
