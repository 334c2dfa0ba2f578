from pathlib import Path

import pytest

from roomgate.hub.findings.service import Seen
from support.hub import running


@pytest.mark.asyncio
async def test_the_same_fact_is_the_same_finding(tmp_path: Path) -> None:
    seen = Seen("rooms", "a", "warning", "A title.", {"k": "v"}, "Mend it.")
    async with running(tmp_path) as hub:
        assert await hub.parts.findings.note([seen]) == 1
        hub.clock.advance(60)
        assert await hub.parts.findings.note([seen, Seen("rooms", "b", "note", "B.", {}, "")]) == 1
        found = {f.title: f for f in await hub.parts.findings.page()}
        assert found["A title."].first_seen < found["A title."].last_seen
        assert (await hub.kinds()).count("finding") == 2
        assert await hub.parts.findings.note([]) == 0


@pytest.mark.asyncio
async def test_what_was_dealt_with_is_gone_and_is_found_anew_if_it_comes_back(tmp_path: Path) -> None:
    seen = Seen("rooms", "a", "warning", "A title.", {}, "Mend it.")
    async with running(tmp_path) as hub:
        findings, changes = hub.parts.findings, hub.parts.changes
        await findings.note([seen, Seen("rooms", "b", "note", "B.", {}, "")])
        for _ in range(2):
            await changes.write(lambda change: findings.close_in(change, seen.id))
        assert [f.title for f in await findings.page()] == ["B."]
        assert await findings.note([seen]) == 1
