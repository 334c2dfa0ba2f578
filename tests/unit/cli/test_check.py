"""`roomgate check run`, `list` and `explain`: what is looked at is kept, told, and not looked at twice."""

import pytest

from roomgate.checks.catalogue import all_checks
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


def test_all_checks_are_listed_and_each_is_explained():
    listed = run("check", "list", "--json").json
    assert [one["id"] for one in listed] == [check.id for check in all_checks()]
    told = run("check", "explain", "k10")
    assert (told.code, "max-age" in told.out) == (0, True)
    assert run("check", "explain", "K10", "--json").json["CWE"] == "CWE-319, CWE-523"
    assert run("check", "explain", "K99").code == 1
