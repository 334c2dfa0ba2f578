"""What is told outside a room opens no meeting."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from roomgate.meetings.masking import DOTS, masked, masked_address, masked_steps, passcodes_of
from roomgate.meetings.meeting import NO_JOIN, How, Join, Meeting, Organizer, Step, h323_join, sip_join

START = datetime(2026, 3, 10, 9, tzinfo=UTC)
MEETING = Meeting(
    "u", "", "zoom", "t", START, START + timedelta(minutes=30), Organizer("Ada", "ada@example.com"), False, False,
    sip_join("5364147796.110292@zoomcrc.com", "110292"), alternatives=(h323_join("198.51.100.7##5364147796#110292", "110292"),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("join", "told"),
    [
        (sip_join("5364147796.110292@zoomcrc.com", "110292"), f"5364147796.{DOTS}@zoomcrc.com"),
        (sip_join("5364147796.110292@zoomcrc.com"), f"5364147796.{DOTS}@zoomcrc.com"),
        (sip_join("5364147796@zoomcrc.com", "110292"), "5364147796@zoomcrc.com"),
        (sip_join("standup@v.example.com"), "standup@v.example.com"),
        (sip_join("a.lovelace@v.example.com"), "a.lovelace@v.example.com"),
        (h323_join("198.51.100.7##5364147796#110292"), f"198.51.100.7##5364147796#{DOTS}"),
        (h323_join("198.51.100.7##5364147796"), "198.51.100.7##5364147796"),
        (Join(How.NATIVE, "https://teams.example.com/meet/12345?p=Secret"), f"https://teams.example.com/{DOTS}"),
        (NO_JOIN, ""),
    ],
)
def test_an_address_is_told_without_its_passcode(join, told):
    assert masked_address(join, frozenset({join.passcode} if join.passcode else ())) == told


def test_passcodes_are_taken_out_of_the_reasons_too():
    steps = (
        Step("address", "5364147796.110292@zoomcrc.com in LOCATION", "taken"),
        Step("p", "passcode 110292", "110292"),
    )
    told = masked_steps(steps, MEETING)
    assert "110292" not in str(told)
    assert told[0].saw.startswith("5364147796.")


def test_of_a_private_meeting_only_the_decisions_are_told():
    steps = (Step("address", "board@v.example.com in DESCRIPTION", "taken"),)
    assert masked_steps(steps, replace(MEETING, private=True)) == (Step("address", "", "taken"),)


def test_a_short_passcode_is_taken_out_as_a_word_of_its_own():
    assert masked("the code is 12, the 1234 stays", frozenset({"12"})) == f"the code is {DOTS}, the 1234 stays"


@given(st.from_regex(r"[0-9]{4,10}", fullmatch=True), st.text(max_size=40), st.text(max_size=40))
def test_no_passcode_survives_wherever_it_stands(code, before, after):
    one = replace(MEETING, join=sip_join("a@v.example.com", code), alternatives=())
    told = masked(f"{before}{code}{after}", passcodes_of(one))
    assert code not in told
