"""Who hears what: everything on the listener's own path, nothing beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.connector.feeds import Dashboard, Feed, Feeds, Listening, concerns
from roomgate.xapi import tree
from roomgate.xapi.errors import PermissionDenied, TooManySubscriptions
from roomgate.xapi.messages import Feedback
from roomgate.xapi.path import Path

CALLS, NUMBER, STANDBY = map(Path.parse, ("Status/Call", "Status/Call/RemoteNumber", "Status/Standby"))


def listen(feed, path, heard):
    one = Listening(path, lambda kind, document: heard.append((kind, document)))
    feed.listening.append(one)
    return one


def board(*paths):
    known = {}

    def absorb(document):
        known.update(tree.merge(known, document))

    return Dashboard(paths, absorb, lambda: known)


def test_a_listener_hears_its_own_part_and_that_its_member_is_gone():
    feed, heard = Feed(CALLS), []
    listen(feed, NUMBER, heard)

    feed.hear(Feedback(1, "Status", {"Status": {"Call": [{"id": 2, "Status": "Ringing"}]}}))
    feed.hear(Feedback(1, "Status", {"Status": {"Call": [{"id": 2, "RemoteNumber": "x"}]}}))
    feed.hear(Feedback(1, "Status", {"Status": {"Call": [{"id": 2, "ghost": "True"}]}}))

    assert heard == [
        ("status", {"Status": {"Call": [{"id": 2, "RemoteNumber": "x"}]}}),
        ("status", {"Status": {"Call": [{"id": 2, "ghost": "True"}]}}),
    ]
    assert feed.document == {}


def test_who_joins_late_hears_the_present_and_of_events_none():
    feed, heard = Feed(CALLS), []
    feed.hear(Feedback(1, "Status", {"Status": {"Call": [{"id": 2, "RemoteNumber": "x"}]}}))
    feed.present(listen(feed, CALLS, heard))
    assert heard == [("status", {"Status": {"Call": [{"id": 2, "RemoteNumber": "x"}]}})]

    events = Feed(Path.parse("Event/Bookings"))
    events.present(listen(events, events.path, heard := []))
    events.hear(Feedback(1, "Event", {"Event": {"Bookings": {"SyncRequired": {}}}}))
    assert heard == [("event", {"Event": {"Bookings": {"SyncRequired": {}}}})]
    assert events.document == {}


@pytest.mark.parametrize(
    ("path", "node", "expected"),
    [
        ("Status/Call", "Status/Call/2/Status", True),
        ("Status/Call/2", "Status/Call/2/Status", True),
        ("Status/Call/2", "Status/Call/3/Status", False),
        ("Status/Call/2/Status", "Status/Call/2", True),
        ("Status/Call/2/Status", "Status/Call/3", False),
        ("Status/Call/Status", "Status/Call/3", True),
        ("Status/Call/Status", "Status/Call/3/RemoteNumber", False),
        ("Status/Audio/Volume", "Status/Audio/VolumeMute", False),
        ("Status/Audio", "Configuration/Audio/DefaultVolume", False),
    ],
)
def test_what_concerns_whom(path, node, expected):
    assert concerns(Path.parse(path), Path.parse(node)) is expected


def test_the_widest_feed_is_shared_and_a_pattern_with_its_like_only():
    feeds = Feeds(board(CALLS))
    pattern = Path.parse("Status/**/DisplayName")

    assert feeds.find(NUMBER) is feeds.find(CALLS) is feeds.dashboard
    assert feeds.find(Path.parse("Status/Audio")) is None
    assert feeds.find(pattern) is None
    feeds.add(pattern)
    assert feeds.find(pattern).path == pattern
    assert feeds.find(Path.parse("Status/SIP/DisplayName")) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=80))
def test_never_more_than_the_budget_and_a_feed_that_nobody_wants_goes(steps):
    feeds, held = Feeds(board(CALLS), budget=5), []
    for number, join in steps:
        path = Path.parse(f"Configuration/Audio/Input/Microphone/{number}")
        if join:
            try:
                feed = feeds.find(path) or feeds.add(path)
            except TooManySubscriptions:
                assert len(feeds) == 5
                continue
            held.append((feed, listen(feed, path, [])))
        elif held:
            feeds.leave(*held.pop(number % len(held)))
        assert len(feeds) <= 5
        assert {feed.path for feed in feeds} == {feed.path for feed, _ in held}
        assert len(feeds) == 1 + len(list(feeds))


def test_the_dashboard_hears_all_its_subscriptions_as_one_and_each_listener_its_part():
    dashboard, calls, numbers, standby = board(CALLS, STANDBY), [], [], []
    listen(dashboard, CALLS, calls)
    listen(dashboard, NUMBER, numbers)
    late = listen(dashboard, STANDBY, standby)

    call = {"Status": {"Call": [{"id": 2, "RemoteNumber": "x", "Status": "Ringing"}]}}
    dashboard.hear(Feedback(1, "Status", call))
    dashboard.hear(Feedback(2, "Status", {"Status": {"Standby": {"State": "Off"}}}))
    dashboard.gap()
    dashboard.present(late)

    assert dashboard.known() == {"Status": {"Call": call["Status"]["Call"], "Standby": {"State": "Off"}}}
    assert calls == [("status", call), ("gap", {})]
    assert numbers == [("status", {"Status": {"Call": [{"id": 2, "RemoteNumber": "x"}]}}), ("gap", {})]
    off = ("status", {"Status": {"Standby": {"State": "Off"}}})
    assert standby == [off, ("gap", {}), off]
    assert [one.path for one in dashboard.listening_to(CALLS)] == [CALLS, NUMBER]


def test_what_the_device_refuses_of_the_dashboard_is_refused_to_who_wants_that_alone():
    dashboard = board(CALLS, STANDBY)
    refused = dashboard.refused[CALLS] = PermissionDenied("no role")

    assert dashboard.refusal(NUMBER) is refused
    assert dashboard.refusal(CALLS) is refused
    assert dashboard.refusal(STANDBY) is None
    assert dashboard.find(Path.parse("Status/**/Number")) is None


def test_a_listener_that_leaves_the_dashboard_ends_no_subscription():
    feeds = Feeds(board(CALLS))
    one = listen(feeds.dashboard, NUMBER, heard := [])
    feeds.leave(feeds.dashboard, one)
    feeds.dashboard.hear(Feedback(1, "Status", {"Status": {"Call": [{"id": 2, "RemoteNumber": "x"}]}}))
    assert heard == []
    assert len(feeds) == 1
