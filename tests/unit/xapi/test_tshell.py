import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import (
    BadArgument,
    InvalidPath,
    NotOnThisTransport,
    PermissionDenied,
    ProtocolError,
    TooManySubscriptions,
    UnknownPath,
    XapiError,
)
from roomgate.xapi.messages import Feedback, Reply
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.tshell import MAX_DEPTH, MAX_DOCUMENT_BYTES, MAX_EXPRESSIONS, Conversation, DocumentStream, Greeting

CATALOGUE = Catalogue.shipped()
BANNER = b"""\r
Welcome to Board East\r
Cisco Codec Release RoomOS 26.4.1.3 0123456789a\r
SW Release Date: 2026-03-10\r
*r Login successful\r
\r
OK\r
Last login from 192.0.2.7 at 09:00\r
"""


def call(verb, path, **arguments):
    return CATALOGUE.canonical(verb, path, arguments)


def cut(data, places):
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


# ---- the greeting ---------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 1000), max_size=20))
def test_the_greeting_waits_for_ok_each_time(places):
    greeting = Greeting()
    assert b"".join(map(greeting.feed, cut(BANNER, places))) == b"echo off\n"
    assert not greeting.ready
    assert b"".join(map(greeting.feed, cut(b"echo off\r\n\r\nOK\r\n", places))) == b"xpreferences outputmode json\n"
    assert greeting.ready


@pytest.mark.parametrize("said", [b"x" * (64 * 1024 + 1), b"\n" * (64 * 1024 + 1), b"banner\n\nERROR\n"])
def test_a_greeting_that_is_none(said):
    with pytest.raises(ProtocolError):
        Greeting().feed(said)


def test_ok_within_a_line_is_not_ready():
    assert Greeting().feed(b"all is OK\nOK then\n OKAY\nOK") == b""


# ---- the stream -----------------------------------------------------------------------------------

values = st.recursive(
    st.text(max_size=8) | st.integers() | st.none() | st.sampled_from(['"', "\\", "{", "}", '\\"}', "\n{"]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=4), below, max_size=3),
    max_leaves=8,
)
documents = st.lists(st.dictionaries(st.text(max_size=5), values, max_size=4), max_size=5)
between = st.sampled_from(
    [b"\n", b"\r\n\r\nOK\r\n", b"** end\n\nOK\n", b"ERROR x { }\n", b"\n  \t", b'rubbish "{\n', b""]
)
layout = st.sampled_from([None, 2])


@settings(max_examples=300)
@given(documents, st.lists(between, min_size=6, max_size=6), st.lists(st.integers(0, 10_000), max_size=40), layout)
def test_how_the_stream_is_cut_never_matters(wanted, gaps, places, indent):
    stream = DocumentStream()
    pieces = [gap + json.dumps(one, indent=indent).encode() for gap, one in zip(gaps, wanted, strict=False)]
    found = [json.loads(one) for part in cut(b"".join(pieces) + b"\nOK\n", places) for one in stream.feed(part)]
    assert found == wanted


@given(st.lists(st.binary(max_size=30) | st.sampled_from([b"{", b"}", b'"', b"\\", b"\n"]), max_size=30))
def test_any_rubbish_gives_documents_or_our_error(parts):
    stream, conversation = DocumentStream(), Conversation(CATALOGUE)
    for part in parts:
        for document in stream.feed(part):
            assert document.startswith(b"{")
            try:
                assert list(conversation.receive(document)) == []
            except ProtocolError:
                pass
            except XapiError as error:
                pytest.fail(f"another error: {error!r}")


def test_text_between_documents_is_not_kept():
    stream = DocumentStream()
    for _ in range(100):
        assert stream.feed(b"x" * 100_000) == []
    assert stream.feed(b'\n{"a":1}') == [b'{"a":1}']


