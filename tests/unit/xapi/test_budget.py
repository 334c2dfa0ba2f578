import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.xapi.budget import Budget
from roomgate.xapi.errors import BadArgument, RateLimited


def test_the_first_goes_at_once_and_the_rest_in_step():
    budget = Budget(2, 10)
    places = [budget.enter(100.0, 200.0) for _ in range(3)]
    assert [budget.wait_s(place, 100.0) for place in places] == [0, 0.5, 1]
    budget.go(places[0], 100.0)
    assert budget.wait_s(places[1], 100.2) == pytest.approx(0.3)
    budget.go(places[1], 100.5)
    assert budget.wait_s(places[2], 103.0) == 0


def test_what_would_come_after_its_deadline_is_refused_at_once_and_told_when():
    budget = Budget(1, 30)
    budget.enter(0.0, 5.0)
    budget.enter(0.0, 5.0)
    with pytest.raises(RateLimited, match=r"ask again in 2\.0 s") as refused:
        budget.enter(0.0, 1.9)
    assert refused.value.data == {"retry_after_s": 2.0}
    budget.enter(0.0, 2.0)


def test_a_full_line_is_refused():
    budget = Budget(1, 2)
    budget.enter(0.0, 1e9)
    budget.enter(0.0, 1e9)
    with pytest.raises(RateLimited, match="2 requests wait"):
        budget.enter(0.0, 1e9)


def test_who_leaves_makes_room_for_those_behind():
    budget = Budget(1, 3)
    first, second, third = (budget.enter(0.0, 1e9) for _ in range(3))
    budget.leave(second)
    budget.leave(second)
    assert budget.wait_s(third, 0.0) == 1
    budget.go(first, 0.0)
    budget.leave(first)
    assert budget.wait_s(third, 0.5) == 0.5


def test_after_a_503_nothing_goes_for_a_while():
    budget = Budget(10, 3)
    budget.hold(5.0, 2.0)
    place = budget.enter(5.0, 100.0)
    assert budget.wait_s(place, 5.0) == 2.0


def test_what_is_no_budget():
    for per_s, longest in ((0, 1), (-1, 1), (1, 0)):
        with pytest.raises(BadArgument):
            Budget(per_s, longest)


@given(st.lists(st.floats(0, 3), min_size=1, max_size=40))
def test_no_second_ever_sees_more_than_the_budget(pauses):
    budget, now, went = Budget(4, 50), 0.0, list[float]()
    for pause in pauses:
        now += pause
        place = budget.enter(now, 1e9)
        now += budget.wait_s(place, now)
        budget.go(place, now)
        went.append(now)
    assert all(later - earlier > 0.9999 for earlier, later in zip(went, went[4:], strict=False))
    assert went == sorted(went)
