from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from roomgate.clock import HandClock
from roomgate.hub.ends import Ends


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 100))), st.integers(0, 120), st.booleans())
def test_due_is_what_is_past_whatever_was_set_before(sets: list[tuple[str, int]], passed: int, wall: bool) -> None:
    clock = HandClock()
    ends, last = Ends(clock), {}
    for id, after in sets:
        ends.set(id, clock.now() + timedelta(seconds=after))
        last[id] = after
    if wall:
        clock.wall += timedelta(seconds=passed)
    else:
        clock.mono += passed
    over = {id for id, after in last.items() if after <= passed}
    assert set(ends.due()) == over == {id for id in last if ends.past(id)}
    assert set(ends.due()) == over
    for id in over:
        ends.drop(id)
    assert ends.due() == []


def test_setting_it_again_does_not_prolong_it() -> None:
    clock = HandClock()
    ends, until = Ends(clock), clock.now() + timedelta(seconds=10)
    ends.set("a", until)
    clock.wall -= timedelta(hours=1)
    clock.mono += 9
    ends.set("a", until)
    clock.mono += 1
    assert ends.due() == ["a"]


def test_a_later_end_replaces_one_that_was_due() -> None:
    clock = HandClock()
    ends = Ends(clock)
    ends.set("a", clock.now())
    assert ends.due() == ["a"]
    ends.set("a", clock.now() + timedelta(seconds=5))
    assert ends.due() == []
    assert not ends.past("unknown")


def test_a_clock_set_back_while_nothing_ran_prolongs_nothing() -> None:
    clock = HandClock()
    ends, until, since = Ends(clock), clock.now() + timedelta(minutes=10), clock.now() + timedelta(minutes=4)
    ends.set("a", until, since)
    clock.mono += 6 * 60 - 1
    assert ends.due() == []
    clock.mono += 1
    assert ends.due() == ["a"]
