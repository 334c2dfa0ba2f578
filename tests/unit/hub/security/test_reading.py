"""Rows out of answers of which little is established."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.security import reading

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
OURS = frozenset({"roomgate-daily"})


def pem(days: int) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "oslo.example.com")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(7).not_valid_before(NOW - timedelta(days=100)).not_valid_after(NOW + timedelta(days=days))
    )  # fmt: skip
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def test_our_own_sessions_are_marked_and_rows_without_an_id_left_out() -> None:
    answer = {
        "Session": [{"Id": "a", "Username": "Roomgate-Daily", "Type": "WebSocket"}, {"Id": "b"}, {"Username": "x"}]
    }
    rows = reading.read_sessions(answer, OURS)
    assert [(row.id, row.user, row.kind, row.ours) for row in rows] == [
        ("a", "Roomgate-Daily", "WebSocket", True),
        ("b", "", "", False),
    ]


def test_users_have_their_roles_however_they_are_told() -> None:
    answer = {
        "User": [
            {
                "Username": "ada",
                "Active": "True",
                "FailedLoginAttempts": 2,
                "Roles": [{"Role": "Admin"}, {"Role": "User"}],
            },
            {"Username": "roomgate-daily", "Roles": {"Role": ["Integrator", "User"]}, "PassphraseExpired": "True"},
        ]
    }
    ada, own = reading.read_users(answer, OURS)
    assert (ada.roles, ada.active, ada.failed, ada.needs_passphrase, ada.ours) == (
        ("Admin", "User"),
        "True",
        2,
        False,
        False,
    )
    assert (own.roles, own.active, own.needs_passphrase, own.ours) == (("Integrator", "User"), "", True, True)


def test_a_certificate_is_read_from_itself() -> None:
    (row,) = reading.read_certificates({"Details": {"Fingerprint": "ab", "Certificate": pem(12)}}, NOW)
    assert (row.subject, row.days, row.fingerprint) == ("CN=oslo.example.com", 12, "ab")


@pytest.mark.parametrize(
    ("row", "days"),
    [
        ({"NotAfter": "2026-03-09T09:00:00Z"}, -1),
        ({"NotAfter": "Mar 20 09:00:00 2026 GMT"}, 10),
        ({"NotAfter": "some day"}, None),
        ({"Certificate": "-----BEGIN CERTIFICATE-----\nrubbish"}, None),
        ({}, None),
    ],
)
def test_or_from_its_words_and_is_unknown_otherwise(row: dict[str, str], days: int | None) -> None:
    assert reading.read_certificates({"Details": [row]}, NOW)[0].days == days


def test_no_secret_of_a_listeners_address_is_shown() -> None:
    answer = [
        {
            "id": 2,
            "URL": "https://ada:hunter2@hook.example/a/b?token=hunter2",
            "Status": "OK",
            "Expression": ["/Status/Call"],
        },
        {"id": 3, "URL": ""},
    ]
    assert reading.read_slots(answer) == [
        reading.SlotRow("2", "https://***@hook.example/a/b?***", "OK", ("/Status/Call",))
    ]


def test_calls_and_ciphers() -> None:
    (call,) = reading.read_calls({"Entry": [{"CallHistoryId": 7, "DisplayName": "Ada", "Duration": 61, "id": 0}]})
    assert (call.id, call.name, call.seconds, call.number) == ("7", "Ada", "61", "")
    assert reading.read_ciphers({"Ciphers": [{"id": 1, "Name": "A-B"}], "Other": "C:D,A-B", "status": "OK"}) == [
        "A-B",
        "C",
        "D",
    ]


rubbish = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["Session", "User", "Details", "Entry", "Roles", "Id", "URL", "NotAfter"]), inner
        ),
    ),
    max_leaves=8,
)


@given(rubbish)
def test_whatever_a_device_says_is_read(answer: Any) -> None:
    reading.read_sessions(answer, OURS)
    reading.read_users(answer, OURS)
    reading.read_certificates(answer, NOW)
    reading.read_slots(answer)
    reading.read_calls(answer)
    assert isinstance(reading.read_ciphers(answer), list)
