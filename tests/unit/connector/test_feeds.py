"""Who hears what: everything on the listener's own path, nothing beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.connector.feeds import Feed, Feeds, Listening, concerns
from roomgate.xapi.errors import TooManySubscriptions
from roomgate.xapi.messages import Feedback
from roomgate.xapi.path import Path

CALLS, NUMBER = Path.parse("Status/Call"), Path.parse("Status/Call/RemoteNumber")


def listen(feed, path, heard):
    one = Listening(path, lambda kind, document: heard.append((kind, document)))
    feed.listening.append(one)
    return one


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
    feed.present(listen(feed, CALLS, heard), feed.document)
    assert heard == [("status", {"Status": {"Call": [{"id": 2, "RemoteNumber": "x"}]}})]

    events = Feed(Path.parse("Event/Bookings"))
    events.present(listen(events, events.path, heard := []), events.document)
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
    feeds = Feeds((CALLS,), lambda document: None)
    pattern = Path.parse("Status/**/DisplayName")

    assert feeds.find(NUMBER).path == CALLS
    assert feeds.find(Path.parse("Status/Audio")) is None
    assert feeds.find(pattern) is None
    feeds.add(pattern)
    assert feeds.find(pattern).path == pattern
    assert feeds.find(Path.parse("Status/SIP/DisplayName")) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=80))
def test_never_more_than_the_budget_and_a_feed_that_nobody_wants_goes(steps):
    feeds, held = Feeds((CALLS,), lambda document: None, budget=5), []
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
        assert {feed.path for feed in feeds} == {CALLS} | {feed.path for feed, _ in held}
