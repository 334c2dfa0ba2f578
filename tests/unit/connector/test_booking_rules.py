import tomllib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.connector import booking_rules
from roomgate.connector.booking_rules import BookingRules, CheckInRules, parse_booking_rules
from roomgate.errors import BadInput
from roomgate.meetings.house_rules import HouseRules, Private


def test_without_settings_nothing_is_released():
    assert parse_booking_rules({}) == BookingRules(HouseRules(), check_in=None)


def test_the_example_of_the_module_is_the_default_with_check_in_and_a_mailbox():
    example = (booking_rules.__doc__ or "").split("```toml\n")[1].split("```")[0]
    read = parse_booking_rules(tomllib.loads(example)["bookings"])
    assert read == BookingRules(HouseRules(), "{room}@example.com", True, CheckInRules())
    assert read.mailbox_of("oslo") == "oslo@example.com"


def test_each_setting():
    read = parse_booking_rules(
        {
            "early_join_min": 15,
            "keep_after_min": 3,
            "private": "hide",
            "private_title": " Besetzt ",
            "tentative": "hide",
            "all_day": "hide",
            "not_joinable": "hide",
            "write_back": False,
            "check_in": {"from_min": 0, "release_after_min": 20, "warn_min": 5, "by": ["call", "call"]},
        }
    )
    house = HouseRules(timedelta(minutes=15), timedelta(minutes=3), Private.HIDE, "Besetzt", False, False, False)
    check_in = CheckInRules(timedelta(0), timedelta(minutes=20), timedelta(minutes=5), ("call",))
    assert read == BookingRules(house, "", False, check_in)


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("show", "table"),
        ({"early_join_min": 181}, "early_join_min: takes whole minutes from 0 to 180"),
        ({"early_join_min": True}, "early_join_min"),
        ({"keep_after_min": "5"}, "keep_after_min"),
        ({"private": "secret"}, "private: takes rename, hide, organizer"),
        ({"private_title": "\n"}, "private_title"),
        ({"tentative": True}, "tentative: takes show or hide"),
        ({"mailbox": "room@example.com"}, "mailbox"),
        ({"write_back": "yes"}, "write_back"),
        ({"earlyjoin": 5}, "earlyjoin: no such setting"),
        ({"check_in": True}, "check_in: is a table"),
        ({"check_in": {"by": []}}, "check_in.by"),
        ({"check_in": {"by": ["smell"]}}, "check_in.by: takes a list of panel, call, presence"),
        ({"check_in": {"release_after_min": 1}}, "warn_min: is longer"),
        ({"check_in": {"after": 1}}, "check_in.after: no such setting"),
    ],
)
def test_what_cannot_be_used_is_said(table, complaint):
    with pytest.raises(BadInput) as refused:
        parse_booking_rules(table)
    assert complaint in refused.value.message


def test_all_complaints_come_at_once():
    with pytest.raises(BadInput) as refused:
        parse_booking_rules({"private": 1, "all_day": 2, "check_in": {"by": 3}})
    assert refused.value.message.count(";") == 2


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from([*booking_rules._BOOKINGS, "check_in", "x"])


@given(st.dictionaries(names, anything | st.dictionaries(st.sampled_from([*booking_rules._CHECK_IN]), anything)))
def test_rubbish_is_refused_in_words(table):
    try:
        assert isinstance(parse_booking_rules(table), BookingRules)
    except BadInput as refused:
        assert refused.message
