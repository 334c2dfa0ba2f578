"""How hard values are to guess that were given out one after the other: an upper bound, from what varies. Pure.

Each place in the value adds the bits of its alphabet if it varies as a random one would, fewer if it varies little,
and none if it never does. So counters, times and fixed parts add next to nothing. What only looks random (a hash of
a counter) cannot be told from what is: the bound says what is surely weak, never what is surely strong.
"""

import math
import string
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import unquote

_ALPHABETS = (
    string.digits,
    string.digits + "abcdef",
    string.digits + "ABCDEF",
    string.ascii_uppercase + "234567",
    string.digits + string.ascii_lowercase,
    string.digits + string.ascii_uppercase,
    string.digits + string.ascii_letters,
)
_WIDEST = 64  # base64 and its like
_OWN_ALPHABET_FROM = 15  # so many samples show the alphabet of a single place
_RISES_FROM = 6  # six random values stand in rising order once in 720
_LENGTH_MOST = 4096


@dataclass(frozen=True, slots=True)
class Strength:
    count: int
    distinct: int
    length: int
    bits: float
    rises: bool  # each is larger than the one before

    @property
    def varies(self) -> bool:
        return self.distinct > 1


def measure(values: Sequence[str]) -> Strength:
    shown = [unquote(one)[:_LENGTH_MOST] for one in values]
    distinct = len(set(shown))
    length = max(map(len, shown), default=0)
    if distinct < 2:
        return Strength(len(shown), distinct, length, 0.0, rises=False)
    places = [[one[n] for one in shown if n < len(one)] for n in range(length)]
    varying = [place for place in places if len(set(place)) > 1 or len(place) < len(shown)]
    whole = _alphabet({c for place in varying for c in place})
    bits = sum(_bits(place, len(shown), whole) for place in varying)
    # Given out again, they are as many as were seen, if not fewer than that.
    if distinct < len(shown):
        bits = min(bits, 2 * math.log2(len(shown)))
    return Strength(len(shown), distinct, length, round(bits, 1), _rises(shown))


def _bits(place: list[str], samples: int, whole: int) -> float:
    seen = set(place)
    size = _alphabet(seen) if samples >= _OWN_ALPHABET_FROM else whole
    expected = size * (1 - (1 - 1 / size) ** len(place))
    return math.log2(size) if len(seen) >= expected / 2 else math.log2(len(seen) or 1)


def _alphabet(seen: set[str]) -> int:
    return next((len(one) for one in _ALPHABETS if seen <= set(one)), _WIDEST)


def _rises(shown: Sequence[str]) -> bool:
    if len(shown) < _RISES_FROM:
        return False
    before = _common(shown)
    after = _common([one[::-1] for one in shown])
    inner = [one[before : len(one) - after] if len(one) - after > before else one[before:] for one in shown]
    for base in (10, 16):
        try:
            numbers = [int(one, base) for one in inner]
        except ValueError:
            continue
        if all(a < b for a, b in pairwise(numbers)):
            return True
    return False


def _common(shown: Sequence[str]) -> int:
    """How many characters all begin with."""
    count = 0
    for place in zip(*shown, strict=False):
        if len(set(place)) > 1:
            break
        count += 1
    return count
