import pytest

from roomgate.meetings.services.webex import recognise
from support.meetings import evidence_of

LINK = "https://a-b.webex.com/a-b/j.php?MTID=m0123456789abcdef0123456789abcdef\n"


def test_forms_of_the_printed_address():
    for text in ("Dial 123456789@a-b.webex.com", "sip:123456789@a-b.webex.com", LINK + "Meeting number: 123 456 789"):
        seen = recognise(evidence_of(text))
        assert seen is not None
        assert seen.offers[0].join.address == "123456789@a-b.webex.com"


@pytest.mark.parametrize(
    "text",
    [
        "https://a.webex.com/a/globalcallin.php?MTID=m1",
        "https://www.webex.com/msteams?confid=1234567890&tenantkey=a&domain=m.webex.com",
        "1234567890.a@m.webex.com",
        "help@a.webex.com",
        "https://a.webex.com.evil.example/a/j.php?MTID=m1",
    ],
)
def test_what_is_no_webex_meeting(text):
    assert recognise(evidence_of(text)) is None


def test_a_link_alone_has_only_the_native_way():
    seen = recognise(evidence_of(LINK))
    assert seen is not None
    assert [(offer.join.how, offer.cloud) for offer in seen.offers] == [("native", True)]
