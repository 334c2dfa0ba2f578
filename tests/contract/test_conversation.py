"""Whichever way a device is spoken to, the same thing asked and answered comes out alike."""

import pytest

from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import (
    BadArgument,
    CommandFailed,
    NothingThere,
    NotOnThisTransport,
    ProtocolError,
    UnknownPath,
    XapiError,
)
from roomgate.xapi.messages import Feedback, Reply
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from support.scripted import SIDES

STATUS = {
    "Status": {
        "Audio": {"Volume": 40, "VolumeMute": "Off"},
        "Call": [
            {"id": 12, "CallType": "Video", "Duration": 7, "Status": "Connected", "RemoteNumber": "1234"},
            {"id": 30, "Duration": 0, "DisplayName": 'R&D <"East">'},
        ],
        "Standby": {"State": "Off"},
    }
}
CONFIGURATION = {
    "Configuration": {
        "Audio": {"DefaultVolume": 50},
        "Video": {"Input": {"Connector": [{"id": 2, "Name": "PC 2", "Visibility": "Always"}]}},
        "SystemUnit": {"Name": "12"},
    }
}


@pytest.fixture(params=sorted(SIDES))
def side(request):
    return SIDES[request.param]()


def call(verb, path, **arguments):
    return Catalogue.shipped().canonical(verb, path, arguments)


def ask(side, asked, **how):
    """A call, as it was sent: number and frame."""
    return side.conversation.request(asked, **how)


@pytest.mark.parametrize(
    ("path", "document", "value"),
    [
        ("Status/Audio/Volume", STATUS, 40),
        ("Status/Audio", STATUS, {"Volume": 40, "VolumeMute": "Off"}),
        ("Status/Call", STATUS, STATUS["Status"]["Call"]),
        ("Status/Call/12", STATUS, STATUS["Status"]["Call"][0]),
        ("Status/Call/30/DisplayName", STATUS, 'R&D <"East">'),
        ("Status", STATUS, STATUS["Status"]),
        ("Configuration/Audio/DefaultVolume", CONFIGURATION, 50),
        ("Configuration/SystemUnit/Name", CONFIGURATION, "12"),
        ("Configuration/Video/Input/Connector/2/Name", CONFIGURATION, "PC 2"),
    ],
)
def test_a_get_answers_relative_to_its_path(side, path, document, value):
    asked = call(Verb.GET, path)
    number, frame = ask(side, asked)
    assert side.read((number, frame), asked, document) == [Reply(number, value)]


def test_a_get_answers_from_the_root_when_asked_to(side):
    asked = call(Verb.GET, "Status/Audio")
    audio = {"Status": {"Audio": STATUS["Status"]["Audio"]}}
    sent = ask(side, asked, rooted=True)
    assert side.read(sent, asked, audio, rooted=True) == [Reply(sent[0], audio)]


def test_a_pattern_answers_from_the_root_or_says_that_it_cannot(side):
    asked = call(Verb.GET, "Status/**/Volume")
    found = {"Status": {"Audio": {"Volume": 40}}}
    if not side.patterns:
        with pytest.raises(NotOnThisTransport, match="wss://"):
            ask(side, asked)
        return
    sent = ask(side, asked)
    assert side.read(sent, asked, found) == [Reply(sent[0], found)]


@pytest.mark.parametrize("path", ["Status/Call", "Status/Call/7/Duration"])
def test_nothing_there_is_none(side, path):
    asked = call(Verb.GET, path)
    sent = ask(side, asked)
    (reply,) = side.nothing_there(sent, asked)
    assert (reply.number, reply.result) == (sent[0], None)
    assert reply.error is None or isinstance(reply.error, NothingThere)


def test_a_setting(side):
    asked = call(Verb.SET, "Configuration/Audio/DefaultVolume", Value=60)
    sent = ask(side, asked)
    assert side.is_set(sent) == [Reply(sent[0], True)]


@pytest.mark.parametrize(
    ("path", "arguments", "result"),
    [
        ("Dial", {"Number": "123"}, {"CallId": 12, "ConferenceId": 2}),
        ("Audio/Volume/Set", {"Level": 40}, {}),
        (
            "UserInterface/Extensions/List",
            {},
            {"Extensions": {"Panel": [{"id": 1, "Name": "Demo", "Order": 1}], "Version": "1.11"}},
        ),
        ("Presentation/Start", {"ConnectorId": [2, 3]}, {"Instance": 1}),
    ],
)
def test_what_a_command_gives_back(side, path, arguments, result):
    asked = call(Verb.COMMAND, path, **arguments)
    sent = ask(side, asked)
    assert side.done(sent, asked, result) == [Reply(sent[0], {**result, "status": "OK"})]


