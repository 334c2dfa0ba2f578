"""`roomgate room security`: the advice first, and no as the answer if something is bad."""

from typing import Any

import pytest

from support.cli import BookHub, ok, run

pytestmark = pytest.mark.xdist_group("cli")


def found(*severities: str, **more: Any) -> dict[str, Any]:
    findings = [
        {"id": s, "severity": s, "seen": f"{s}-seen", "title": f"{s}-title", "do": f"{s}-do"} for s in severities
    ]
    empty = dict.fromkeys(("sessions", "users", "certificates", "authorities", "ciphers", "listeners"))
    return {"room": "oslo", "findings": findings, "parts": {}, **empty, **more}


def test_it_says_no_only_if_something_is_bad(book: BookHub) -> None:
    book.answer(ok(found("warn", "unknown")))
    done = run("room", "security", "oslo")
    assert done.code == 0
    assert "warn-title" in done.out
    assert "Not known: unknown-seen." in done.out
    assert "unknown-title" not in done.out
    book.answer(ok(found("bad")))
    assert run("room", "security", "oslo").code == 1
    assert run("room", "security", "oslo", "--json").json["findings"][0]["id"] == "bad"


@pytest.mark.parametrize(("outcome", "code"), [("failed", 3), ("late", 3), ("refused", 0), ("done", 0)])
def test_a_device_that_does_not_answer_is_not_called_fine(book: BookHub, outcome: str, code: int) -> None:
    part = {"outcome": outcome, "rule": "", "words": "The connection ended.", "opens": ""}
    book.answer(ok(found("unknown", parts={"settings": part})))
    assert run("room", "security", "oslo").code == code
    book.answer(ok(found("bad", parts={"settings": part})))
    assert run("room", "security", "oslo").code == 1


def test_what_was_not_read_is_said_with_the_line_that_opens_it(book: BookHub) -> None:
    part = {"outcome": "refused", "rule": "never", "words": "Never.", "opens": 'open = ["UserManagement"]'}
    sessions = [{"user": "mallory", "kind": "Web", "origin": "192.0.2.1", "since": "", "ours": False}]
    users = [
        {"name": "signage", "roles": ["User"], "active": "True", "blocked": "False", "last_login": "", "ours": True}
    ]
    book.answer(ok(found(users=users)))
    assert run("room", "security", "oslo").out.split()[-5:] == ["signage", "User", "yes", "no", "yes"]
    book.answer(ok(found(parts={"users": part}, sessions=sessions)))
    done = run("room", "security", "oslo")
    assert 'users: refused. Never. open = ["UserManagement"]' in done.out
    assert "mallory" in done.out
