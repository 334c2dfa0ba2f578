"""REST: backups of a room, the difference, and the restore that names it."""

from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from roomgate.access.capability import Capability
from roomgate.fleet.backup import Contents, Opened, Shown
from roomgate.fleet.restoring import Change, Difference
from roomgate.hub.backups.http import show_difference_of
from roomgate.hub.backups.service import Comparison
from roomgate.link.messages import Outcome
from support.console import Console, Site, console

pytestmark = pytest.mark.asyncio
ID = "backup_" + "1" * 20
KEPT = Contents(settings={"Audio/DefaultVolume": 40, "SystemUnit/Name": "Oslo"})


async def ready(it: Console) -> tuple[Site, dict[str, str]]:
    site = await it.connect("oslo", "rome")
    row = msgspec.to_builtins(Shown(ID, "2026-03-10T09:00:00.000Z", "before"))
    now = Contents(settings={"Audio/DefaultVolume": 50, "SystemUnit/Name": "Rome"})
    site.answers = {
        "Command/Roomgate/Backup/List": {"backups": [row]},
        "Command/Roomgate/Backup/Make": {**row, "unchanged": False},
        "Command/Roomgate/Backup/Get Id=now": msgspec.to_builtins(Opened("now", "", "", "", now)),
        "Command/Roomgate/Backup/Get": msgspec.to_builtins(Opened(ID, "", "", "", KEPT)),
    }
    held = frozenset(map(Capability, ("observe", "system", "av-control", "configure")))
    await it.hub.parts.grants.make(it.hub.admin, "ada", ["oslo", "rome"], held, minutes=5, reason="test")
    _, token = await it.hub.token("ada")
    return site, {"Authorization": f"Bearer {token}"}


async def call(it: Console, who: dict[str, str], verb: str, path: str, body: Any = None) -> httpx.Response:
    return await it.http.request(verb, f"/api/v1/rooms/{path}", json=body, headers=who)


async def test_from_making_to_removing(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site, ada = await ready(it)
        made = await call(it, ada, "POST", "oslo/backups", {"name": "before", "reason": "why"})
        assert (made.status_code, made.json()["id"], site.orders[-1].reason) == (201, ID, "why")
        site.answers["Command/Roomgate/Backup/Make"] = {
            **site.answers["Command/Roomgate/Backup/Make"],
            "unchanged": True,
        }
        assert (await call(it, ada, "POST", "oslo/backups", {})).status_code == 200
        assert [one["name"] for one in (await call(it, ada, "GET", "oslo/backups")).json()["items"]] == ["before"]
        shown = (await call(it, ada, "GET", f"oslo/backups/{ID}")).json()
        assert shown["contents"]["settings"] == KEPT.settings
        assert (await call(it, ada, "DELETE", f"oslo/backups/{ID}")).status_code == 204


async def test_a_restore_names_the_difference_that_was_shown(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site, ada = await ready(it)
        found = (await call(it, ada, "GET", f"oslo/backups/{ID}/difference?into=rome")).json()
        assert [(one["name"], one["was"], one["will"]) for one in found["changes"]] == [
            ("Audio/DefaultVolume", "50", 40)
        ]
        assert [(one["name"], one["left"]) for one in found["left_out"]] == [("SystemUnit/Name", "identity")]
        wrong = await call(it, ada, "POST", f"oslo/backups/{ID}/restore", {"seen": "x", "into": "rome"})
        assert (wrong.status_code, wrong.json()["code"]) == (412, "precondition.failed")
        done = await call(it, ada, "POST", f"oslo/backups/{ID}/restore", {"seen": found["seen"], "into": "rome"})
        plan = (await it.http.get(f"/api/v1/plans/{done.json()['plan']}", headers=ada)).json()
        assert (done.status_code, plan["kind"], plan["name"], plan["state"]) == (
            201,
            "restore",
            f"{ID} to rome",
            "planning",
        )
        assert [one.room for one in site.orders if "Make" in str(one.call())] == ["rome"]
        assert not [one for one in site.orders if one.verb == "set"]


async def test_what_the_site_says_no_to_has_its_code(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site, ada = await ready(it)
        site.answers["Command/Roomgate/Backup/List"] = Outcome("", "refused", rule="policy", words="Not here.")
        assert (await call(it, ada, "GET", "oslo/backups")).json()["rule"] == "policy"
        site.answers["Command/Roomgate/Backup/List"] = {"other": 1}
        assert (await call(it, ada, "GET", "oslo/backups")).json()["code"] == "backup.answer"


async def test_a_difference_tells_all_that_differs():
    difference = Difference((Change("setting", "A", None, 1),), (), ("M",), ("p",), 3, ("Desk", "Board"), None)
    shown = show_difference_of(Comparison(Opened("b", "", "", "", KEPT), difference, "doc"))
    assert [(one.name, one.was, one.will) for one in shown.changes] == [("A", None, 1)]
    assert (shown.product, shown.software, shown.same, shown.document) == (["Desk", "Board"], None, 3, "doc")
