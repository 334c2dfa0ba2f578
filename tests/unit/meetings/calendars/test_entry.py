from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from roomgate.meetings.calendars.base import CalendarRefused
from roomgate.meetings.calendars.entry import (
    MOST_ENTRIES,
    Entries,
    Entry,
    check_movable,
    decode,
    ended,
    find_zone,
    is_midnight,
    mailbox,
    mailboxes,
    moment,
    parse_each,
    said,
)
from roomgate.meetings.invite import BadInvitation, Invitation, Text
from roomgate.meetings.meeting import Organizer
from roomgate.meetings.plaintext import MOST_TEXT

START = datetime(2026, 3, 10, 9, tzinfo=UTC)
ONE = Invitation(
    "u", "", "Plan", START, START.replace(hour=10), False, Organizer("Ada", "ada@example.com"), False, False,
    (Text("LOCATION", "x"),), frozenset({"a@example.com", "b@example.com"}),
)  # fmt: skip


class Named(msgspec.Struct):
    id: str


def entry(raw):
    name = decode(raw, Named).id
    if name == "bad":
        raise BadInvitation("cannot be read")
    return None if name == "gone" else Entry(name, replace(ONE, uid=name))


def raws(*names):
    return [msgspec.json.encode({"id": name}) for name in names]


def test_the_cursor_is_of_the_content_alone():
    first = Entries((Entry("a", ONE), Entry("b", ONE)))
    assert first.cursor == Entries((Entry("b", ONE), Entry("a", ONE))).cursor
    others = [
        Entries((Entry("a", ONE),)),
        Entries((Entry("a", ONE), Entry("c", ONE))),
        Entries((Entry("a", ONE), Entry("b", ONE)), {"c": "bad"}),
        Entries((Entry("a", ONE), Entry("b", ONE, own=True))),
        *(
            Entries((Entry("a", ONE), Entry("b", replace(ONE, **change))))
            for change in (
                {"title": "Plans"}, {"start": START.replace(minute=5)}, {"private": True}, {"cancelled": True},
                {"texts": ()}, {"tentative": True}, {"declined_by": frozenset({"a@example.com"})},
                {"mailboxes": frozenset()}, {"recurrence_id": "x"}, {"all_day": True},
            )
        ),
    ]  # fmt: skip
    assert len({first.cursor, *(other.cursor for other in others)}) == 1 + len(others)


def test_an_entry_is_found_by_its_occurrence():
    second = replace(ONE, recurrence_id="2026-03-17T09:00:00+00:00")
    entries = Entries((Entry("a", ONE), Entry("b", second)))
    assert entries.find("u", second.recurrence_id).key == "b"
    assert entries.find("u", "other") is None


def test_what_may_be_moved():
    mine = Entry("a", ONE, own=True)
    check_movable(mine, ONE.end)
    for entry_, end in (
        (Entry("a", ONE), ONE.end),
        (Entry("a", replace(ONE, all_day=True), own=True), ONE.end),
        (mine, ONE.start),
    ):
        with pytest.raises(CalendarRefused):
            check_movable(entry_, end)


def test_one_bad_event_takes_no_other_along_and_is_told_by_its_key():
    entries = parse_each([*raws("a", "bad", "gone", "b"), b'{"id": 3}', b"[", b'{"id": ""}'], entry)
    assert [one.key for one in entries.found] == ["a", "b", ""]
    assert set(entries.bad) == {"bad", "event 5", "event 6"}


def test_what_came_before_to_the_byte_is_not_parsed_again():
    parsed = []

    def counted(raw):
        parsed.append(raw)
        return entry(raw)

    before = parse_each(raws("a", "b", "gone", "bad"), counted)
    parsed.clear()
    after = parse_each(raws("a", "c", "gone", "bad"), counted, before)
    assert parsed == raws("c", "bad")
    assert [one.key for one in after.found] == ["a", "c"]
    assert set(after.bad) == {"bad"}
    assert parse_each(raws("a", "c", "gone", "bad"), entry).cursor == after.cursor
    assert len(parse_each(raws("a"), counted, after).read) == 1  # and what is gone is forgotten


def test_what_comes_twice_counts_once_and_a_calendar_has_an_end():
    entries = parse_each(raws("a", "a"), entry)
    assert len(entries.found) == 1
    many = parse_each(raws(*map(str, range(MOST_ENTRIES + 5))), entry)
    assert len(many.found) == MOST_ENTRIES
    assert "all together" in many.bad


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b'{"id": null}', b"\xff", b"[" * 100_000, b'{"id": ' + b"[" * 9999]
)
def test_what_is_no_such_object_is_a_bad_invitation(raw):
    with pytest.raises(BadInvitation):
        decode(raw, Named)


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("UTC", UTC),
        ("tzone://Microsoft/Utc", UTC),
        ("Europe/Oslo", ZoneInfo("Europe/Oslo")),
        ("W. Europe Standard Time", ZoneInfo("Europe/Berlin")),
        ("Pacific Standard Time", ZoneInfo("America/Los_Angeles")),
        ("tzone://Microsoft/Custom", None),
        ("", None),
        ("../../etc/passwd", None),
        ("a\0b", None),
    ],
)
def test_zones_by_either_name(name, zone):
    assert find_zone(name) == zone


def test_moments():
    oslo = ZoneInfo("Europe/Oslo")
    assert moment("2026-03-10T10:00:00.0000000", oslo) == START
    assert moment("2026-03-10T09:00:00Z", oslo) == START
    assert moment("2026-03-10T10:00:00+01:00", UTC) == START
    assert moment("2026-03-10", oslo) == datetime(2026, 3, 9, 23, tzinfo=UTC)
    assert (is_midnight("2026-03-10T00:00:00.0000000"), is_midnight("2026-03-10T00:01"), is_midnight("x")) == (
        True,
        False,
        False,
    )


@pytest.mark.parametrize(
    "text", ["", "yesterday", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "2026-02-30"]
)
def test_times_that_are_none(text):
    with pytest.raises(BadInvitation):
        moment(text, UTC)


def test_an_end_before_the_start_is_mended_and_told():
    steps = []
    assert ended(START, START, steps) - START == (ONE.end - ONE.start) / 2
    assert [one.step for one in steps] == ["end"]
    assert ended(START, ONE.end, steps) == ONE.end


def test_texts_are_plain_and_bounded():
    steps = []
    assert said("DESCRIPTION", None, steps) == said("DESCRIPTION", " \n", steps) == ()
    [text] = said("DESCRIPTION", '<a href="https://a.example/x">Join</a>', steps)
    assert text.text.split() == ["Join", "<https://a.example/x>"]
    assert steps == []
    assert len(said("DESCRIPTION", "x" * (MOST_TEXT + 1), steps)[0].text) == MOST_TEXT
    assert [one.step for one in steps] == ["size"]


def test_mailboxes_compare():
    assert mailbox(" MAILTO:Ada@Example.com\n") == "ada@example.com"
    assert mailboxes([None, "", "A@example.com", "a@example.com"]) == {"a@example.com"}
