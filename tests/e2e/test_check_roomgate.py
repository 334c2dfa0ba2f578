"""Roomgate under its own checks, all tiers, by real programs: nothing fails, nothing is left open, the best grade.

K02 needs a link whose end comes, and K20 somebody whom an identity provider signs out: each has a target of its own.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from roomgate.checks.catalogue import all_checks
from roomgate.checks.declared import Tier
from roomgate.checks.finding import Finding
from roomgate.checks.grade import Grade, grade
from roomgate.checks.journal import Journal
from roomgate.checks.run import Around, Wish, judge_all, run
from roomgate.checks.target import parse_target
from roomgate.checks.tester import Voice
from support.checked import Checked
from support.world import running_world

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("check-roomgate")]

EVERY = tuple(check.id for check in all_checks())


async def take(text: str, folder: Path, only: tuple[str, ...] = (), voice: Voice | None = None) -> dict[str, Finding]:
    """A whole run at all tiers, as `roomgate check run` makes it; the findings by id."""
    options = {check.id: check.options for check in all_checks() if check.options is not None}
    target = parse_target(text, folder, options, {})
    journal = Journal(folder / "run")
    await run(target, text, all_checks(), Wish(Tier.SITE, only, intrusive=True), journal, Around(voice=voice))
    found = judge_all(all_checks(), journal.snapshots(), target)
    return {one.id: one for one in found if not only or one.id in only}


@dataclass(frozen=True)
class Whole:
    findings: dict[str, Finding]
    left: str  # what `connector leave` said

    @property
    def grade(self) -> Grade:
        return grade(list(self.findings.values()))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Whole]:
    folder = tmp_path_factory.mktemp("checked")
    async with (
        running_world(folder / "world", 3) as world,
        world.room(returns=False) as room,
        world.room(returns=False) as spare,
    ):
        checked = Checked(world, room, spare)
        await checked.make()
        brief = folder / "brief"
        brief.mkdir()
        ends = await take(await checked.brief(), brief, ("K02",))
        async with checked.somebody_in_the_room():
            found = await take(checked.text, folder, tuple(id for id in EVERY if id != "K02"), checked.hands)
        yield Whole(found | ends, checked.left)


async def test_nothing_fails_and_nothing_is_left_open(whole: Whole) -> None:
    told = {id: (one.outcome.value, one.says) for id, one in whole.findings.items() if id != "K20"}
    assert {id: said for id, said in told.items() if said[0] not in ("pass", "not-applicable")} == {}
    assert len(told) == 29
