from pathlib import Path

import pytest

from support.cli import RealHub, run

pytestmark = pytest.mark.xdist_group("cli")


def test_tags_by_file_and_views(hub: RealHub, tmp_path: Path):
    sheet = tmp_path / "tags.csv"
    sheet.write_text("name,tags\nrome,inventory-test\n", "utf-8")
    assert "1 room would change." in run("inventory", "tag", str(sheet), "--dry-run").out
    assert run("inventory", "list", "--tag", "inventory-test", "--json").json == []
    assert [one["room"] for one in run("inventory", "tag", str(sheet), "--json").json["changed"]] == ["rome"]
    assert [one["name"] for one in run("inventory", "list", "--tag", "inventory-test", "--json").json] == ["rome"]
    assert run("inventory", "list", "--tag", "inventory-test", "--state", "call", "--json").json == []
    sheet.write_text("name,tags\nnowhere,x\n", "utf-8")
    assert run("inventory", "tag", str(sheet)).code in (1, 2)
    sheet.write_bytes(b"name,tags\nros\xe9,x\n")
    assert run("inventory", "tag", str(sheet)).code == 2
    assert run("inventory", "tag", str(tmp_path / "none.csv")).code == 2
    kept = run("inventory", "view", "keep", "Tagged", "--tag", "inventory-test", "--json").json
    assert kept["href"] == "/inventory?tag=inventory-test"
    assert [one["name"] for one in run("inventory", "view", "list", "--json").json] == ["Tagged"]
    assert run("inventory", "view", "remove", kept["id"]).code == 0
    run("room", "tag", "rome")
