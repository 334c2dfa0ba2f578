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


def test_every_setting_is_in_one_group():
    groups = group_settings(ALL)
    found = [one.path for group in groups for one in settings_in(ALL, group.name)]
    assert sorted(map(str, found)) == sorted(str(one.path) for one in ALL)
    assert [group.count for group in groups] == [len(settings_in(ALL, group.name)) for group in groups]


def test_only_what_is_big_is_split_and_only_into_what_is_worth_it():
    names = {group.name: group.count for group in group_settings(ALL)}
    assert {"Audio", "Audio/Input", "UserInterface", "UserInterface/Features", "Time"} <= names.keys()
    assert "UserInterface/Theme" not in names
    assert names["Time"] <= BIG


def test_a_group_is_found_whatever_its_case_and_an_unknown_one_is_empty():
    assert settings_in(ALL, "audio/INPUT") == settings_in(ALL, "Audio/Input")
    assert settings_in(ALL, "Nothing") == []


def test_a_device_fresh_from_its_box_has_its_defaults():
    assert [one.name for one in changed(ALL) if str(one.value) != one.default] == [one.name for one in changed(ALL)]
    assert len(changed(ALL)) < 10
