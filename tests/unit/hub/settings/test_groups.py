"""Groups that a page can hold."""

from roomgate.access.capability import Capability
from roomgate.access.offered import offered
from roomgate.hub.settings.groups import BIG, changed, group_settings, settings_in
from roomgate.hub.settings.setting import build_settings
from roomgate.sim.offer import default_configuration
from roomgate.xapi import tree
from roomgate.xapi.path import Path


def all_settings():
    document = {}
    for parts, value in default_configuration(offered()):
        document = tree.merge(document, tree.expand(Path(("Configuration", *parts)), value))
    return build_settings(document["Configuration"], [frozenset(Capability)], offered())


ALL = all_settings()


GROUPS = group_settings(ALL)


def test_every_setting_is_in_one_group():
    found = [one.path for held in GROUPS.values() for one in held]
    assert sorted(map(str, found)) == sorted(str(one.path) for one in ALL)
    assert list(GROUPS) == sorted(GROUPS, key=str.lower)


def test_only_what_is_big_is_split_and_only_into_what_is_worth_it():
    assert {"Audio", "Audio/Input", "UserInterface", "UserInterface/Features", "Time"} <= GROUPS.keys()
    assert "UserInterface/Theme" not in GROUPS
    assert len(GROUPS["Time"]) <= BIG


def test_a_group_is_found_whatever_its_case_and_an_unknown_one_is_empty():
    assert settings_in(GROUPS, "audio/INPUT") == GROUPS["Audio/Input"] != []
    assert settings_in(GROUPS, "Nothing") == []


def test_a_device_fresh_from_its_box_has_its_defaults():
    assert [one.name for one in changed(ALL) if str(one.value) != one.default] == [one.name for one in changed(ALL)]
    assert len(changed(ALL)) < 10
