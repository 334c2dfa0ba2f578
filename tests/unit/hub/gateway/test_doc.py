from roomgate.hub.gateway.doc import describe
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue

KNOWN = Catalogue.shipped()


def test_a_leaf_tells_its_value_space():
    assert describe(Path.parse("Configuration/Audio/DefaultVolume"), KNOWN) == {"ValueSpace": "0–100"}


def test_a_subtree_is_nested():
    told = describe(Path.parse("Configuration/Audio"), KNOWN)
    assert "ValueSpace" in told["DefaultVolume"]


def test_a_command_tells_its_parameters():
    assert describe(Path.parse("Command/Dial"), KNOWN)["Number"]["required"] == "True"


def test_what_is_unknown_is_an_empty_list_as_on_a_device():
    assert describe(Path.parse("Command/Explode"), KNOWN) == []
    assert describe(Path.parse("Status/Explode"), KNOWN) == []
