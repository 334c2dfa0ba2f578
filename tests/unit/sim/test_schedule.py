from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.errors import BadInput
from roomgate.sim.faults import Fault, Kind
from roomgate.sim.schedule import Planned, parse_schedule

ROOMS = ["oslo", "birch", "room-3"]


def planned(text: str, most: int = 20) -> list[Planned]:
    return list(islice(parse_schedule(text, ROOMS).plan(ROOMS), most))


def test_an_entry_says_which_when_how_long_and_where() -> None:
    assert planned("drop@2m; delay=1.5@20+10:oslo; huge-document=3@1") == [
        Planned(1, "*", Fault(Kind.HUGE_DOCUMENT, size=3)),
        Planned(20, "oslo", Fault(Kind.DELAY, 1.5, lasting=10)),
        Planned(120, "*", Fault(Kind.DROP)),
    ]


def test_a_seed_gives_the_same_faults_every_time_and_another_seed_others() -> None:
    text = "reboot=3@30..60/5m:?; garbage@0..9+1/10:?"
    assert planned("seed=7; " + text) == planned("seed=7; " + text)
    assert planned("seed=7; " + text) != planned("seed=8; " + text)
    assert {one.room for one in planned("seed=7; " + text, 200)} == set(ROOMS)


def test_what_stands_beside_an_entry_does_not_move_it() -> None:
    alone = planned("drop@0..100/100:?", 5)
    assert [one for one in planned("drop@0..100/100:?; silent@0..10/10", 60) if one.fault.kind is Kind.DROP] == alone


def test_all_that_is_planned_stands_in_its_order() -> None:
    times = [one.at_s for one in planned("drop@0..5/5; stall=1@3/7; reboot@2..4/11:?", 100)]
    assert times == sorted(times)
    assert len(times) == 100


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no fault"),
        ("seed=7", "holds no fault"),
        ("seed=x; drop@1", "whole number"),
        ("drop@1; seed=3", "before the faults"),
        ("drop", "is not understood"),
        ("drop@", "is not understood"),
        ("dorp@1", "there is no fault 'dorp'"),
        ("drop@1:berlin", "there is no room 'berlin'"),
        ("drop@9..3", "the later time"),
        ("drop@1.2.3", "is not understood"),
        ("drop@1/0", "/EVERY"),
        ("drop@0..10/5", "/EVERY"),
        ("delay=99999@1", "0–3600"),
        ("deep-document=1.5@1", "whole number"),
    ],
)
def test_a_typo_gets_a_clear_error(text: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_schedule(text, ROOMS)
    assert said in refused.value.message


@given(st.text(alphabet="drop@=+/:;.?*0123456789smhx- "))
def test_any_text_is_a_schedule_or_refused(text: str) -> None:
    try:
        planned(text)
    except BadInput:
        return
