import pytest

from roomgate.access.offered import offered
from roomgate.fleet.document import Branding, Layer, Macro, Panel, User, digest_of
from roomgate.fleet.reading import (
    MACROS,
    NAMES,
    OWN,
    PANELS,
    PICTURE,
    USERS,
    MacroThere,
    Present,
    Reading,
    UserThere,
    absorb,
    equal,
    readings,
)
from roomgate.xapi.call import Verb


def paths(*keys):
    return [one.path for one in readings(Layer(settings=dict.fromkeys(keys, 1)), offered())]


def test_a_few_settings_are_asked_for_apart_and_many_at_once():
    assert paths() == []
    assert paths("Audio/DefaultVolume") == ["Configuration/Audio/DefaultVolume"]
    assert len(paths("Audio/DefaultVolume", "Standby/Control")) == 2
    leaves = [node.leaf for node in offered().root("Configuration").walk() if node.leaf is not None]
    every = ["/".join(map(str, leaf.path.parts[1:])) for leaf in leaves]
    assert paths(*every) == ["Configuration"]


def test_nothing_below_a_list_is_asked_for_alone():
    assert paths("Video/Input/Connector/1/Name") == ["Configuration/Video/Input/Connector"]


def test_macros_panels_and_accounts_are_read_only_where_they_are_named():
    named = Layer(macros={"m": Macro("1")}, panels={"p": Panel("x")}, users={"u": User(("User",))})
    assert [one.path for one in readings(named, offered())] == [MACROS, PANELS, USERS, OWN]


def test_pictures_are_known_by_name_where_the_device_tells_one_and_else_by_themselves():
    wall, none = Branding("iVBORw0KGgo="), Branding(absent=True)
    named = Layer(branding={"Background": wall, "Branding": none, "SchedulerBranding": wall})
    assert [(one.path, dict(one.arguments)) for one in readings(named, offered())] == [
        (NAMES, {}), (PICTURE, {"Type": "Branding", "Size": "Thumbnail"}), (PICTURE, {"Type": "SchedulerBranding"}),
    ]  # fmt: skip
    for one in readings(named, offered()):
        offered().canonical(one.verb, one.path, dict(one.arguments))
    present = Present()
    absorb(present, Reading(Verb.GET, NAMES), {"Background": "sha256:ab", "HalfwakeBranding": "spring", "x": {}}, named)
    absorb(
        present, Reading(Verb.COMMAND, PICTURE, {"Type": "Branding"}), {"Word": "OK", "Data": "aGVs\nbG8hISE="}, named
    )
    absorb(present, Reading(Verb.COMMAND, PICTURE, {"Type": "SchedulerBranding"}), {"Data": "no picture!"}, named)
    assert present.branding == {"Background": "ab", "HalfwakeBranding": "", "Branding": digest_of(b"hello!!!")}


def told(path, result, **wanted):
    present = Present()
    absorb(present, Reading(Verb.GET, path), result, Layer(**wanted))
    return present


@pytest.mark.parametrize(
    ("path", "result"),
    [
        ("Configuration", {"Audio": {"DefaultVolume": 30}}),
        ("Configuration/Audio", {"DefaultVolume": 30}),
        ("Configuration/Audio/DefaultVolume", 30),
    ],
)
def test_a_setting_is_found_wherever_the_answer_begins(path, result):
    assert told(path, result, settings={"Audio/DefaultVolume": 1, "Standby/Control": "On"}).settings == {
        "Audio/DefaultVolume": 30
    }


def test_a_member_of_a_list_is_found_by_its_number():
    result = [{"id": 1, "Name": "PC"}, {"id": 2, "Name": "Guest"}]
    key = "Video/Input/Connector/2/Name"
    assert told("Configuration/Video/Input/Connector", result, settings={key: "x"}).settings == {key: "Guest"}


def test_macros_panels_and_accounts_are_taken_in():
    macros = {"Macro": [{"Name": "a", "Content": "1;", "Active": "True"}, {"Name": "b"}]}
    assert told(MACROS, macros).macros == {"a": MacroThere("1;", True), "b": MacroThere(None, None)}
    assert told(PANELS, {"Extensions": {"Panel": {"PanelId": "p"}}}).panels == {"p": {"PanelId": "p"}}
    users = {"User": [
        {"Username": "a", "Roles": "User,Admin", "Active": "False"}, {"Username": "b", "Roles": [{"Role": "User"}]},
    ]}  # fmt: skip
    assert told(USERS, users).users == {
        "a": UserThere(frozenset({"User", "Admin"}), False), "b": UserThere(frozenset({"User"}), None),
    }  # fmt: skip


def test_the_sites_own_accounts_are_taken_in():
    assert told(OWN, {"Account": [{"Username": "Roomgate-Daily"}]}).own == {"roomgate-daily"}


@pytest.mark.parametrize("result", [None, "x", [], {}, {"Macro": "x"}, {"Macro": [1]}])
def test_an_answer_of_another_shape_tells_nothing(result):
    assert told(MACROS, result).macros == {}


@pytest.mark.parametrize(
    ("there", "wanted", "is_equal"),
    [
        (50, 50, True),
        ("50", 50, True),
        ("On", "Off", False),
        ([1, 2], (1, 2), True),
        (1, (1,), True),
        ([1], (1, 2), False),
    ],
)
def test_values_are_compared_as_the_wire_has_them(there, wanted, is_equal):
    assert equal(there, wanted) is is_equal
