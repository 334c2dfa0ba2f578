"""The page of a room's logs."""

from pathlib import Path

import pytest

from support.console import console, words
from support.guarded import BUNDLE, guard, refused

pytestmark = pytest.mark.asyncio
HERE = "/rooms/oslo/logs"


async def test_calls_records_and_the_bundle(tmp_path: Path) -> None:
    async with console(tmp_path) as it:
        site = await it.connect("oslo")
        guard(site)
        bob = await it.guest("bob", "oslo", "observe", "logs")
        text = words(await bob.get(f"{HERE}?only=Missed&q=ada"))
        assert "ada@example.com" in text
        assert "=cmd()" not in text
        assert "1 min" in text
        assert "The timeline is for whoever may read the ledger." in text
        assert "Filter=Missed" in str(site.orders[-1].call())
        await bob.get(f"{HERE}?only=Nonsense")
        assert "Filter=All" in str(site.orders[-1].call())
        sheet = await bob.get(f"{HERE}/calls.csv")
        assert sheet.headers["content-type"].startswith("text/csv")
        assert "'=cmd()" in sheet.text
        assert [row["id"] for row in (await bob.get(f"{HERE}/calls.json")).json()] == ["1", "2"]

        answer = await bob.post(f"{HERE}/bundle")
        assert answer.content == BUNDLE
        assert answer.headers["content-disposition"].startswith('attachment; filename="oslo-logs-')
        site.answers["Command/CallHistory/Get"] = refused("policy", "The policy keeps calls inside.")
        site.answers["Command/Roomgate/Logs/Collect"] = refused("policy", "The policy keeps logs inside.")
        page = await bob.get(HERE)
        assert page.status_code == 200
        assert "The policy keeps calls inside." in words(page)
        assert "The policy keeps logs inside." in words(await bob.post(f"{HERE}/bundle"))

        shown = words(await (await it.as_("ada")).get(HERE))
        assert "Command/Roomgate/Logs/Collect" in shown
