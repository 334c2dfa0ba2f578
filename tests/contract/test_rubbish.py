"""One law for every pure core that reads what somebody else wrote: rubbish raises its own errors, and nothing else.

Bytes of any length, and good ones that were cut, doubled, mixed and changed: the second get further in.
"""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.cores import CORES


@pytest.mark.parametrize("name", CORES)
def test_what_is_good_is_understood(name):
    core = CORES[name]
    assert any(core.feed(seed) for seed in core.seeds)


@pytest.mark.parametrize("name", CORES)
@given(raw=st.binary(max_size=600))
def test_any_bytes(name, raw):
    CORES[name].feed(raw)


def spoil(seeds: tuple[bytes, ...], dice: random.Random) -> bytes:
    """A good one with a few wounds."""
    raw = bytearray(dice.choice(seeds))
    for _ in range(dice.randint(1, 6)):
        at, end = sorted(dice.randint(0, len(raw)) for _ in range(2))
        match dice.randint(0, 6):
            case 0 if raw:
                raw[min(at, len(raw) - 1)] = dice.randrange(256)
            case 1:
                del raw[at : min(end, at + 40)]
            case 2:
                raw[at:at] = raw[at : min(end, at + 200)] * dice.randint(1, 4)
            case 3:
                other = dice.choice(seeds)
                cut = dice.randint(0, len(other))
                raw[at:end] = other[cut : cut + 200]
            case 4:
                raw[at:at] = dice.choice(AWKWARD)
            case 5:
                raw[at:at] = dice.randbytes(dice.randint(0, 20))
            case _:
                del raw[end:]
    return bytes(raw)


AWKWARD = (
    b"\x00", b"\xff", b"\xed\xa0\x80", "\u202e".encode(), b"1e999", b"9" * 5000, b"-0", b"NaN", b"[" * 3000, b"{" * 3000,
    b"\r\n ", b"\n\n", b'"', b"\\u0000", b"\\ud800", b"'" * 3, b"=" * 50, "\u00b2".encode(), b"2" * 19, b"%00", b"../",
    b"9999999999999999-99-99T99:99:99Z", b"\xef\xbb\xbf", b";" * 200, b"null", b"true", b"1970-01-01T00:00:00Z",
)  # fmt: skip


@pytest.mark.parametrize("name", CORES)
@given(seed=st.integers(0, 2**32))
def test_good_bytes_that_were_spoiled(name, seed):
    core = CORES[name]
    core.feed(spoil(core.seeds, random.Random(seed)))
