import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import (
    BadArgument,
    CommandFailed,
    DeviceFault,
    NothingThere,
    NotReady,
    PermissionDenied,
    ProtocolError,
    TooManySubscriptions,
    UnknownPath,
    XapiError,
)
from roomgate.xapi.jsonrpc import MAX_FRAME_BYTES, Conversation
from roomgate.xapi.messages import Feedback, Reply
from roomgate.xapi.path import Path

VOLUME = Call(Verb.GET, Path.parse("Status/Audio/Volume"))


def asked(call, **options):
    _, frame = Conversation().request(call, **options)
    said = json.loads(frame)
    assert said.pop("jsonrpc") == "2.0"
    assert said.pop("id") == 1
    return said["method"], said["params"]


def answered(body, call=VOLUME):
    conversation = Conversation()
    number, _ = conversation.request(call)
    (reply,) = conversation.receive(json.dumps({"id": number, "jsonrpc": "2.0", **body}).encode())
    return reply


@pytest.mark.parametrize(
    ("call", "options", "method", "params"),
    [
        (VOLUME, {}, "xGet", {"Path": ["Status", "Audio", "Volume"]}),
        (VOLUME, {"rooted": True}, "xQuery", {"Query": ["Status", "Audio", "Volume"]}),
        (Call(Verb.GET, Path.parse("Status/Call/2")), {}, "xGet", {"Path": ["Status", "Call", 2]}),
        (Call(Verb.GET, Path.parse("Status/**/Name")), {}, "xQuery", {"Query": ["Status", "**", "Name"]}),
        (
            Call(Verb.SET, Path.parse("Configuration/Audio/DefaultVolume"), (("Value", 60),)),
            {}, "xSet", {"Path": ["Configuration", "Audio", "DefaultVolume"], "Value": 60},
        ),
        (
            Call(Verb.COMMAND, Path.parse("Command/Presentation/Start"), (("ConnectorId", (2, 3)),)),
            {}, "xCommand/Presentation/Start", {"ConnectorId": [2, 3]},
        ),
        (
            Call(Verb.COMMAND, Path.parse("Command/Macros/Macro/Save"), (("Name", "a"),), "b\nc"),
            {}, "xCommand/Macros/Macro/Save", {"Name": "a", "body": "b\nc"},
        ),
        (
            Call(Verb.SUBSCRIBE, Path.parse("Status/Call")),
            {"current": True}, "xFeedback/Subscribe", {"Query": ["Status", "Call"], "NotifyCurrentValue": True},
        ),
    ],
)  # fmt: skip
def test_calls_on_the_wire(call, options, method, params):
    assert asked(call, **options) == (method, params)


def test_unsubscribing_on_the_wire():
    _, frame = Conversation().unsubscribe(4)
    said = json.loads(frame)
    assert (said["method"], said["params"]) == ("xFeedback/Unsubscribe", {"Id": 4})


def test_replies_match_by_id_in_any_order():
    conversation = Conversation()
    first, _ = conversation.request(VOLUME)
    second, _ = conversation.request(VOLUME)
    assert conversation.receive(b'{"id":%d,"jsonrpc":"2.0","result":2}' % second) == (Reply(second, 2),)
    assert conversation.receive(b'{"id":%d,"jsonrpc":"2.0","result":1}' % first) == (Reply(first, 1),)


@pytest.mark.parametrize("nothing", [[], {}, None])
def test_an_empty_list_reads_as_none(nothing):
    assert answered({"result": nothing}) == Reply(1, None)


def test_an_absent_list_reads_as_no_match():
    reply = answered({"error": {"code": -32602, "message": "No match on Path argument"}})
    assert isinstance(reply.error, NothingThere)


@pytest.mark.parametrize("result", [{"status": "OK"}, {"CallId": 12}, {"CallId": 12, "status": "OK"}, {}])
def test_a_command_succeeds_with_and_without_status(result):
    dial = Call(Verb.COMMAND, Path.parse("Command/Dial"))
    assert answered({"result": result}, dial) == Reply(1, result)


@pytest.mark.parametrize(
    ("verb", "error", "kind"),
    [
        (Verb.COMMAND, {"code": -32601, "message": "Method not found."}, UnknownPath),
        (Verb.SET, {"code": -32602, "message": "No match on Path argument"}, UnknownPath),
        (Verb.COMMAND, {"code": -32602, "message": "Bad usage: Missing or invalid parameter(s)."}, BadArgument),
        (Verb.COMMAND, {"code": -32603, "message": "x"}, DeviceFault),
        (Verb.COMMAND, {"code": 1, "message": "Not paired with isdn link", "data": {"Cause": 21}}, CommandFailed),
        (Verb.GET, {"code": -31999, "message": "x"}, PermissionDenied),
        (Verb.SUBSCRIBE, {"code": -31998, "message": "x"}, TooManySubscriptions),
        (Verb.GET, {"code": -31997, "message": "x"}, NotReady),
        (Verb.GET, {"code": -32700}, ProtocolError),
        (Verb.GET, {"code": 77, "message": "x"}, DeviceFault),
        (Verb.SUBSCRIBE, {}, PermissionDenied),
        (Verb.COMMAND, {}, DeviceFault),
    ],
)
def test_the_device_s_errors_are_ours(verb, error, kind):
    reply = answered({"error": error}, Call(verb, Path.parse("Status/Audio"), (("Value", 1),)))
    assert type(reply.error) is kind
    assert reply.error.data == error.get("data")