def test_a_document_is_bounded():
    stream = DocumentStream()
    stream.feed(b'{"a":"')
    for _ in range(MAX_DOCUMENT_BYTES // 65_536 - 1):
        assert stream.feed(b"\\" * 65_536) == []
    with pytest.raises(ProtocolError, match="8 MiB"):
        stream.feed(b"\\" * 65_536)
    with pytest.raises(ProtocolError, match="deep"):
        DocumentStream().feed(b'{"a":' * (MAX_DEPTH + 1))


# ---- what is sent ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (call(Verb.GET, "Status/Audio/Volume"), "xStatus Audio Volume"),
        (call(Verb.GET, "Status/Call/2/Duration"), "xStatus Call 2 Duration"),
        (call(Verb.GET, "Configuration"), "xConfiguration"),
        (call(Verb.SET, "Configuration/Audio/DefaultVolume", Value=50), 'xConfiguration Audio DefaultVolume: "50"'),
        (
            call(Verb.SET, "Configuration/SystemUnit/Name", Value='a"b\\ | resultId="9"'),
            'xConfiguration SystemUnit Name: "a\\"b\\\\ | resultId=\\"9\\""',
        ),
        (call(Verb.COMMAND, "Audio/Volume/Set", Level=40), "xCommand Audio Volume Set Level: 40"),
        (
            call(Verb.COMMAND, "Presentation/Start", ConnectorId=[2, 3], Layout="Equal"),
            'xCommand Presentation Start ConnectorId: 2 ConnectorId: 3 Layout: "Equal"',
        ),
        (call(Verb.SUBSCRIBE, "Status/Call/2/Status"), "xfeedback register /Status/Call[2]/Status"),
        (call(Verb.SUBSCRIBE, "Event/CallDisconnect"), "xfeedback register /Event/CallDisconnect"),
    ],
)
def test_lines(asked, line):
    assert Conversation(CATALOGUE).request(asked) == (1, f'{line} | resultId="1"\n'.encode())


def test_a_body_goes_with_its_length_in_bytes():
    asked = CATALOGUE.canonical(Verb.COMMAND, "UserInterface/Extensions/Panel/Save", {"PanelId": "a"}, "<E>\nü</E>")
    rest = 'xCommand UserInterface Extensions Panel Save PanelId: "a" | resultId="1"\n<E>\nü</E>\n'.encode()
    assert Conversation(CATALOGUE).request(asked)[1] == b"{%d} \n" % len(rest) + rest


@pytest.mark.parametrize(
    "bad",
    [
        Call(Verb.SET, Path.parse("Configuration/A"), (("Value", "x\nxCommand SystemUnit Boot"),)),
        Call(Verb.SET, Path.parse("Configuration/A"), (("Value", "x\u2028"),)),
        Call(Verb.SET, Path.parse("Configuration/A"), (("Value", (1, 2)),)),
        Call(Verb.SET, Path.parse("Configuration/A")),
        Call(Verb.COMMAND, Path.parse("Command/A"), (("B: 1\nxCommand SystemUnit Boot", "1"),)),
        Call(Verb.COMMAND, Path.parse("Command/A"), (("B", "\r"),)),
        Call(Verb.COMMAND, Path.parse("Command/A"), (), "\x00"),
        Call(Verb.COMMAND, Path(("Command", "A\nxCommand SystemUnit Boot"))),
        Call(Verb.GET, Path(("Status", "A | resultId=1"))),
    ],
)
def test_nothing_gets_a_second_line_into_a_call(bad):
    with pytest.raises((BadArgument, InvalidPath)):
        Conversation(CATALOGUE).request(bad)


def test_patterns_are_for_another_transport():
    conversation = Conversation(CATALOGUE)
    pattern = Path.parse("Status/**/Volume")
    for verb in (Verb.GET, Verb.SUBSCRIBE):
        with pytest.raises(NotOnThisTransport, match="wss://"):
            conversation.request(Call(verb, pattern))
    with pytest.raises(NotOnThisTransport):
        conversation.describe(pattern)


# ---- what is heard --------------------------------------------------------------------------------


def hear(conversation, **document):
    return list(conversation.receive(json.dumps(document).encode()))


