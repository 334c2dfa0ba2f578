"""A sheet of rooms: all or none, every complaint with its line, and no cell repeated."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.connector.devices import DeviceEntry, parse_devices
from roomgate.connector.rooms_sheet import MOST_ROOMS, BadRooms, identified, read_rooms, render_rooms
from roomgate.ids import RoomName

PIN = "ab" * 32
OSLO = DeviceEntry(RoomName("oslo"), "192.0.2.10", 443, PIN, None, "roomgate-daily", "roomgate-privileged")


@pytest.mark.parametrize(
    "text",
    [
        f"name,host,pin\noslo,192.0.2.10,{PIN}\n",
        f"\ufeffHost;Name;PIN;daily\r\n192.0.2.10;oslo;sha256:{PIN.upper()};roomgate-daily\r\n;;;\r\n",
        f"name\thost\tport\tpin\noslo\t 192.0.2.10 \t443\t{PIN}",
    ],
)
def test_sheets_of_all_kinds_say_the_same(text):
    (one,) = read_rooms(text)
    assert (one.entry, one.line, one.pin, one.shown) == (OSLO, 2, PIN, None)


def test_passwords_are_kept_as_they_are_and_by_account():
    (one,) = read_rooms(
        'name,host,daily,daily_password,privileged_password,shown\noslo,h,d," two, ""words"" ",x,' + PIN
    )
    assert {name: word.reveal() for name, word in one.passwords.items()} == {
        "d": ' two, "words" ',
        "roomgate-privileged": "x",
    }
    assert (one.pin, one.shown) == (None, PIN)


def test_every_complaint_is_found_with_its_line():
    with pytest.raises(BadRooms) as caught:
        read_rooms(
            "name,host,port,daily,privileged,pin,shown\n"
            "Oslo!,h,,,,,\n"
            "oslo,192.0.2.9,,,,,\n"
            "bergen,192.0.2.10,,,,,\n"
            "rome,a,99999,x,x,ab,cd\n"
            "rome2,a,four,,,,\n"
            "quay,b,,,,,\n"
            "quay,B2,,,,,\n"
            "dock,B,,,,,\n"
            "pier,c,,,,,,,,\n",
            [OSLO],
        )
    assert caught.value.message.splitlines() == [
        "Line 2: name: takes small letters, digits, '.', '_' and '-'.",
        "Line 3: the site has a room of this name.",
        "Line 4: this is the device of oslo.",
        "Line 5: accounts: daily and privileged are two accounts.",
        "Line 5: port: takes 1 to 65535.",
        "Line 5: pin: takes the SHA-256 of the certificate, 64 hex digits.",
        "Line 5: shown, pin: takes the SHA-256 of the certificate, 64 hex digits.",
        "Line 6: port: takes 1 to 65535.",
        "Line 8: line 7 has this name.",
        "Line 9: line 7 is this device.",
        "Line 10: it has 10 columns, and the first line 7.",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there must be a column name"),
        ("name,host\n", "There is no room in it."),
        ("name,host,name\n", "two columns name"),
        ('name,host\n"oslo', "no CSV"),
        ("name,host\n" + "a,b\n" * (MOST_ROOMS + 1), "More than"),
    ],
)
def test_what_is_no_sheet_is_refused_in_words(text, said):
    with pytest.raises(BadRooms, match=said):
        read_rooms(text)


def test_a_sheet_without_its_first_line_gives_no_password_away():
    with pytest.raises(BadRooms) as caught:
        read_rooms("oslo,192.0.2.10,canary-7\nbergen,192.0.2.11,canary-8\n")
    assert "column 3 has no name that is known" in caught.value.message
    assert "canary" not in caught.value.message


def test_a_long_list_of_complaints_is_cut():
    with pytest.raises(BadRooms) as caught:
        read_rooms("name,host\n" + "?,h\n" * 150)
    assert caught.value.message.endswith("… and 50 more.")


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=":"), max_size=20), max_size=3)
)
def test_what_is_written_into_the_file_reads_the_same(accounts):
    named = ["".join(account.split()) or "daily" for account in accounts]
    entries = tuple(
        DeviceEntry(RoomName(f"room-{at}"), f"h{at}", 443, PIN, None, account, account + "2")
        for at, account in enumerate(named)
    )
    assert parse_devices(render_rooms(entries), Path()) == entries


@given(st.text(max_size=200))
def test_rubbish_is_refused_or_read_and_nothing_else(text):
    with contextlib.suppress(BadRooms):
        read_rooms("name,host," + text)


def test_a_room_is_known_by_another_certificate():
    assert identified(OSLO, "cd" * 32).pin == "cd" * 32
