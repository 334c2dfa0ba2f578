import inspect

import pytest

from roomgate.meetings.calendars.base import Calendar, CalendarUnreachable, Snapshot, Source
from roomgate.meetings.calendars.folder import Folder


def test_an_invitation_s_bytes_are_not_printed():
    assert "secret agenda" not in repr(Snapshot((Source("a.ics", b"secret agenda"),), "1"))


def test_snapshots_are_values():
    one, same = (Snapshot((Source("a.ics", b"x"),), "1") for _ in range(2))
    assert one == same
    assert hash(one) == hash(same)
    assert one != Snapshot((Source("a.ics", b"y"),), "1")


def test_a_calendar_that_does_not_answer_is_told_with_what_to_do():
    error = CalendarUnreachable("The folder cannot be read.")
    assert (error.code, bool(error.hint)) == ("meeting.calendar.unreachable", True)


@pytest.mark.parametrize("kind", [Folder])
@pytest.mark.parametrize("name", ["fetch", "changed"])
def test_every_calendar_takes_what_the_role_says(kind, name):
    promised, given = (inspect.signature(getattr(one, name)) for one in (Calendar, kind))
    assert inspect.iscoroutinefunction(getattr(kind, name))
    assert [*given.parameters] == [*promised.parameters]
