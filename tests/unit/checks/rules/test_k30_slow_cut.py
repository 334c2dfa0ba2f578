"""K30: the percentiles of the cuts that came, by cause and by channel; what never came is told, and judged elsewhere."""

import msgspec
import pytest

from roomgate.checks.cuts import WATCHED, Cut
from roomgate.checks.outcome import Outcome
from roomgate.checks.rules.k30_slow_cut import CHECK, MOST_S, build_table
from roomgate.checks.snapshot import Fact, Snapshot
from support.checks import ONE, judged, target_of
from support.cut_target import HEAD, LIVE, NAME, SOCKET, Site, cause

TEXT = HEAD + NAME + SOCKET + cause("deleted") + cause("own-password")


async def judge(folder, site, text=TEXT):
    found = await judged(folder, site.answer, text, only=["K30"], time=site.time, open_socket=site.open_socket)
    return found["K30"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("site", "outcome"),
    [
        (Site(), Outcome.PASS),
        (Site(slow_s=3.0), Outcome.PASS),
        (Site(slow_s=8.0), Outcome.FAIL),
        (Site(requests=["deleted"]), Outcome.PASS),
        (Site(live=["deleted"]), Outcome.PASS),
        (Site(requests=["deleted", "own-password"], live=["deleted", "own-password"]), Outcome.INCONCLUSIVE),
        (Site(after=503, silent=False), Outcome.PASS),  # the socket's cuts came
    ],
)
async def test_only_the_cuts_that_came_are_measured(tmp_path, site, outcome):
    assert (await judge(tmp_path, site)).outcome is outcome


@pytest.mark.asyncio
async def test_the_table_has_every_cause_and_channel(tmp_path):
    found = await judge(tmp_path, Site(slow_s=2.0), HEAD + NAME + LIVE + cause("deleted") + cause("disabled"))
    rows = {(row["cause"], row["channel"]): row for row in found.table}
    assert rows["all", "all"]["count"] == 10
    assert rows["deleted", "all"]["count"] == 5
    assert rows["all", "socket"]["count"] == 2
    assert rows["disabled", "download"]["p99"] == pytest.approx(2.0, abs=0.6)


def cut(seconds, **more):
    fields = {"cause": "a", "cause_kind": "deleted", "channel": "name", "proven": True, "watched_s": 60.0}
    return Cut(**fields | {"last_s": seconds, "cut_s": seconds + 0.25} | more)


def snapshot(*cuts):
    steps = [Fact(label="a", t=0, at="", name=WATCHED, value=msgspec.to_builtins(one)) for one in cuts]
    return Snapshot(look="cutting", steps=tuple(steps))


@pytest.mark.parametrize(
    ("cuts", "outcome"),
    [
        ([cut(MOST_S)], Outcome.PASS),
        ([cut(MOST_S + 0.1)], Outcome.FAIL),
        ([cut(0.1)] * 99 + [cut(30.0)], Outcome.PASS),
        ([cut(0.1)] * 98 + [cut(30.0)] * 2, Outcome.FAIL),
        ([cut(70.0)], Outcome.FAIL),
        ([cut(60.0, cut_s=None)], Outcome.INCONCLUSIVE),
        ([cut(30.0, anew=True)], Outcome.INCONCLUSIVE),
        ([cut(0.1), cut(60.0, cut_s=None)], Outcome.PASS),
        ([cut(0.1), cut(25.0, cause_kind="device-password")], Outcome.PASS),
        ([cut(25.0, cause_kind="device-password")], Outcome.INCONCLUSIVE),
        ([], Outcome.INCONCLUSIVE),
    ],
)
def test_the_99th_percentile_decides(cuts, outcome):
    found = CHECK.judge(snapshot(*cuts), target_of(ONE))
    assert found.outcome is outcome


def test_figures_by_hand():
    (whole, *_) = build_table([cut(1.0), cut(2.0), cut(4.0), cut(60.0, cut_s=None), cut(1.0, proven=False)])
    assert whole == {
        "cause": "all", "channel": "all", "count": 3, "p50": 2.0, "p99": 4.0, "most": 4.0, "never": 1, "undecided": 1,
    }  # fmt: skip
