"""Certificates, kept and shown."""

import pytest

from roomgate.sim.device import Device
from roomgate.sim.profile import get_profile
from support.simulated import ADMIN, DAILY, NINE, Talk, pems

SERVICES = "xCommand/Security/Certificates/Services"
CA = "xCommand/Security/Certificates/CA"


def test_a_certificate_is_added_used_shown_and_deleted() -> None:
    talk = Talk.open(ADMIN)
    public, private, sha256 = pems("room")
    fingerprint = talk.result(f"{SERVICES}/Add", body=public + private)["Fingerprint"]
    assert talk.code(f"{SERVICES}/Add", body=public + private) == 1
    talk.result(f"{SERVICES}/Activate", Fingerprint=sha256, Purpose="HTTPS")
    (row,) = talk.result(f"{SERVICES}/Show", Filter="HTTPS", Format="PEM")["Details"]
    assert (row["Fingerprint"], row["Purposes"], row["Certificate"]) == (fingerprint, "HTTPS", public)
    assert "Details" not in talk.result(f"{SERVICES}/Show", Filter="SIP")
    talk.result(f"{SERVICES}/Deactivate", Fingerprint=fingerprint, Purpose="HTTPS")
    assert talk.code(f"{SERVICES}/Deactivate", Fingerprint=fingerprint, Purpose="HTTPS") == 1
    talk.result(f"{SERVICES}/Delete", Fingerprint=fingerprint)
    assert talk.code(f"{SERVICES}/Delete", Fingerprint=fingerprint) == 1


def test_a_purpose_has_one_certificate() -> None:
    talk = Talk.open(ADMIN)
    first, second = (
        talk.result(f"{SERVICES}/Add", body="".join(pems(name)[:2]))["Fingerprint"] for name in ("one", "other")
    )
    for fingerprint in (first, second):
        talk.result(f"{SERVICES}/Activate", Fingerprint=fingerprint, Purpose="HTTPS")
    (row,) = talk.result(f"{SERVICES}/Show", Filter="HTTPS")["Details"]
    assert row["Fingerprint"] == second


@pytest.mark.parametrize(
    "body",
    ["", "rubbish", pems("room")[0], pems("room")[1], pems("room")[0] + pems("other")[1], "x" * 300_000],
)
def test_what_is_no_certificate_with_its_key_is_refused(body: str) -> None:
    talk = Talk.open(ADMIN)
    assert talk.code(f"{SERVICES}/Add", body=body) == 1
    assert talk.device.trust.services == {}


def test_a_key_under_a_password_needs_it() -> None:
    talk = Talk.open(ADMIN)
    public, private, _ = pems("locked", b"secret words")
    assert talk.code(f"{SERVICES}/Add", body=public + private) == 1
    talk.result(f"{SERVICES}/Add", body=public + private, PrivateKeyPassword="secret words")
    assert "secret words" not in str(list(talk.device.state.take_notes()))


def test_authorities_are_added_together_shown_and_deleted() -> None:
    talk = Talk.open(ADMIN)
    talk.result(f"{CA}/Add", body=pems("one")[0] + pems("other")[0])
    rows = talk.result(f"{CA}/Show")["Details"]
    assert [row["SubjectName"] for row in rows] == ["CN=one", "CN=other"]
    talk.result(f"{CA}/Delete", Fingerprint=rows[0]["Fingerprint"])
    assert len(talk.result(f"{CA}/Show")["Details"]) == 1
    assert talk.code(f"{CA}/Add", body=pems("other")[0]) == 1


def test_only_an_admin_changes_certificates() -> None:
    talk = Talk.open(DAILY)
    assert talk.code(f"{CA}/Add", body=pems("one")[0]) == -31999
    assert talk.code(f"{SERVICES}/Add", body="".join(pems("one")[:2])) == -31999


def test_the_fingerprint_comes_back_or_not() -> None:
    device = Device.new("Birch", get_profile("26").with_switches({"added_fingerprint": False}), NINE)
    answer = Talk.open(ADMIN, device=device).result(f"{SERVICES}/Add", body="".join(pems("room")[:2]))
    assert answer == {"status": "OK"}


def test_ciphers_follow_the_least_version_of_tls() -> None:
    talk = Talk.open(ADMIN)
    both = [one["Name"] for one in talk.result("xCommand/Security/Ciphers/List")["Ciphers"]]
    talk.device.state.configure("NetworkServices", "HTTPS", "Server", "MinimumTLSVersion", value="TLSv1.3")
    newest = [one["Name"] for one in talk.result("xCommand/Security/Ciphers/List")["Ciphers"]]
    assert set(newest) < set(both)
    assert all(name.startswith("TLS_") for name in newest)
