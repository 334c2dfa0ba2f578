"""K04: every way in which access is taken away, each on its own."""

import pytest

from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k04_survives_deletion import CHECK, KINDS
from roomgate.checks.snapshot import Snapshot
from support.checks import ONE, judged, target_of
from support.cut_target import HEAD, NAME, SOCKET, Site, cause

ALL = HEAD + NAME + SOCKET + "".join(cause(kind) for kind in (*KINDS, "own-password"))
SOME = HEAD + NAME + cause("deleted")


async def judge(folder, site, text=SOME):
    found = await judged(folder, site.answer, text, only=["K04"], time=site.time, open_socket=site.open_socket)
    return found["K04"]


@pytest.mark.asyncio
async def test_access_that_ends_with_everything_passes(tmp_path):
    found = await judge(tmp_path, Site(), ALL)
    assert found.outcome is Outcome.PASS
    assert {row["kind"] for row in found.table} == set(KINDS)


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", KINDS)
async def test_each_of_them_alone_is_enough_to_fail(tmp_path, kind):
    text = SOME + (cause(kind) if kind != "deleted" else "")
    found = await judge(tmp_path, Site(requests=[kind]), text)
    assert found.outcome is Outcome.FAIL
    assert {row["kind"] for row in found.table if row["verdict"] == "never"} == {kind}


@pytest.mark.asyncio
@pytest.mark.parametrize("site", [Site(requests=["own-password"]), Site(live=list(KINDS)), Site(slow_s=10.0)])
async def test_other_flaws_are_not_its_business(tmp_path, site):
    text = SOME + SOCKET + cause("own-password")
    assert (await judge(tmp_path, site, text)).outcome is Outcome.PASS


@pytest.mark.asyncio
async def test_a_new_session_after_a_session_was_ended_is_nobodys_fault(tmp_path):
    class Sessions(Site):
        def over(self, outlived):
            return False

        def do(self, kind):
            super().do(kind)
            self.sessions.clear()

    found = await judge(tmp_path, Sessions(), SOME.replace('"deleted"', '"disabled"') + cause("session-ended"))
    assert all(row["kind"] != "session-ended" or row["verdict"] == "cut" for row in found.table)


@pytest.mark.asyncio
async def test_it_asks_for_a_deletion_at_the_least(tmp_path):
    found = await judge(tmp_path, Site(), HEAD + NAME + cause("role-removed"))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "deleted or disabled" in found.says


@pytest.mark.asyncio
async def test_one_cause_that_could_not_be_tried_is_not_passed_over(tmp_path):
    text = SOME + cause("role-removed", deed=False)  # nobody is there to do it by hand
    found = await judge(tmp_path, Site(), text)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "role-removed" in found.points[0].where


@pytest.mark.asyncio
async def test_an_expiry_that_comes_by_itself_is_waited_for(tmp_path):
    class Expiring(Site):
        async def answer(self, request):
            if self.cut_at is None and self.time.mono > 1090:
                self.do("expired")
            return await super().answer(request)

    link = (
        '\n[[links]]\nurl = "https://target.example/d/abc"\naccount = "ada"\n'
        "issued = 2026-03-10T09:00:00Z\nlifetime_s = 90.0\n"
    )
    site = Expiring()
    found = await judge(tmp_path, site, SOME + link + cause("expired", deed=False))
    assert {row["kind"]: row["verdict"] for row in found.table} == {"deleted": "cut", "expired": "cut"}
    assert 1090 <= site.time.mono <= 1100


def test_it_survives_an_empty_snapshot():
    for text in (ONE, ALL):
        assert CHECK.judge(Snapshot(look="cutting"), target_of(text)).outcome is Outcome.INCONCLUSIVE
