import pytest

from roomgate.meetings.services.zoom import recognise
from support.meetings import evidence_of

LINK = "https://us02web.zoom.us/j/85512345678?pwd=tok\n"


def addresses(text: str) -> list[str | None]:
    seen = recognise(evidence_of(text))
    return [offer.join.address for offer in seen.offers] if seen else []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (LINK, "85512345678@zoomcrc.com"),
        (LINK + "Passcode: 12", "85512345678.12@zoomcrc.com"),
        (LINK + "85512345678@zoomcrc.com\nPasscode: 12", "85512345678.12@zoomcrc.com"),
        (LINK + "85512345678..504@zoomcrc.com\nPasscode: 12", "85512345678.12.504@zoomcrc.com"),
        (LINK + "85512345678.99@zoomcrc.com\nPasscode: 12", "85512345678.99@zoomcrc.com"),
        (LINK + "85512345678@zmeu.us", "85512345678@zmeu.us"),
        (LINK + "85512345678@global.zoomcrc.com", "85512345678@global.zoomcrc.com"),
        ("https://zoom.us/wc/join/123456789", "123456789@zoomcrc.com"),
        ("https://example.zoom.us/wc/123456789/join", "123456789@zoomcrc.com"),
        ("https://zoom.us/my/ada\nMeeting ID: 123 456 7890", "1234567890@zoomcrc.com"),
    ],
)
def test_the_sip_address(text, address):
    assert addresses(text)[0] == address


@pytest.mark.parametrize(
    "text", ["https://zoom.us/signin", "https://zoom.us/j/12345", "https://zoom.us.evil.example/j/123456789"]
)
def test_other_pages_are_no_meetings(text):
    assert recognise(evidence_of(text)) is None


def test_a_government_link_is_not_guessed():
    assert addresses("https://example.zoomgov.com/j/1612345678") == ["1612345678"]


def test_private_addresses_are_left_out_of_the_h323_list():
    text = LINK + "Join by H.323\n10.0.0.1 (Inside)\n162.255.37.11 (US West)"
    assert addresses(text)[1:2] == ["162.255.37.11##85512345678"]


def test_a_personal_name_without_a_number_has_no_way_in():
    seen = recognise(evidence_of("https://zoom.us/my/ada"))
    assert seen is not None
    assert seen.offers == ()