def reply(asked, **document):
    conversation = Conversation(CATALOGUE)
    conversation.request(asked)
    (only,) = hear(conversation, **document, ResultId="1")
    return only


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_path_that_is_not_there_is_told_in_two_ways(wrapped):
    told = {
        "Status": {
            "Reason": {"Value": "No match on address expression"},
            "XPath": {"Value": "Status/Foo"},
            "status": "Error",
        }
    }
    asked = Call(Verb.GET, Path.parse("Status/Foo"))
    assert isinstance(reply(asked, **({"CommandResponse": told} if wrapped else told)).error, UnknownPath)


def test_another_wrapper_around_an_error():
    told = {"CommandResponse": {"Result": {"Reason": {"Value": "Permission denied"}, "status": "Error"}}}
    for verb, path in ((Verb.GET, "Status/Audio"), (Verb.SUBSCRIBE, "Status/Audio")):
        assert type(reply(call(verb, path), **told).error) is PermissionDenied


def test_a_setting_that_is_refused_says_why():
    asked = call(Verb.SET, "Configuration/Audio/DefaultVolume", Value=50)
    error = reply(asked, Configuration={"Audio": {"DefaultVolume": {"Value": "Illegal value", "error": "True"}}}).error
    assert (type(error), str(error)) == (BadArgument, "Illegal value")
    assert reply(asked).result is True


def test_a_command_without_a_response_is_done():
    assert reply(call(Verb.COMMAND, "Standby/Deactivate")).result == {}


def test_an_index_that_was_left_out():
    asked = call(Verb.GET, "Status/Call/Duration")
    error = reply(asked, Status={"Call": [{"id": "2", "Duration": {"Value": "1"}}]}).error
    assert type(error) is BadArgument


def test_what_the_device_offers():
    conversation = Conversation(CATALOGUE)
    number, line = conversation.describe(Path.parse("Status/Audio/Volume"))
    assert line == b'xDocument Format: "JSON" Path: "Status/Audio/Volume" Schema: "True" | resultId="1"\n'
    assert hear(conversation, StatusSchema={"Audio": {}}, ResultId="1") == [
        Reply(number, {"StatusSchema": {"Audio": {}}})
    ]


def test_an_answer_to_nothing():
    conversation = Conversation(CATALOGUE)
    for tag in ("1", 1, True, None, "x", "1" * 20):
        with pytest.raises(ProtocolError):
            hear(conversation, ResultId=tag)
    assert hear(conversation, Unknown={}) == []
    assert hear(conversation) == []


def test_late_answers_are_remembered_for_a_while():
    conversation = Conversation(CATALOGUE)
    asked = call(Verb.GET, "Status/Audio")
    for _ in range(1100):
        conversation.forget(conversation.request(asked)[0])
    assert hear(conversation, ResultId="1100") == []
    with pytest.raises(ProtocolError):
        hear(conversation, ResultId="1")


# ---- feedback -------------------------------------------------------------------------------------


def subscribe(conversation, path, **how):
    number, lines = conversation.request(call(Verb.SUBSCRIBE, path), **how)
    told = []
    for tag in range(number, number + lines.count(b"resultId") - lines.count(b"deregister")):
        told += hear(conversation, ResultId=str(tag))
    return lines.decode(), told[0].result["Id"]


def test_no_more_is_registered_than_covers_what_is_wanted():
    conversation = Conversation(CATALOGUE)
    assert "register /Status/Audio/Volume " in subscribe(conversation, "Status/Audio/Volume")[0]
    assert "register /Status/Audio " in subscribe(conversation, "Status/Audio")[0]
    lines, _ = subscribe(conversation, "Status/Audio/VolumeMute")
    assert lines == (
        'xfeedback deregister /Status/Audio/Volume | resultId="3"\nxStatus SystemUnit Uptime | resultId="4"\n'
    )
    assert hear(conversation, ResultId="3") == []


