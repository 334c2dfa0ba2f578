"""K20: a sign-out ends requests, or does not; everything else is others' business."""

import pytest

from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k20_ignores_sign_out import CHECK
from roomgate.checks.snapshot import Snapshot
from support.checks import ONE, judged, target_of
from support.cut_target import HEAD, NAME, SOCKET, Site, cause

TEXT = HEAD + NAME + SOCKET + cause("signed-out") + cause("deleted")


async def judge(folder, site, text=TEXT):
    found = await judged(folder, site.answer, text, only=["K20"], time=site.time, open_socket=site.open_socket)
    return found["K20"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("site", "outcome"),
    [
        (Site(), Outcome.PASS),
        (Site(requests=["signed-out"]), Outcome.FAIL),
        (Site(requests=["deleted"]), Outcome.PASS),
        (Site(live=["signed-out", "deleted"]), Outcome.PASS),
        (Site(sign_ins=["signed-out"]), Outcome.PASS),  # signing in anew is what a sign-out is for
        (Site(slow_s=10.0), Outcome.PASS),
        (Site(after=503), Outcome.INCONCLUSIVE),
    ],
)
async def test_only_requests_after_a_sign_out_decide(tmp_path, site, outcome):
    assert (await judge(tmp_path, site)).outcome is outcome


@pytest.mark.asyncio
async def test_a_file_without_a_sign_out_is_asked_for_one(tmp_path):
    found = await judge(tmp_path, Site(), HEAD + NAME + cause("deleted"))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "signed-out" in found.says


def test_it_survives_an_empty_snapshot():
    for text in (ONE, TEXT):
        assert CHECK.judge(Snapshot(look="cutting"), target_of(text)).outcome is Outcome.INCONCLUSIVE
