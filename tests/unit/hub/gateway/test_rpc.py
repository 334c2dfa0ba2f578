import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.gateway import rpc
from roomgate.xapi.path import Path

rubbish = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["id", "method", "params", "jsonrpc", "Path", "Query", "Value", "Id", "body"]), inner
            )
        ),
        max_leaves=20,
    ).map(json.dumps),
)
params = st.dictionaries(
    st.sampled_from(["Path", "Query", "Value", "Id", "body", "NotifyCurrentValue", "Number"]),
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.lists(st.text(max_size=6) | st.integers()),
)
methods = st.sampled_from(
    [
        "xGet",
        "xSet",
        "xQuery",
        "xFeedback/Subscribe",
        "xFeedback/Unsubscribe",
        "xDoc",
        "xCommand/Dial",
        "xCommand/",
        "x",
    ]
)


@given(rubbish)
def test_rubbish_is_refused_with_a_device_s_own_error(frame):
    number = -32600
    try:
        request = rpc.parse_request(frame)
        rpc.interpret(request)
    except rpc.RpcError as refused:
        answer = json.loads(rpc.build_error(refused))
        number = answer["error"]["code"] if set(answer) == {"id", "jsonrpc", "error"} else 0
    assert number in (-32700, -32600, -32601, -32602)


@pytest.mark.parametrize("id", [b'"\xa2"', b'"\xed\xa0\x80"', b'"ok\xff"'])
def test_an_id_that_is_no_text_is_not_sent_back(id):
    with pytest.raises(rpc.RpcError) as refused:
        rpc.parse_request(b'{"id":' + id + b',"jsonrpc":"2.0","method":"xGet","params":{}}')
    assert refused.value.number == rpc.PARSE_ERROR
    assert json.loads(rpc.build_error(refused.value))["id"] is None


@given(methods, params)
def test_whatever_the_parameters_only_our_error_comes_out(method, given_params):
    frame = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": given_params})
    refused = None
    try:
        rpc.interpret(rpc.parse_request(frame))
    except rpc.RpcError as error:
        refused = error
    assert refused is None or json.loads(rpc.build_error(refused))["id"] == 1


@given(st.integers() | st.text(max_size=30) | st.floats(allow_nan=False, allow_infinity=False))
def test_an_id_comes_back_unchanged_in_type_and_value(number):
    written = json.dumps(number)
    request = rpc.parse_request('{"jsonrpc":"2.0","id": ' + written + ' ,"method":"xGet"}')
    assert request.id is not None
    reply = rpc.build_reply(request.id, {"b": 1, "A": 2})
    assert reply == b'{"id":%s,"jsonrpc":"2.0","result":{"A":2,"b":1}}' % written.encode()


def test_a_deeply_nested_frame_is_refused():
    with pytest.raises(rpc.RpcError):
        rpc.parse_request(b'{"id":1,"params":' + b"[" * 100_000)


@pytest.mark.parametrize("frame", ["[]", '[{"jsonrpc":"2.0","id":1,"method":"xGet"}]', "1", "null", '"x"'])
def test_a_batch_and_what_is_no_object_is_an_invalid_request(frame):
    with pytest.raises(rpc.RpcError) as refused:
        rpc.parse_request(frame)
    assert refused.value.number == rpc.INVALID_REQUEST
    assert json.loads(rpc.build_error(refused.value))["id"] is None


def test_what_is_no_json_is_a_parse_error_with_a_null_id():
    with pytest.raises(rpc.RpcError) as refused:
        rpc.parse_request('{"jsonrpc":')
    assert refused.value.number == rpc.PARSE_ERROR
    assert rpc.build_error(refused.value) == (
        b'{"error":{"code":-32700,"message":"Parse error"},"id":null,"jsonrpc":"2.0"}'
    )


@pytest.mark.parametrize("id", ["null", "true", "{}", "[1]"])
def test_an_id_is_a_number_or_a_text(id):
    with pytest.raises(rpc.RpcError) as refused:
        rpc.parse_request('{"jsonrpc":"2.0","id":' + id + ',"method":"xGet"}')
    assert refused.value.number == rpc.INVALID_REQUEST


def test_without_an_id_an_error_is_not_answered():
    request = rpc.parse_request('{"jsonrpc":"2.0","method":"xNothing"}')
    assert request.id is None
    with pytest.raises(rpc.RpcError) as refused:
        rpc.interpret(request)
    assert not refused.value.answer


def meant(method, **given_params):
    return rpc.interpret(rpc.Request(msgspec.Raw(b"1"), method, given_params))


def test_the_methods_are_understood():
    assert meant("xGet", Path=["status", "Audio", "volume"]) == rpc.Get(Path.of("Status", "Audio", "Volume"))
    assert meant("xQuery", Query=["Status", "**", "Name"]) == rpc.Query(Path.of("Status", "**", "Name"))
    assert meant("xSet", Path=["Configuration", "SystemUnit", "Name"], Value="x") == rpc.Set(
        Path.of("Configuration", "SystemUnit", "Name"), "x"
    )
    assert meant("xCommand/Audio/Volume/Set", Level=4) == rpc.Command(
        Path.of("Command", "Audio", "Volume", "Set"), {"Level": 4}, None
    )
    assert meant("xCommand/Bookings/Put", body="a\nb") == rpc.Command(Path.of("Command", "Bookings", "Put"), {}, "a\nb")
    assert meant("xFeedback/Subscribe", Query=["Event"], NotifyCurrentValue=True) == rpc.Subscribe(
        Path.of("Event"), True
    )
    assert meant("xFeedback/Unsubscribe", Id=3) == rpc.Unsubscribe(3)
    assert meant("xDoc", Path=["StatusSchema", "Audio"], Type="Schema") == rpc.Doc(Path.of("Status", "Audio"))


@pytest.mark.parametrize(
    ("method", "given_params", "number"),
    [
        ("xGet", {}, -32602),
        ("xGet", {"Path": []}, -32602),
        ("xGet", {"Path": ["Command", "Dial"]}, -32602),
        ("xGet", {"Path": ["Status", "**"]}, -32602),
        ("xGet", {"Path": "Status"}, -32602),
        ("xGet", {"Path": ["Status", True]}, -32602),
        ("xSet", {"Path": ["Status", "Audio"], "Value": 1}, -32602),
        ("xSet", {"Path": ["Configuration", "Audio"]}, -32602),
        ("xFeedback/Subscribe", {"Query": ["Status"], "NotifyCurrentValue": "yes"}, -32602),
        ("xFeedback/Unsubscribe", {"Id": True}, -32602),
        ("xCommand/", {}, -32601),
        ("xCommand/Di al", {}, -32601),
        ("xCommand/Bookings/Put", {"body": 3}, -32602),
        ("rpc.discover", {}, -32601),
    ],
)
def test_what_cannot_be_meant_is_refused(method, given_params, number):
    with pytest.raises(rpc.RpcError) as refused:
        meant(method, **given_params)
    assert refused.value.number == number


def test_an_event_is_rooted_and_sorted():
    assert rpc.build_event(2, "Status", {"Call": [{"id": 12, "Status": "Connected"}]}) == (
        b'{"jsonrpc":"2.0","method":"xFeedback/Event","params":'
        b'{"Id":2,"Status":{"Call":[{"Status":"Connected","id":12}]}}}'
    )
