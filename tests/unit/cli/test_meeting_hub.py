"""The verbs that ask the hub for meetings: what they ask, what they say, how they end."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from support.cli import Answer, BookHub, Said, ok, problem, run

MEETING: dict[str, Any] = {
    "room": "oslo", "id": "rg-1", "title": "Weekly", "organizer": "Org", "start": "2026-03-10T09:05:00.000Z",
    "end": "2026-03-10T09:35:00.000Z", "all_day": False, "service": "zoom", "how": "sip", "address": "536@zoomcrc.com",
    "button": True, "private": False, "tentative": False, "told_by": "calendar",
}  # fmt: skip
FINE = {"room": "oslo", "told_by": "calendar", "calendar_read": None, "troubles": []}


@pytest.fixture(autouse=True)
def closed(one_book: BookHub) -> Iterator[None]:
    """The book hub is everybody's: it answers as before afterwards."""
    yield
    one_book.by = None


def test_all_pages_are_listed_by_time_with_what_is_in_trouble(book: BookHub):
    away = {
        "room": "rome",
        "told_by": "",
        "calendar_read": None,
        "troubles": [{"kind": "away", "words": "Gone.", "rule": "x"}],
    }
    pages = [
        {"items": [{**MEETING, "start": "2026-03-10T11:00:00.000Z", "title": "", "private": True}], "rooms": [FINE], "next": "c1"},
        {"items": [MEETING], "rooms": [away], "next": None},
    ]  # fmt: skip
    left = iter(pages)
    book.by = lambda said: ok(next(left))
    done = run("meeting", "list", "--days", "3", "--find", "week ly", "--room", "oslo")
    assert (done.code, done.err) == (1, "")
    assert done.out.index("Weekly") < done.out.index("Private meeting")
    assert "rome: away: Gone. (rule x)" in done.out
    assert [one.path for one in book.asked[-2:]] == [
        "/api/v1/meetings?room=oslo&days=3&q=week+ly", "/api/v1/meetings?room=oslo&days=3&q=week+ly&cursor=c1",
    ]  # fmt: skip
    book.by = lambda said: ok({"items": [], "rooms": [FINE], "next": None})
    assert "Invite a room" in run("meeting", "list").out
    assert run("meeting", "list", "--json").json == {"items": [], "rooms": [FINE]}
    assert run("meeting", "list").code == 0


def test_one_meeting_says_why(book: BookHub):
    steps = [{"step": "service", "saw": "a link", "decided": "zoom"}]
    book.by = lambda said: ok({**MEETING, "because": steps})
    done = run("meeting", "show", "oslo", "rg-1")
    assert (done.code, book.asked[-1].path) == (0, "/api/v1/rooms/oslo/meetings/rg-1")
    assert "zoom: sip 536@zoomcrc.com" in done.out
    assert "service: saw a link → zoom" in done.out
    book.by = lambda said: ok({**MEETING, "button": False, "service": "", "because": []})
    done = run("meeting", "show", "oslo", "rg-1")
    assert (done.code, "no service: no button" in done.out, "nobody here knows why" in done.out) == (1, True, True)
    assert run("meeting", "show", "oslo", "rg-1", "--json").code == 1
    book.by = lambda said: problem(404, "not-found", "The room tells of no such meeting.")
    assert run("meeting", "show", "oslo", "rg-2").code == 1


def test_a_calendar_is_read_now(book: BookHub):
    told = {"Meetings": [{"Shown": True}, {"Shown": False}], "Calendar": {"State": "ok", "Words": ""}, "Bookings": {"State": "ok", "Words": ""}, "Bad": []}  # fmt: skip

    def answer(said: Said) -> Answer:
        assert (said.method, said.path) == ("POST", "/api/v1/rooms/oslo/meetings/sync")
        return ok({"room": "oslo", "told": told})

    book.by = answer
    done = run("meeting", "sync", "oslo")
    assert (done.code, done.out) == (0, "oslo: 2 meetings in its calendar, 1 of them on the room's list.\n")
    assert json.loads(run("meeting", "sync", "oslo", "--json").out) == told
    told["Calendar"], told["Bookings"] = {"State": "down", "Words": "Away."}, {"State": "no-right", "Words": "No."}
    told["Bad"] = [{"Name": "x.ics", "Reason": "no event"}]
    done = run("meeting", "sync", "oslo")
    assert done.code == 1
    for said in ("Calendar: down. Away.", "Device: no-right. No.", "x.ics: no event"):
        assert said in done.out
