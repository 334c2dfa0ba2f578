import pytest

from roomgate.meetings.services.meet import recognise
from support.meetings import evidence_of


def test_a_code_is_joined_natively_and_its_query_falls_away():
    seen = recognise(evidence_of("https://meet.google.com/abc-defg-hij?authuser=1"))
    assert seen is not None
    assert dict(seen.offers[0].join.arguments)["Url"] == "https://meet.google.com/abc-defg-hij"


@pytest.mark.parametrize(
    "text", ["https://meet.google.com/landing", "https://meet.google.com.evil.example/abc-defg-hij"]
)
def test_other_pages_are_no_meetings(text):
    assert recognise(evidence_of(text)) is None
