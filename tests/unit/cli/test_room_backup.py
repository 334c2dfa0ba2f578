"""The verbs of backups: what they ask of the hub, and what they say."""

import json

import pytest

from support.cli import BookHub, ok, problem, run

ROW = {
    "id": "backup_1", "made": "2026-03-10T09:00:00.000Z", "name": "before", "by": "person_1", "size": 900,
    "digest": "d", "settings": 3, "panels": 1, "macros": 0, "pictures": 2, "masked": 1, "damaged": "", "unchanged": False,
}  # fmt: skip
CHANGE = {
    "kind": "setting",
    "name": "Audio/DefaultVolume",
    "was": "50",
    "will": 40,
    "left": None,
}
DIFFERENCE = {
    "seen": "digest-1", "same": 5, "masked": ["SIP/Turn/Password"], "only_there": [], "document": "",
    "product": ["Desk Pro", "Board Pro"], "software": None,
    "changes": [
        CHANGE,
        {**CHANGE, "kind": "macro", "name": "hello", "was": None, "will": "x" * 200},
        {**CHANGE, "kind": "panel", "name": "lights"},
    ],
    "left_out": [{**CHANGE, "name": "SystemUnit/Name", "left": "identity"}],
}  # fmt: skip


def asked(book: BookHub) -> list[tuple[str, str, object]]:
    return [(one.method, one.path, json.loads(one.body) if one.body else None) for one in book.asked]


def test_one_is_made_and_one_that_would_be_the_same_is_not(book: BookHub):
    book.answer(ok(ROW))
    assert (
        "backup_1 of oslo is kept at its site: settings: 3, panels: 1"
        in run("room", "backup", "make", "oslo", "before").out
    )
    assert asked(book) == [("POST", "/api/v1/rooms/oslo/backups", {"name": "before", "reason": ""})]
    book.answer(ok({**ROW, "unchanged": True}))
    assert "nothing new was kept" in run("room", "backup", "make", "oslo").out
    assert run("room", "backup", "make", "oslo", "--json").json["unchanged"]


def test_they_are_listed_shown_and_removed(book: BookHub):
    book.answer(ok({"items": [ROW], "next": None}))
    assert "before" in run("room", "backup", "list", "oslo").out
    book.answer(ok({"items": [], "next": None}))
    assert "None yet" in run("room", "backup", "list", "oslo").out
    whole = {"id": "backup_1", "contents": {"settings": {"A/B": 1}, "panels": {}, "macros": {}, "branding": {}, "masked": [], "product": "Desk", "software": "", "catalogue": "", "left_out": []}}  # fmt: skip
    book.answer(ok(whole))
    assert "Desk" in run("room", "backup", "show", "oslo", "backup_1").out
    assert run("room", "backup", "show", "oslo", "backup_1", "--json").json == whole
    book.answer((204, {}, b""))
    assert run("room", "backup", "remove", "oslo", "backup_1").out == "backup_1 is gone.\n"
    assert asked(book) == [("DELETE", "/api/v1/rooms/oslo/backups/backup_1", None)]


def test_a_restore_is_shown_first_and_done_only_when_told(book: BookHub):
    book.answer(ok(DIFFERENCE))
    done = run("room", "backup", "restore", "oslo", "backup_1", "--into", "rome")
    assert done.code == 0
    for said in (
        "Another product: the backup is of Desk Pro, rome is Board Pro.", "setting Audio/DefaultVolume",
        "left out: identity", "SIP/Turn/Password",
    ):  # fmt: skip
        assert said in done.out
    assert "x" * 100 not in done.out
    assert asked(book) == [("GET", "/api/v1/rooms/oslo/backups/backup_1/difference?into=rome&same_room=false", None)]
    assert run("room", "backup", "restore", "oslo", "backup_1", "--json").json == DIFFERENCE


@pytest.mark.parametrize("json_", [False, True])
def test_what_was_shown_is_planned_and_done_and_what_was_not_is_told(book: BookHub, json_: bool):
    plan = {"id": "plan_1", "name": "before to oslo", "state": "done", "words": "", "rooms": {"done": 1}}
    failed = {**plan, "rooms": {"failed": 1}}
    step = {
        "kind": "macro", "what": "m", "before": "", "after": "", "verdict": "refused", "state": "left", "rule": "never",
        "words": "No.",
    }  # fmt: skip
    rooms = {"items": [{"room": "oslo", "state": "failed", "words": "", "steps": [step]}], "next": None}
    more = ["--json"] if json_ else []
    book.answer(
        ok(DIFFERENCE), ok({"plan": "plan_1"}), ok({**plan, "state": "planned"}), ok(plan), ok(failed), ok(rooms)
    )
    done = run("room", "backup", "restore", "oslo", "backup_1", "--same-room", "--apply", "--reason", "why", *more)
    assert done.code == 1
    assert asked(book)[1:4] == [
        (
            "POST", "/api/v1/rooms/oslo/backups/backup_1/restore",
            {"seen": "digest-1", "into": None, "same_room": True, "reason": "why"},
        ),
        ("GET", "/api/v1/plans/plan_1?past=planning", None),
        ("POST", "/api/v1/plans/plan_1/start", None),
    ]  # fmt: skip
    if json_:
        assert done.json == failed
    else:
        assert "plan_1 before to oslo is done: 1 failed." in done.out
        assert "refused: No. [never]" in done.out
    book.answer(ok(DIFFERENCE), ok({"plan": "plan_1"}), ok({**plan, "state": "planned"}), ok(plan), ok(plan))
    assert run("room", "backup", "restore", "oslo", "backup_1", "--apply", *more).code == 0
    book.answer(ok({**DIFFERENCE, "changes": []}))
    assert run("room", "backup", "restore", "oslo", "backup_1", "--apply", *more).code == 0
    assert len(asked(book)) == 1


def test_no_difference_is_said_and_a_no_too(book: BookHub):
    book.answer(ok({**DIFFERENCE, "changes": [], "left_out": [], "masked": [], "product": None}))
    assert run("room", "backup", "restore", "oslo", "backup_1").out == "oslo is as the backup says.\n"
    book.answer(problem(403, "denied", "You may not."))
    assert run("room", "backup", "list", "oslo").code == 1
