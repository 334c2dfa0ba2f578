"""Each flaw of the double makes its own check fail, and no other; none fails on the clean one.

The double is checked in memory, with time that is handed over: all looks, against the same application that serves
on a port. What only a port or a device shows is in test_check_doubles_on_a_port.py.

What one flaw hides of another check is told here (`HIDES`): where nobody needs to sign in for a link, nobody can say
whether one account's links are shut to another.
"""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from roomgate.checks.catalogue import all_checks
from roomgate.checks.doubles.flaws import ALL, FOUND_BY, NONE, Flaw, Flaws, expected
from roomgate.checks.doubles.scene import CAUSES
from roomgate.checks.outcome import Outcome
from roomgate.checks.run import judge_all
from support.double import double_in_memory

pytestmark = pytest.mark.asyncio

ON_A_PORT = ("K06", "K09", "K21", "K24", "K26", "K28")  # what memory cannot show
IN_MEMORY = tuple(check.id for check in all_checks() if check.id not in ON_A_PORT)
FLAWS = [flaw for flaw in Flaw if FOUND_BY[flaw] in IN_MEMORY]
HIDES = {Flaw.NO_SIGN_IN: {"K16"}}
# One cause for each flaw that survives one, and one that nothing survives.
FEW = ("own-password", "device-password", "deleted", "scim-disabled", "role-removed", "session-ended", "signed-out")
GOOD = (Outcome.PASS, Outcome.NOT_APPLICABLE)
Outcomes = dict[str, Outcome]


async def in_memory(
    folder: Path, flaws: Flaws, only: Sequence[str] = IN_MEMORY, causes: Sequence[str] = CAUSES
) -> Outcomes:
    async with double_in_memory(flaws, causes) as double:
        snapshots = await double.look(folder, only)
        judged = judge_all(all_checks(), snapshots, double.target)
    return {one.id: one.outcome for one in judged if one.id in only}


def assert_exactly(found: Outcomes, flaws: Flaws) -> None:
    """The checks of these flaws fail; every other one passes, but for what is hidden."""
    hidden = {id for flaw in flaws for id in HIDES.get(flaw, ())} - expected(flaws)
    assert {id for id, one in found.items() if one is Outcome.FAIL} == expected(flaws) & set(found)
    unsure = {id for id, one in found.items() if one is Outcome.INCONCLUSIVE}
    assert unsure <= hidden


async def test_on_the_clean_one_nothing_fails(tmp_path: Path):
    found = await in_memory(tmp_path, NONE)
    assert set(found.values()) <= set(GOOD)


@pytest.mark.parametrize("flaw", FLAWS)
async def test_each_flaw_alone_fails_its_own_check(tmp_path: Path, flaw: Flaw):
    assert_exactly(await in_memory(tmp_path, frozenset({flaw}), causes=FEW), frozenset({flaw}))


async def test_with_every_flaw_everything_fails(tmp_path: Path):
    assert_exactly(await in_memory(tmp_path, ALL), ALL)


# ---- 200 at random, judged on what was recorded ------------------------------------------------------

# Which flaws change what a look sees. A look is taken once for each set of these that comes up; the test below takes
# some combinations whole, so that what is wrong here would show.
SEES: dict[str, set[Flaw]] = {
    "links": {Flaw.NO_SIGN_IN, Flaw.LEAKS_LINK, Flaw.SHORT_LINKS, Flaw.NUMBERED_LINKS, Flaw.MODIFIES_PAGES},
    "lasting": {Flaw.ENDLESS, Flaw.NO_SIGN_IN, Flaw.MODIFIES_PAGES},
    "cutting": {
        Flaw.SURVIVES_PASSWORD, Flaw.SURVIVES_DEVICE_PASSWORD, Flaw.SURVIVES_DELETION, Flaw.SURVIVES_SCIM,
        Flaw.SURVIVES_ROLE, Flaw.LIVE_SURVIVES, Flaw.IGNORES_SIGN_OUT, Flaw.SLOW_CUT,
    },
    "front": {Flaw.NO_HSTS, Flaw.NO_CSP, Flaw.NO_SECURITY_CONTACT},
    "cookies": {Flaw.LOOSE_COOKIES, Flaw.GUESSABLE_COOKIES},
    "redirects": {Flaw.OPEN_REDIRECT},
    "crossing": {Flaw.CROSSES_USERS, Flaw.NO_SIGN_IN, Flaw.MODIFIES_PAGES},
    "origins": {Flaw.ANY_ORIGIN},
    "forging": {Flaw.FORGEABLE, Flaw.LOOSE_COOKIES},
    "guesses": {Flaw.ENDLESS_GUESSES},
    "enrolment": {Flaw.REUSABLE_ENROLMENT},
    "record": {Flaw.KEEPS_NO_RECORD, Flaw.CROSSES_USERS},
    "notice": {Flaw.SILENT},
    "calls": {Flaw.CALL_BY_LINK, Flaw.NO_SIGN_IN, Flaw.CROSSES_USERS, Flaw.SILENT},
    "sources": {Flaw.LEAKS_SECRETS, Flaw.MODIFIES_PAGES, Flaw.NO_SIGN_IN},
    "transit": {Flaw.MODIFIES_PAGES, Flaw.NO_SIGN_IN},
}  # fmt: skip


def drawn(count: int, seed: int) -> list[Flaws]:
    """Two to seven flaws each."""
    dice = random.Random(seed)
    return [frozenset(dice.sample(FLAWS, dice.randint(2, 7))) for _ in range(count)]


@pytest.mark.parametrize("look", SEES)
async def test_two_hundred_at_random_fail_exactly_what_they_must(tmp_path: Path, look: str):
    only = [check.id for check in all_checks() if check.look.id == look and check.id in IN_MEMORY]
    assert only
    seen: dict[Flaws, Outcomes] = {}
    for number, flaws in enumerate(drawn(200, 2019)):
        shown = flaws & SEES[look]
        if shown not in seen:
            seen[shown] = await in_memory(tmp_path / str(number), shown, only, FEW)
        assert_exactly(seen[shown], flaws)


@pytest.mark.parametrize("flaws", drawn(6, 8), ids=lambda flaws: "+".join(sorted(flaws)))
async def test_some_at_random_taken_whole(tmp_path: Path, flaws: Flaws):
    assert_exactly(await in_memory(tmp_path, flaws, causes=FEW), flaws)


async def test_every_look_is_among_those():
    assert {check.look.id for check in all_checks() if check.id in IN_MEMORY} == set(SEES)
