"""What every meeting service keeps to, whatever the invitation says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.meetings.services import meet, sip, teams, webex, zoom
from roomgate.meetings.services.base import Offer, Recognised, Service
from support.meetings import evidence_of

ALL: dict[str, Service] = {
    "meet": meet.recognise, "sip": sip.recognise, "teams": teams.recognise, "webex": webex.recognise,
    "zoom": zoom.recognise,
}  # fmt: skip
WORDS = [
    "https://us02web.zoom.us/j/85512345678?pwd=x", "85512345678@zoomcrc.com", "Passcode: 110292", "sip:a@example.com",
    "https://example.webex.com/meet/ada", "ada@example.webex.com", "https://meet.google.com/abc-defg-hij",
    "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=%7b%7d", "teams@m.webex.com",
    "Video Conference ID: 112 233 445 5", "Meeting ID: 855 1234 5678", "hello", "SIP:", "https://", "@", "",
]  # fmt: skip
invitations = st.lists(st.sampled_from(WORDS) | st.text("az@./:?=&%0 9", max_size=20), max_size=6).map("\n".join)


@pytest.mark.parametrize("name", ALL)
def test_where_a_service_does_not_appear_it_says_nothing(name):
    assert ALL[name](evidence_of("Lunch in the kitchen")) is None


@pytest.mark.parametrize("name", ALL)
@given(text=invitations)
def test_the_same_evidence_gives_the_same_answer_with_reasons(name, text):
    evidence = evidence_of(text)
    found = ALL[name](evidence)
    assert found == ALL[name](evidence)
    if found is None:
        return
    assert isinstance(found, Recognised)
    assert found.service == name
    assert found.steps  # nothing is recognised without saying why
    assert all(isinstance(offer, Offer) for offer in found.offers)
    assert all(offer.domain or name != "sip" for offer in found.offers)  # no service vouches for a plain address


def test_an_offer_asks_for_nothing_unless_it_says_so():
    fields = Offer.__dataclass_fields__
    assert [(name, fields[name].default) for name in ("cloud", "preferred_on_cloud", "domain")] == [
        ("cloud", False), ("preferred_on_cloud", False), ("domain", None),
    ]  # fmt: skip
