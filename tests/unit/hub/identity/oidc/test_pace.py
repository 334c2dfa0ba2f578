import pytest

from roomgate.clock import HandClock
from roomgate.hub.identity.guessing import TooManyTries
from roomgate.hub.identity.oidc.pace import Pace


def test_a_volley_passes_and_then_so_many_a_second_for_each() -> None:
    clock = HandClock()
    pace = Pace(clock, at_once=3, per_s=2.0)
    for _ in range(3):
        pace.take("a")
    with pytest.raises(TooManyTries) as slowed:
        pace.take("a")
    assert 0 < slowed.value.wait_s <= 0.5
    pace.take("b")
    clock.advance(0.5)
    pace.take("a")
    with pytest.raises(TooManyTries):
        pace.take("a")
    clock.advance(1000)
    for _ in range(3):
        pace.take("a")
    with pytest.raises(TooManyTries):
        pace.take("a")


def test_it_remembers_no_more_than_it_has_room_for() -> None:
    pace = Pace(HandClock(), at_once=1, per_s=1.0)
    for number in range(2_100):
        pace.take(str(number))
    pace.take("0")  # forgotten: the bound is on memory
