import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.xapi.call import Verb
from roomgate.xapi.described import MOST_NODES, notation, read_described
from roomgate.xapi.errors import BadArgument, ProtocolError, UnknownPath, XapiError
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

LEVEL = {"ValueSpace": {"type": "Integer", "Min": "0", "Max": "70"}, "required": "True"}
SET = {"access": "public-api", "command": "True", "role": "Admin;User", "Level": LEVEL}
STATUS = {
    "Audio": {"Volume": {"ValueSpace": {"type": "Integer", "Min": "0", "Max": "70"}, "read": "Admin;User"}},
    "Call": {"Mood": {"ValueSpace": {"type": "Literal", "Value": ["Good", "Bad"]}, "read": "Admin"}},
}


def learned(**documents):
    return read_described(documents, Catalogue.shipped())


def test_a_device_s_own_bounds_are_what_is_checked():
    catalogue = learned(Command={"Audio": {"Volume": {"Set": SET}}})
    assert (
        str(catalogue.canonical(Verb.COMMAND, "audio volume set", {"level": 70})) == "Command/Audio/Volume/Set Level=70"
    )
    with pytest.raises(BadArgument, match="0–70, got 71"):
        catalogue.canonical(Verb.COMMAND, "Audio Volume Set", {"Level": 71})
    assert catalogue.command("Audio Volume Set").roles == {"Admin", "User"}


def test_what_it_does_not_name_it_does_not_have():
    catalogue = learned(Command={"Audio": {"Volume": {"Set": SET}}})
    with pytest.raises(UnknownPath):
        catalogue.command("Dial")


@pytest.mark.parametrize(
    "wrap", [lambda tree: tree, lambda tree: {"StatusSchema": tree}, lambda tree: {"Status": tree}]
)
def test_rooted_or_not_it_reads_alike(wrap):
    catalogue = learned(Status=wrap(STATUS))
    assert str(catalogue.leaves(Path.parse("Status/Audio"))[0].space) == "0–70"


@pytest.mark.parametrize(
    "call", [STATUS["Call"], [STATUS["Call"]], None], ids=["as a list is known", "an array", "a mark"]
)
def test_lists_stay_lists(call):
    tree = {"Call": call} if call is not None else {"Call[n]": STATUS["Call"]}
    catalogue = learned(Status=tree)
    assert str(catalogue.canonical(Verb.GET, "Status/Call/3/Mood")) == "Status/Call/3/Mood"


def test_what_it_does_not_say_is_taken_from_what_is_known():
    shipped = Catalogue.shipped()
    catalogue = learned(Command={"Dial": {**SET, "multiline": "False"}})
    assert catalogue.command("Dial").capability == shipped.command("Dial").capability == "call"
    assert catalogue.leaves(Path.parse("Event/CallDisconnect")) == shipped.leaves(Path.parse("Event/CallDisconnect"))
    assert catalogue.leaves(Path.parse("Status/Audio")) == shipped.leaves(Path.parse("Status/Audio"))


def test_a_setting_has_its_writers_its_default_and_its_mask():
    space = {
        "ValueSpace": {"type": "String", "MinLength": "0", "MaxLength": "8"},
        "role": "Admin",
        "read": "Admin;User",
    }
    catalogue = learned(Configuration={"Provisioning": {"Password": space, "Mode": {**space, "default": "Auto"}}})
    password, mode = catalogue.leaves(Path.parse("Configuration/Provisioning"))
    assert (password.masked, mode.masked) == (True, False)
    assert (mode.default, mode.write_roles, mode.read_roles) == ("Auto", {"Admin"}, {"Admin", "User"})


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ({"type": "Literal", "Value": ["Off", "On"]}, "Off/On"),
        ({"type": "Literal", "Value": "On"}, "On"),
        ({"type": "Literal", "Value": ["a/b"]}, "Str"),
        ({"type": "Literal"}, "Str"),
        ({"type": "Integer", "Min": "-5", "Max": "5"}, "Int[-5..5]"),
        ({"type": "Integer", "Min": "5", "Max": "-5"}, "Int"),
        ({"type": "Integer"}, "Int"),
        ({"type": "String", "MaxLength": "64"}, "Str[0..64]"),
        ({"type": "IntegerArray", "Min": "1", "Max": "3", "multiple": "4"}, "list of Int[1..3] x4"),
        ({"type": "New"}, "Str"),
        ("no space", "Str"),
    ],
)
def test_value_spaces(said, written):
    assert notation(said) == written


@pytest.mark.parametrize(
    "rubbish",
    [[], {}, "text", {"Audio": {"Bad name": {}}}, {"Call": [{}, {}]}, {"status": "OK"}],
)
def test_what_is_no_description_is_refused(rubbish):
    with pytest.raises(ProtocolError):
        learned(Command=rubbish)


def test_size_and_depth_are_bounded():
    deep = SET
    for _ in range(30):
        deep = {"A": deep}
    with pytest.raises(ProtocolError):
        learned(Command=deep)
    with pytest.raises(ProtocolError, match="50000"):
        learned(Command={f"A{n}": {"B": {}} for n in range(MOST_NODES)})


leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from([SET, LEVEL, "True", STATUS])
)
names = st.sampled_from(["Audio", "ValueSpace", "command", "Call[n]", "type", "Value", "x y", "Set", "role", "\t"])
trees = st.recursive(
    leaves, lambda below: st.one_of(st.lists(below, max_size=2), st.dictionaries(names, below)), max_leaves=8
)


@given(trees)
def test_any_rubbish_raises_only_our_errors(tree):
    for root in ("Status", "Configuration", "Command"):
        try:
            catalogue = learned(**{root: tree})
        except XapiError:
            continue
        assert catalogue.completions(root + "/")
