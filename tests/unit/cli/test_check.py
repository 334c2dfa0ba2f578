"""`roomgate check run`, `list` and `explain`: what is looked at is kept, told, and not looked at twice."""

from pathlib import Path

import pytest

from roomgate.checks.catalogue import all_checks
from roomgate.cli.check import load_target
from roomgate.errors import BadInput
from support.cli import run
from support.wsgi_thread import serving

pytestmark = pytest.mark.xdist_group("cli")

FILE = """
[target]
name = "A target"
urls = ["{url}"]

[authorisation]
text = "The owner allows it."
by = "The owner"

[permitted]
requests_per_second = 50

[[accounts]]
name = "alice"
password_file = "alice.password"
"""
ONLY = ("--only", "K10", "--only", "k11")
NOWHERE = FILE.replace("{url}", "https://127.0.0.1:9/").split("\n[permitted]")[0]


def written(folder: Path, text: str) -> Path:
    (folder / "target.toml").write_text(text, "utf-8")
    return folder / "target.toml"


def page(environ, start):
    body = b"<!doctype html><title>Front</title><form><input name=q></form>"
    start("200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture
def target(tmp_path):
    with serving(page) as served:
        (tmp_path / "alice.password").write_text("correct horse\n")
        (tmp_path / "target.toml").write_text(FILE.format(url=served.url))
        yield str(tmp_path / "target.toml"), served


def test_a_run_says_what_it_found_and_leaves_every_form(target, tmp_path):
    file, _ = target
    told = run("check", "run", file, *ONLY, "--out", str(tmp_path / "out"))
    assert told.code == 1  # K11 fails: the page has a form and no policy
    assert "✕ K11" in told.out
    assert "Does not apply, 1 check: K10" in told.out  # there is no HTTPS to enforce
    assert str(tmp_path / "out" / "report.html") in told.out
    for name in ("report.html", "report.json", "report.sarif", "report.csv", "har/front.har", "sealed/key"):
        assert (tmp_path / "out" / name).is_file()
    assert run("check", "verify", str(tmp_path / "out")).code == 0
    assert not any(b"correct horse" in f.read_bytes() for f in (tmp_path / "out").rglob("*") if f.is_file())


def test_the_form_that_scripts_rely_on(target, tmp_path):
    file, _ = target
    told = run("check", "run", file, *ONLY, "--out", str(tmp_path / "out"), "--json")
    assert told.code == 1
    assert {"grade", "points", "why", "findings"} <= told.json.keys()
    assert [(one["id"], one["outcome"]) for one in told.json["findings"]] == [
        ("K10", "not-applicable"),
        ("K11", "fail"),
    ]
    for one in told.json["findings"]:
        assert {"id", "outcome", "severity", "title", "evidence", "mend"} <= one.keys()
    assert told.json["folder"] == str(tmp_path / "out")


def test_what_was_looked_at_is_not_looked_at_again(target, tmp_path):
    file, served = target
    first = run("check", "run", file, *ONLY, "--out", str(tmp_path / "out"), "--json")
    asked = served.asked
    again = run("check", "run", file, *ONLY, "--out", str(tmp_path / "out"), "--json")
    assert served.asked == asked > 0
    assert again.json == first.json
    other = run("check", "run", file, "--only", "K10", "--out", str(tmp_path / "out"))
    assert (other.code, "another run" in other.err) == (1, True)


def test_nothing_failed_is_done(target, tmp_path):
    told = run("check", "run", target[0], "--only", "K10", "--out", str(tmp_path / "out"))
    assert told.code == 0


@pytest.mark.parametrize(
    ("text", "said"), [("", "[target]: is missing"), ("[target", "not TOML"), ("[targets]\n", "did you mean target")]
)
def test_every_complaint_about_the_file_is_told(tmp_path, text, said):
    (tmp_path / "target.toml").write_text(text)
    told = run("check", "run", str(tmp_path / "target.toml"))
    assert told.code == 2
    assert said in told.err


def test_a_check_that_there_is_not(target, tmp_path):
    told = run("check", "run", target[0], "--only", "K99", "--out", str(tmp_path / "out"))
    assert (told.code, "There is no check K99" in told.err) == (2, True)


def test_every_check_is_listed_and_explained() -> None:
    rows = run("check", "list", "--json").json
    assert [row["id"] for row in rows] == [check.id for check in all_checks()]
    for row in rows:
        told = run("check", "explain", row["id"].lower(), "--json").json
        assert told["check"].startswith(f"{row['id']}: ")
        assert all(told[name] for name in ("how it looks", "how to mend it", "how it could be mistaken"))
    assert rows[0]["title"] in run("check", "list").out
    assert "how to mend it" in run("check", "explain", rows[0]["id"]).out
    own = next(check for check in all_checks() if check.options)
    assert f"[{own.id}] in the target file" in run("check", "explain", own.id).out
    unknown = run("check", "explain", "K99")
    assert unknown.code != 0
    assert rows[0]["id"] in unknown.err  # which ones there are


def test_a_target_that_does_not_answer_is_never_a_pass(tmp_path: Path) -> None:
    file = written(tmp_path, NOWHERE)
    done = run("check", "run", str(file), "--only", "K10", "--out", str(tmp_path / "seen"), "--json")
    assert {one["id"]: one["outcome"] for one in done.json["findings"]}["K10"] == "inconclusive"


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        (NOWHERE, ("--only", "K99"), "There is no check K99"),
        (NOWHERE + "until = 2020-01-01\n", (), "The authorisation ended on 2020-01-01"),
        ("[target", (), "This is not TOML"),
        (NOWHERE.replace("by = ", "bye = "), (), "did you mean by?"),
        (NOWHERE, ("--tier", "everything"), "everything"),
    ],
)
def test_what_cannot_be_run_is_said_before_anything_is_asked(
    tmp_path: Path, text: str, words: tuple[str, ...], said: str
) -> None:
    file = written(tmp_path, text.replace("{url}", "https://nowhere.example/"))
    done = run("check", "run", str(file), *words, "--out", str(tmp_path / "seen"))
    assert done.code in (1, 2)
    assert said in done.err
    assert not (tmp_path / "seen" / "looks").exists()


def test_a_target_file_is_read_with_its_secrets_and_every_complaint_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "anna.txt").write_text("pass-of-anna\n")
    text = NOWHERE + '[[accounts]]\nname = "anna"\npassword_file = "anna.txt"\n'
    made, read = load_target(written(tmp_path, text))
    assert (made.account("anna").password, read, made.base) == ("pass-of-anna", text, tmp_path)
    assert made.secrets == {"pass-of-anna": "password of anna"}
    assert "pass-of-anna" not in repr(made).replace(repr(made.accounts), "")
    for wrong in (text.replace("anna.txt", "none.txt"), text.replace("name =", "nam =")):
        with pytest.raises(BadInput) as bad:
            load_target(written(tmp_path, wrong))
        assert str(tmp_path / "target.toml") in bad.value.message
