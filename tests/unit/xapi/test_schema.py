import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.xapi.call import Call, Verb
from roomgate.xapi.errors import BadArgument, InvalidPath, UnknownPath, XapiError
from roomgate.xapi.path import Path
from roomgate.xapi.schema import BODY_LIMIT_BYTES, Catalogue, parse_path

shipped = Catalogue.shipped()


def canonical(verb, path, arguments=None, body=None):
    return shipped.canonical(verb, path, arguments, body)


@pytest.mark.parametrize("spelling", ["Dial", "dial", "xCommand Dial", "Command/DIAL"])
def test_a_command_in_the_device_s_spelling(spelling):
    call = canonical(Verb.COMMAND, spelling, {"number": "123@example.com", "PROTOCOL": "sip"})
    assert call == Call(Verb.COMMAND, Path(("Command", "Dial")), (("Number", "123@example.com"), ("Protocol", "Sip")))


def test_a_canonical_call_is_its_own_canonical_form():
    for call in (
        canonical(Verb.COMMAND, "Presentation/Start", {"ConnectorId": ["2", 3]}),
        canonical(Verb.SET, "configuration/video/input/connector/2/name", {"value": 5}),
        canonical(Verb.GET, "status/call/12/displayname"),
        canonical(Verb.SUBSCRIBE, "event/userinterface/extensions"),
    ):
        assert canonical(call.verb, call.path, dict(call.arguments), call.body) == call


@pytest.mark.parametrize(
    ("arguments", "body", "sentence"),
    [
        ({}, None, "Dial needs Number"),
        ({"Numbr": "1"}, None, "did you mean Number"),
        ({"Number": "1", "number": "2"}, None, "given twice"),
        ({"Number": "a\nb"}, None, "line breaks"),
        ({"Number": "1", "CallRate": 63}, None, "CallRate takes 64–20000, got 63"),
        ({"Number": "1"}, "text", "no body"),
        ({"Number": "1", "body": "text"}, None, "no parameter 'body'"),
        ({"Number": ["1", "2"]}, None, "Number takes"),
        ({"Number": None}, None, "Number takes"),
    ],
)
def test_bad_arguments_are_refused_in_words(arguments, body, sentence):
    with pytest.raises(BadArgument, match=sentence):
        canonical(Verb.COMMAND, "Dial", arguments, body)


def test_bodies_only_where_a_command_takes_them():
    panel = canonical(Verb.COMMAND, "UserInterface Extensions Panel Save", {"PanelId": "demo"}, "<a>\n</a>")
    assert panel.body == "<a>\n</a>"
    same = canonical(Verb.COMMAND, "UserInterface Extensions Panel Save", {"panelid": "demo", "Body": "<a>\n</a>"})
    assert same == panel
    for arguments, body in [
        ({"PanelId": "demo", "body": "x"}, "y"),
        ({"PanelId": "demo", "body": 5}, None),
        ({"PanelId": "demo"}, "a\x00b"),
        ({"PanelId": "demo"}, "\ud800"),
        ({"PanelId": "demo"}, "x" * (BODY_LIMIT_BYTES + 1)),
    ]:
        with pytest.raises(BadArgument):
            canonical(Verb.COMMAND, "UserInterface Extensions Panel Save", arguments, body)


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        (Verb.COMMAND, "Nothing"),
        (Verb.COMMAND, "Audio/Volume"),  # a folder of commands
        (Verb.COMMAND, "Audio/*/Set"),
        (Verb.COMMAND, "Dial/1"),
        (Verb.COMMAND, Path.parse("Status/Audio/Volume")),
        (Verb.GET, "Command/Dial"),
        (Verb.GET, "Event/CallDisconnect"),
        (Verb.GET, "Status/Nothing"),
        (Verb.GET, "Status/Audio/1/Volume"),
        (Verb.GET, "Status/Call/1/2"),
        (Verb.GET, "Status/**/Nothing"),
        (Verb.GET, "Configuration/Cameras/Camera/99"),
        (Verb.SUBSCRIBE, "Command/Dial"),
        (Verb.SUBSCRIBE, "Event/Nothing"),
    ],
)
def test_what_the_catalogue_does_not_know_is_refused(verb, path):
    with pytest.raises(UnknownPath):
        canonical(verb, path)


