import io
import stat
import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.draft import write_draft
from roomgate.cli.check import load_target
from roomgate.cli.check_init import (
    ask_all,
    check,
    write,
)
from roomgate.cli.check_questions import Questions
from roomgate.errors import BadInput, Conflict
from support.cli import run

TODAY = date(2026, 3, 10)
ABOUT = ["Our connector", "https://c.example/", "", "", ""]
WHO = ["Allowed from 1 to 12 March.", "Head of IT security", ""]
PERMITTED = ["", "", ""]
OUTSIDE = [*ABOUT, *WHO, "", "https://c.example/d/7f3a91", "room-4711", "", "", "", *PERMITTED]


def piped(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def test_the_shortest_way_gives_a_file_that_the_checker_takes(tmp_path: Path) -> None:
    file = tmp_path / "target.toml"
    done = run("check", "init", str(file), stdin=piped(*OUTSIDE))
    assert done.code == 0, done.err
    assert f"Next: `roomgate check run {file}`" in done.out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    made, _ = load_target(file)
    assert (made.about.name, made.about.urls) == ("Our connector", ("https://c.example/",))
    assert (made.links[0].url, made.links[0].marker) == ("https://c.example/d/7f3a91", "room-4711")
    assert made.permitted.requests_per_second == 2
    assert list(tmp_path.iterdir()) == [file]


def test_wrong_answers_are_asked_again_with_the_reason(tmp_path: Path) -> None:
    wrong = ["", "Our connector", "", "c.example", "https://c.example/", "", "/in", "", "", "Allowed.", "", "The owner", "tomorrow",
             "2020-01-01", "", "everything", "outside", "", "fast", "99", "2", "https://id.example", "id.example", "", ""]  # fmt: skip
    done = run("check", "init", str(tmp_path / "t.toml"), stdin=piped(*wrong))
    assert done.code == 0, done.err
    for reason in (
        "cannot be empty", "At least one is needed", "no web address", "no day", "That day is over", "Answer one of",
        "Give a number", "at most 50", "no host's name",
    ):  # fmt: skip
        assert reason in done.err, reason
    assert load_target(tmp_path / "t.toml")[0].permitted.hosts == ("id.example",)


def test_a_file_that_is_there_stays_unless_it_is_forced(tmp_path: Path) -> None:
    file = tmp_path / "target.toml"
    file.write_text("mine")
    file.chmod(0o644)
    assert run("check", "init", str(file), stdin=piped(*OUTSIDE)).code != 0
    assert file.read_text() == "mine"
    assert run("check", "init", str(file), "--force", stdin=piped(*OUTSIDE)).code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load_target(file)[0].about.name == "Our connector"


def test_one_that_comes_meanwhile_stays_too(tmp_path: Path) -> None:
    file = tmp_path / "target.toml"
    file.write_text("mine")
    with pytest.raises(Conflict):
        write(file, "theirs", force=False)
    assert [one.read_text() for one in tmp_path.iterdir()] == ["mine"]
    with pytest.raises(BadInput):
        write(tmp_path / "nowhere" / "target.toml", "x", force=False)


def test_answers_that_end_early_leave_no_file(tmp_path: Path) -> None:
    done = run("check", "init", str(tmp_path / "t.toml"), stdin=piped(*ABOUT))
    assert done.code == 2
    assert "What is allowed" in done.err
    assert list(tmp_path.iterdir()) == []


ACCOUNTS = [
    *("anna", "", "form", "", "pass-of-anna", "https://c.example/in", "", "", "", "yes", "no"),
    *("otto", "", "form", "", "pass-of-otto", "https://id.example/form", "login", "", "https://c.example/", "no"),
    *("anna", "root", "administrator", "json", "root@c.example", "pass-of-root", "https://c.example/api/in"),
    *("email", "", "access_token", "y"),
    *("robot", "user", "token", "token-of-robot", "", ""),
]
LINKS = ["https://c.example/d/1", "Oslo", "nobody", "anna", "https://c.example/api/1/status", "", "zero", "8", ""]
ENDS = [
    *("status", "", "", "anna", "Oslo", ""),
    *(
        "deleted",
        "anna",
        "hand",
        "Delete anna.",
        "own-password",
        "root",
        "request",
        "",
        "https://c.example/api/pw",
        "root",
        "",
    ),
]
SITE = [
    "https://10.0.0.9",
    "12",
    "ab:" * 31 + "ab",
    "viewer",
    "pass-of-viewer",
    "",
    "10.0.0.2",
    "10.0.0.1/24",
    "10.0.0.0/24",
    "",
]
WHOLE = [*ABOUT, *WHO, "site", *ACCOUNTS, *LINKS, *ENDS, *SITE, "1.5", "", "oslo-test", "echo@c.example"]


def test_the_whole_way_with_accounts_causes_and_the_site(tmp_path: Path) -> None:
    file = tmp_path / "target.toml"
    done = run("check", "init", str(file), "--json", stdin=piped(*WHOLE))
    assert done.code == 0, done.err
    assert done.json["next"] == f"roomgate check run {file} --tier site --interactive"
    for secret in ("pass-of-anna", "pass-of-root", "token-of-robot", "pass-of-viewer"):
        assert secret not in done.err
        assert secret not in done.out
    made, _ = load_target(file)
    anna, root, otto = (made.account(name) for name in ("anna", "root", "otto"))
    assert (anna.user, anna.password, anna.wrong_passwords, root.role, root.wrong_passwords) == (
        "anna", "pass-of-anna", False, "administrator", True,
    )  # fmt: skip
    assert anna.sign_in is not None
    assert root.sign_in is not None
    assert anna.sign_in.request.carry
    assert otto.sign_in is not None
    assert (otto.sign_in.request.url, otto.sign_in.request.page) == ("https://id.example/form", "https://c.example/")
    assert root.sign_in.request.json == {"email": "{user}", "password": "{password}"}
    assert root.sign_in.token == "access_token"
    assert (made.links[0].account, made.links[0].lifetime_s, made.links[0].reads[0].account) == (
        "anna",
        28800.0,
        "anna",
    )
    assert (made.links[0].reads[0].expects, made.channels[0].expects) == ("Oslo", "Oslo")
    assert made.channels[0].request.url == "https://c.example/api/1/status"
    assert [(one.kind, one.account) for one in made.causes] == [("deleted", "anna"), ("own-password", "root")]
    assert made.causes[1].deed.request is not None
    assert made.device.certificate_sha256 == "ab" * 32
    assert (made.site.networks, made.permitted.intrusive, made.permitted.room) == (("10.0.0.0/24",), True, "oslo-test")


@given(st.lists(st.text(max_size=12), max_size=60))
def test_whatever_is_answered_is_a_good_file_or_is_asked_for_again(lines: list[str]) -> None:
    """In front of answers that would do, so that some of it gets through."""
    answers = io.StringIO("".join(f"{line}\n" for line in [*ABOUT, *lines, *OUTSIDE[5:]]))
    try:
        _, draft = ask_all(Questions(answers, io.StringIO()), TODAY)
    except BadInput:
        return
    text = write_draft(draft)
    tomllib.loads(text)
    check(text, Path())
