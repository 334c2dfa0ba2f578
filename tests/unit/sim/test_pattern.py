"""What a pattern covers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.sim.pattern import matches
from roomgate.xapi.path import Path


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("Status/Call", "Status/Call/12/Status", True),
        ("Status/Call/12", "Status/Call/13/Status", False),
        ("Status/Call/Status", "Status/Call/12/Status", True),
        ("Status/**/DisplayName", "Status/Call/12/DisplayName", True),
        ("Status/**/DisplayName", "Status/DisplayName", True),
        ("Status/*/Mute", "Status/Audio/Mute", True),
        ("Status/*/Mute", "Status/Audio/Microphones/Mute", False),
        ("Status/Audio/Volume", "Status/Audio/VolumeMute", False),
    ],
)
def test_a_pattern_matches_what_it_covers(pattern: str, path: str, fits: bool) -> None:
    assert matches(Path.parse(pattern), Path.parse(path)) is fits


PARTS = st.lists(st.sampled_from(["Audio", "Call", "Mute", 1, 2]), max_size=6)


@given(PARTS, PARTS)
def test_any_pattern_of_stars_matches_any_path(parts: list[Any], others: list[Any]) -> None:
    assert matches(Path(("Status", "**")), Path(("Status", *parts)))
    assert matches(Path(("Status", "**", *others)), Path(("Status", *parts, *others)))
