from datetime import UTC, datetime

import pytest

from roomgate.cli.demo import invitations
from roomgate.meetings.understand import DeviceAbilities, explain

START = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "service", "address", "title"),
    [
        (invitations.zoom(START), "zoom", "85512345678.110292@zoomcrc.com", "Design review"),
        (invitations.sip(START), "sip", "standup@example.com", "Weekly stand-up"),
    ],
)
def test_each_is_what_a_calendar_would_hold(text, service, address, title):
    (meeting,) = explain(text.encode(), DeviceAbilities(allowed_domains=frozenset({"example.com"})))
    assert (meeting["service"], meeting["title"], meeting["join"]["address"]) == (service, title, address)
    assert (meeting["start"][:19], meeting["end"][:19]) == ("2026-03-10T09:00:00", "2026-03-10T09:30:00")
    lines = text.split("\r\n")
    assert lines.pop() == ""
    assert all(len(line.encode()) <= 75 for line in lines)  # RFC 5545, 3.1
