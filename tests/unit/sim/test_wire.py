"""The simulator's own codec: whatever arrives, it is a request or one of the device's errors."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.sim import wire
from roomgate.sim.refusal import BadJson, InvalidParams, InvalidRequest

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize("id_", ["1", "a whole sentence", 7, 0, -3])
def test_an_id_comes_back_as_it_came(id_: str | int) -> None:
    request = wire.parse(json.dumps({"jsonrpc": "2.0", "id": id_, "method": "xGet", "params": {"Path": ["Status"]}}))
    back = json.loads(wire.build_result(request.id, True))["id"]
    assert (back, type(back)) == (id_, type(id_))


def test_without_an_id_nobody_wants_a_reply() -> None:
    assert not wire.parse('{"jsonrpc":"2.0","method":"xGet"}').wants_reply
    assert wire.parse('{"jsonrpc":"2.0","id":null,"method":"xGet"}').wants_reply


@pytest.mark.parametrize("frame", ["", "{", "nonsense", '{"a":NaN}', "[" * 5000])
def test_what_is_no_json_is_a_parse_error(frame: str) -> None:
    with pytest.raises(BadJson) as seen:
        wire.parse(frame)
    assert seen.value.number == -32700


@pytest.mark.parametrize(
    "frame",
    [
        "[]",
        "3",
        '[{"jsonrpc":"2.0","id":1,"method":"xGet"}]',
        '{"id":1,"method":"xGet"}',
        '{"jsonrpc":"1.0","id":1,"method":"xGet"}',
        '{"jsonrpc":"2.0","id":1}',
        '{"jsonrpc":"2.0","id":1,"method":"xGet","params":[]}',
        '{"jsonrpc":"2.0","id":true,"method":"xGet"}',
        '{"jsonrpc":"2.0","id":{},"method":"xGet"}',
    ],
)
def test_json_that_is_no_request_is_invalid(frame: str) -> None:
    with pytest.raises(InvalidRequest):
        wire.parse(frame)


def test_an_unreadable_request_keeps_the_id_that_could_be_read() -> None:
    with pytest.raises(wire.Unreadable) as seen:
        wire.parse('{"jsonrpc":"2.0","id":"x","params":{}}')
    assert seen.value.id == "x"


def test_names_stand_in_ascii_order() -> None:
    frame = wire.build_feedback(3, {"Status": {"b": 1, "B": 2, "id": 3}})
    assert frame == '{"jsonrpc":"2.0","method":"xFeedback/Event","params":{"Id":3,"Status":{"B":2,"b":1,"id":3}}}'


def test_an_error_says_code_sentence_and_data() -> None:
    frame = json.loads(wire.build_error(13, InvalidParams("Unknown subscription Id", data={"Id": 4})))
    assert frame["error"] == {"code": -32602, "data": {"Id": 4}, "message": "Unknown subscription Id"}


@given(st.text() | ANY_JSON.map(json.dumps))
def test_rubbish_raises_only_our_errors(frame: str) -> None:
    with suppress(BadJson, InvalidRequest):
        wire.parse(frame)
