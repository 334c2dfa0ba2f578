import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.xapi.errors import InvalidPath, NotOnThisTransport
from roomgate.xapi.expressions import cover, expression, fixed, part_of, selected
from roomgate.xapi.path import Path

DOCUMENT = {
    "Status": {
        "Audio": {"Volume": 40, "VolumeMute": "Off"},
        "Call": [{"id": 2, "Status": "Connected", "Duration": 7}, {"id": 3, "ghost": "True"}],
        "SystemUnit": {"Software": {"DisplayName": "x"}},
    }
}


def path(text):
    return Path.parse(text)


def test_the_spelling():
    assert expression(path("Status/Call/2/Status")) == "/Status/Call[2]/Status"
    with pytest.raises(NotOnThisTransport):
        expression(path("Status/*/Status"))
    with pytest.raises(InvalidPath):
        expression(Path(("Status", "Call\nxCommand SystemUnit Boot")))


def test_the_cover_is_as_small_as_can_be():
    wanted = [
        path(one) for one in ("Status/Audio/Volume", "Status/Call/2", "Status/Audio", "Status/Call", "Status/Audio")
    ]
    assert cover(wanted) == (path("Status/Audio"), path("Status/Call"))
    assert cover([]) == ()


words = st.sampled_from(["Audio", "Call", "Volume", "Status", 1, 2])
paths = st.lists(words, min_size=0, max_size=4).map(lambda rest: Path(("Status", "Audio", *rest)))


@given(st.lists(paths, max_size=8))
def test_everything_lies_under_the_cover_and_nothing_in_it_under_another(wanted):
    kept = cover(wanted)
    assert set(kept) <= set(wanted)
    assert all(any(one.covers(asked) for one in kept) for asked in wanted)
    assert not any(one.covers(other) for one in kept for other in kept if one != other)


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("Status/Audio", {"Audio": {"Volume": 40, "VolumeMute": "Off"}}),
        ("Status/audio/volume", {"Audio": {"Volume": 40}}),
        ("Status/Call/2", {"Call": [{"id": 2, "Status": "Connected", "Duration": 7}]}),
        ("Status/Call/3/Status", {"Call": [{"id": 3, "ghost": "True"}]}),
        ("Status/Call/Status", {"Call": [{"id": 2, "Status": "Connected"}, {"id": 3, "ghost": "True"}]}),
        ("Status/Call/9", None),
        ("Status/Video", None),
    ],
)
def test_each_gets_its_part(asked, part):
    assert part_of(DOCUMENT, path(asked)) == (None if part is None else {"Status": part})


def test_what_stands_above_is_told_too():
    assert part_of({}, path("Event/Audio")) is None
    assert part_of({"Event": {"Audio": {}}}, path("Event/Audio/Volume")) == {"Event": {"Audio": {}}}
    assert part_of({"Status": {"Call": {"ghost": "True"}}}, path("Status/Call/2")) == {
        "Status": {"Call": {"ghost": "True"}}
    }
    assert part_of({"Status": {"Call": {"Status": "x"}}}, path("Status/Call/2/Status")) == {
        "Status": {"Call": {"Status": "x"}}
    }


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("Status/**/DisplayName", {"SystemUnit": {"Software": {"DisplayName": "x"}}}),
        ("Status/*/Volume", {"Audio": {"Volume": 40}}),
        ("Status/**/volume", {"Audio": {"Volume": 40}}),
        ("Status/Call/*/Duration", {"Call": [{"id": 2, "Duration": 7}]}),
        ("Status/**/Call/2/Status", {"Call": [{"id": 2, "Status": "Connected"}]}),
        ("Status/Audio/**", {"Audio": {"Volume": 40, "VolumeMute": "Off"}}),
        ("Status/*/*/*/*", None),
        ("Status/**/Nothing", None),
    ],
)
def test_what_a_pattern_selects(pattern, found):
    assert selected(DOCUMENT, path(pattern)) == (None if found is None else {"Status": found})


def test_a_long_pattern_takes_no_longer_than_its_length():
    deep = {"Status": {}}
    inside = deep["Status"]
    for _ in range(60):
        inside["A"] = {}
        inside = inside["A"]
    inside["B"] = 1
    assert selected(deep, Path(("Status", *["**", "A"] * 200, "C"))) is None


def test_the_fixed_part():
    assert fixed(path("Status/Audio/**/Volume")) == path("Status/Audio")
    assert fixed(path("Status/Audio")) == path("Status/Audio")
