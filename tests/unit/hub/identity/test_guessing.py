import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.clock import HandClock
from roomgate.hub.identity.guessing import FORGOTTEN_AFTER_S, FREE_TRIES, LONGEST_S, MOST_KNOWN, Guessing, TooManyTries


@given(st.integers(FREE_TRIES, 60))
def test_the_wait_grows_and_is_never_longer_than_a_minute(tries: int) -> None:
    clock = HandClock()
    guessing = Guessing(clock)
    for _ in range(tries):
        guessing.failed("ada")
    with pytest.raises(TooManyTries) as slowed:
        guessing.require("other", "ada")
    assert slowed.value.wait_s == min(LONGEST_S, 2.0 ** (tries - FREE_TRIES))
    clock.advance(LONGEST_S)
    guessing.require("ada")


def test_a_few_tries_are_free_and_success_forgets() -> None:
    guessing = Guessing(HandClock())
    for _ in range(FREE_TRIES - 1):
        guessing.failed("ada")
    guessing.require("ada")
    guessing.failed("ada")
    with pytest.raises(TooManyTries):
        guessing.require("ada")
    guessing.succeeded("ada")
    guessing.require("ada")


def test_old_failures_are_forgotten() -> None:
    clock = HandClock()
    guessing = Guessing(clock)
    for _ in range(FREE_TRIES + 3):
        guessing.failed("ada")
    clock.advance(FORGOTTEN_AFTER_S)
    guessing.failed("ada")
    guessing.require("ada")


def test_only_so_many_are_remembered() -> None:
    guessing = Guessing(HandClock())
    for number in range(20_050):
        guessing.failed(str(number))
    assert len(guessing._failed) == 20_000


def test_only_so_many_sources_are_known_and_those_of_late() -> None:
    guessing = Guessing(HandClock())
    guessing.know("office")
    for number in range(MOST_KNOWN - 1):
        guessing.know(str(number))
        guessing.know("office")
    assert [guessing.knows(source) for source in ("office", "0")] == [True, True]
    guessing.know("one more")
    assert [guessing.knows(source) for source in ("office", "0")] == [True, False]
