from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.errors import NotFound
from roomgate.hub.relay.joining import choose_booking

NOW = datetime(2026, 3, 10, 9, 10, tzinfo=UTC)


def booking(id, start, end, number="a@example.com"):
    return {
        "Id": id,
        "Title": f"title of {id}",
        "Time": {"StartTime": f"2026-03-10T{start}:00Z", "EndTime": f"2026-03-10T{end}:00Z"},
        "DialInfo": {"Calls": {"Call": [{"id": 1, "Number": number, "Protocol": "SIP"}]}},
    }


LIST = {
    "Booking": [booking("late", "11:00", "12:00"), booking("past", "08:00", "09:00"), booking("on", "09:00", "09:30")]
}


def test_next_is_what_goes_on_now_or_begins_first():
    assert choose_booking(LIST, "next", NOW).id == "on"
    assert choose_booking(LIST, "next", NOW.replace(hour=10)).id == "late"


def test_a_booking_is_found_by_its_id():
    chosen = choose_booking(LIST, "past", NOW)
    assert chosen.arguments() == {"Number": "a@example.com", "BookingId": "past"}


@pytest.mark.parametrize("which", ["next", "other"])
@pytest.mark.parametrize(
    "result", [None, {}, {"Booking": []}, {"Booking": [booking("x", "09:00", "10:00", number="")]}, {"Booking": [{}]}]
)
def test_nothing_to_join_is_said(result, which):
    with pytest.raises(NotFound):
        choose_booking(result, which, NOW)


rubbish = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Booking", "Id", "Time", "StartTime", "EndTime", "DialInfo", "Calls", "Call", "Number"]),
            inner,
        )
    ),
)


@given(rubbish)
def test_whatever_a_device_lists_only_our_error_comes_out(result):
    with pytest.raises(NotFound):
        choose_booking(result, "next", NOW)