@pytest.mark.parametrize(
    "path",
    [
        "Configuration/Audio",
        "Configuration/Nothing",
        "Configuration/**/DefaultVolume",
        "Configuration/Video/Input/Connector/Name",
        "Configuration/Video/Input/Connector/99/Name",
        "Configuration/Audio/DefaultVolume/1",
        "Status/Audio/Volume",
        "Command/Dial",
    ],
)
def test_only_one_configuration_value_can_be_set(path):
    with pytest.raises(UnknownPath):
        canonical(Verb.SET, path, {"Value": 1})


@pytest.mark.parametrize(
    "arguments", [{}, {"Value": 101}, {"Value": 5, "More": 1}, {"Valu": 5}, {"Value": 1, "value": 2}]
)
def test_a_set_takes_one_value_of_its_space(arguments):
    with pytest.raises(BadArgument):
        canonical(Verb.SET, "Configuration/Audio/DefaultVolume", arguments)


def test_reads_take_no_arguments():
    for arguments, body in [({"x": 1}, None), ({}, "body")]:
        with pytest.raises(BadArgument):
            canonical(Verb.GET, "Status/Audio", arguments, body)
    with pytest.raises(BadArgument):
        canonical(Verb.SET, "Configuration/Audio/DefaultVolume", {"Value": 1}, "body")


@pytest.mark.parametrize(
    ("asked", "spelled"),
    [
        ("status", "Status"),
        ("status/audio", "Status/Audio"),
        ("status/CALL/12", "Status/Call/12"),
        ("status/call/status", "Status/Call/Status"),
        ("status/**/displayname", "Status/**/DisplayName"),
        ("status/*/volume", "Status/*/Volume"),
        ("configuration", "Configuration"),
    ],
)
def test_reads_of_nodes_subtrees_and_patterns(asked, spelled):
    assert str(canonical(Verb.GET, asked).path) == spelled


@pytest.mark.parametrize("path", ["Status", "Status/**", "Status/*/**"])
def test_nobody_subscribes_to_all_of_status(path):
    with pytest.raises(BadArgument):
        canonical(Verb.SUBSCRIBE, path)
    assert canonical(Verb.SUBSCRIBE, "Configuration").path == Path(("Configuration",))


def test_a_hint_for_a_slip_of_the_finger():
    with pytest.raises(UnknownPath, match=r"Status/Audio has no Volme \(did you mean Volume"):
        canonical(Verb.GET, "Status/Audio/Volme")


@given(
    st.sampled_from(list(Verb)),
    st.text(max_size=40),
    st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
)
def test_any_rubbish_raises_only_our_errors(verb, path, arguments):
    try:
        call = canonical(verb, path, arguments)
    except XapiError:
        return
    assert canonical(call.verb, call.path, dict(call.arguments), call.body) == call


def test_leaves_say_what_a_subtree_holds():
    calls = shipped.leaves(Path.parse("Status/Call"))
    assert {leaf.path.root for leaf in calls} == {"Status"}
    assert Path.parse("Status/Call/RemoteNumber") in {leaf.path for leaf in calls}
    assert all(leaf.privacy for leaf in calls)
    assert shipped.leaves(Path.parse("Status/Call/12/RemoteNumber")) == tuple(
        leaf for leaf in calls if leaf.path.words[-1] == "RemoteNumber"
    )
    assert {leaf.path.words[-1] for leaf in shipped.leaves(Path.parse("Status/**/DisplayName"))} == {"DisplayName"}
    assert shipped.leaves(Path.parse("Status/Nothing")) == ()
    (password,) = shipped.leaves(Path.parse("Configuration/SIP/Authentication/Password"))
    assert password.masked
    assert password.write_roles == {"Admin"}