def error_of(told):
    (reply,) = told
    assert isinstance(reply.error, XapiError)
    assert reply.result is None
    return reply.error


def test_how_a_call_is_refused(side):
    dial = call(Verb.COMMAND, "Dial", Number="123")
    volume = call(Verb.SET, "Configuration/Audio/DefaultVolume", Value=60)
    for asked in (dial, volume):
        assert type(error_of(side.bad_value(ask(side, asked), asked))) is BadArgument
    failed = error_of(side.failed(ask(side, dial), dial, "Not paired with isdn link"))
    assert (type(failed), str(failed)) == (CommandFailed, "Not paired with isdn link")
    assert type(error_of(side.unknown_command(ask(side, dial), dial))) is UnknownPath


def subscribe(side, path, now=None):
    asked = call(Verb.SUBSCRIBE, path)
    sent = ask(side, asked, current=now is not None)
    reply, *present = side.subscribed(sent, asked, now)
    assert reply.number == sent[0]
    assert reply.error is None
    return asked, reply.result["Id"], present


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("Status/Audio", {"Status": {"Audio": {"Volume": 41}}}),
        ("Status/Call", {"Status": {"Call": [{"id": 12, "Status": "Disconnecting"}]}}),
        ("Status/Call", {"Status": {"Call": [{"id": 12, "ghost": "True"}]}}),
        ("Status/Call/12/Duration", {"Status": {"Call": [{"id": 12, "Duration": 8}]}}),
        ("Configuration/SystemUnit", {"Configuration": {"SystemUnit": {"Name": "13"}}}),
        ("Event/CallDisconnect", {"Event": {"CallDisconnect": {"CauseValue": 1, "CauseType": "LocalDisconnect"}}}),
        (
            "Event/UserInterface/Extensions",
            {"Event": {"UserInterface": {"Extensions": {"Panel": {"Clicked": {"PanelId": "12", "Origin": "OSD"}}}}}},
        ),
    ],
)
def test_feedback_says_what_changed_from_the_root(side, path, document):
    asked, number, _ = subscribe(side, path)
    assert side.feedback(number, asked, document) == [Feedback(number, asked.path.root, document)]


def test_the_present_value_comes_first_when_asked_for(side):
    now = {"Status": {"Audio": {"Volume": 40, "VolumeMute": "Off"}}}
    _, number, present = subscribe(side, "Status/Audio", now)
    assert present == [Feedback(number, "Status", now)]


def test_a_subscription_is_ended(side):
    _, number, _ = subscribe(side, "Status/Audio")
    sent = side.conversation.unsubscribe(number)
    assert side.unsubscribed(sent) == [Reply(sent[0], True)]


def test_what_nobody_waits_for_is_passed_over(side):
    asked = call(Verb.GET, "Status/Audio/Volume")
    late, kept = ask(side, asked), ask(side, asked)
    side.conversation.forget(late[0])
    assert side.read(late, asked, STATUS) == []
    assert side.read(kept, asked, STATUS) == [Reply(kept[0], 40)]
    side.conversation.forget(kept[0])


def test_answers_may_come_in_any_order(side):
    first, second = call(Verb.GET, "Status/Audio/Volume"), call(Verb.GET, "Status/Standby/State")
    one, two = ask(side, first), ask(side, second)
    assert side.read(two, second, STATUS) == [Reply(two[0], "Off")]
    assert side.read(one, first, STATUS) == [Reply(one[0], 40)]


def test_rubbish_is_a_protocol_error(side):
    for frame in side.rubbish():
        with pytest.raises(ProtocolError):
            side.conversation.receive(frame)


@pytest.mark.parametrize(
    "bad",
    [
        Call(Verb.COMMAND, Path(("Command", "Dial")), (("Number", "1"),), "x" * (8 * 1024 * 1024)),
        Call(Verb.SET, Path(("Configuration", "SystemUnit", "Name")), (("Value", "x" * (8 * 1024 * 1024)),)),
    ],
    ids=["body", "value"],
)
def test_what_is_too_much_is_not_sent(side, bad):
    with pytest.raises(BadArgument, match="8 MiB"):
        ask(side, bad)
