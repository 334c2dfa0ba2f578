"""No canary survives, wherever it is planted; and what is no secret stays as it was."""

import json
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomgate.connector.redaction import HIDDEN, Redactor, is_secret_name, secrets_in

canaries = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHJK0123456789"), min_size=13, max_size=40).map(
    lambda text: f"Kan{text}"
)
PLACES = (
    "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\n{}",
    "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nxcL\n{}\n-----END PGP PRIVATE KEY BLOCK-----",
    "Cookie: a=b; SessionId={}",
    "set-cookie: {}; Secure",
    "Authorization: Digest username=x, response={}",
    "curl -H 'X-Api-Key: {}' https://example.com",
    "x-functions-key: {}",
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
    # as devices, macros and their authors write it
    '{{\\"password\\": \\"{}\\", \\"room\\": \\"oslo\\"}}',
    '{{\\\\\\"token\\\\\\":\\\\\\"{}\\\\\\"}}',
    "('password', '{}')",
    '{{"name": "password", "value": "{}"}}',
    '<param name="password" value="{}"/>',
    '<SIP Mode="On" password="{}"/>',
    "<ns:NewPassphrase><![CDATA[{}]]></ns:NewPassphrase>",
    '*c xConfiguration NetworkServices SNMP CommunityName: "{}"',
    "SNMP community string = {}",
    "HostKey: {}",
    "host_key={}",
    "ActivationCode: {}",
    "DTMFString: {}",
    "xCommand SystemUnit OptionKey Add Key: {}",
    "SecureSessionId={}; Path=/",
    'Digest username="x", realm="y", response="{}"',
    "bearer {}",
    "user=ada pass={}",
    "PreSharedKey={}",
    "pre-shared key: {}",
    "psk -> {}",
    "password1={}",
    "password_hash: {}",
    "the password was changed to {}7a",
    "WPA passphrase {}7a",
    "--password {}",
    "curl -u admin:{} https://example.com",
    "sip:ada:{}@example.com",
    "https://example.com/hook?sig={}",
    "https://hooks.example.com/T00/B00/{}aA123456789aA123",
    "password%3D{}",
    "ｐａｓｓｗｏｒｄ＝{}",
    "密码：{}",
    "会议密码是: {}",
    "Kennwort: {}",
    "mot de passe : {}",
    "contraseña={}",
    "AKIAIOSFODNN7EXAMPL0 and password {}7a",
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
    "SecureSessionId",
    "Authorization",
    "CommunityName",
    "PreSharedKey",
    "passwordHash",
    "OldPasswords",
    "ActivationCode",
    "MeetingInviteLink",
    "密码",
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


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=10)
@given(nests, canaries, st.sampled_from(["", "12:01 Info "]))
def test_no_canary_survives_in_running_text(place: str, nest: object, canary: str, before: str) -> None:
    redactor = Redactor()
    said = json.dumps(redactor.value(_fill(nest, before + place.format(canary))))
    assert canary not in said
    assert redactor.hidden


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=10)
@given(nests, nests, canaries)
def test_no_canary_survives_under_a_secret_name(name: str, nest: object, below: object, canary: str) -> None:
    said = json.dumps(Redactor().value(_fill(nest, {name: _fill(below, canary)})))
    assert canary not in said


SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda secret: secret,
    lambda secret: quote(secret, safe="", errors="replace"),
    lambda secret: quote(secret, errors="replace").lower(),
    lambda secret: json.dumps(secret)[1:-1],
    lambda secret: json.dumps(json.dumps(secret)[1:-1])[1:-1],
    lambda secret: escape(secret, {'"': "&quot;"}),
    lambda secret: secret.encode("utf-8", "replace").hex().upper(),
    lambda secret: b64encode(secret.encode("utf-8", "replace")).decode(),
)


@given(st.text(min_size=6, max_size=30), st.sampled_from(SPELLINGS), st.text(max_size=9))
def test_what_is_known_to_be_secret_survives_nowhere(secret: str, form: Callable[[str], str], around: str) -> None:
    spelled = form(secret)
    said = Redactor((secret,)).text(f"{around} {spelled} {around}")
    assert spelled not in said or spelled in f"{around} {HIDDEN} {around}"