def test_the_end_of_the_broad_one_leaves_the_narrow_ones():
    conversation = Conversation(CATALOGUE)
    _, broad = subscribe(conversation, "Status/Audio")
    _, narrow = subscribe(conversation, "Status/Audio/Volume")
    number, lines = conversation.unsubscribe(broad)
    assert lines.decode() == (
        f'xfeedback register /Status/Audio/Volume | resultId="{number}"\n'
        f'xfeedback deregister /Status/Audio | resultId="{number + 1}"\n'
    )
    assert hear(conversation, ResultId=str(number)) == []
    assert hear(conversation, ResultId=str(number + 1)) == [Reply(number, True)]
    heard = hear(conversation, Status={"Audio": {"Volume": {"Value": "4"}, "VolumeMute": {"Value": "On"}}})
    assert heard == [Feedback(narrow, "Status", {"Status": {"Audio": {"Volume": 4}}})]


def test_two_on_the_same_path_end_one_after_the_other():
    conversation = Conversation(CATALOGUE)
    _, first = subscribe(conversation, "Status/Audio")
    _, second = subscribe(conversation, "Status/Audio")
    heard = hear(conversation, Status={"Audio": {"Volume": {"Value": "4"}}})
    assert [one.subscription for one in heard] == [first, second]
    assert b"deregister" not in conversation.unsubscribe(first)[1]
    assert b"deregister /Status/Audio " in conversation.unsubscribe(second)[1]


def test_a_refused_registration_leaves_the_others_as_they_are():
    conversation = Conversation(CATALOGUE)
    _, narrow = subscribe(conversation, "Status/Cameras/SpeakerTrack")
    number, _ = conversation.request(call(Verb.SUBSCRIBE, "Status/Cameras"))
    told = {"CommandResponse": {"R": {"status": "Error", "Reason": {"Value": "Too many"}}}}
    (refused,) = hear(conversation, **told, ResultId=str(number))
    assert type(refused.error) is TooManySubscriptions
    assert b"deregister" not in conversation.request(call(Verb.GET, "Status/Audio"))[1]
    heard = hear(conversation, Status={"Cameras": {"SpeakerTrack": {"Status": {"Value": "Active"}}}})
    assert [one.subscription for one in heard] == [narrow]


def test_no_present_value_is_no_reason_not_to_be_told_of_the_next():
    conversation = Conversation(CATALOGUE)
    number, lines = conversation.request(call(Verb.SUBSCRIBE, "Status/Call"), current=True)
    assert lines.count(b"\n") == 2
    assert hear(conversation, ResultId="1") == []
    told = {"Status": {"Reason": {"Value": "No match"}, "status": "Error"}}
    assert hear(conversation, **told, ResultId="2") == [Reply(number, {"Id": number})]


def test_a_forgotten_subscription_is_none():
    conversation = Conversation(CATALOGUE)
    number, _ = conversation.request(call(Verb.SUBSCRIBE, "Status/Audio"), current=True)
    conversation.forget(number)
    assert hear(conversation, ResultId="1") == []
    assert hear(conversation, Status={"Audio": {"Volume": {"Value": "1"}}}) == []
    assert hear(conversation, ResultId="2") == []


def test_there_are_only_so_many_expressions():
    conversation = Conversation(CATALOGUE)
    numbers = [subscribe(conversation, f"Status/Call/{number}")[1] for number in range(MAX_EXPRESSIONS)]
    with pytest.raises(TooManySubscriptions):
        conversation.request(call(Verb.SUBSCRIBE, "Status/Audio"))
    assert b"deregister /Status/Call[0] " in conversation.unsubscribe(numbers[0])[1]
    conversation.request(call(Verb.SUBSCRIBE, "Status/Audio"))


def test_a_broad_one_stays_when_what_it_covers_is_too_many():
    conversation = Conversation(CATALOGUE)
    _, broad = subscribe(conversation, "Status/Call")
    for number in range(MAX_EXPRESSIONS + 1):
        subscribe(conversation, f"Status/Call/{number}")
    assert b"register" not in conversation.unsubscribe(broad)[1]


def test_an_event_s_own_id_is_no_part_of_it():
    conversation = Conversation(CATALOGUE)
    _, number = subscribe(conversation, "Event/CallDisconnect")
    event = {"CallDisconnect": {"id": "1", "CauseValue": {"id": "1", "Value": "1"}}}
    assert hear(conversation, Event=event) == [
        Feedback(number, "Event", {"Event": {"CallDisconnect": {"CauseValue": 1}}})
    ]
