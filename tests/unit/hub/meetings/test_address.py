import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.meetings.address import shown_address


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("5364147796@zoomcrc.com", "5364147796@zoomcrc.com"),
        ("5364147796.110292@zoomcrc.com", "5364147796.…@zoomcrc.com"),
        ("sip:5364147796.110292..504@zoomcrc.com", "sip:5364147796.…@zoomcrc.com"),
        ("5364147796..504@zoomcrc.com", "5364147796.…@zoomcrc.com"),
        ("SIPS:1.22@x.example;transport=tls", "SIPS:1.…@x.example…"),
        ("anna.berg@meet.example.com", "anna.berg@meet.example.com"),
        ("anna:secret@meet.example.com", "anna…@meet.example.com"),
        ("192.0.2.1##536414#110292#2", "192.0.2.1##536414…"),
        ("192.0.2.1##536414", "192.0.2.1##536414"),
        ("536414#110292", "536414…"),
        ("12.34:56@x.example", "12.……@x.example"),
        ("https://zoom.us/j/536?pwd=abc#x", "https://zoom.us/j/536…"),
        ("https://meet.example.com/abc", "https://meet.example.com/abc"),
        ("sip:room@x.example?subject=1", "sip:room@x.example…"),
        ("4410", "4410"),
        ("", ""),
    ],
)
def test_what_is_shown_has_no_passcode(address: str, shown: str) -> None:
    assert shown_address(address) == shown


@given(st.text(max_size=300))
def test_any_text_is_survived_and_hardly_grows(text: str) -> None:
    assert len(shown_address(text)) <= len(text) + 4


@given(st.from_regex(r"\A[0-9]{9,11}\Z"), st.from_regex(r"\A[0-9]{4,10}\Z"))
def test_a_passcode_in_its_place_never_shows(number: str, passcode: str) -> None:
    for address in (
        f"{number}.{passcode}@zoomcrc.com",
        f"192.0.2.1##{number}#{passcode}",
        f"{number}@x.example;pin={passcode}",
    ):
        shown = shown_address(address)
        assert number in shown
        assert passcode not in shown.replace(number, "").replace("192.0.2.1", "")
