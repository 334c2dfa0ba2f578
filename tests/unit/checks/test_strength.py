"""How hard to guess: random values are, counters and times and what comes again are not."""

import random
import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.strength import measure

SEEDED = random.Random(7)


def of(alphabet: str, length: int, count: int = 20) -> list[str]:
    return ["".join(SEEDED.choice(alphabet) for _ in range(length)) for _ in range(count)]


HEX, BASE64 = "0123456789abcdef", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


@pytest.mark.parametrize("count", [4, 20, 200])
@pytest.mark.parametrize(("alphabet", "length"), [(HEX, 32), (BASE64, 22), (BASE64, 43), ("0123456789", 40), (HEX, 20)])
def test_random_values_are_measured_about_as_they_are(alphabet, length, count):
    import math

    true = length * math.log2(len(alphabet))
    found = measure(of(alphabet, length, count))
    assert 0.8 * true <= found.bits <= 1.1 * true
    assert found.varies


def test_identifiers_of_version_4_have_their_122_bits():
    values = [str(uuid.UUID(int=SEEDED.getrandbits(128), version=4)) for _ in range(100)]
    assert 118 <= measure(values).bits <= 122.5


@pytest.mark.parametrize("values", [
    [str(1000 + n) for n in range(20)],
    [f"session-{n:032x}" for n in range(700, 720)],
    [f"{1732659999123 + 517 * n:x}" for n in range(20)],
    [f"u{int(1.7e9 + n)}.example.host.0001" for n in range(20)],
    [f"665f{1732659999 + n:x}aabbccddee{17 + n:06x}" for n in range(20)],
    of(HEX, 8),
    of(BASE64, 9),
])  # fmt: skip
def test_what_can_be_guessed_is_below_the_line(values):
    assert measure(values).bits < 56


def test_rising_values_are_told_as_such():
    assert measure([f"s{n:08x}z" for n in range(30, 60)]).rises
    assert measure([str(n) for n in range(995, 1010)]).rises
    assert not measure([str(n) for n in (5, 3, 9, 1, 7, 2, 8)]).rises
    assert not measure(["1", "2"]).rises


def test_the_same_value_again_and_again_varies_not_at_all():
    found = measure(["abcdefgh" * 4] * 20)
    assert (found.distinct, found.bits, found.varies) == (1, 0.0, False)


def test_values_that_come_again_are_few_whatever_they_look_like():
    few = of(BASE64, 43, 3)
    assert measure(few * 7).bits < 10


def test_nothing_is_nothing():
    assert measure([]).bits == 0.0


def test_values_of_all_lengths_take_no_long_time():
    began = time.process_time()
    measure(["x" * 5000 + str(n) for n in range(1000)])
    assert time.process_time() - began < 5


@given(st.lists(st.text(max_size=40), max_size=12))
def test_any_values_are_measured(values):
    found = measure(values)
    assert 0 <= found.bits <= 6 * max(found.length, 1)
    assert found.count == len(values)
