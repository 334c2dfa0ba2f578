from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.link.messages import (
    BadMessage,
    Cut,
    CutDone,
    Heartbeat,
    Hello,
    Outcome,
    RoomInfo,
    Signed,
    State,
    Welcome,
    decode_at_connector,
    decode_at_hub,
    encode,
)

leaves = st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.floats(allow_nan=False) | st.text(max_size=9)
documents = st.recursive(
    leaves, lambda d: st.lists(d, max_size=3) | st.dictionaries(st.text(max_size=5), d, max_size=3)
)


@pytest.mark.parametrize(
    "message",
    [Signed(b"b", b"s"), Welcome(1, 3.0, 0), Cut("c", ["s"], "lock", "Ended.")],
    ids=lambda m: type(m).__name__,
)
def test_what_the_hub_says_comes_back(message: Any) -> None:
    assert decode_at_connector(encode(message)) == message
    with pytest.raises(BadMessage):
        decode_at_hub(encode(message))


@pytest.mark.parametrize(
    "message",
    [
        Hello(1, "c", b"n" * 16, "r", "p", "d", [RoomInfo("d", "Oslo", "fine")], []),
        Heartbeat(1, []),
        CutDone("c", ["call 3"]),
        State("d", {"Status": {}}),
    ],
    ids=lambda m: type(m).__name__,
)
def test_what_the_connector_says_comes_back(message: Any) -> None:
    assert decode_at_hub(encode(message)) == message
    with pytest.raises(BadMessage):
        decode_at_connector(encode(message))


@given(documents)
def test_an_outcome_is_signed_the_same_after_the_wire(result: Any) -> None:
    outcome = Outcome("order_1", "done", result)
    heard = decode_at_hub(encode(outcome))
    assert isinstance(heard, Outcome)
    assert heard.signed_part() == outcome.signed_part()


@given(st.binary(max_size=200))
def test_rubbish_is_a_bad_message(rubbish: bytes) -> None:
    for decode in (decode_at_hub, decode_at_connector):
        try:
            heard = decode(rubbish)
        except BadMessage:
            continue
        assert decode(encode(heard)) == heard  # what does decode is a message
