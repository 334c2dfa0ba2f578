"""A password in a file: read again when it changes, told nowhere."""

import base64

import pytest

from roomgate.meetings.calendars.base import CalendarRefused
from roomgate.meetings.calendars.credentials import MOST_BYTES, Basic, NoCredentials, SecretFile


def test_user_and_password_go_as_the_web_has_them(tmp_path):
    (tmp_path / "pw").write_text("pass:wörd\n", "utf-8")
    headers = Basic("rooms@example.com", SecretFile(tmp_path / "pw")).headers()
    kind, text = headers["Authorization"].split()
    assert (kind, base64.b64decode(text).decode()) == ("Basic", "rooms@example.com:pass:wörd")


def test_a_new_password_is_taken_without_a_restart(tmp_path):
    file = tmp_path / "pw"
    file.write_text("old")
    secret = SecretFile(file)
    assert secret.load().reveal() == "old"
    file.with_name("new").write_text("newer")
    file.with_name("new").replace(file)
    assert secret.load().reveal() == "newer"


@pytest.mark.parametrize("raw", [b"", b" \n", b"one\ntwo", b"\xff\xfe", b"x" * (MOST_BYTES + 1)])
def test_a_file_without_one_secret_is_told_by_its_name(tmp_path, raw):
    (tmp_path / "pw").write_bytes(raw)
    with pytest.raises(CalendarRefused, match=r"^pw ") as told:
        SecretFile(tmp_path / "pw").load()
    assert "one" not in told.value.message.replace("one line", "")


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(CalendarRefused, match="pw cannot be read"):
        Basic("x", SecretFile(tmp_path / "pw")).headers()


def test_no_credentials_send_nothing():
    assert NoCredentials().headers() == {}
