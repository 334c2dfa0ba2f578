"""`xDoc`, in the layout that schema readers take."""

from roomgate.sim.doc import describe, space
from roomgate.xapi.schema import Catalogue
from roomgate.xapi.values import ListOf, Literals, Number

CATALOGUE = Catalogue.shipped()


def test_a_command_says_its_roles_and_parameters() -> None:
    dial = describe(CATALOGUE, "Command", ["Dial"])
    assert (dial["command"], dial["role"], dial["access"]) == ("True", "Admin;Integrator;User", "public-api")
    assert dial["Number"]["required"] == "True"
    assert dial["Number"]["ValueSpace"] == {"type": "String", "MinLength": "0", "MaxLength": "255"}
    assert dial["CallRate"]["required"] == "False"
    assert describe(CATALOGUE, "Command", ["Bookings", "Put"])["multiline"] == "True"


def test_names_are_nested_below_what_was_asked_for() -> None:
    volume = describe(CATALOGUE, "Command", ["audio", "volume"])
    assert volume["Set"]["Level"]["ValueSpace"] == {"type": "Integer", "Min": "0", "Max": "100"}
    assert "Volume" in describe(CATALOGUE, "Command", [])["Audio"]


def test_leaves_say_their_space_and_who_may() -> None:
    leaf = describe(CATALOGUE, "Configuration", ["Audio", "DefaultVolume"])
    assert leaf["ValueSpace"]["type"] == "Integer"
    assert (leaf["role"], leaf["read"], leaf["default"]) == ("Admin;Integrator;User", "Admin;Integrator;User", "50")
    mute = describe(CATALOGUE, "StatusSchema", ["Audio", "Microphones"])["Mute"]
    assert mute["ValueSpace"] == {"type": "Literal", "Value": ["On", "Off"]}


def test_what_is_not_there_is_empty() -> None:
    for root, below in (("Command", ["Dail"]), ("Configuration", ["Nothing"]), ("Event", ["**"]), ("Command", ["a b"])):
        assert describe(CATALOGUE, root, below) == {}


def test_a_list_of_something_is_an_array() -> None:
    assert space(ListOf(Number(1, 3), 4))["type"] == "IntegerArray"
    assert space(ListOf(Literals(("On", "Off")), 4)) == {"type": "LiteralArray", "Value": ["On", "Off"]}
