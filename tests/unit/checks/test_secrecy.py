"""What looks like a secret and what does not; places in pages are in the tests of K27."""

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks.secrecy import find_secrets, looks_secret

NOW = datetime(2026, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize("value", ["hx82Kq0-zz", "Tr0ub4dor-and-3", "c0ffee00deadbeef12", "Room-4711-Kq"])
def test_these_look_like_secrets(value):
    assert looks_secret(value)


@pytest.mark.parametrize(
    "value",
    [
        "", "short1", "Password1", "your-secret-1", "form.hint", "step2", "a b c d e f 1", "${DB_PW_1x}", "{{ pw1abcde }}",
        "********", "11111111a", "12345678", "onlyletters", "/static/app1.js", "https://x1.example", "currentPassword2",
    ],
)  # fmt: skip
def test_these_do_not(value):
    assert not looks_secret(value)


def token(**claims) -> str:
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{part}.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZw"


@pytest.mark.parametrize(
    ("claims", "found"),
    [
        ({"sub": "connector"}, True),
        ({"sub": "connector", "exp": NOW.timestamp() + 40 * 86400}, True),
        ({"sub": "connector", "exp": NOW.timestamp() + 3600}, False),
        ({"role": "anon", "exp": NOW.timestamp() + 4e8}, False),
        ({"kid": "x"}, False),
        ({"sub": "connector", "exp": "never"}, False),
    ],
)
def test_signed_tokens_that_live_on(claims, found):
    assert bool(find_secrets(token(**claims), NOW, to_stranger=True)) is found
    assert not any(hit.sure for hit in find_secrets(token(**claims), NOW, to_stranger=False))


def test_what_is_found_is_not_repeated_whole():
    hits = find_secrets('password: "hx82Kq0-zz"', NOW, to_stranger=True)
    assert len(hits) == 1
    assert "hx82Kq0-zz" not in hits[0].what


def test_it_takes_no_longer_than_the_text_is_long():
    for text in ("password" * 20_000, "<input " * 20_000, "eyJ" + "A" * 200_000, '"' * 100_000, "a://" * 40_000):
        assert isinstance(find_secrets(text, NOW, to_stranger=True), list)


@given(st.text(alphabet="password:=\"'\\ <input value>://@eyJ.-BEGINPRIVATEKEY019", max_size=300))
def test_any_text_is_read(text):
    assert isinstance(find_secrets(text, NOW, to_stranger=False), list)
