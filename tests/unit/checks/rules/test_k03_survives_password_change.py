"""K03: every kind of password, each on its own; live channels and other causes are not its business."""

import pytest

from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k03_survives_password_change import CHECK, KINDS
from roomgate.checks.snapshot import Act, Fact, Snapshot
from support.checks import ONE, judged, target_of
from support.cut_target import HEAD, NAME, SOCKET, Site, cause

ALL = HEAD + NAME + SOCKET + "".join(cause(kind) for kind in (*KINDS, "deleted"))


async def judge(folder, site, text=ALL):
    found = await judged(folder, site.answer, text, only=["K03"], time=site.time, open_socket=site.open_socket)
    return found["K03"]


@pytest.mark.asyncio
async def test_access_that_ends_with_every_password_passes(tmp_path):
    found = await judge(tmp_path, Site())
    assert found.outcome is Outcome.PASS
    assert {row["kind"] for row in found.table} == set(KINDS)
    assert "Not tried" not in found.says


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", KINDS)
async def test_each_password_alone_is_enough_to_fail(tmp_path, kind):
    found = await judge(tmp_path, Site(requests=[kind]))
    assert found.outcome is Outcome.FAIL
    assert {row["kind"] for row in found.table if row["verdict"] == "never"} == {kind}
    assert kind in found.points[0].where
    assert found.points[0].steps


@pytest.mark.asyncio
async def test_the_old_password_that_still_signs_in_fails(tmp_path):
    class Lenient(Site):
        def over(self, outlived):
            return super().over(outlived) and not self.again

        again = False

        async def answer(self, request):
            if request.url.path == "/signin" and self.kind == "own-password":
                self.again = True
            return await super().answer(request)

    found = await judge(tmp_path, Lenient(), HEAD + NAME + cause("own-password"))
    assert found.outcome is Outcome.FAIL
    assert any("anew" in point.where for point in found.points)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "site", [Site(requests=["deleted"]), Site(live=list(KINDS)), Site(sign_ins=["deleted"]), Site(slow_s=10.0)]
)
async def test_other_flaws_are_not_its_business(tmp_path, site):
    assert (await judge(tmp_path, site)).outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_later_than_allowed_is_too_late(tmp_path):
    text = HEAD + NAME + cause("own-password", "within_s = 5.0")
    found = await judge(tmp_path, Site(slow_s=9.0), text)
    assert (found.outcome, found.table[0]["verdict"]) == (Outcome.FAIL, "late")
    assert found.table[0]["seconds"] == pytest.approx(9.0, abs=0.5)


@pytest.mark.asyncio
async def test_trouble_is_inconclusive(tmp_path):
    assert (await judge(tmp_path, Site(after=503), HEAD + NAME + cause("own-password"))).outcome is Outcome.INCONCLUSIVE


@pytest.mark.asyncio
async def test_a_file_without_such_a_cause_is_asked_for_one(tmp_path):
    found = await judge(tmp_path, Site(), HEAD + NAME + cause("deleted"))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "admin-password" in found.says


@pytest.mark.asyncio
async def test_what_was_not_tried_is_said_with_a_pass(tmp_path):
    found = await judge(tmp_path, Site(), HEAD + NAME + cause("own-password"))
    assert found.outcome is Outcome.PASS
    assert "Not tried: admin-password, device-password" in found.says


@pytest.mark.parametrize(
    "steps",
    [
        (),
        (Fact(label="x", t=0, at="", name="watched", value=[1]),),
        (Fact(label="x", t=0, at="", name="not-undone", value={}), Act(label="x", t=0, at="", name="x", how="?")),
    ],
)
def test_it_survives_any_snapshot(steps):
    for text in (ONE, ALL):
        found = CHECK.judge(Snapshot(look="cutting", steps=steps), target_of(text))
        assert found.outcome is Outcome.INCONCLUSIVE
