import zipfile
from pathlib import Path
from typing import Any

import pytest

from support.cli import BookHub, ok, problem, run

pytestmark = pytest.mark.xdist_group("cli")
TEXT = {"name": "lights", "text": "<a/>", "digest": "d" * 64, "active": None, "findings": []}


@pytest.mark.parametrize(
    ("words", "answer", "asked", "said"),
    [
        (["list", "oslo"], {"items": []}, ("GET", ""), "No panels yet."),
        (["show", "oslo", "lights"], TEXT, ("GET", "/lights"), "<a/>\n"),
        (["remove", "oslo", "lights"], {"version": 3}, ("DELETE", "/lights"), "panels rollback oslo lights 3"),
        (["versions", "oslo", "lights"], {"items": []}, ("GET", "/lights/versions"), "Nothing was kept."),
        (["diff", "oslo", "a", "1", "2"], {"difference": "+x\n"}, ("GET", "/a/difference?old=1&new=2"), "+x\n"),
        (["rollback", "oslo", "lights", "1"], TEXT, ("POST", "/lights/rollback"), "as it was in version 1"),
    ],
)
def test_each_verb_asks_for_one_thing(
    book: BookHub, words: list[str], answer: Any, asked: tuple[str, str], said: str
) -> None:
    book.answer(ok(answer))
    done = run("room", "panels", *words)
    assert (done.code, done.err) == (0, "")
    assert said in done.out
    assert (book.asked[-1].method, book.asked[-1].path) == (asked[0], f"/api/v1/rooms/oslo/panels{asked[1]}")


def test_panels_travel_in_an_archive(book: BookHub, tmp_path: Path) -> None:
    file = tmp_path / "panels.zip"
    book.answer(ok({"items": [{"name": "lights", "title": "", "place": ""}]}), ok(TEXT))
    assert run("room", "panels", "export", "oslo", str(file)).out == f"1 panel is in {file}.\n"
    book.answer(ok(TEXT))
    assert run("room", "panels", "import", "paris", str(file)).out == "1 panel is on paris.\n"
    assert (book.asked[-1].method, book.asked[-1].path) == ("PUT", "/api/v1/rooms/paris/panels/lights")
    asked = len(book.asked)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("../evil.xml", "<a/>")
    done = run("room", "panels", "import", "paris", str(file))
    assert (done.code, len(book.asked)) == (2, asked)  # refused whole
    assert run("room", "panels", "import", "paris", str(tmp_path / "none.zip")).code == 2


def test_an_import_that_stops_says_what_is_on_the_device(book: BookHub, tmp_path: Path) -> None:
    file = tmp_path / "panels.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("a", "b", "c"):
            archive.writestr(f"{name}.xml", "<a/>")
    book.answer(ok(TEXT), problem(403, "denied", "No."))
    done = run("room", "panels", "import", "paris", str(file))
    assert (done.code, done.out) == (1, "Stopped at b; 1 panel is on paris.\n")
    assert "No." in done.err
    assert [said.path.rsplit("/", 1)[-1] for said in book.asked] == ["a", "b"]


def test_a_panel_whose_id_names_no_file_is_left_out_and_said(book: BookHub, tmp_path: Path) -> None:
    file = tmp_path / "panels.zip"
    book.answer(ok({"items": [{"name": "a/b", "title": "", "place": ""}, {"name": "lights"}]}), ok(TEXT))
    done = run("room", "panels", "export", "oslo", str(file))
    assert (done.code, done.out) == (0, f"1 panel is in {file}. Left out, since no file can be named so: a/b.\n")
    assert zipfile.ZipFile(file).namelist() == ["lights.xml"]
