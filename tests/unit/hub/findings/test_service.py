from pathlib import Path
from typing import Any

import msgspec
import pytest

from roomgate.errors import BadInput, Conflict, NotFound
from roomgate.hub.findings.filter import Filter
from roomgate.hub.findings.report import CheckReport
from roomgate.hub.findings.service import may_close
from roomgate.hub.identity.person import Forbidden
from roomgate.ledger.event import FindingClosed, FindingMade
from support.findings import judged, report, seen
from support.hub import Hub, running

pytestmark = pytest.mark.asyncio


async def titles(hub: Hub) -> list[str]:
    return [one.title for one in await hub.parts.findings.list_for(hub.admin)]


async def take(hub: Hub, *findings: dict[str, Any], **more: Any) -> tuple[int, int, int]:
    """Publish a report; gives how many were new, known, closed."""
    made = msgspec.convert(report(*findings, **more), CheckReport)
    told = await hub.parts.findings.take_report(made, hub.admin)
    return told.fresh, told.known, told.closed


async def test_the_same_fact_is_the_same_finding(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        assert await hub.parts.findings.note([seen("a")]) == 1
        hub.clock.advance(60)
        assert await hub.parts.findings.note([seen("a", evidence={"k": "later"}), seen("b", "note")]) == 1
        found = {f.title: f for f in await hub.parts.findings.page()}
        assert found["Title a."].first_seen < found["Title a."].last_seen
        assert found["Title a."].evidence == {"k": "later"}
        assert (await hub.kinds()).count("finding") == 2
        assert await hub.parts.findings.note([]) == 0


async def test_what_is_over_is_gone_and_is_found_anew_if_it_comes_back(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        findings, changes = hub.parts.findings, hub.parts.changes
        await findings.note([seen("a"), seen("b")])
        for _ in range(2):
            await changes.write(lambda change: findings.close_in(change, seen("a").id))
        assert await titles(hub) == ["Title b."]
        assert await findings.note([seen("a")]) == 1


async def test_somebody_deals_with_one_and_the_record_says_who_and_how(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        findings = hub.parts.findings
        await findings.note([seen("a"), seen("b")])
        closed = await findings.close(seen("a").id, "  It was replaced. ", hub.admin)
        assert (closed.reason, closed.closed_by) == ("It was replaced.", hub.admin.person.id)
        assert await titles(hub) == ["Title b."]
        assert [one.title for one in await findings.closed_for(hub.admin)] == ["Title a."]
        assert await findings.closed_for(hub.admin, Filter(q="nowhere")) == []
        assert (await findings.get(closed.id, hub.admin)).closed == closed.closed
        last = (await hub.events())[-1]
        assert isinstance(last, FindingClosed)
        assert (last.finding, last.reason, last.by) == (closed.id, "It was replaced.", hub.admin.person.id)
        with pytest.raises(Conflict):
            await findings.close(closed.id, "again", hub.admin)


async def test_seen_again_it_is_open_again_unless_it_is_of_the_past(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        findings = hub.parts.findings
        state, past = seen("state"), seen("past", past=True)
        await findings.note([state, past])
        for one in (state, past):
            await findings.close(one.id, "dealt with", hub.admin)
        hub.clock.advance(60)
        assert await findings.note([state, past]) == 1
        (back,) = await findings.list_for(hub.admin)
        assert (back.id, back.closed, back.first_seen < back.last_seen) == (state.id, None, True)
        assert sum(isinstance(event, FindingMade) for event in await hub.events()) == 3


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001])
async def test_to_close_takes_a_reason(tmp_path: Path, reason: str) -> None:
    async with running(tmp_path) as hub:
        await hub.parts.findings.note([seen()])
        with pytest.raises(BadInput):
            await hub.parts.findings.close(seen().id, reason, hub.admin)
        assert await titles(hub) == ["Title a."]


@pytest.mark.parametrize(
    ("role", "reads", "closes"),
    [
        ("member", False, False),
        ("service-desk", False, False),
        ("auditor", True, False),
        ("security-officer", True, True),
    ],
)
async def test_who_audits_reads_and_who_may_cut_as_well_closes(
    tmp_path: Path, role: str, reads: bool, closes: bool
) -> None:
    async with running(tmp_path) as hub:
        findings = hub.parts.findings
        await findings.note([seen()])
        await hub.person("kim", role)
        kim, _ = await hub.sign_in("kim")
        made = msgspec.convert(report(), CheckReport)
        for allowed, act in (
            (reads, lambda: findings.list_for(kim)), (reads, lambda: findings.closed_for(kim)),
            (reads, lambda: findings.get(seen().id, kim)), (closes, lambda: findings.take_report(made, kim)),
            (closes, lambda: findings.close(seen().id, "done", kim)),
        ):  # fmt: skip
            if allowed:
                await act()
            else:
                with pytest.raises(Forbidden):
                    await act()
        assert may_close(kim) is closes


async def test_what_is_not_there_and_what_others_must_acknowledge(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        findings = hub.parts.findings
        for act in (findings.get("finding_x", hub.admin), findings.close("finding_x", "done", hub.admin)):
            with pytest.raises(NotFound):
                await act
        await findings.note([seen(source="break-glass")])
        with pytest.raises(Conflict):
            await findings.close(seen(source="break-glass").id, "done", hub.admin)


async def test_a_report_makes_findings_and_a_later_one_closes_what_passes(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        first = (judged("K01"), judged("K02", "inconclusive"), judged("K03", "pass"), judged("K10", severity="medium"))
        assert await take(hub, *first) == (3, 0, 0)
        found = await hub.parts.findings.list_for(hub.admin)
        assert [(one.source, one.severity, one.evidence["check"]) for one in found] == [
            ("check", "critical", "K01"), ("check", "warning", "K10"), ("check", "note", "K02"),
        ]  # fmt: skip
        assert await take(hub, *first) == (0, 3, 0)

        later = "2026-03-10T08:30:00.000Z"
        again = (judged("K01", "pass"), judged("K02", "not-applicable"), judged("K10", severity="medium"))
        assert await take(hub, *again, began=later) == (0, 1, 2)
        assert [one.evidence["began"] for one in await hub.parts.findings.list_for(hub.admin)] == [later]
        assert "says: pass" in {one.reason.rpartition("00.000Z ")[2] for one in await hub.parts.findings.closed_for(hub.admin) if one.reason}  # fmt: skip
        assert sum(isinstance(event, FindingClosed) for event in await hub.events()) == 2


async def test_a_report_closes_nothing_of_another_target(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await take(hub, judged())
        assert await take(hub, judged(outcome="pass"), target="Another", began="2026-03-10T08:30:00Z") == (0, 0, 0)
        assert len(await titles(hub)) == 1


async def test_what_nobody_knows_mends_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await take(hub, judged("K01"))
        later = "2026-03-10T08:30:00Z"
        assert await take(hub, judged("K01", "inconclusive"), began=later) == (0, 0, 0)
        (one,) = await hub.parts.findings.list_for(hub.admin)
        assert (one.severity, one.evidence["outcome"]) == ("critical", "fail")


async def test_an_older_report_neither_closes_nor_overwrites_what_a_newer_one_saw(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await take(hub, judged("K01", says="new"), judged("K02"))
        old = "2026-03-09T08:00:00Z"
        assert await take(hub, judged("K01", says="old"), judged("K02", "pass"), began=old) == (0, 1, 0)
        found = {one.evidence["check"]: one.evidence["says"] for one in await hub.parts.findings.list_for(hub.admin)}
        assert found == {"K01": "new", "K02": "It was seen."}


async def test_a_check_that_gets_worse_is_another_finding(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await take(hub, judged("K12", severity="medium"))
        assert await take(hub, judged("K12", severity="high"), began="2026-03-10T08:30:00Z") == (1, 0, 1)
        assert [one.severity for one in await hub.parts.findings.list_for(hub.admin)] == ["critical"]


async def test_what_was_dealt_with_after_the_report_began_stays_so_until_a_later_run_sees_it(tmp_path: Path) -> None:
    async with running(tmp_path) as hub:
        await take(hub, judged())
        (one,) = await hub.parts.findings.list_for(hub.admin)
        await hub.parts.findings.close(one.id, "mended", hub.admin)
        assert await take(hub, judged()) == (0, 1, 0)
        assert await titles(hub) == []
        hub.clock.advance(3600)
        assert await take(hub, judged(), began="2026-03-10T09:30:00Z") == (1, 0, 0)
        assert len(await titles(hub)) == 1
