"""The double on loopback: what only a port or a device shows, and the clean one whole.

TLS, listeners, sessions at the device, the picture of a page. Every double is a world of its own, and most of a look
at it is waiting: so several are looked at side by side.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio

from roomgate.checks import tls
from roomgate.checks.catalogue import all_checks
from roomgate.checks.declared import Tier
from roomgate.checks.doubles.flaws import NONE, Flaw, Flaws, expected
from roomgate.checks.finding import Finding
from roomgate.checks.grade import grade
from roomgate.checks.journal import Journal
from roomgate.checks.outcome import Outcome
from roomgate.checks.run import Around, Wish, judge_all, run
from roomgate.cli.check import load_target
from roomgate.cli.double_world import double_world

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("doubles")]

GOOD = (Outcome.PASS, Outcome.NOT_APPLICABLE)
AT_ONCE = 5
CUTTING = tuple(check.id for check in all_checks() if check.look.id == "cutting")
OTHERS = tuple(check.id for check in all_checks() if check.look.id != "cutting")
CASES: list[tuple[str, Flaw | None, tuple[str, ...]]] = [
    ("pretend", None, ("K06", "K10", "K21", "K24")),
    ("pretend", Flaw.IMITATES_SIGN_IN, ("K06", "K24")),
    ("pretend", Flaw.TRUSTS_ANY_DEVICE, ("K21", "K24")),
    ("pretend", Flaw.LISTENS, ("K24", "K10")),
    ("sim", None, ("K06", "K07", "K08", "K25", "K26", "K28")),
    ("sim", Flaw.IMITATES_SIGN_IN, ("K06", "K07")),
    ("sim", Flaw.MODIFIES_PAGES, ("K07", "K26")),
    ("sim", Flaw.CALL_BY_LINK, ("K08", "K25")),
    ("sim", Flaw.SILENT, ("K25", "K08")),
    ("sim", Flaw.STAYS_SIGNED_IN, ("K26", "K28")),
    ("sim", Flaw.LEAVES_TRACES, ("K28", "K26")),
    ("pretend", Flaw.PLAIN_HTTP, ("K09", "K10")),
    ("pretend", Flaw.OLD_TLS, ("K09", "K10")),
    ("pretend", Flaw.BAD_CERTIFICATE, ("K09", "K10")),
]
# The clean one is looked at in two halves, beside each other: the causes of a cut come one by one.
HALVES: list[tuple[str, Flaw | None, tuple[str, ...]]] = [("sim", None, CUTTING), ("sim", None, OTHERS)]
Findings = dict[str, Finding]


def flaws_of(flaw: Flaw | None) -> Flaws:
    return frozenset({flaw}) if flaw else NONE


async def look(folder: Path, flaws: Flaws, device: str, only: Sequence[str]) -> Findings:
    async with double_world(folder / "double", flaws, device) as found:
        target, text = load_target(found.target)
        journal = Journal(folder / "run")
        await run(target, text, all_checks(), Wish(Tier.SITE, tuple(only), intrusive=True), journal, Around())
        judged = judge_all(all_checks(), journal.snapshots(), target)
    return {one.id: one for one in judged if one.id in only}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def looks(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[Any, "asyncio.Task[Findings]"]]:
    """Of each case, begun at once; a few are under way at a time."""
    asyncio.get_running_loop().set_debug(False)  # some ten thousand awaits, of which the debug mode keeps each place
    few = asyncio.Semaphore(AT_ONCE)

    async def in_turn(work: Coroutine[Any, Any, Findings]) -> Findings:
        async with few:
            return await work

    with pytest.MonkeyPatch.context() as patch:
        # testssl.sh takes long, has tests of its own, and is asked about the hub in test_check_roomgate.py.
        patch.setattr(tls, "shutil", SimpleNamespace(which=lambda name: None))
        begun = {
            case: asyncio.get_running_loop().create_task(
                in_turn(look(tmp_path_factory.mktemp("double"), flaws_of(case[1]), case[0], case[2]))
            )
            for case in (*HALVES, *CASES)
        }
        try:
            yield begun
        finally:
            for task in begun.values():
                task.cancel()
            await asyncio.wait(begun.values())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1] or 'clean'}-{case[2][0]}")
async def test_what_only_a_port_or_a_device_shows(looks, case):
    _, flaw, only = case
    found = await looks[case]
    assert set(found) == set(only)
    assert {id for id, one in found.items() if one.outcome is Outcome.FAIL} == expected(flaws_of(flaw)) & set(only)
    assert {id for id, one in found.items() if one.outcome is Outcome.INCONCLUSIVE} == set()


async def test_the_clean_one_whole_gets_the_best_grade(looks):
    judged = [one for half in HALVES for one in (await looks[half]).values()]
    assert {one.id for one in judged} == {check.id for check in all_checks()}
    assert not {one.id: one.says for one in judged if one.outcome not in GOOD}
    assert grade(judged).letter == "A"
