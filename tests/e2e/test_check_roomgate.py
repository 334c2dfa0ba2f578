"""Roomgate under its own checks, all tiers, by real programs: nothing fails, nothing is left open, the best grade.

K02 needs a link whose end comes, and K20 somebody whom an identity provider signs out: each has a target of its own.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from roomgate.checks.catalogue import all_checks
from roomgate.checks.declared import Tier
from roomgate.checks.doubles.target_file import write_toml
from roomgate.checks.finding import Finding
from roomgate.checks.grade import grade
from roomgate.checks.journal import Journal
from roomgate.checks.run import Around, Wish, judge_all, run
from roomgate.checks.target import parse_target
from roomgate.checks.tester import Voice
from support.checked import Checked, Hands
from support.oidc import go
from support.single_sign_on import single_sign_on
from support.weakened import plant, weaknesses
from support.world import running_world

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("check-roomgate")]

EVERY = tuple(check.id for check in all_checks() if check.id not in ("K02", "K20"))


async def take(text: str, folder: Path, only: tuple[str, ...] = (), voice: Voice | None = None) -> dict[str, Finding]:
    """A whole run at all tiers, as `roomgate check run` makes it; the findings by id."""
    options = {check.id: check.options for check in all_checks() if check.options is not None}
    target = parse_target(text, folder, options, {})
    journal = Journal(folder / "run")
    await run(target, text, all_checks(), Wish(Tier.SITE, only, intrusive=True), journal, Around(voice=voice))
    found = judge_all(all_checks(), journal.snapshots(), target)
    return {one.id: one for one in found if not only or one.id in only}


@asynccontextmanager
async def checked_world(folder: Path, source: Path | None = None) -> AsyncIterator[Checked]:
    async with (
        running_world(folder / "world", 3, source=source) as world,
        world.room(returns=False) as room,
        world.room(returns=False) as other,
        world.room(returns=False) as spare,
    ):
        checked = Checked(world, room, other, spare)
        await checked.make()
        yield checked


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Finding]:
    """Every check but K20; K02 first, since the run ends with the connector's end."""
    folder = tmp_path_factory.mktemp("checked")
    async with checked_world(folder) as checked:
        (folder / "brief").mkdir()
        ends = await take(await checked.brief(), folder / "brief", ("K02",))
        async with checked.somebody_in_the_room():
            return await take(checked.text, folder, EVERY, checked.hands) | ends


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def signed_out(tmp_path_factory: pytest.TempPathFactory) -> Finding:
    """K20, with a real identity provider that tells the hub of a sign-out."""
    folder = tmp_path_factory.mktemp("signed-out")
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


async def test_whom_the_provider_signs_out_is_out(signed_out: Finding) -> None:
    assert (signed_out.outcome.value, signed_out.says) == ("pass", signed_out.says)


async def test_nothing_fails_and_nothing_is_left_open(whole: dict[str, Finding]) -> None:
    told = {id: (one.outcome.value, one.says) for id, one in whole.items()}
    assert {id: said for id, said in told.items() if said[0] not in ("pass", "not-applicable")} == {}
    assert len(told) == 29


async def test_the_grade_is_the_best(whole: dict[str, Finding], signed_out: Finding) -> None:
    assert grade([*whole.values(), signed_out]).letter == "A"


async def test_every_planted_weakness_is_found_by_its_check(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What cannot be seen from outside, and why, is in docs/checks/README.md."""
    folder = tmp_path_factory.mktemp("weakened")
    planted = {one.check: one.what for one in weaknesses()}
    assert len(planted) >= 10
    async with checked_world(folder, plant(folder)) as checked, checked.somebody_in_the_room():
        found = await take(checked.text, folder, tuple(sorted({*planted, "K01"})), checked.hands)
    missed = {
        id: (what, found[id].outcome.value, found[id].says)
        for id, what in planted.items()
        if found[id].outcome != "fail"
    }
    assert missed == {}
    assert found["K01"].outcome == "pass"  # which of them touches
