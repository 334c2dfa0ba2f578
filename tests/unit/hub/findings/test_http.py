from pathlib import Path
from typing import Any

import pytest

from support.api import api, pages
from support.findings import judged, report, seen

pytestmark = pytest.mark.asyncio


async def test_findings_are_for_who_may_audit_page_by_page_what_to_do_first(tmp_path: Path) -> None:
    async with api(tmp_path) as served:
        await served.hub.person("guest")
        await served.hub.person("watcher", "auditor")
        some = [seen(str(n), ("note", "warning", "critical")[n % 3], "ledger") for n in range(6)]
        await served.hub.parts.findings.note(some)
        denied = await (await served.client("guest")).get("/findings")
        assert (denied.status_code, denied.json()["code"]) == (403, "right.missing")
        assert (await (await served.client()).get("/findings")).status_code == 401

        watcher = await served.client("watcher")
        found = await pages(watcher, "/findings", 2)
        assert [one["severity"] for one in found] == ["critical"] * 2 + ["warning"] * 2 + ["note"] * 2
        assert len({str(one["id"]) for one in found}) == 6
        one = next(one for one in found if one["title"] == "Title 1.")
        assert (one["evidence"], one["mend"], one["closed"]) == ({"k": "v-1"}, "Mend it.", None)
        assert one["first_seen"] == one["last_seen"]
        assert (await watcher.get(f"/findings/{one['id']}")).json() == one
        assert (await watcher.get("/findings/finding_x")).status_code == 404
        narrow = await watcher.get("/findings?severity=critical&source=ledger&q=title+v-5")
        assert [one["title"] for one in narrow.json()["items"]] == ["Title 5."]
        assert (await watcher.get("/findings?limit=0")).status_code == 400


async def test_one_is_closed_with_a_reason_by_who_may(tmp_path: Path) -> None:
    async with api(tmp_path) as served:
        await served.hub.person("watcher", "auditor")
        await served.hub.parts.findings.note([seen()])
        path, watcher, ada = f"/findings/{seen().id}/close", await served.client("watcher"), await served.client("ada")
        assert (await watcher.post(path, json={"reason": "x"})).status_code == 403
        bodies: list[Any] = [{}, {"reason": ""}, {"reason": "x", "colour": "red"}, {"reason": 7}, []]
        for body in bodies:
            assert (await ada.post(path, json=body)).status_code == 400
        closed = await ada.post(path, json={"reason": "Replaced."})
        assert (closed.status_code, closed.json()["reason"]) == (200, "Replaced.")
        assert (await ada.post(path, json={"reason": "Replaced."})).status_code == 409
        assert (await ada.get("/findings")).json()["items"] == []
        assert [one["id"] for one in (await ada.get("/findings?closed=true")).json()["items"]] == [seen().id]


async def test_a_report_is_taken_whole_or_not_at_all(tmp_path: Path) -> None:
    async with api(tmp_path) as served:
        await served.hub.person("watcher", "auditor")
        ada = await served.client("ada")
        taken = await ada.post("/findings/reports", json=report(judged(), judged("K02", "inconclusive")))
        assert (taken.status_code, taken.json()) == (200, {"fresh": 2, "known": 0, "closed": 0})
        assert (await (await served.client("watcher")).post("/findings/reports", json=report())).status_code == 403
        wrong: list[Any] = [{"target": "x"}, [], report(began="x"), report(judged(outcome="x"))]
        for bad in [*wrong, report(judged("K05"), judged("?"))]:
            answer = await ada.post("/findings/reports", json=bad)
            assert answer.status_code == 400, answer.text
        assert [one["evidence"]["check"] for one in (await ada.get("/findings")).json()["items"]] == ["K01", "K02"]
