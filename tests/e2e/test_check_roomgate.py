"""Roomgate under its own checks, all tiers, by real programs: nothing fails, nothing is left open, the best grade.

K02 needs a link whose end comes, and K20 somebody whom an identity provider signs out: each has a target of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from roomgate.checks.catalogue import all_checks
from roomgate.checks.declared import Tier
from roomgate.checks.doubles.target_file import write_toml
from roomgate.checks.finding import Finding
from roomgate.checks.grade import grade
from roomgate.checks.journal import Journal
from roomgate.checks.run import Around, Wish, judge_all, run
from roomgate.checks.snapshot import Ended, Fact, Snapshot
from roomgate.checks.target import Target, parse_target
from roomgate.checks.tester import Voice
from support.checked import Checked, Hands
from support.oidc import go
from support.single_sign_on import single_sign_on
from support.weakened import plant, weaknesses
from support.world import running_world

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("check-roomgate")]

EVERY = tuple(check.id for check in all_checks() if check.id not in ("K02", "K20"))
CUTTING = tuple(check.id for check in all_checks() if check.look.id == "cutting")
IMPOSTOR, GUESSES = ("K21",), ("K19",)
OUTSIDE = tuple(check.id for check in all_checks() if check.look.tier is Tier.OUTSIDE and check.id != "K02")


async def look(text: str, folder: Path, only: Sequence[str], voice: Voice | None = None) -> dict[str, Snapshot]:
    """A run at all tiers, as `roomgate check run` makes it; what it saw, by look."""
    target, journal = target_of(text, folder), Journal(folder / "run")
    await run(target, text, all_checks(), Wish(Tier.SITE, tuple(only), intrusive=True), journal, Around(voice=voice))
    return journal.snapshots()


def target_of(text: str, folder: Path) -> Target:
    options = {check.id: check.options for check in all_checks() if check.options is not None}
    return parse_target(text, folder, options, {})


def judge(text: str, folder: Path, seen: dict[str, Snapshot], only: Sequence[str]) -> dict[str, Finding]:
    found = judge_all(all_checks(), seen, target_of(text, folder))
    return {one.id: one for one in found if one.id in only}


async def take(text: str, folder: Path, only: Sequence[str], voice: Voice | None = None) -> dict[str, Finding]:
    return judge(text, folder, await look(text, folder, only, voice), only)


async def take_side_by_side(
    checked: Checked, folder: Path, only: Sequence[str], kinds: Sequence[str] = ()
) -> dict[str, Finding]:
    """The findings of these checks (under these kinds of causes alone, or all of the target's).

    What waits for half a minute, and disturbs nobody, is looked at side by side, each run in a folder of its own.
    Passwords are guessed last: for a while it slows down whoever signs in.
    """
    hands, text = checked.hands, checked.text
    lanes = [(one, CUTTING) for one in checked.texts_of_causes(kinds)] + [(text, IMPOSTOR), (text, OUTSIDE)]
    later = [one for one in only if one not in (*CUTTING, *IMPOSTOR, *OUTSIDE, *GUESSES)]
    seen: list[dict[str, Snapshot]] = []
    async with checked.somebody_in_the_room():
        async with checked.somebody_turns_the_volume(), asyncio.TaskGroup() as group:
            beside = [
                group.create_task(look(one, folder / f"beside-{number}", wanted, hands))
                for number, (one, ids) in enumerate(lanes)
                if (wanted := [id for id in only if id in ids])
            ]
        seen += [task.result() for task in beside]
        for name, ids in (("later", later), ("guesses", [id for id in only if id in GUESSES])):
            if ids:
                seen.append(await look(text, folder / name, ids, hands))
    whole = joined(seen)
    causes = {one["name"] for one in checked.tables["causes"] if not kinds or one["kind"] in kinds}
    assert {step.label for step in whole["cutting"].of(Fact) if step.name == "ended"} == causes
    return judge(text, folder, whole, only)


def joined(runs: Sequence[dict[str, Snapshot]]) -> dict[str, Snapshot]:
    """What several runs saw: a look that was taken in parts is as good as the worst of them."""
    whole: dict[str, Snapshot] = {}
    for name, part in ((name, part) for one in runs for name, part in one.items()):
        known = whole.get(name, part)
        worse = known if known.ended is not Ended.DONE else part
        steps = part.steps if known is part else (*known.steps, *part.steps)
        whole[name] = msgspec.structs.replace(worse, steps=steps)
    return whole


@asynccontextmanager
async def checked_world(folder: Path, turn: asyncio.Lock, source: Path | None = None) -> AsyncIterator[Checked]:
    async with AsyncExitStack() as stack:
        async with turn:
            world = await stack.enter_async_context(running_world(folder / "world", 3, source=source))
            room, other, spare, decoy = [await stack.enter_async_context(world.room(returns=False)) for _ in range(4)]
            checked = Checked(world, room, other, spare, decoy)
            await checked.make()
        yield checked


async def whole_look(folder: Path, turn: asyncio.Lock) -> dict[str, Finding]:
    """Every check but K20. Whose access ends by itself, K02, is looked at beside the others."""
    async with checked_world(folder, turn) as checked, asyncio.TaskGroup() as group:
        (folder / "brief").mkdir()
        ends = group.create_task(take(await checked.brief(), folder / "brief", ("K02",)))
        found = await take_side_by_side(checked, folder, EVERY)
        return found | await ends


async def signed_out_look(folder: Path) -> Finding:
    """K20, with a real identity provider that tells the hub of a sign-out."""
    async with single_sign_on(folder) as here:
        carol = await here.sign_in("corp", "carol")
        cookie = "; ".join(f"{one.name}={one.value}" for one in carol.cookies.jar if one.domain.startswith("localhost"))
        hands = Hands()

        async def sign_out(what: str) -> None:
            await go(carol, f"{here.corp.issuer}/session/end", "carol")

        hands.deeds["sign out"] = sign_out
        text = write_toml(
            {
                "target": {"name": "Roomgate", "urls": [f"{here.url}/"], "ca": str(folder / "ca.pem")},
                "authorisation": {"text": "Our own hub, on this machine.", "by": "its makers"},
                "permitted": {"requests_per_second": 20},
                "accounts": [{"name": "carol", "headers": {"Cookie": cookie}}],
                "channels": [
                    {"name": "whoami", "request": {"url": f"{here.url}/api/v1/whoami"}, "expects": '"csrf"'},
                ],
                "causes": [
                    {"name": "signed out", "kind": "signed-out", "account": "carol", "watch_s": 6.0, "within_s": 2.0,
                     "deed": {"say": "sign out: at the identity provider"}},
                ],
            }
        )  # fmt: skip
        return (await take(text, folder, ("K20",), hands))["K20"]


PLANTED = {one.check: one.what for one in weaknesses()}
SHOW_THEM = ("own-password", "grant-removed", "disabled")  # causes that nothing but what is planted lets survive


async def weakened_look(folder: Path, turn: asyncio.Lock) -> dict[str, Finding]:
    async with checked_world(folder, turn, plant(folder)) as checked:
        return await take_side_by_side(checked, folder, sorted({*PLANTED, "K01"}), SHOW_THEM)


# ---- each in a world of its own, all at once: most of it is waiting --------------------------------------


@dataclass(frozen=True, slots=True)
class Looks:
    whole: asyncio.Task[dict[str, Finding]]
    signed_out: asyncio.Task[Finding]
    weakened: asyncio.Task[dict[str, Finding]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def looks(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Looks]:
    def start(work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        return asyncio.get_running_loop().create_task(work)

    asyncio.get_running_loop().set_debug(False)  # some ten thousand awaits, of which the debug mode keeps each place
    checked, signed_out, weakened = map(tmp_path_factory.mktemp, ("checked", "signed-out", "weakened"))
    turn = asyncio.Lock()  # to start a world, which is nothing but work
    running = (
        start(whole_look(checked, turn)), start(signed_out_look(signed_out)), start(weakened_look(weakened, turn)),
    )  # fmt: skip
    try:
        yield Looks(*running)
    finally:
        for task in running:
            task.cancel()
        await asyncio.wait(running)


async def test_whom_the_provider_signs_out_is_out(looks: Looks) -> None:
    found = await looks.signed_out
    assert (found.outcome.value, found.says) == ("pass", found.says)


async def test_nothing_fails_and_nothing_is_left_open(looks: Looks) -> None:
    told = {id: (one.outcome.value, one.says) for id, one in (await looks.whole).items()}
    assert {id: said for id, said in told.items() if said[0] not in ("pass", "not-applicable")} == {}
    assert len(told) == 29


async def test_the_grade_is_the_best(looks: Looks) -> None:
    assert grade([*(await looks.whole).values(), await looks.signed_out]).letter == "A"


async def test_every_planted_weakness_is_found_by_its_check(looks: Looks) -> None:
    """What cannot be seen from outside, and why, is in docs/checks/README.md."""
    assert len(PLANTED) >= 10
    found = await looks.weakened
    missed = {
        id: (what, found[id].outcome.value, found[id].says)
        for id, what in PLANTED.items()
        if found[id].outcome != "fail"
    }
    assert missed == {}
    assert found["K01"].outcome == "pass"  # which of them touches
