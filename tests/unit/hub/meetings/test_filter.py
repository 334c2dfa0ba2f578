from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.errors import BadInput
from roomgate.hub.meetings.filter import COLUMNS, STATES, Filter, Line, Place, fitting, parse_window, row, services
from roomgate.hub.meetings.told import read_calendar
from support.told_meetings import answer, told

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def line(room: str = "oslo", **more: Any) -> Line:
    found = read_calendar(answer(told(NOW, more.pop("id", "rg-1"), **more)))
    assert found is not None
    return Line(Place("room_1", room, f"/rooms/{room}", "site_1", "Norway"), found.meetings[0], "calendar")


def ids(found: list[Line]) -> list[str]:
    return [one.meeting.id for one in found]


def test_the_search_looks_in_room_site_title_organizer_service_and_address() -> None:
    one = line(title="Budget")
    for q in ("osl", "norw", "budg", "anizer", "ZOOM", "536414", "budget oslo", ""):
        assert fitting([one], Filter(q=q), NOW) == [one], q
    assert fitting([one], Filter(q="budget rome"), NOW) == []


def test_states_services_and_the_order() -> None:
    lines = [
        line("rome", id="b", minutes=-10), line("oslo", id="c", minutes=20, How="none", Service="none"),
        line("oslo", id="a", minutes=30, Private=True, Service="teams"),
    ]  # fmt: skip
    assert ids(fitting(lines, Filter(), NOW)) == ["b", "c", "a"]
    assert ids(fitting(lines, Filter(view="room"), NOW)) == ["c", "a", "b"]
    lines[1] = replace(lines[1], troubled=True)
    assert {state: ids(fitting(lines, Filter(state=state), NOW)) for state in STATES} == {
        "now": ["b"], "button": ["b", "a"], "no-button": ["c"], "trouble": ["c"], "private": ["a"],
    }  # fmt: skip
    assert ids(fitting(lines, Filter(state="unheard of"), NOW)) == ["b", "c", "a"]
    assert ids(fitting(lines, Filter(service="teams"), NOW)) == ["a"]
    assert services(lines) == ["teams", "zoom"]


def test_a_row_has_every_column() -> None:
    made = dict(zip(COLUMNS, row(line(title="=1+1")), strict=True))
    assert (made["room"], made["button"], made["title"], made["told_by"]) == ("oslo", "yes", "=1+1", "calendar")


def test_the_window_is_from_now_on_or_a_day() -> None:
    assert parse_window("", "", NOW) == (NOW, NOW + timedelta(days=1))
    assert parse_window("", "7", NOW) == (NOW, NOW + timedelta(days=7))
    day = datetime(2026, 3, 11, tzinfo=UTC)
    assert parse_window("2026-03-11", "2", NOW) == (day, day + timedelta(days=2))
    assert Filter(day="2026-03-11").window(NOW)[0] == day


@pytest.mark.parametrize(
    ("day", "days"),
    [("", "0"), ("", "8"), ("", "-1"), ("", "٣"), ("", "1e1"), ("", "9" * 40), ("tomorrow", ""), ("2026-13-01", ""), ("20260311", ""),
     ("2026-W11-2", ""), ("2026-03-08", ""), ("2026-03-18", ""), ("9999-12-31", ""), ("0001-01-01", "")],
)  # fmt: skip
def test_what_is_no_window_is_refused(day: str, days: str) -> None:
    with pytest.raises(BadInput):
        parse_window(day, days, NOW)


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_words_are_a_window_or_bad_input(day: str, days: str) -> None:
    try:
        start, end = parse_window(day, days, NOW)
    except BadInput:
        return
    assert start < end


def test_a_filter_is_its_query() -> None:
    wanted = Filter.of({"q": " a b ", "site": "x" * 300, "unknown": "y"})
    assert (wanted.q, len(wanted.site)) == ("a b", 200)
    assert Filter(q="a b", days="3").query == "q=a+b&days=3"
    assert Filter(q="a").with_(q="", view="room") == "view=room"
    assert (Filter(state="now").left_out, Filter(site="x", days="3").left_out) == (True, False)