@given(st.text(min_size=6, max_size=30), st.text(max_size=9))
def test_a_known_password_is_found_in_a_basic_credential(secret: str, user: str) -> None:
    """In the middle of base64 its first and last signs hang on what is around; all between them is hidden."""
    raw, name = secret.encode("utf-8", "replace"), f"{user}:".encode("utf-8", "replace")
    spelled = b64encode(name + raw).decode()
    said = Redactor((secret,)).text(f"sent {spelled}")
    first, last = -(-len(name) * 4 // 3), (len(name) + len(raw)) * 4 // 3
    assert HIDDEN in said
    assert spelled[first:last] not in said


def test_what_stands_under_a_secret_name_is_hidden_elsewhere_too() -> None:
    document = {"Proxy": {"Password": "hunter2-hunter2", "Mode": "On"}, "Log": ["tried hunter2-hunter2 in vain"]}
    found = list(secrets_in(document))
    assert found == ["hunter2-hunter2"]
    assert Redactor(found).value(document) == {
        "Proxy": {"Password": HIDDEN, "Mode": "On"},
        "Log": [f"tried {HIDDEN} in vain"],
    }


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("login --password correct-horse --room oslo", f"login --password {HIDDEN} --room oslo"),
        ("password=correct-horse room=oslo", f"password={HIDDEN} room=oslo"),
        ('{"password": "a \\" b", "room": "oslo"}', f'{{"password": {HIDDEN}, "room": "oslo"}}'),
        (
            r'{\"password\": \"a \\\" b\", \"room\": \"oslo\"}',
            rf"{{\"password\": {HIDDEN}, \"room\": \"oslo\"}}",
        ),
        ("GET https://example.com/a?sig=x&room=oslo 200", f"GET https://example.com/a?{HIDDEN} 200"),
        ("https://ada:horse@example.com/a", f"https://{HIDDEN}example.com/a"),
        ("<Password item='1'>horse</Password><Room>oslo</Room>", f"<Password item='1'>{HIDDEN}</Password><Room>oslo</Room>"),
    ],
)  # fmt: skip
def test_what_stands_around_a_secret_stays(text: str, left: str) -> None:
    redactor = Redactor()
    assert (redactor.text(text), redactor.hidden) == (left, 1)


def test_numbers_are_hidden_under_a_secret_name_and_words_of_state_are_not() -> None:
    assert Redactor().value({"Pin": 1234, "Password": "", "Secret": HIDDEN, "Token": True, "Key": {"Value": 7}}) == {
        "Pin": HIDDEN,
        "Password": "",
        "Secret": HIDDEN,
        "Token": True,
        "Key": {"Value": HIDDEN},
    }


@pytest.mark.parametrize(
    "name",
    [
        *("PassphraseExpired", "PinChangeRequired", "HostKeyAlgorithm", "PasswordPolicy", "Keyboard", "Spinning"),
        *("OptionKeys", "DTMF", "Session", "Bypass", "Passed", "Id", "", "_", "12"),
    ],
)
def test_a_name_that_only_speaks_of_secrets_is_none(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "text",
    [
        *("Call to sip:ada@example.com ended", "spinning: fast", "the basic layout", "fe80::1", "2026-03-10T09:00:00Z"),
        *("wrong password for ada", "token refresh failed", "Passed: yes", "https://example.com/a/b.html"),
        *("91d16ec7037cb02e5c045cb47945d5817ac19cc925593d39a914efbd9a5c54c9", "RoomOS 26.4.1.3 0123456789a"),
        *("backup_mradxskpvtrvzs6xapvq", "Status/SystemUnit/Hardware/Monitoring/Fan/1"),
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    redactor = Redactor(("short",))
    assert (redactor.text(text), redactor.hidden) == (text, 0)


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a1",
        "aA",
        "<password",
        "x-",
        "eyJ-",
        "://",
        "password ",
        "pin  ",
        "'\\",
        "a b ",
        "--",
        "https://a",
        "\\",
        '\\"',
    ],
)
def test_a_text_that_was_made_to_be_slow_is_read_all_the_same(piece: str) -> None:
    redactor = Redactor()
    redactor.text(piece * 30_000)
    assert redactor.hidden == 0


def test_text_that_is_no_unicode_hides_like_any_other() -> None:
    assert Redactor(["secret\ud800"]).text("a secret\ud800 b") == f"a {HIDDEN} b"
