import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.gateway import xmlform
from roomgate.hub.relay.asked import Answer, Wish
from roomgate.ids import AskId
from roomgate.xapi.call import Verb
from roomgate.xapi.errors import ProtocolError, XapiError
from roomgate.xapi.markup import parse
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

CATALOGUE = Catalogue.shipped()
DIAL = Wish(Verb.COMMAND, Path.parse("Command/Dial"))


def done(result=None, outcome="done", words=""):
    return Answer(AskId("ask_1"), None, outcome, result, words=words)


def read(text):
    return xmlform.parse_document(text.encode(), CATALOGUE)


def test_commands_are_found_in_order_with_their_arguments():
    wishes = read(
        "<Command><Audio><Volume><Set command='True'><Level>40</Level></Set></Volume></Audio>"
        "<Dial><Number>1@example.com</Number></Dial>"
        "<UserInterface><Message><Prompt><Display><Option>a</Option><Option>b</Option></Display></Prompt></Message>"
        "</UserInterface><Macros><Macro><Save><Name>m</Name><body>x &lt; y</body></Save></Macro></Macros></Command>"
    )
    assert [(str(one.path), dict(one.arguments), one.body) for one in wishes] == [
        ("Command/Audio/Volume/Set", {"Level": "40"}, None),
        ("Command/Dial", {"Number": "1@example.com"}, None),
        ("Command/UserInterface/Message/Prompt/Display", {"Option": ["a", "b"]}, None),
        ("Command/Macros/Macro/Save", {"Name": "m"}, "x < y"),
    ]
    assert {one.verb for one in wishes} == {Verb.COMMAND}


def test_settings_are_leaves_and_members_of_lists_have_their_numbers():
    wishes = read(
        "<Configuration><Audio><DefaultVolume>50</DefaultVolume><Input><Microphone item='2'><Mode>On</Mode></Microphone>"
        "</Input></Audio></Configuration>"
    )
    assert [(one.verb, str(one.path), one.arguments["Value"]) for one in wishes] == [
        (Verb.SET, "Configuration/Audio/DefaultVolume", "50"),
        (Verb.SET, "Configuration/Audio/Input/Microphone/2/Mode", "On"),
    ]


@pytest.mark.parametrize("text", ["<Status/>", "<Command/>", "<Command><Nonsense><More/></Nonsense></Command>"])
def test_a_document_without_any_action_wishes_for_nothing(text):
    assert read(text) == []
    assert xmlform.build_commands([]) == xmlform.NO_ACTION


@given(st.binary(max_size=80))
def test_whatever_is_sent_is_wishes_or_an_error_of_ours(body):
    try:
        xmlform.parse_document(body, CATALOGUE)
    except (ProtocolError, XapiError):
        pass


def test_a_location_is_a_path_in_both_ways_of_numbering():
    for text in ("/Status/Call[2]/Status", "/Status/Call[@item='2']/Status", "Status/Call/2/Status"):
        assert xmlform.parse_location(text) == Path.parse("Status/Call/2/Status")


def test_what_became_of_commands():
    results = [
        xmlform.build_result(DIAL, done({"CallId": 12, "status": "OK"})),
        xmlform.build_result(DIAL, done(outcome="refused", words="The room\x00 said <no>.")),
        xmlform.build_parameter_error(Wish(Verb.COMMAND, Path.parse("Command/Audio/Volume/Set"))),
    ]
    assert xmlform.build_commands(results).removeprefix(xmlform.HEAD) == (
        '<Command><DialResult status="OK"><CallId>12</CallId></DialResult>'
        '<DialResult status="Error"><Reason>The room  said &lt;no&gt;.</Reason></DialResult>'
        '<VolumeSetResult status="ParameterError"/></Command>'
    )


def test_what_became_of_settings():
    wish = Wish(Verb.SET, Path.parse("Configuration/Audio/DefaultVolume"))
    assert "<Success/>" in xmlform.build_settings([])
    said = parse(xmlform.build_settings([(wish, "too loud")]).encode())
    assert [child.text for child in said.children[0].children] == ["too loud", "/Configuration/Audio/DefaultVolume"]


def test_a_reading_is_said_from_its_root_down():
    path = Path.parse("Status/Call/2")
    text = xmlform.build_reading(path, done({"id": 2, "Status": "Connected", "Duration": 5}))
    root = parse(text.encode())
    assert root.name == "Status"
    call = root.children[0]
    assert (call.name, call.number) == ("Call", 2)
    assert {child.name: child.text for child in call.children} == {"Status": "Connected", "Duration": "5"}
    leaf = parse(xmlform.build_reading(Path.parse("Status/Audio/Volume"), done(50)).encode())
    assert leaf.children[0].children[0].text == "50"
    for nothing in (None, done(), done({}), done("x", outcome="refused")):
        assert "<EmptyResult " in xmlform.build_reading(path, nothing)
