from datetime import UTC, date, datetime

from bench.dav import Room
from bench.measurements.calendars import Measured, build
from roomgate.meetings.calendars.feed import split
from roomgate.meetings.invite import Window, parse_events

WEEK = Window(datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 3, 17, tzinfo=UTC))


def measured(**more: list[float]) -> Measured:
    told = {
        "first_s": [50.0], "own_ms": [9.0], "reader_ms": [20.0], "idle_cores": [0.1], "asked": [3.0],
        "late_s": [1.0, 59.0], "mib": [9.0], "reader_mib": [3.0],
    }  # fmt: skip
    return Measured(**{**told, **more})


def test_the_worst_change_and_the_slowest_start_are_judged():
    def met(found: Measured) -> dict[str, bool]:
        return {one.id: one.met for one in build(found, 2000).judged}

    assert met(measured()) == {"calendars.first": True, "calendars.late": True}
    assert met(measured(first_s=[61.0])) == {"calendars.first": False, "calendars.late": True}
    assert met(measured(late_s=[*[1.0] * 500, 61.0])) == {"calendars.first": True, "calendars.late": False}


def test_a_change_of_the_servers_is_one_that_a_room_shows():
    room = Room(1, 20, date(2026, 3, 10))
    first = next(iter(room.events))
    before = parse_events(room.events[first].encode())[0].rank
    raw = room.events[first]
    room.change()
    assert parse_events(room.events[first].encode())[0].rank > before
    assert [line for line in raw.split("\r\n") if line.startswith("DTSTART;TZID=Europe")] != [
        line for line in room.events[first].split("\r\n") if line.startswith("DTSTART;TZID=Europe")
    ]
    assert all(split(raw.encode(), WEEK) for raw in room.events.values())
