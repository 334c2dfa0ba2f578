import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.cli.check_publish import load_report
from roomgate.errors import BadInput
from support.cli import run
from support.findings import AT, judged, report


def written(folder: Path, whole: Any, name: str = "report.json") -> Path:
    (folder / name).write_text(whole if isinstance(whole, str) else json.dumps(whole), "utf-8")
    return folder / name


def test_only_what_findings_are_made_of_leaves_this_machine(tmp_path: Path) -> None:
    found = load_report(written(tmp_path, report(judged(table=[{"secret": "x"}]), authorisation="by the owner")))
    assert set(found) == {"target", "began", "grade", "findings"}
    assert found["findings"] == [
        {
            "id": "K01", "outcome": "fail", "severity": "critical", "title": "What K01 says is wrong",
            "says": "It was seen.", "mend": "Mend it.", "vector": "CVSS:4.0/x",
            "points": [{"where": "https://a.example/", "what": "open"}],
        }
    ]  # fmt: skip


def test_what_the_report_does_not_say_the_run_beside_it_does(tmp_path: Path) -> None:
    written(tmp_path, {"grade": "A", "findings": [judged()]})
    written(tmp_path, {"target": "Of the run", "began": AT, "target_sha256": "x"}, "run.json")
    found = load_report(tmp_path)
    assert (found["target"], found["began"]) == ("Of the run", AT)


@pytest.mark.parametrize(
    "whole",
    [
        "",
        "[]",
        "{",
        '"x"',
        "{}",
        "[" * 5000,
        report() | {"findings": "K01"},
        report() | {"findings": [1]},
        report(target=""),
    ],
    ids=range(9),
)
def test_what_is_no_report_is_not_sent(tmp_path: Path, whole: Any) -> None:
    with pytest.raises(BadInput):
        load_report(written(tmp_path, whole))


@given(rubbish=st.recursive(st.none() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)))
def test_a_point_that_is_none_is_left_out(rubbish: Any) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        found = load_report(written(Path(folder), report(judged(points=rubbish))))
    assert isinstance(found["findings"][0]["points"], list)


def test_a_folder_without_a_report_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as bad:
        load_report(tmp_path)
    assert "Run the check" in (bad.value.hint or "")
    with pytest.raises(BadInput):
        load_report(tmp_path / "nowhere.json")


def test_whoever_is_not_signed_in_is_told_so(tmp_path: Path) -> None:
    done = run("check", "publish", str(written(tmp_path, report())))
    assert done.code != 0
    assert "roomgate login" in done.err
