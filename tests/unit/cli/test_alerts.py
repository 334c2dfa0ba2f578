from pathlib import Path

import pytest

from support.cli import RealHub, run

pytestmark = pytest.mark.xdist_group("cli")


def test_alerts_and_where_they_are_sent(hub: RealHub, tmp_path: Path):
    assert isinstance(run("alert", "list", "--json").json, list)
    assert isinstance(run("alert", "list", "--ended", "--json").json, list)
    assert run("alert", "seen", "alert_nowhere").code != 0
    address = tmp_path / "address.txt"
    address.write_text("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/", "utf-8")
    made = run("alert", "route", "add", "desk", "--kind", "room.offline", "--address-file", str(address), "--json").json
    assert (made["address"], made["kinds"]) == ("slack://…/…", ["room.offline"])
    assert [one["name"] for one in run("alert", "routes", "--json").json] == ["desk"]
    address.write_text("http://127.0.0.1:9/x", "utf-8")
    assert run("alert", "route", "add", "inside", "--address-file", str(address)).code == 2
    assert run("alert", "route", "test", "nowhere").code != 0
    assert run("alert", "route", "remove", "desk").code == 0
    assert "sent nowhere" in run("alert", "routes").out
