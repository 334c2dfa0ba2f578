"""CVSS 4.0 scores are those that the standard's own calculator gives."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.score import NONE, score_of
from roomgate.errors import CannotStart


# Vectors and scores as FIRST's calculator and the reference of the exposure checks have them.
@pytest.mark.parametrize(
    ("vector", "base", "severity"),
    [
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 10.0, "critical"),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:L", 10.0, "critical"),
        ("CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:H/VA:L/SC:N/SI:N/SA:N", 9.2, "critical"),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N", 8.6, "high"),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N", 5.1, "medium"),
        ("CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:A/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N", 2.1, "low"),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0.0, "info"),
    ],
)
def test_known_scores(vector, base, severity):
    assert score_of(vector).base == base
    assert score_of(vector).severity == severity


def test_no_vector_scores_nothing():
    assert score_of("") == NONE


@given(st.text(min_size=1, max_size=60).filter(lambda text: not text.startswith("CVSS:4.0/AV:")))
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match="CVSS"):
        score_of(text)


def test_a_missing_package_is_said_with_what_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "cvss", None)
    score_of.cache_clear()
    with pytest.raises(CannotStart) as missing:
        score_of("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:L")
    assert "roomgate[check]" in missing.value.hint
