from pathlib import Path
from typing import Any

import pytest

from support.cli import BookHub, ok, problem, run

pytestmark = pytest.mark.xdist_group("cli")
TEXT = {"name": "lights", "text": "x", "digest": "d" * 64, "active": True, "findings": []}


@pytest.mark.parametrize(
    ("words", "answer", "asked", "said"),
    [
        (["list", "oslo"], {"items": [{"name": "lights", "active": True}]}, ("GET", "macros"), "lights"),
        (["list", "oslo"], {"items": []}, ("GET", "macros"), "No macros yet."),
        (["activate", "oslo", "lights"], {"note": ""}, ("POST", "macros/lights/activate"), "lights is active.\n"),
        (["deactivate", "oslo", "a b"], {"note": "Off"}, ("POST", "macros/a%20b/deactivate"), "not restarted: Off"),
        (["remove", "oslo", "lights"], {"version": 3}, ("DELETE", "macros/lights"), "rollback oslo lights 3"),
        (["versions", "oslo", "lights"], {"items": []}, ("GET", "macros/lights/versions"), "Nothing was kept."),
        (["diff", "oslo", "a", "1", "2"], {"difference": "+x\n"}, ("GET", "macros/a/difference?old=1&new=2"), "+x\n"),
        (["diff", "oslo", "a", "1", "2"], {"difference": ""}, ("GET", "macros/a/difference?old=1&new=2"), "the same"),
        (["rollback", "oslo", "lights", "1"], TEXT, ("POST", "macros/lights/rollback"), "as it was in version 1"),
        (["log", "oslo"], {"items": [{"at": "T", "level": "Info", "macro": "a", "message": "hi"}]}, ("GET", "macro-log"), "T  Info  a: hi"),
        (["log", "oslo"], {"items": []}, ("GET", "macro-log"), "said nothing"),
        (["engine", "oslo"], {"active": 2, "crashes": 0, "running": True}, ("GET", "macro-engine"), "running"),
        (["engine", "oslo", "--do", "stop"], None, ("POST", "macro-engine"), "stop done"),
    ],
)  # fmt: skip
def test_each_verb_asks_for_one_thing(
    book: BookHub, words: list[str], answer: Any, asked: tuple[str, str], said: str
) -> None:
    book.answer(ok(answer))
    done = run("room", "macros", *words)
    assert (done.code, done.err) == (0, "")
    assert said in done.out
    assert (book.asked[-1].method, book.asked[-1].path) == (asked[0], f"/api/v1/rooms/oslo/{asked[1]}")
    book.answer(ok(answer))
    assert run("room", "macros", *words, "--json").code == 0


def test_a_file_is_saved_over_the_text_that_was_read(book: BookHub, tmp_path: Path) -> None:
    file = tmp_path / "lights.js"
    file.write_text("let a = 1;\n", "utf-8")
    book.answer(ok(TEXT))
    done = run("room", "macros", "save", "oslo", "lights", "--file", str(file), "--over", "d" * 64)
    assert (done.code, done.out) == (0, "lights is saved on oslo.\n")
    assert book.asked[-1].headers["If-Match"] == f'"{"d" * 64}"'
    book.answer(problem(412, "text.differs", "Somebody else has changed it since you read it."))
    done = run("room", "macros", "save", "oslo", "lights", "--file", str(file))
    assert done.code == 2
    assert "Somebody else" in done.err
