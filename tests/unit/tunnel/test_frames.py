import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.link.frames import CHUNK
from roomgate.link.messages import TunnelData, encode
from roomgate.tunnel.frames import (
    LARGEST,
    PIECE,
    WINDOW,
    TunnelBroken,
    What,
    Windows,
    build_frame,
    build_taken,
    parse_frame,
)


@given(st.sampled_from(What), st.integers(0, 2**32 - 1), st.binary(max_size=64))
def test_a_frame_is_read_as_it_was_built(what: What, connection: int, payload: bytes) -> None:
    assert parse_frame(build_frame(what, connection, payload)) == (what, connection, payload)


def test_a_count_comes_back() -> None:
    assert parse_frame(build_taken(7, 123_456)).number == 123_456


@pytest.mark.parametrize("raw", [b"", b"\x02\0\0\0", b"\x09\0\0\0\x01", b"\0" * 9, b"\x02" + b"\0" * LARGEST])
def test_what_is_no_frame_is_refused(raw: bytes) -> None:
    with pytest.raises(TunnelBroken):
        parse_frame(raw)


def test_a_count_that_is_none_is_refused() -> None:
    with pytest.raises(TunnelBroken):
        _ = parse_frame(build_frame(What.TAKEN, 1, b"123")).number


def test_the_largest_frame_is_one_chunk_of_the_link() -> None:
    frame = build_frame(What.DATA, 1, b"x" * PIECE)
    assert len(encode(TunnelData("order_" + "x" * 40, frame))) <= CHUNK


@given(st.lists(st.tuples(st.booleans(), st.integers(1, PIECE)), max_size=200))
def test_whatever_the_order_no_more_is_on_its_way_than_the_window(steps: list[tuple[bool, int]]) -> None:
    """One end sends while it may, the other passes on when it likes: both agree, and nothing is lost."""
    one, other = Windows(), Windows()
    sent = passed = 0
    for sends, count in steps:
        if sends:
            count = min(count, one.may_send)
            one.sent(count)
            other.came(count)
            sent += count
        else:
            count = min(count, other.unread)
            one.taken(other.passed_on(count))
            passed += count
        assert other.unread == sent - passed <= WINDOW
        assert one.may_send + other.unread + other.owed == WINDOW
    one.taken(other.passed_on(other.unread))
    assert one.may_send > WINDOW // 2, "whoever waits goes on once all has been passed on"


def test_an_end_that_breaks_the_rule_is_found_out() -> None:
    windows = Windows()
    windows.came(WINDOW)
    with pytest.raises(TunnelBroken, match="sent more"):
        windows.came(1)
    with pytest.raises(TunnelBroken, match="took more"):
        Windows().taken(1)
