"""The site's file: all rooms or none, and never a device that is known by nothing."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.connector.config import BadConfig
from roomgate.connector.devices import device_id, load_devices, parse_devices, parse_pin
from roomgate.errors import BadInput
from roomgate.ids import ConnectorId, RoomName

BASE = Path("/srv/site")
PIN = "ab" * 32
OSLO = f'[[room]]\nname = "oslo"\nhost = "192.0.2.10"\npin = "sha256:{PIN}"\n'


def test_a_room_has_two_accounts_and_one_identity():
    (room,) = parse_devices(OSLO, BASE)

    assert (room.name, room.host, room.port, room.pin, room.ca) == ("oslo", "192.0.2.10", 443, PIN, None)
    assert room.account(privileged=False) == "roomgate-daily"
    assert room.account(privileged=True) == "roomgate-privileged"


def test_a_ca_is_a_file_beside_the_list():
    (room,) = parse_devices('[[room]]\nname = "oslo"\nhost = "::1"\nca = "site.pem"\n', BASE)

    assert room.ca == BASE / "site.pem"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[[room]]\nname = "oslo"\nhost = "h"\n', "either pin"),
        (OSLO + 'ca = "x.pem"\n', "either pin"),
        (OSLO.replace(PIN, "ab"), "pin:"),
        (OSLO.replace('"oslo"', '"Os lo"'), "name:"),
        (OSLO + "prot = 4443\n", "did you mean port?"),
        (OSLO + "port = 0\n", "port:"),
        (OSLO + '[room.accounts]\ndaily = "a"\nprivileged = "a"\n', "two accounts"),
        (OSLO + '[room.accounts]\ndaily = "a:b"\n', "accounts.daily"),
        (OSLO + OSLO, "another room has this name"),
        ("[[rooms]]\n", "did you mean room?"),
        ("room = 3", "[[room]]"),
        ("[[room", "not TOML"),
    ],
)
def test_one_bad_line_refuses_the_file_and_says_which(text, word):
    with pytest.raises(BadConfig, match=word.replace("[", r"\[").replace("?", r"\?")):
        parse_devices(text, BASE)


def test_all_complaints_come_at_once():
    with pytest.raises(BadConfig) as caught:
        parse_devices(OSLO + "port = 0\n" + '[[room]]\nname = "bergen"\nhost = "h"\n', BASE)

    assert "room 1 ('oslo')" in str(caught.value)
    assert "room 2 ('bergen')" in str(caught.value)


def test_a_file_that_cannot_be_read_is_our_error(tmp_path):
    with pytest.raises(BadConfig):
        load_devices(tmp_path / "missing.toml")


def test_a_device_keeps_its_id_at_one_connector():
    one, other = ConnectorId("connector_1"), ConnectorId("connector_2")

    assert device_id(one, RoomName("oslo")) == device_id(one, RoomName("oslo"))
    assert len({device_id(c, RoomName(r)) for c in (one, other) for r in ("oslo", "bergen")}) == 4


@given(st.text())
def test_rubbish_raises_only_our_error(text):
    with contextlib.suppress(BadConfig):
        assert parse_devices(text, BASE) == ()


@given(st.none() | st.integers() | st.text())
def test_a_pin_is_a_sha256_or_nothing(value):
    with contextlib.suppress(BadInput):
        assert len(parse_pin(value)) == 64
