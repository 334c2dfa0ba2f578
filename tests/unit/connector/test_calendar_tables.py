"""``[[calendars]]``: every complaint at once, no secret in what is printed, no room in two calendars."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.connector.calendar_tables import KINDS, READERS, parse_calendars, room_complaint
from roomgate.connector.calendars import BUILDERS
from roomgate.errors import BadInput

BASE = Path("/srv/site")
DAV = {"kind": "caldav", "url": "https://dav.example.com", "user": "roomgate", "password_file": "secrets/dav"}
OSLO = {"rooms": {"oslo": "Oslo"}}


def test_a_table_is_read_with_its_defaults():
    (table,) = parse_calendars([{**DAV, **OSLO}], BASE)
    assert (table.kind, table.name, table.poll_s) == ("caldav", "caldav 1", 30.0)
    assert table.settings["url"] == "https://dav.example.com/"
    assert table.settings["password_file"] == BASE / "secrets/dav"
    assert (table.place("oslo"), table.place("bergen")) == ("Oslo", None)


def test_a_proxy_of_its_own_or_none():
    tables = parse_calendars(
        [{**DAV, **OSLO, "name": str(proxy), "proxy": proxy} for proxy in (False, "http://proxy.example:3128")], BASE
    )
    assert [table.settings["proxy"] for table in tables] == [None, "http://proxy.example:3128"]
    with pytest.raises(BadInput, match="proxy: takes a text"):
        parse_calendars([{**DAV, **OSLO, "proxy": True}], BASE)


def test_a_pattern_gives_a_place_to_every_room_that_is_not_named():
    (table,) = parse_calendars([{**DAV, **OSLO, "address": "/rooms/{room}/"}], BASE)
    assert (table.place("oslo"), table.place("bergen")) == ("Oslo", "/rooms/bergen/")


def test_a_folder_takes_all_rooms_by_their_names():
    (table,) = parse_calendars([{"kind": "folder", "path": "calendar"}], BASE)
    assert (table.settings["path"], table.place("oslo")) == (BASE / "calendar", "oslo")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"kind": "caldva"}, "did you mean caldav?"),
        ({"kind": ["caldav"]}, "no such kind"),
        ({}, "kind: is missing"),
        ({**DAV, **OSLO, "pasword_file": "x"}, "pasword_file: no such key; did you mean password_file?"),
        ({**DAV, **OSLO, "poll_s": 5}, "poll_s: takes seconds from 10 to 60"),
        ({**DAV, **OSLO, "poll_s": True}, "poll_s: takes seconds"),
        ({**DAV}, "rooms, address: one of them"),
        ({**DAV, "address": "all"}, "address: takes a text with {room}"),
        ({**DAV, "rooms": ["oslo"]}, "rooms: takes a table"),
        ({**DAV, "rooms": {"oslo": ""}}, "rooms: takes a table"),
        ({**DAV, **OSLO, "url": "https://ada:hush@x.example"}, "no user or password"),
        ({**DAV, **OSLO, "hosts": ".icloud.com"}, "hosts: takes a list"),
        ({**DAV, **OSLO, "hosts": ["."]}, "hosts: takes a list"),
        ({**DAV, **OSLO, "name": 3}, "name: takes a text"),
        ({"kind": "ics", **OSLO, "user": "x"}, "one needs the other"),
        ({"kind": "folder"}, "path: is missing"),
        ("caldav", "takes a table"),
    ],
)
def test_each_mistake_is_said(told, words):
    with pytest.raises(BadInput) as caught:
        parse_calendars([told], BASE)
    assert words in str(caught.value)
    assert "hush" not in str(caught.value)


def test_all_mistakes_are_said_at_once_with_their_table():
    with pytest.raises(BadInput) as caught:
        parse_calendars([{"kind": "caldav", "name": "office", "poll_s": 1}, {"kind": "ics", "user": "x"}], BASE)
    said = str(caught.value)
    for words in ("table 1 ('office'): url: is missing", "table 1 ('office'): poll_s", "table 2: user, password_file"):
        assert words in said


def test_two_calendars_have_two_names():
    with pytest.raises(BadInput, match="another calendar has this name"):
        parse_calendars([{**DAV, **OSLO, "name": "x"}, {**DAV, "rooms": {"bergen": "B"}, "name": "x"}], BASE)


def test_a_room_is_in_one_calendar():
    tables = parse_calendars([{**DAV, **OSLO}, {"kind": "ics", "rooms": {"oslo": "https://x.example/o.ics"}}], BASE)
    assert room_complaint(tables, False) == "calendars: oslo is in two of them, caldav 1 and ics 2"
    assert room_complaint(tables[:1], True) == ""


def test_only_one_calendar_takes_all_other_rooms():
    tables = parse_calendars([{"kind": "folder", "path": "a"}, {**DAV, "address": "/{room}/"}], BASE)
    assert "only one can" in room_complaint(tables, False)
    assert "only one can" in room_complaint(tables[:1], True)
    assert room_complaint(tables[:1], False) == ""


def test_a_secret_address_is_in_nothing_that_is_printed():
    (table,) = parse_calendars([{"kind": "ics", "rooms": {"oslo": "https://x.example/private-hush/o.ics"}}], BASE)
    assert "hush" not in repr(table)


def test_every_kind_can_be_built_and_every_key_read():
    assert BUILDERS.keys() == KINDS.keys()
    keys = {key for kind in KINDS.values() for key in (*kind.needs, *kind.takes)}
    assert keys == READERS.keys()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(["kind", "name", "rooms", "address", "poll_s", *READERS, "x"])


@given(
    st.one_of(VALUES, st.lists(st.dictionaries(KEYS, VALUES | st.sampled_from(sorted(KINDS)), max_size=6), max_size=3))
)
def test_rubbish_raises_only_our_error(value):
    with contextlib.suppress(BadInput):
        room_complaint(parse_calendars(value, BASE), True)
