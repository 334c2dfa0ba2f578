"""A record is read whatever its form: entries apart from each other, times in any usual spelling."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomgate.checks.entries import has_clock, looks_like_record, parse_record, times_in

NOON = datetime(2026, 3, 10, 12, 0, 5, tzinfo=UTC)
A, B = "anna dialled 2026-03-10T12:00:05Z", "bert muted 2026-03-10T12:00:06Z"


@pytest.mark.parametrize(
    "text",
    [
        f"{A}\n{B}\n",
        f'["{A}", "{B}"]',
        f"time,what\n{A}\n{B}",
        f"<html><body><table><tr><td>{A}</td></tr>\n<tr><td>{B}</td></tr></table></body></html>",
        f"<ul><li>{A}</li><li>{B}</li></ul><body>",
    ],
)
def test_lines_rows_and_lists_are_entries(text):
    found = [entry for entry in parse_record(text) if "2026" in entry]
    assert found == [A, B]
    assert looks_like_record(text)


ROWS = '[{"who":"anna","at":"2026-03-10T12:00:05Z"},{"who":"bert","at":"2026-03-10T12:00:06Z"}]'


@pytest.mark.parametrize(
    "text",
    [
        ROWS,
        f'{{"generated":"2026-03-10T13:00:00Z","columns":["a","b","c"],"entries":{ROWS}}}',
        f'{{"data":{{"total":2,"items":{ROWS}}}}}',
        f'{{"days":[{{"day":"2026-03-10","entries":{ROWS}}}]}}',
        f'{{"_embedded":{{"log":{{"rows":{ROWS}}}}}}}',
        ROWS.strip("[]").replace("},{", "}\n{"),
    ],
)
def test_what_two_entries_say_is_never_one(text):
    found = [entry for entry in parse_record(text) if "12:00" in entry]
    assert len(found) == 2
    assert not [entry for entry in found if "anna" in entry and "bert" in entry]


def test_an_entry_over_several_lines_is_seen_whole():
    text = "time: 2026-03-10 12:00:05\nwho: anna\nwhat: dialled\n\ntime: 2026-03-10 12:00:06\nwho: bert\nwhat: muted\n"
    assert any("anna" in entry and "dialled" in entry and "bert" not in entry for entry in parse_record(text))
    assert not any("anna" in entry and "muted" in entry for entry in parse_record(text))


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-10T12:00:05Z", "2026-03-10T12:00:05.123456Z", "2026-03-10 12:00:05", "2026-03-10 12:00:05,123 UTC",
        "2026-03-10T13:00:05+01:00", "2026-03-10T07:00:05-0500", "10/Mar/2026:12:00:05 +0000",
        "Tue, 10 Mar 2026 12:00:05 GMT", "March 10, 2026 12:00:05", "10 March 2026, 12:00:05 UTC", "1773144005",
        '{"t":1773144005123}', '{"t":1773144005.5}', "ts=1773144005123456 ok",
    ],
)  # fmt: skip
def test_a_time_is_understood(text):
    assert NOON in [moment.replace(microsecond=0) for moment in times_in(text)]


@pytest.mark.parametrize(
    "text", ["", "2026-13-40T12:00:05Z", "2026-03-10", "2026-03-10 12:00:05 PM", "+491773144005", "10.0.0.1773144005"]
)
def test_what_is_no_time_is_none(text):
    assert list(times_in(text)) == []


def test_what_could_be_a_time_is_told():
    assert has_clock("03/10/26 12:05 PM")
    assert not has_clock("yesterday")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("", True),
        ("[]", True),
        ('{"entries": []}', True),
        ("time,who,what\n", True),
        ('{"error": "not allowed"}', False),
        ("<html><body><div id=app></div><script>var t='12:00:05'</script></body></html>", False),
    ],
)
def test_what_could_be_a_record(text, is_one):
    assert looks_like_record(text) is is_one


@pytest.mark.parametrize("depth", [20, 400, 100_000])
def test_lists_in_lists_end_somewhere(depth):
    entries = parse_record("[" * depth + '"2026-03-10T12:00:05Z"' + "]" * depth)
    assert any(True for entry in entries for _ in times_in(entry))


_json = st.recursive(
    st.none() | st.integers() | st.text(max_size=20) | st.just("2026-03-10T12:00:05Z"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
)


@settings(max_examples=40)
@given(st.text() | _json.map(json.dumps))
def test_anything_can_be_read(text):
    looks_like_record(text)
    for entry in parse_record(text):
        list(times_in(entry))
        has_clock(entry)
