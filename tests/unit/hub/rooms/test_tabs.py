from roomgate.access.capability import Capability
from roomgate.hub.rooms.tabs import TABS, Tab, tabs_of


def test_the_first_page_is_everybodys():
    assert tabs_of("oslo", frozenset(), "/rooms/oslo")[0] == Tab("", "/rooms/oslo", True)


def test_each_page_is_shown_to_whoever_has_one_of_its_classes(monkeypatch):
    monkeypatch.setitem(TABS, "logs", frozenset({Capability.LOGS, Capability.SECURITY}))
    held = frozenset({Capability.SECURITY})
    assert Tab("logs", "/rooms/a%2Fb/logs", True) in tabs_of("a/b", held, "/rooms/a%2Fb/logs/calls")
    assert "logs" not in [tab.key for tab in tabs_of("a/b", frozenset({Capability.CALL}), "/rooms/a%2Fb")]


def test_a_page_that_begins_alike_is_another():
    assert not any(tab.current for tab in tabs_of("oslo", frozenset(), "/rooms/oslo2"))
