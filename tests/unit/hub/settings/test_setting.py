"""One setting, as somebody may see and change it."""

import pytest

from roomgate.access.capability import Capability
from roomgate.access.offered import offered
from roomgate.hub.settings.setting import (
    Control,
    build_settings,
    control_of,
    matches,
    parse_change,
    reset_value,
    warnings,
)
from roomgate.xapi.errors import BadArgument, UnknownPath
from roomgate.xapi.values import parse_space, unite

AV, CONFIGURE, SYSTEM = Capability.AV_CONTROL, Capability.CONFIGURE, Capability.SYSTEM
SECURITY = Capability.SECURITY


def built(document, *held):
    return {one.name: one for one in build_settings(document, [frozenset(one) for one in held], offered())}


def test_rights_of_two_grants_do_not_add_up_and_the_nearer_one_says_what_is_missing():
    document = {"Audio": {"DefaultVolume": 50}}
    one = built(document, {AV}, {CONFIGURE, SYSTEM})["Audio/DefaultVolume"]
    assert (one.writable, one.missing) == (False, (CONFIGURE,))
    assert built(document, {AV, CONFIGURE})["Audio/DefaultVolume"].writable


def test_what_no_grant_reads_or_the_catalogue_does_not_know_is_not_there():
    document = {"Audio": {"DefaultVolume": 50, "NewerThanUs": 1}, "SystemUnit": {"Name": "oslo"}}
    assert list(built(document, {AV})) == ["Audio/DefaultVolume"]
    assert built(document) == {}
    assert built(None, {AV}) == {}


def test_each_has_the_values_of_its_own_member_and_they_stand_in_the_order_of_their_numbers():
    members = [{"id": n, "Mode": "On"} for n in (10, 2, 1)]
    found = built({"Audio": {"Input": {"ARC": members[1:], "Microphone": members}}}, {AV, CONFIGURE})
    names = [name for name in found if "Microphone" in name]
    assert names == [f"Audio/Input/Microphone/{n}/Mode" for n in (1, 2, 10)]


def test_a_member_that_no_product_has_cannot_be_changed():
    document = {"Audio": {"Input": {"ARC": [{"id": 99, "Mode": "On"}]}}}
    one = built(document, {AV, CONFIGURE})["Audio/Input/ARC/99/Mode"]
    assert (one.addressable, one.writable, one.missing) == (False, False, ())


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("SIP/Authentication/Password", {"SIP": {"Authentication": {"Password": "***"}}}),
        ("NetworkServices/SNMP/CommunityName", {"NetworkServices": {"SNMP": {"CommunityName": "public!"}}}),
    ],
)
def test_a_secret_is_never_shown_whether_or_not_the_device_hides_it(path, document):
    one = built(document, {SECURITY, CONFIGURE})[path]
    assert (one.secret, one.shown, one.at_default) == (True, "•••", True)
    assert not matches(one, "public!")


@pytest.mark.parametrize(
    ("notation", "control"),
    [
        ("Off/On", Control("select", ("Off", "On"))),
        ("Int[0..100] step 100", Control("number", (), 0, 100)),
        ("Str[0..64]", Control("text", (), None, 64)),
        ("Oslo/Par…(300 values)", Control("text")),
        ("list of Int[1..3] x4", Control("text")),
    ],
)
def test_a_value_space_is_a_control(notation, control):
    assert control_of(parse_space(notation)) == control


@pytest.mark.parametrize(
    ("notations", "control"),
    [
        (("Off/On", "Auto/Off"), Control("select", ("Off", "On", "Auto"))),
        (("Int[0..24]", "Int[5..70]"), Control("number", (), 0, 70)),
        (("Int", "Int[5..70]"), Control("number")),
        (("Off/On", "Int[0..3]"), Control("text")),
    ],
)
def test_what_differs_between_products_takes_what_any_of_them_takes(notations, control):
    assert control_of(unite(map(parse_space, notations))) == control


def test_a_change_is_named_with_or_without_the_root():
    short, long = (
        parse_change(n, "40", offered()) for n in ("audio/defaultvolume", "Configuration.Audio.DefaultVolume")
    )
    assert short == long
    assert short.argument("Value") == 40
    with pytest.raises(UnknownPath):
        parse_change("Status/Audio/Volume", 1, offered())
    with pytest.raises(BadArgument):
        parse_change("Audio/DefaultVolume", 400, offered())


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("Audio/DefaultVolume", 40, ()),
        ("NetworkServices/Websocket", "Off", ("ends",)),
        ("Network/1/MTU", 1400, ("fence",)),
        ("Security/Fips/Mode", "On", ("fence", "restart")),
    ],
)
def test_what_somebody_should_know_before(name, value, told):
    assert warnings(parse_change(name, value, offered())) == told


def test_words_are_found_in_names_and_values():
    one = built({"Time": {"Zone": "Europe/Oslo"}}, {SYSTEM})["Time/Zone"]
    assert matches(one, "TIME zone oslo")
    assert not matches(one, "time rome")


def test_there_is_a_way_back_to_a_default_that_can_be_said():
    one = built({"Audio": {"DefaultVolume": 77}}, {AV, CONFIGURE})["Audio/DefaultVolume"]
    assert not one.at_default
    assert reset_value(one, offered()) == "50"
    unknown = built({"Audio": {"Input": {"Microphone": [{"id": 1, "Level": 7}]}}}, {AV, CONFIGURE})
    level = unknown["Audio/Input/Microphone/1/Level"]
    assert (level.default, level.at_default) == (None, True)
