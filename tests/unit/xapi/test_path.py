import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.xapi.errors import InvalidPath
from roomgate.xapi.path import Path


@pytest.mark.parametrize(
    "text",
    [
        "Status/Call/2/Duration",
        "status call 2 duration",
        "Status.Call[2].Duration",
        "xStatus/Call/2/Duration",
        "status:call-2,duration",
        "  /Status//Call/2/Duration;",
        "(Status) Call 2 > Duration",
    ],
)
def test_spellings_of_one_path(text):
    assert Path.parse(text).parts == ("Status", "Call", 2, "Duration")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "Nonsense/A",
        "Status/ä",
        "Status/Au\x00dio",
        "Status/a\u200bb",
        "Status/" + "a" * 65,
        "1/2",
        "Status" + "/A" * 20,
    ],
)
def test_what_is_no_path(text):
    with pytest.raises(InvalidPath):
        Path.parse(text)


@pytest.mark.parametrize(
    "words", [("Status", True), ("Status", -1), ("Status", 10**9), ("Status", 1.5), ("Status", ["Call"]), ()]
)
def test_words_that_are_none(words):
    with pytest.raises(InvalidPath):
        Path.of(*words)


@given(st.text(max_size=60))
def test_any_text_parses_or_raises_our_error(text):
    try:
        path = Path.parse(text)
    except InvalidPath:
        return
    assert Path.parse(str(path)) == path


def test_covers_matches_missing_indices():
    call = Path.parse("Status/Call/2/Duration")
    assert Path.parse("Status/Call").covers(call)
    assert Path.parse("Status/Call/Duration").covers(call)
    assert Path.parse("Status/Call/2").covers(call)
    assert not Path.parse("Status/Call/3").covers(call)
    assert not call.covers(Path.parse("Status/Call"))
    assert not Path.parse("Status/Cal").covers(call)


def test_words_and_patterns():
    assert Path.parse("Status/Call/2/Duration").words == ("Call", "Duration")
    assert Path.parse("Status/**/Name").is_pattern
    assert not Path.parse("Status/Audio").is_pattern
