"""The settings of a room on the command line."""

import pytest

from roomgate.cli.room_settings import parse_changes, undo_words
from roomgate.errors import BadInput
from support.cli import BookHub, RealHub, ok, run

pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture(scope="module", autouse=True)
def granted(one_hub: RealHub) -> None:
    async def give() -> None:
        from roomgate.access.capability import Capability

        rights = frozenset(map(Capability, ("observe", "av-control", "configure")))
        await one_hub.hub.parts.grants.make(one_hub.hub.admin, "ada", ["oslo"], rights, minutes=60, reason="test")

    one_hub.do(give())


def test_they_are_listed_and_found(hub):
    done = run("room", "settings", "list", "oslo", "ring")
    assert (done.code, done.err) == (0, "")
    assert "Audio/SoundsAndAlerts/RingVolume  50" in done.out
    assert "DefaultVolume" not in done.out
    assert [one["path"] for one in run("room", "settings", "list", "oslo", "--json").json] == [
        "Audio/DefaultVolume", "Audio/SoundsAndAlerts/RingVolume",
    ]  # fmt: skip
    assert "shows all that you may see" in run("room", "settings", "list", "oslo", "nothing").out


def test_several_are_changed_and_the_way_back_is_said(hub):
    done = run("room", "settings", "set", "oslo", "Audio/DefaultVolume=30", "Audio/SoundsAndAlerts/RingVolume=20")
    assert (done.code, done.err) == (0, "")
    back = "roomgate room settings set oslo Audio/SoundsAndAlerts/RingVolume=50 Audio/DefaultVolume=40"
    assert f"To take it back: {back}" in done.out
    told = run("room", "settings", "history", "oslo", "Audio/DefaultVolume").out
    assert "ada" in told
    assert "30" in told


def test_a_dry_run_shows_the_difference(hub):
    done = run("room", "settings", "set", "oslo", "Audio/DefaultVolume=30", "--dry-run")
    assert (done.code, done.err) == (0, "")
    assert "allowed" in done.out
    assert "To take it back" not in done.out


@pytest.mark.parametrize(
    ("outcome", "verdict", "code"),
    [("done", None, 0), ("refused", None, 1), ("unknown", None, 3), ("planned", "refused", 1)],
)
def test_the_exit_code_says_what_became_of_them(book: BookHub, outcome, verdict, code):
    one = {
        "path": "Configuration/Audio/DefaultVolume", "before": 50, "after": 40, "masked": False, "outcome": outcome,
        "rule": "", "words": "", "verdict": verdict, "warnings": ["fence"], "ask": None,
    }  # fmt: skip
    book.answer(ok({"items": [one], "complete": outcome == "done"}))
    words = ["--dry-run"] if verdict else []
    done = run("room", "settings", "set", "oslo", "Audio/DefaultVolume=40", *words)
    assert done.code == code
    assert ("sets it back" in done.out) is bool(verdict)
    assert run("room", "settings", "set", "oslo", "Audio/DefaultVolume=40", "--json", *words).json["items"] == [one]


def test_a_change_is_a_path_and_a_value_once():
    assert parse_changes(["A=1", "B=x=y", "C="]) == {"A": "1", "B": "x=y", "C": ""}
    for wrong in ([], ["A"], ["=1"], ["A=1", "A=2"]):
        with pytest.raises(BadInput):
            parse_changes(wrong)


def test_the_way_back_is_safe_to_paste_and_leaves_secrets_and_what_was_not_done_alone():
    def item(path, before, after="x", outcome="done", masked=False):
        return {"path": f"Configuration/{path}", "before": before, "after": after, "outcome": outcome, "masked": masked}

    items = [
        item("SystemUnit/Name", "it's; rm -rf"), item("A", "***", masked=True), item("B", 1, outcome="failed"),
        item("C", None), item("D", "x"),
    ]  # fmt: skip
    assert undo_words("oslo", items) == "roomgate room settings set oslo 'SystemUnit/Name=it'\"'\"'s; rm -rf'"
    assert undo_words("oslo", items[1:]) == ""
