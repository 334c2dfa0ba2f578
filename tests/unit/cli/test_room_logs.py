"""`roomgate room logs`: a file that came whole, and nothing else."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from roomgate.cli.room_logs import read_index
from roomgate.errors import Unreachable
from support.cli import BookHub, ok, run

pytestmark = pytest.mark.xdist_group("cli")


def bundle(**changed: Any) -> bytes:
    out = io.BytesIO()
    told = [{"name": "a.json", "rule": "", "words": ""}, {"name": "b.json", "rule": "never", "words": "not here"}]
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("bundle.json", json.dumps({"parts": told, "hidden": 3, "original_sha256": "ab"} | changed))
    return out.getvalue()


def test_the_bundle_is_written_for_its_owner_alone_and_never_over_another_file(book: BookHub, tmp_path: Path) -> None:
    book.answer((200, {"Content-Type": "application/zip"}, bundle()))
    target = tmp_path / "oslo.zip"
    done = run("room", "logs", "oslo", "--output", str(target))
    assert (done.code, book.asked[0].method, book.asked[0].path) == (0, "POST", "/api/v1/rooms/oslo/logs")
    assert "1 parts, 3 secrets hidden" in done.out
    assert "not in it: b.json: not here" in done.out
    assert target.read_bytes() == bundle()
    assert target.stat().st_mode & 0o077 == 0
    assert run("room", "logs", "oslo", "--output", str(target)).code == 2
    told = run("room", "logs", "oslo", "--output", str(tmp_path / "b.zip"), "--json")
    assert (told.json["original_sha256"], told.json["hidden"]) == ("ab", 3)
    assert run("room", "logs", "oslo", "--output", str(tmp_path / "none" / "b.zip")).code == 2


@pytest.mark.parametrize("content", [b"", bundle()[:-30], b"PK", b"{}"])
def test_what_did_not_come_whole_is_not_kept(book: BookHub, tmp_path: Path, content: bytes) -> None:
    book.answer((200, {"Content-Type": "application/zip"}, content))
    target = tmp_path / "oslo.zip"
    assert run("room", "logs", "oslo", "--output", str(target)).code == 3
    assert not target.exists()


def test_a_bundle_without_an_index_is_none() -> None:
    with pytest.raises(Unreachable):
        read_index(bundle(parts=None)[:40])


def test_calls_are_told(book: BookHub) -> None:
    row = {"start": "2026-03-10T08:00:00Z", "name": "Ada", "number": "a@example.com", "occurrence": "Missed"}
    book.answer(ok({"outcome": "done", "rule": "", "words": "", "items": [row]}))
    done = run("room", "logs", "oslo", "--calls", "--only", "Missed")
    assert (done.code, book.asked[0].path) == (0, "/api/v1/rooms/oslo/calls?only=Missed")
    assert "Ada" in done.out
    book.answer(ok({"outcome": "refused", "rule": "policy", "words": "It is kept inside.", "items": None}))
    done = run("room", "logs", "oslo", "--calls")
    assert (done.code, done.out.strip()) == (1, "oslo: refused. It is kept inside.")
    assert run("room", "logs", "oslo", "--calls", "--json").json["rule"] == "policy"
