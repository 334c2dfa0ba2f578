"""`roomgate check report`, `compare` and `verify`: what a run's folder holds, told again."""

import json

import pytest

from roomgate.checks import catalogue
from roomgate.checks.outcome import failed, passed
from roomgate.checks.report.writing import write_reports
from roomgate.clock import HandClock
from support.cli import run
from support.reports import check, kept_run, mixed

pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture(autouse=True)
def checks(monkeypatch):
    monkeypatch.setattr(catalogue, "all_checks", lambda: tuple(mixed()))


def made(folder, checks=None):
    write_reports(kept_run(folder), checks or mixed(), HandClock().now())
    return str(folder)


def test_a_report_is_told_again_in_each_form(tmp_path):
    folder = made(tmp_path / "run")
    told = run("check", "report", folder)
    assert (told.code, told.out.split()[0]) == (0, "F")
    assert run("check", "report", folder, "--form", "json").json["grade"] == "F"
    assert run("check", "report", folder, "--form", "sarif").json["version"] == "2.1.0"
    assert run("check", "report", folder, "--form", "csv").out.startswith("\ufeffid,outcome")
    assert run("check", "report", folder, "--form", "html").out.startswith("<!doctype html>")


def test_it_goes_into_a_file_and_leaves_the_folder_as_it_was(tmp_path):
    folder = made(tmp_path / "run")
    told = run("check", "report", folder, "--form", "html", "--out", str(tmp_path / "page.html"))
    assert str(tmp_path / "page.html") in told.out
    assert (tmp_path / "page.html").read_bytes() == (tmp_path / "run" / "report.html").read_bytes()
    assert run("check", "verify", folder).code == 0


@pytest.mark.parametrize("verb", ["report", "verify"])
def test_a_folder_without_a_run(tmp_path, verb):
    told = run("check", verb, str(tmp_path))
    assert told.code == 1
    assert "roomgate check run" in told.err


def test_what_got_worse_makes_the_exit_code_1(tmp_path):
    good = made(tmp_path / "good", [check("K01", passed("Shut.")), check("K02", passed("x"))])
    bad = made(tmp_path / "bad", [check("K01", failed("Open.")), check("K02", passed("x"))])
    worse, better = run("check", "compare", good, bad), run("check", "compare", bad, f"{good}/report.json")
    assert (worse.code, better.code, run("check", "compare", bad, bad).code) == (1, 0, 0)
    assert "Got worse" in worse.out
    assert "Got better" in better.out
    told = run("check", "compare", good, bad, "--json")
    assert told.code == 1
    assert [one["id"] for one in told.json["worse"]] == ["K01"]


def test_a_changed_file_is_named(tmp_path):
    folder = made(tmp_path / "run")
    told = run("check", "verify", folder, "--json")
    assert (told.code, told.json["ok"], told.json["problems"]) == (0, True, [])
    assert run("check", "verify", folder, "--key", told.json["key"]).code == 0
    look = tmp_path / "run" / "looks" / "links.json"
    look.write_bytes(look.read_bytes().replace(b"200", b"404"))
    told = run("check", "verify", folder)
    assert told.code == 1
    assert "looks/links.json was changed" in told.out
    assert "NOT" in told.out


def test_another_key_is_not_its_key(tmp_path):
    one, other = made(tmp_path / "one"), made(tmp_path / "other")
    key = run("check", "verify", other, "--json").json["key"]
    assert run("check", "verify", one, "--key", key).code == 1
    assert run("check", "verify", one, "--key", "nonsense").code == 2


def test_its_ledger_is_one_that_the_ledger_s_own_verb_verifies(tmp_path):
    folder = made(tmp_path / "run")
    assert run("ledger", "verify", f"{folder}/sealed").code == 0
    assert json.loads(run("ledger", "verify", f"{folder}/sealed", "--json").out)["ok"] is True
