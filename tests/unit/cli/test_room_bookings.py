from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from roomgate.cli import room_bookings
from roomgate.cli.room_bookings import await_end
from support.cli import Answer, BookHub, RealHub, Said, ok, run

pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture(scope="module", autouse=True)
def granted(one_hub: RealHub) -> None:
    """The administrator gave themself what these verbs need."""
    from roomgate.access.capability import Capability

    rights = frozenset({Capability.BOOKINGS})
    one_hub.do(one_hub.hub.parts.grants.make(one_hub.hub.admin, "ada", ["oslo"], rights, minutes=60, reason="test"))


@pytest.mark.parametrize(
    ("words", "call", "arguments", "said"),
    [
        (["book", "oslo", "20", "--title", "Talk"], "Bookings Book", {"Duration": 20, "Title": "Talk"}, "20 minutes"),
        (["book", "oslo"], "Bookings Book", {"Duration": 30}, "asked for 30 minutes"),
        (["extend", "oslo", "rg-1"], "Bookings Extend", {"Id": "rg-1", "Duration": 15}, "15 minutes more"),
        (["check-in", "oslo", "rg-1"], "Bookings CheckIn", {"Id": "rg-1"}, "is checked in"),
        (["end", "oslo", "rg-1"], "Bookings CheckOut", {"Id": "rg-1"}, "oslo is free"),
        (["release", "oslo", "rg-1"], "Bookings Delete", {"Id": "rg-1"}, "oslo let it go"),
    ],
)
def test_each_verb_asks_for_one_thing(
    hub: RealHub, words: list[str], call: str, arguments: dict[str, object], said: str
) -> None:
    done = run("room", *words)
    assert (done.code, done.err) == (0, "")
    assert said in done.out
    order = hub.link.orders[-1]
    assert list(order.path) == ["Command", *call.split()]
    assert dict(order.arguments) == arguments


TEN = datetime(2026, 3, 10, 10, tzinfo=UTC)


class Room:
    """A room whose device does all that it is asked, and whose calendar gives ``ends`` one by one, look by look."""

    def __init__(self, *ends: datetime | None, told_by: str = "calendar", outcome: str = "done") -> None:
        self.ends = list(ends)
        self.told_by = told_by
        self.outcome = outcome
        self.looks = 0

    def __call__(self, said: Said) -> Answer:
        if said.method == "POST":
            return ok({"ask": "a", "outcome": self.outcome, "result": {}, "words": "Said so."})
        self.looks += 1
        end = self.ends.pop(0) if len(self.ends) > 1 else self.ends[0]
        rows = [{"id": "rg-2", "end": TEN + timedelta(days=1), "told_by": "calendar"}]
        if end is not None:
            rows.append({"id": "rg-1", "end": end, "told_by": self.told_by})
        items = [{**row, "end": row["end"].isoformat()} for row in rows]  # type: ignore[attr-defined]
        return ok({"items": items, "rooms": [], "next": None})


@pytest.fixture
def room(book: BookHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[BookHub]:
    monkeypatch.setattr(room_bookings, "PAUSES_S", (0.0, 0.0))
    yield book
    book.by = None  # everybody's: it answers as before afterwards


LATER = TEN + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("there", "code", "said"),
    [
        (Room(TEN, LATER), 0, "It is granted: the meeting ends at 2026-03-10 10:15"),
        (Room(TEN, TEN, LATER), 0, "It is granted"),
        (Room(TEN, TEN, TEN), 1, "oslo's calendar has not granted it."),
        (Room(TEN, TEN + timedelta(minutes=14)), 1, "has not granted it"),
        (Room(TEN, None), 1, "has not granted it"),
        (Room(TEN, LATER, outcome="refused"), 1, "oslo: refused. Said so."),
        (Room(None, LATER), 0, "its calendar has the last word"),  # a list that is none of ours: nobody here can say
        (Room(TEN, told_by="device"), 0, "its calendar has the last word"),
    ],
)
def test_more_time_that_the_calendar_does_not_grant_is_a_no(room: BookHub, there: Room, code: int, said: str) -> None:
    room.by = there
    done = run("room", "extend", "oslo", "rg-1", "15")
    assert (done.code, done.err) == (code, "")
    assert said in done.out


@pytest.mark.parametrize(("end", "code"), [(LATER, 0), (TEN, 1)])
def test_a_script_gets_one_document_whatever_the_calendar_says(room: BookHub, end: datetime, code: int) -> None:
    room.by = Room(TEN, end)
    done = run("room", "extend", "oslo", "rg-1", "15", "--json")
    assert (done.code, done.json["outcome"]) == (code, "done")


def test_the_calendar_is_looked_at_after_each_pause_and_no_longer_than_needed() -> None:
    ends = iter([TEN, None, LATER])
    waited: list[float] = []
    assert await_end(lambda: next(ends), LATER, (1.0, 2.0, 3.0, 4.0), waited.append) == LATER
    assert waited == [1.0, 2.0, 3.0]
