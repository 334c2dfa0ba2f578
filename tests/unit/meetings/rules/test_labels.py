import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.rules.labels import build_label_pattern

WORDS = ["Meeting ID", "ID de réunion", "Code d'accès", "会议号", "ミーティング ID", "VTC-ID"]


def value(text: str, *, loose: bool = True, pattern: str = "(?P<v>[0-9]{3,9})") -> str | None:
    match = re2.search(build_label_pattern(WORDS, pattern, loose=loose), text)
    return match.group("v") if match else None


@pytest.mark.parametrize(
    "text",
    [
        "Meeting ID: 123", "MEETING ID : 123", "meeting-id: 123", "MeetingID:123", "Meeting  ID\n123", "Meeting ID 123",
        "Meeting ID:\n  123", "Meeting ID (for rooms): 123", "ID de réunion : 123", "Code d’accès: 123", "会议号：123",
        "本次会议号: 123", "ミーティングID: 123", "* Meeting ID: *123*", "Meeting ID: 123.", "Meeting ID: 123#\n", "VTC ID: 123",
    ],
)  # fmt: skip
def test_layouts_that_a_reader_does_not_tell_apart(text):
    assert value(text) == "123"


@pytest.mark.parametrize(
    "text",
    ["Meeting ID: 123.example.com", "Meeting ID: 123#*175", "Meeting ID: abc123", "PhoneMeeting ID: 123", "ID: 123"],
)
def test_what_only_begins_like_a_value_is_none(text):
    assert value(text) is None


def test_a_word_needs_its_colon_or_its_own_line():
    word = r"(?P<v>\S{1,20})"
    assert value("Meeting ID required", loose=False, pattern=word) is None
    assert value("Meeting ID: harbor", loose=False, pattern=word) == "harbor"
    assert value("Meeting ID\nharbor", loose=False, pattern=word) == "harbor"


@given(st.lists(st.text(min_size=2, max_size=20).filter(lambda word: word.strip()), min_size=1, max_size=5))
def test_any_words_make_a_pattern(words):
    re2.compile(build_label_pattern([word.strip() for word in words], "(?P<v>[0-9]+)", loose=True))