def test_a_device_s_words_come_out_on_one_bounded_line():
    reply = answered({"error": {"code": 1, "message": "a\r\nb " + "x" * 9000}})
    assert str(reply.error).startswith("a b x")
    assert len(str(reply.error)) <= 500


def test_feedback_is_told_apart_by_id():
    frame = b'{"jsonrpc":"2.0","method":"xFeedback/Event","params":{"Id":2,"Status":{"Call":[{"id":12}]}}}'
    assert Conversation().receive(frame) == (Feedback(2, "Status", {"Status": {"Call": [{"id": 12}]}}),)


def test_an_unknown_notification_is_passed_over():
    assert Conversation().receive(b'{"jsonrpc":"2.0","method":"xFeedback/New","params":[]}') == ()


def test_a_late_reply_is_passed_over_once():
    conversation = Conversation()
    number, _ = conversation.request(VOLUME)
    conversation.forget(number)
    frame = b'{"id":%d,"jsonrpc":"2.0","result":1}' % number
    assert conversation.receive(frame) == ()
    with pytest.raises(ProtocolError):
        conversation.receive(frame)


def test_only_so_many_late_replies_are_kept_in_mind():
    conversation = Conversation()
    for _ in range(1100):
        number, _ = conversation.request(VOLUME)
        conversation.forget(number)
    with pytest.raises(ProtocolError):
        conversation.receive(b'{"id":1,"jsonrpc":"2.0","result":1}')


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"[]",
        b"1",
        b"{",
        b"\xff",
        b"{}",
        b'{"id":1,"jsonrpc":"2.0"}',
        b'{"id":1,"result":1,"error":{}}',
        b'{"id":2,"result":1}',
        b'{"id":"1","result":1}',
        b'{"id":null,"error":{"code":-32700}}',
        b'{"id":true,"result":1}',
        b'{"id":1,"error":[]}',
        b'{"id":1,"error":{"code":"x"}}',
        b'{"method":"xFeedback/Event"}',
        b'{"method":"xFeedback/Event","params":[]}',
        b'{"method":"xFeedback/Event","params":{"Id":1}}',
        b'{"method":"xFeedback/Event","params":{"Status":{}}}',
        b'{"method":"xFeedback/Event","params":{"Id":true,"Status":{}}}',
        b'{"method":"xFeedback/Event","params":{"Id":1,"Status":{},"Event":{}}}',
        b'{"id":1,"result":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"id":1,"result":"' + b"x" * MAX_FRAME_BYTES + b'"}',
    ],
)
def test_what_is_not_the_protocol(frame):
    conversation = Conversation()
    conversation.request(VOLUME)
    with pytest.raises(ProtocolError):
        conversation.receive(frame)


def test_a_call_that_is_too_big_is_not_sent():
    big = Call(Verb.COMMAND, Path.parse("Command/Macros/Macro/Save"), (), "x" * MAX_FRAME_BYTES)
    conversation = Conversation()
    with pytest.raises(BadArgument):
        conversation.request(big)
    assert conversation.request(VOLUME)[0] == 1


values = st.sampled_from(
    [None, True, 0, 1, 2, -32602, 1.5, "", "1", "xFeedback/Event", [], [1], {}, {"Id": 1}, {"Id": 1, "Status": {}}]
)
members = st.fixed_dictionaries(
    {}, optional={"id": values, "method": values, "params": values, "result": values, "error": values}
)


@given(st.one_of(st.binary(max_size=50), members.map(lambda m: json.dumps(m).encode())))
def test_any_rubbish_raises_only_our_errors(frame):
    conversation = Conversation()
    conversation.request(VOLUME)
    try:
        heard = conversation.receive(frame)
    except XapiError:
        return
    assert all(isinstance(one, Reply | Feedback) for one in heard)


@pytest.mark.parametrize(
    ("path", "words"),
    [("Status/Audio", ["StatusSchema", "Audio"]), ("Command/Dial", ["Command", "Dial"]), ("Event", ["Event"])],
)
def test_what_the_device_offers(path, words):
    number, frame = Conversation().describe(Path.parse(path))
    assert json.loads(frame) == {
        "jsonrpc": "2.0",
        "id": number,
        "method": "xDoc",
        "params": {"Path": words, "Type": "Schema"},
    }
