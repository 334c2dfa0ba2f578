"""The tool that writes sample reports: what names this machine is not published, and a slip is told."""

import json
from pathlib import Path

import pytest

from tools import samples


@pytest.fixture
def run_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(samples, "TO", tmp_path / "to")
    out = tmp_path / "out"
    out.mkdir()
    for form in samples.FORMS:
        (out / f"report.{form}").write_text(json.dumps({"grade": "F"}))
    return out


def test_every_form_is_published(run_folder, tmp_path):
    samples.publish("2019", run_folder, [Path("/somewhere/else")])
    assert {file.name for file in (tmp_path / "to").iterdir()} == {f"2019.{form}" for form in samples.FORMS}


def test_a_report_that_names_this_machine_is_not(run_folder, tmp_path):
    (run_folder / "report.sarif").write_text(f"it could not read {tmp_path}/ca.pem")
    with pytest.raises(samples.CouldNot, match="names a folder of this machine"):
        samples.publish("2019", run_folder, [tmp_path])


def test_a_name_that_is_no_double_needs_a_target(capsys):
    assert samples.main(["ours"]) == 2
    assert "not ours" in capsys.readouterr().err
