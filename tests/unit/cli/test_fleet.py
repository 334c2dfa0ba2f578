"""The verbs of the fleet, against a hub that answers out of a book: what is sent, what is said, and how it ends."""

import json

import pytest

from roomgate.cli.fleet import read_document
from roomgate.errors import BadInput
from support.cli import ok, run

pytestmark = pytest.mark.xdist_group("cli")

PLAN = {"id": "plan_1", "name": "Autumn", "state": "planned", "words": "", "rooms": {"waiting": 1, "offline": 1}}
STEP = {
    "kind": "setting",
    "what": "Audio/DefaultVolume",
    "before": "30",
    "after": "50",
    "verdict": "allowed",
    "state": "",
    "rule": "",
    "words": "",
}
NEVER = STEP | {
    "kind": "macro",
    "what": "hello",
    "verdict": "refused",
    "state": "left",
    "rule": "never",
    "words": "Never.",
}
ROOMS = {"next": None, "items": [
    {"room": "oslo", "state": "waiting", "words": "", "steps": [STEP, NEVER]},
    {"room": "rome", "state": "offline", "words": "The device does not answer.", "steps": []},
]}  # fmt: skip


@pytest.fixture
def document(tmp_path):
    (tmp_path / "hello.js").write_text("1;")
    (tmp_path / "panel.xml").write_text("<Extensions/>")
    (tmp_path / "wall.png").write_bytes(b"hello")
    file = tmp_path / "settings.toml"
    file.write_text(
        '[everything.macros]\nhello = { file = "hello.js", active = true }\n[site.oslo.panels]\np = { file = "panel.xml" }\n'
        '[tag.x.branding]\nBackground = { file = "wall.png" }\n'
    )
    return file


def test_files_that_a_document_names_are_read_into_it(document):
    made = json.loads(read_document(document))
    assert made["everything"]["macros"]["hello"] == {"active": True, "code": "1;"}
    assert made["site"]["oslo"]["panels"]["p"] == {"xml": "<Extensions/>"}
    assert made["tag"]["x"]["branding"]["Background"] == {"image": "aGVsbG8="}


@pytest.mark.parametrize("named", ["../secret", "/etc/hostname"])
def test_a_document_is_no_way_to_files_that_are_not_beside_it(document, named):
    document.write_text(f'[everything.macros]\nx = {{ file = "{named}" }}\n')
    with pytest.raises(BadInput, match="in its own folder"):
        read_document(document)


def test_what_a_plan_would_do_and_what_it_would_not_is_said(book, document):
    book.answer(ok(PLAN), ok(PLAN), ok(ROOMS))
    done = run("fleet", "plan", str(document), "--night", "22:00-05:00", "--waves", "2", "--waves", "0")
    assert done.code == 0, done.err
    sent = json.loads(book.asked[0].body)
    assert (sent["night"], sent["waves"]) == ("22:00-05:00", [2, 0])
    assert book.asked[1].path == "/api/v1/plans/plan_1?past=planning"
    for words in (
        "Audio/DefaultVolume",
        "refused: Never. [never]",
        "The device does not answer.",
        "roomgate fleet apply plan_1",
    ):
        assert words in done.out
    book.answer(ok(PLAN), ok(PLAN), ok(ROOMS))
    assert run("fleet", "plan", str(document), "--json").json["room_list"] == ROOMS["items"]


def test_an_upgrade_is_a_plan_of_one_step(book):
    book.answer(ok(PLAN), ok(PLAN), ok({"items": [], "next": None}))
    done = run("fleet", "upgrade", "--url", "https://files.example.com/a.pkg", "--version", "ce12", "--tag", "x")
    assert "Every room is as it should be." in done.out
    assert json.loads(json.loads(book.asked[0].body)["document"]) == {
        "name": "Upgrade to ce12", "only": {"tags": ["x"]},
        "upgrade": {"url": "https://files.example.com/a.pkg", "version": "ce12", "minutes": 30},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("state", "rooms", "code"),
    [
        ("done", {"done": 2}, 0),
        ("done", {"done": 1, "failed": 1}, 1),
        ("halted", {"waiting": 1}, 1),
        ("cancelled", {}, 0),
    ],
)
def test_following_a_plan_ends_as_the_plan_does(book, state, rooms, code):
    over = PLAN | {"state": state, "rooms": rooms, "words": "Because."}
    for words, first in ((("apply",), {}), (("resume", "--again"), {"again": True})):
        book.answer(ok(PLAN | {"state": "running"}), ok(PLAN | {"state": "running"}), ok(over))
        done = run("fleet", words[0], "plan_1", *words[1:])
        assert (done.code, "Because." in done.out) == (code, True)
        assert json.loads(book.asked[0].body or b"{}") == first
        assert [one.path.partition("?")[2] for one in book.asked[1:]] == ["past=running"] * 2
    book.answer(ok(over))
    assert run("fleet", "status", "plan_1", "--json").code == code


def test_halted_cancelled_listed_and_shown(book):
    book.answer(ok(PLAN))
    assert run("fleet", "halt", "plan_1", "--words", "Lunch.").out == "plan_1 is halted.\n"
    assert json.loads(book.asked[0].body) == {"words": "Lunch."}
    assert run("fleet", "cancel", "plan_1").out == "plan_1 is cancelled.\n"
    book.answer(ok({"items": [PLAN], "next": None}))
    assert "plan_1" in run("fleet", "list").out
    book.answer(ok(ROOMS))
    assert "Never." in run("fleet", "show", "plan_1", "--state", "failed").out
    assert book.asked[0].path.endswith("/rooms?states=failed")
    assert run("fleet", "show", "plan_1", "--json").json == ROOMS["items"]
    book.answer(ok({"items": [], "next": None}))
    assert run("fleet", "show", "plan_1", "--state", "failed").out == "No room is in this state.\n"


def test_what_drifted_is_a_no(book, document):
    row = {
        "room": "oslo",
        "kind": "setting",
        "what": "x",
        "now": "1",
        "wanted": "2",
        "words": "",
        "by": None,
        "at": None,
    }
    book.answer(ok([row]))
    done = run("fleet", "drift", "plan_1")
    assert (done.code, book.asked[0].path) == (1, "/api/v1/plans/plan_1/drift")
    assert "at the device, or by another tool" in done.out
    book.answer(ok([]))
    done = run("fleet", "drift", str(document))
    assert (done.code, done.out) == (0, "Everything is as it should be.\n")
    assert book.asked[0].path == "/api/v1/plans/drift"
