from pathlib import Path

import pytest

from roomgate.hub.findings.service import Seen
from support.api import api, pages


@pytest.mark.asyncio
async def test_findings_are_for_who_may_audit_page_by_page(tmp_path: Path) -> None:
    async with api(tmp_path) as served:
        await served.hub.person("guest")
        await served.hub.person("watcher", "auditor")
        seen = [Seen("ledger", str(n), "warning", f"Finding {n}.", {"order": f"o{n}"}, "Mend it.") for n in range(3)]
        await served.hub.parts.findings.note(seen)
        denied = await (await served.client("guest")).get("/findings")
        assert (denied.status_code, denied.json()["code"]) == (403, "right.missing")
        assert (await (await served.client()).get("/findings")).status_code == 401

        found = await pages(await served.client("watcher"), "/findings", 2)
        assert [one["id"] for one in found] == sorted(one.id for one in seen)
        one = next(one for one in found if one["title"] == "Finding 1.")
        assert (one["severity"], one["evidence"], one["mend"]) == ("warning", {"order": "o1"}, "Mend it.")
        assert one["first_seen"] == one["last_seen"]
