import json
from pathlib import Path

import pytest

from support.cli import RealHub, run
from support.findings import judged, report

pytestmark = pytest.mark.xdist_group("cli")


def test_a_report_is_published_its_findings_listed_shown_and_dealt_with(hub: RealHub, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps(report(judged("K13", severity="medium"), target="By the command")))
    assert run("check", "publish", str(tmp_path), "--json").json == {"fresh": 1, "known": 0, "closed": 0}
    told = run("check", "publish", str(tmp_path / "report.json"))
    assert "0 new findings, 1 known before, 0 closed." in told.out
    (one,) = run(
        "finding", "list", "--find", "by the command", "--source", "check", "--severity", "warning", "--json"
    ).json
    assert one["evidence"]["check"] == "K13"
    shown = run("finding", "show", one["id"])
    assert "seen: says" in shown.out
    assert "Mend it." in shown.out
    assert run("finding", "show", one["id"], "--json").json == one
    assert run("finding", "list", "--severity", "awful").code == 2
    assert run("finding", "close", one["id"]).code == 2
    assert "Dealt with: By the command" in run("finding", "close", one["id"], "--reason", "No redirect any more.").out
    assert "Nothing to look at." in run("finding", "list", "--find", "by the command").out
    (over,) = run("finding", "list", "--closed", "--find", "by the command", "--json").json
    assert over["reason"] == "No redirect any more."
    assert run("finding", "close", "finding_nowhere", "--reason", "x").code == 1
