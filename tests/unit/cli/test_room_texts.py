"""Files and texts; what the verbs ask is in test_room_macros.py and test_room_panels.py."""

from pathlib import Path

import pytest

from roomgate.cli.room_texts import write
from roomgate.errors import BadInput
from support.cli import BookHub, ok, run

pytestmark = pytest.mark.xdist_group("cli")


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write(tmp_path / "a", b"one")
    write(tmp_path / "a", b"two")
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("a", b"two")]
    with pytest.raises(BadInput):
        write(tmp_path / "none" / "a", b"x")


def test_a_text_goes_to_a_file_or_to_the_next_program_as_it_is(book: BookHub, tmp_path: Path) -> None:
    text = "a \x1b[31m b\n"
    for words in ((), ("--file", str(tmp_path / "a.js"))):
        book.answer(ok({"name": "a", "text": text, "digest": "d", "active": None, "findings": []}))
        done = run("room", "macros", "show", "oslo", "a", *words)
        assert done.code == 0
    assert (tmp_path / "a.js").read_text() == text


def test_a_check_that_finds_something_bad_ends_with_no(book: BookHub, tmp_path: Path) -> None:
    file = tmp_path / "a.js"
    file.write_text("f(")
    for kind, code in (("bad", 1), ("warn", 0)):
        book.answer(ok({"findings": [{"line": 1, "column": 2, "kind": kind, "code": "x", "about": "", "words": "Hm"}]}))
        done = run("room", "macros", "lint", str(file))
        assert (done.code, done.out) == (code, f"line 1: {kind}: Hm\n")
    book.answer(ok({"findings": []}))
    assert run("room", "panels", "lint", str(file)).out == "Our checks find nothing.\n"
    assert run("room", "panels", "lint", str(tmp_path / "none")).code == 2


@pytest.mark.parametrize("words", [("show", "oslo", "../x"), ("activate", "oslo", "a/b"), ("versions", "oslo", "/")])
def test_a_path_is_no_name(book: BookHub, words: tuple[str, ...]) -> None:
    book.answer(ok({}))
    done = run("room", "macros", *words)
    assert (done.code, book.asked) == (2, [])
    assert "No name of a macro or panel has a “/”." in done.err
