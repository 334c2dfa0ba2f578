"""A double on loopback, and the whole of what its target file asks for, by the checks themselves where they are quick."""

from pathlib import Path

import pytest

from roomgate.checks.catalogue import all_checks
from roomgate.checks.declared import Tier
from roomgate.checks.doubles.flaws import NONE, Flaw, Flaws
from roomgate.checks.journal import Journal
from roomgate.checks.outcome import Outcome
from roomgate.checks.run import Around, Wish, judge_all, run
from roomgate.cli.check import load_target
from roomgate.cli.double_world import double_world

pytestmark = [pytest.mark.asyncio, pytest.mark.xdist_group("cli")]


async def outcomes(folder: Path, flaws: Flaws, device: str, *only: str) -> dict[str, Outcome]:
    async with double_world(folder / "double", flaws, device) as found:
        target, text = load_target(found.target)
        journal = Journal(folder / "run")
        await run(target, text, all_checks(), Wish(Tier.SITE, only, intrusive=True), journal, Around())
        judged = judge_all(all_checks(), journal.snapshots(), target)
    return {one.id: one.outcome for one in judged if one.id in only}


@pytest.mark.parametrize(
    ("device", "flaw", "only"),
    [
        ("pretend", None, ("K10", "K21", "K24")),
        ("pretend", Flaw.TRUSTS_ANY_DEVICE, ("K21", "K24")),
        ("pretend", Flaw.LISTENS, ("K24", "K10")),
        ("sim", None, ("K07", "K08", "K25", "K26", "K28")),
        ("sim", Flaw.STAYS_SIGNED_IN, ("K26", "K28")),
        ("sim", Flaw.LEAVES_TRACES, ("K26", "K28")),
        ("sim", Flaw.CALL_BY_LINK, ("K08", "K25")),
        ("sim", Flaw.MODIFIES_PAGES, ("K07", "K26")),
        ("sim", Flaw.SILENT, ("K25", "K08")),
    ],
)
async def test_what_only_a_real_port_or_device_shows(tmp_path: Path, device: str, flaw: Flaw | None, only):
    found = await outcomes(tmp_path, frozenset({flaw}) if flaw else NONE, device, *only)
    wanted = dict.fromkeys(only, Outcome.PASS)
    assert found == (wanted | {only[0]: Outcome.FAIL} if flaw else wanted)


async def test_what_it_writes_is_for_its_owner_alone(tmp_path: Path):
    async with double_world(tmp_path / "double", NONE) as found:
        assert found.target.stat().st_mode & 0o077 == 0
        assert found.address.startswith("https://localhost:")
        assert "Pretended" in (tmp_path / "double" / "golden" / "signin.html").read_text()