def test_the_number_of_leaves_is_the_tables():
    assert len(shipped.leaves(Path(("Status",)))) == 781
    assert all(
        leaf.read_roles for root in ("Status", "Configuration", "Event") for leaf in shipped.leaves(Path((root,)))
    )


def test_every_row_has_a_canonical_form_under_its_own_name():
    for root in ("Status", "Configuration"):
        for leaf in shipped.leaves(Path((root,))):
            assert canonical(Verb.GET, str(leaf.path)).path == leaf.path
    for event in shipped.leaves(Path(("Event",))):
        assert canonical(Verb.SUBSCRIBE, event.path).path == event.path


def test_roles():
    assert shipped.roles(canonical(Verb.COMMAND, "Dial", {"Number": "1"})) == {"Admin", "Integrator", "User"}
    assert shipped.roles(canonical(Verb.SET, "Configuration/Audio/DefaultVolume", {"Value": 1})) == {
        "Admin", "Integrator", "User",
    }  # fmt: skip
    assert shipped.roles(canonical(Verb.GET, "Configuration/Security/Audit/Logging/Mode")) == {"Admin", "Audit", "User"}
    assert shipped.roles(canonical(Verb.GET, "Configuration")) == {"Admin", "User"}
    assert shipped.roles(Call(Verb.GET, Path.parse("Status/Nothing"))) == frozenset()


def test_a_command_s_own_words():
    dial = shipped.command("dial")
    assert dial.capability == "call"
    assert dial.privacy
    assert not dial.multiline
    number = dial.parameter("number")
    assert number is not None
    assert number.required
    assert shipped.command(Path.parse("Command/Bookings/Put")).multiline


def test_completions():
    assert shipped.completions("") == ["Command", "Configuration", "Event", "Status"]
    assert shipped.completions("sta") == ["Status"]
    assert shipped.completions("status/audio/micr") == ["Status/Audio/Microphones"]
    assert shipped.completions("status/call/1/dur") == ["Status/Call/1/Duration"]
    assert shipped.completions("status/nothing/x") == []
    assert shipped.completions("nonsense/x") == []


def test_a_command_may_leave_its_root_out():
    assert parse_path(Verb.COMMAND, "Audio.Volume.Set") == Path.parse("Command/Audio/Volume/Set")
    assert parse_path(Verb.COMMAND, "CommandNothing") == Path.parse("Command/CommandNothing")
    with pytest.raises(InvalidPath):
        parse_path(Verb.GET, "Audio/Volume")


def test_many_stars_cost_no_more_than_the_tree():
    started = time.process_time()
    assert shipped.leaves(Path.parse("Status/" + "/".join(["**"] * 18) + "/Nothing")) == ()
    assert time.process_time() - started < 2


def test_the_tables_are_read_once():
    assert Catalogue.shipped() is shipped


def test_a_table_of_another_firmware():
    small = Catalogue(commands="Blink\tui\tA\t\t\t\tTimes*:Int[1..3]\n")
    assert small.canonical(Verb.COMMAND, "blink", {"times": "2"}).arguments == (("Times", 2),)
    with pytest.raises(UnknownPath):
        small.canonical(Verb.COMMAND, "Dial", {"Number": "1"})


def test_the_commands_below_a_node_are_all_there_and_below_nothing_none() -> None:
    catalogue = Catalogue.shipped()
    found = {"/".join(one.path.words) for one in catalogue.commands(Path.of("Command", "audio", "Volume"))}
    assert {"Audio/Volume/Set", "Audio/Volume/Mute"} < found
    assert all(words.startswith("Audio/Volume/") for words in found)
    assert [one.path.words for one in catalogue.commands(Path.of("Command", "Dial"))] == [("Dial",)]
    assert catalogue.commands(Path.of("Command", "Dail")) == ()
