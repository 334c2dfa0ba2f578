from datetime import UTC, datetime

import pytest

from roomgate.errors import BadInput
from roomgate.fleet.waves import Options, opens_in, pause, stops, waves

NIGHT = Options(night="22:00-05:00", zone="Europe/Oslo")


def test_one_ten_and_all():
    rooms = [f"r{n:02}" for n in range(15)]
    made = waves(rooms, (1, 10, 0))
    assert [made[room] for room in rooms] == [1] + [2] * 10 + [3] * 4
    assert set(waves(rooms, (2, 3)).values()) == {1, 2}
    assert list(waves(rooms, (2, 3)).values()).count(2) == 13


@pytest.mark.parametrize(
    ("failed", "ended", "wave_over", "why"),
    [
        (0, 10, True, ""),
        (2, 10, False, "2 rooms failed."),
        (1, 10, False, ""),
        (1, 10, True, ""),
        (1, 2, True, "1 of 2 rooms failed."),
        (1, 2, False, ""),
    ],
)
def test_failures_stop_it_by_their_number_at_once_and_by_their_share_after_a_wave(failed, ended, wave_over, why):
    assert stops(Options(most_failures=2, most_share=0.4), failed, ended, wave_over=wave_over) == why


@pytest.mark.parametrize(
    ("clock", "seconds"),
    [("20:59", 60), ("21:00", 0), ("23:30", 0), ("03:59", 0), ("04:00", 17 * 3600), ("12:00", 9 * 3600)],
)
def test_a_night_is_in_its_own_zone_and_may_pass_midnight(clock, seconds):
    hour, minute = map(int, clock.split(":"))
    assert opens_in(NIGHT, datetime(2026, 1, 10, hour, minute, tzinfo=UTC)) == seconds


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        (datetime(2026, 3, 28, 20, 30, tzinfo=UTC), datetime(2026, 3, 29, 2, 0, tzinfo=UTC)),  # the clock goes forward
        (datetime(2026, 10, 24, 20, 30, tzinfo=UTC), datetime(2026, 10, 25, 3, 0, tzinfo=UTC)),  # and back
    ],
)
def test_a_night_begins_by_the_clock_also_where_the_clock_is_changed_before_it(now, opens):
    assert opens_in(Options(night="04:00-05:00", zone="Europe/Oslo"), now) == (opens - now).total_seconds()


def test_without_a_night_it_is_always_open():
    assert opens_in(Options(), datetime(2026, 1, 10, 12, tzinfo=UTC)) == 0


def test_pauses_double_up_to_ten_minutes():
    assert [pause(Options(pause_s=30), tries) for tries in (1, 2, 3, 10, 100)] == [30, 60, 120, 600, 600]


@pytest.mark.parametrize(
    "wrong",
    [
        {"waves": ()}, {"waves": (-1,)}, {"most_failures": 0}, {"most_share": 0}, {"most_share": 1.5}, {"tries": 0},
        {"pause_s": 0}, {"pause_s": 601}, {"reason": "x" * 301}, {"night": "22:00"}, {"night": "22:00-22:00"},
        {"night": "25:00-01:00"}, {"zone": "Mars/Base"}, {"zone": "../x"},
    ],
)  # fmt: skip
def test_options_that_cannot_be_meant_are_refused(wrong):
    with pytest.raises(BadInput):
        Options(**wrong).checked()


def test_usual_options_are_fine():
    assert NIGHT.checked() is NIGHT
