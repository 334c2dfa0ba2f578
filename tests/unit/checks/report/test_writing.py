"""A run's folder: all forms are written once, made again from the folder alone, and nothing outside is read."""

import json

import pytest

from roomgate.checks.bundle import verify_bundle
from roomgate.checks.catalogue import all_checks
from roomgate.checks.report.report import decode_report
from roomgate.checks.report.writing import (
    FORMS,
    load_kept_report,
    load_pictures,
    load_report,
    render,
    write_reports,
)
from roomgate.clock import HandClock
from roomgate.errors import BadInput, NotFound
from support.checks import looked
from support.reports import exchange, kept_run, mixed, snapshots

NOW = HandClock().now()


def everything(folder):
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_every_form_is_there_and_sealed(tmp_path):
    report = write_reports(kept_run(tmp_path), mixed(), NOW)
    names = set(everything(tmp_path))
    assert names >= {*(f"report.{form}" for form in FORMS), "har/links.har", "har/pages.har", "sealed/checkpoint"}
    assert "har/cutting.har" not in names  # it asked nothing
    assert report.key == verify_bundle(tmp_path).key
    assert verify_bundle(tmp_path).ok
    assert decode_report((tmp_path / "report.json").read_bytes()) == report
    assert report.key.encode() in (tmp_path / "report.html").read_bytes()
    assert {one.name for one in report.files} == {
        "looks/links.json", "looks/pages.json", "looks/cutting.json", "evidence/signin.png",
    }  # fmt: skip


def test_what_is_sealed_and_says_the_same_stays(tmp_path):
    write_reports(kept_run(tmp_path), mixed(), NOW)
    before = everything(tmp_path)
    write_reports(kept_run(tmp_path), mixed(), NOW)
    assert everything(tmp_path) == before


def test_what_says_something_else_is_sealed_anew(tmp_path):
    first = write_reports(kept_run(tmp_path), mixed(), NOW)
    journal = kept_run(tmp_path, links=3)
    second = write_reports(journal, mixed(), NOW)
    assert second.key != first.key
    assert verify_bundle(tmp_path).ok
    (tmp_path / "report.csv").write_bytes(b"other")
    assert write_reports(journal, mixed(), NOW).key not in (first.key, second.key)
    assert verify_bundle(tmp_path).ok


@pytest.mark.parametrize("form", FORMS)
def test_a_form_made_again_is_the_one_that_was_written(tmp_path, form):
    write_reports(kept_run(tmp_path), mixed(), NOW)
    again = load_report(kept_run(tmp_path), mixed())
    assert render(again, form, tmp_path) == (tmp_path / f"report.{form}").read_bytes()


def test_text_is_a_form_and_a_painting_is_not(tmp_path):
    report = load_report(kept_run(tmp_path), mixed())
    assert render(report, "text", tmp_path).decode().lstrip().startswith("F ")
    with pytest.raises(BadInput, match="no form painting"):
        render(report, "painting", tmp_path)


def test_a_folder_without_a_run_is_said_to_be_one(tmp_path):
    from roomgate.checks.journal import Journal

    with pytest.raises(NotFound, match="holds no run"):
        load_report(Journal(tmp_path), mixed())
    kept_run(tmp_path)
    (tmp_path / "target.json").unlink()
    with pytest.raises(NotFound, match="holds no run"):
        load_report(Journal(tmp_path), mixed())


@pytest.mark.parametrize("name", ["run.json", "target.json", "looks/links.json"])
def test_a_damaged_file_is_named_as_such(tmp_path, name):
    journal = kept_run(tmp_path)
    (tmp_path / name).write_bytes(b'{"look": 7')
    with pytest.raises(BadInput):
        load_report(journal, mixed())


def test_a_report_is_found_by_its_folder_or_its_name(tmp_path):
    made = write_reports(kept_run(tmp_path), mixed(), NOW)
    assert load_kept_report(tmp_path) == load_kept_report(tmp_path / "report.json") == made
    with pytest.raises(NotFound):
        load_kept_report(tmp_path / "none")
    with pytest.raises(BadInput):
        load_kept_report(tmp_path / "report.csv")


def test_pictures_come_from_the_evidence_and_from_nowhere_else(tmp_path):
    looks = snapshots()
    shown = looks["pages"].steps[2]
    import msgspec

    for name in ("../secret.png", "/etc/hostname.png", "led.png"):
        outside = msgspec.structs.replace(shown, picture=name)
        looks["pages"] = msgspec.structs.replace(looks["pages"], steps=(*looks["pages"].steps, outside))
    folder = tmp_path / "run"
    journal = kept_run(folder, looks=looks)
    (folder / "secret.png").write_bytes(b"secret")
    (folder / "evidence" / "led.png").symlink_to(folder / "secret.png")
    assert set(load_pictures(load_report(journal, mixed()), folder)) == {"evidence/signin.png"}


@pytest.mark.asyncio
async def test_a_real_run_is_told_from_its_folder_without_its_secrets(tmp_path):
    import httpx

    from roomgate.checks.journal import Journal
    from support.checks import ONE

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Strict-Transport-Security": "max-age=31536000"}, text="hello")

    text = ONE + '[[accounts]]\nname = "alice"\npassword = "correct horse"\n'
    await looked(tmp_path, answer, text, only=["K10"])
    report = write_reports(Journal(tmp_path), all_checks(), NOW)
    assert [(one.id, one.outcome) for one in report.findings] == [("K10", "pass")]
    assert [name for name, raw in everything(tmp_path).items() if b"correct horse" in raw] == []
    assert json.loads((tmp_path / "har" / "front.har").read_bytes())["log"]["entries"]
    assert exchange(1).at < report.ended or report.ended
