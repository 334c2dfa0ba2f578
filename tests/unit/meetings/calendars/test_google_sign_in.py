from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import RSAKey

from roomgate.meetings.calendars.base import CalendarRefused
from roomgate.meetings.calendars.google_sign_in import ASSERTED_S, READ, TOKEN_URL, WRITE, GoogleSignIn
from support.cloud_double import Asked
from support.cloud_rig import key_file, private_pem, rsa_key
from support.google_double import ACCOUNT, KEY_ID, GoogleDouble

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)


def claims(folder, **more):
    asked = GoogleSignIn(key_file(folder), **more).load_request(NOW)
    return asked, jwt.decode(asked.form["assertion"], RSAKey.import_key(rsa_key().public_key()), algorithms=["RS256"])


def test_the_statement(tmp_path):
    asked, token = claims(tmp_path)
    assert asked.url == TOKEN_URL  # not what the key file says
    assert token.header == {"alg": "RS256", "typ": "JWT", "kid": KEY_ID}
    at = int(NOW.timestamp())
    assert token.claims == {"iss": ACCOUNT, "scope": READ, "aud": TOKEN_URL, "iat": at, "exp": at + ASSERTED_S}


def test_writing_is_asked_for_only_where_it_is_allowed(tmp_path):
    assert claims(tmp_path, writes=True)[1].claims["scope"] == WRITE


@pytest.mark.parametrize(
    ("key", "late_s", "status"), [("one", 0, 200), ("two", 0, 400), ("one", ASSERTED_S, 400), ("one", -1, 400)]
)
def test_the_double_takes_the_account_s_own_and_in_time(tmp_path, key, late_s, status):
    double = GoogleDouble(public_key=rsa_key(key).public_key())
    asked = GoogleSignIn(key_file(tmp_path), token_url=double.token_url).load_request(double.clock.now())
    double.clock.advance(late_s)  # type: ignore[attr-defined]
    assert double.sign_in(Asked("POST", "/token", {}, {}, urlencode(asked.form).encode())).status == status


@pytest.mark.parametrize(
    "other",
    [
        {"type": "authorized_user"}, {"private_key": "hush"}, {"private_key": None}, {"client_email": None},
        {"private_key": private_pem(ec.generate_private_key(ec.SECP256R1()))}, {"type": ["service_account"]},
    ],
)  # fmt: skip
def test_what_is_no_use_is_told(tmp_path, other):
    with pytest.raises(CalendarRefused) as told:
        GoogleSignIn(key_file(tmp_path, **other)).load_request(NOW)
    assert "hush" not in f"{told.value} {told.value.hint}"


@pytest.mark.parametrize("text", ["", "{", "[]", "\0"])
def test_what_is_no_key_file(tmp_path, text):
    file = tmp_path / "key.json"
    file.write_text(text)
    with pytest.raises(CalendarRefused):
        GoogleSignIn(file).load_request(NOW)
