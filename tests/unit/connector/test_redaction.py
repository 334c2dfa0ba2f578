"""No canary survives, wherever it is planted; and what is no secret stays as it was."""

import json
from base64 import b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.connector.redaction import HIDDEN, Redactor, is_secret_name, secrets_in

canaries = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHJK0123456789"), min_size=12, max_size=40).map(
    lambda text: f"Kan{text}"
)
PLACES = (
    "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\n{}",
    "Cookie: a=b; SessionId={}",
    "set-cookie: {}; Secure",
    "Authorization: Digest username=x, response={}",
    "curl -H 'X-Api-Key: {}' https://example.com",
    "sent Bearer {} to it",
    "https://admin:{}@codec.example.com/getxml",
    "https://{}@codec.example.com/",
    "https://example.com/hook?room=oslo&token={}",
    "password={} and so on",
    "Password: correct horse {}",
    "the passphrase is {}",
    'xCommand UserManagement User Add Username: "x" Passphrase: "a {} b"',
    "<Passphrase item='1'>{}</Passphrase>",
    "PIN: {}",
    '{{"pin":"{}"}}',
    "const apiKey = '{}';",
    "adminPwd = {}",
    "client_secret => {}",
    "eyJhbGciOiJIUzI1NiJ9.{}.sig",
    "rg_{}",
)
NAMES = (
    "Password",
    "passphrase",
    "BindPassword",
    "GuestToken",
    "Pin",
    "Key",
    "HostKey",
    "clientSecret",
    "Cookie",
    "api_key",
)
nests = st.recursive(
    st.just("@"),
    lambda inner: st.one_of(inner.map(lambda x: [1, x]), inner.map(lambda x: {"a": x, "b": "c"})),
    max_leaves=4,
)


def _fill(nest: object, canary: object) -> object:
    if isinstance(nest, dict):
        return {name: _fill(one, canary) for name, one in nest.items()}
    if isinstance(nest, list):
        return [_fill(one, canary) for one in nest]
    return canary if nest == "@" else nest


@given(nests, canaries, st.sampled_from(PLACES), st.sampled_from(["", "12:01 Info "]))
def test_no_canary_survives_in_running_text(nest: object, canary: str, place: str, before: str) -> None:
    redactor = Redactor()
    said = json.dumps(redactor.value(_fill(nest, before + place.format(canary))))
    assert canary not in said
    assert redactor.hidden


@given(nests, nests, canaries, st.sampled_from(NAMES))
def test_no_canary_survives_under_a_secret_name(nest: object, below: object, canary: str, name: str) -> None:
    said = json.dumps(Redactor().value(_fill(nest, {name: _fill(below, canary)})))
    assert canary not in said


@given(nests, st.text(min_size=6, max_size=30), st.sampled_from([0, 1, 2, 3]), st.text(max_size=9))
def test_what_is_known_to_be_secret_survives_nowhere(nest: object, secret: str, form: int, around: str) -> None:
    raw = secret.encode("utf-8", "replace")
    spelled = (secret, quote(secret, safe="", errors="replace"), json.dumps(secret)[1:-1], b64encode(raw).decode())[
        form
    ]
    said = Redactor((secret,)).text(f"{around} {spelled} {around}")
    assert spelled not in said or spelled in f"{around} {HIDDEN} {around}"


def test_what_stands_under_a_secret_name_is_hidden_elsewhere_too() -> None:
    document = {"Proxy": {"Password": "hunter2-hunter2", "Mode": "On"}, "Log": ["tried hunter2-hunter2 in vain"]}
    found = list(secrets_in(document))
    assert found == ["hunter2-hunter2"]
    assert Redactor(found).value(document) == {
        "Proxy": {"Password": HIDDEN, "Mode": "On"},
        "Log": [f"tried {HIDDEN} in vain"],
    }


def test_numbers_are_hidden_under_a_secret_name_and_words_of_state_are_not() -> None:
    assert Redactor().value({"Pin": 1234, "Password": "", "Secret": HIDDEN, "Token": True, "Key": {"Value": 7}}) == {
        "Pin": HIDDEN,
        "Password": "",
        "Secret": HIDDEN,
        "Token": True,
        "Key": {"Value": HIDDEN},
    }


@pytest.mark.parametrize(
    "name", ["PassphraseExpired", "PinChangeRequired", "HostKeyAlgorithm", "PasswordPolicy", "Keyboard", "Spinning"]
)
def test_a_name_that_only_speaks_of_secrets_is_none(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "text",
    ["Call to sip:ada@example.com ended", "spinning: fast", "the basic layout", "fe80::1", "2026-03-10T09:00:00Z"],
)
def test_what_is_no_secret_stays(text: str) -> None:
    redactor = Redactor(("short",))
    assert (redactor.text(text), redactor.hidden) == (text, 0)


@pytest.mark.parametrize("piece", ["a", "<password", "x-", "eyJ-", "://", "password ", "pin  ", "'\\"])
def test_a_text_that_was_made_to_be_slow_is_read_all_the_same(piece: str) -> None:
    redactor = Redactor()
    redactor.text(piece * 30_000)
    assert redactor.hidden == 0


def test_text_that_is_no_unicode_hides_like_any_other() -> None:
    assert Redactor(["secret\ud800"]).text("a secret\ud800 b") == f"a {HIDDEN} b"
