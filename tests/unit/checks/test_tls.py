"""TLS as it is met: sound, with each kind of wrong certificate, with old protocols, with testssl.sh and without."""

import asyncio
import datetime
import json
import shutil
import ssl
import stat

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from roomgate.checks import tls
from roomgate.checks.addresses import NotPermitted
from roomgate.checks.tls import CERTIFICATE, PROTOCOL, TESTSSL, describe_certificate, look_at_tls, parse_testssl
from support.checks import ONE, kit_of
from support.tls_servers import certificate, context_of, kit_on_loopback, tls_server


@pytest.fixture(scope="module")
def ca():
    return trustme.CA()


def trusting(ca: trustme.CA) -> ssl.SSLContext:
    trust = ssl.create_default_context()
    ca.configure_trust(trust)
    return trust


async def seen(tmp_path, port, trust, host="localhost", **more):
    kit = kit_on_loopback(tmp_path, **more)
    async with kit.web:
        await look_at_tls(kit, host, port, trust, "tls")
    return {
        (fact.name, fact.value.get("protocol", "")) if fact.value else (fact.name, ""): fact
        for fact in kit.recorder.steps
    }


@pytest.mark.asyncio
async def test_a_sound_server_is_verified_and_described(tmp_path, ca):
    async with tls_server(context_of(certificate(ca))) as port:
        facts = await seen(tmp_path, port, trusting(ca))
    found = facts[CERTIFICATE, ""].value
    assert (found["verified"], found["version"]) == (True, "TLSv1.3")
    assert found["chain"][0]["names"] == ["localhost"]
    assert facts[PROTOCOL, "TLS 1.0"].value["taken"] is False
    assert facts[PROTOCOL, "TLS 1.1"].value["taken"] is False


@pytest.mark.asyncio
@pytest.mark.parametrize(("name", "days", "known", "reason"), [
    ("localhost", -1, True, "expired"),
    ("elsewhere.example", 30, True, "wrong name"),
    ("localhost", 30, False, "unknown authority"),
])  # fmt: skip
async def test_a_certificate_that_does_not_hold_says_why_and_is_described_all_the_same(
    tmp_path, ca, name, days, known, reason
):
    async with tls_server(context_of(certificate(ca, name, days))) as port:
        facts = await seen(tmp_path, port, trusting(ca) if known else ssl.create_default_context())
    found = facts[CERTIFICATE, ""].value
    assert (found["verified"], found["reason"]) == (False, reason)
    assert found["chain"][0]["names"] == [name]


@pytest.mark.asyncio
async def test_a_self_signed_certificate_is_told_as_one(tmp_path):
    file = tmp_path / "own.pem"
    file.write_bytes(self_signed())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    async with tls_server(context) as port:
        facts = await seen(tmp_path, port, ssl.create_default_context())
    assert facts[CERTIFICATE, ""].value["reason"] == "self-signed"


@pytest.mark.asyncio
@pytest.mark.parametrize(("name", "version"), tls.OLD.items())
async def test_an_old_protocol_that_is_taken_is_seen(tmp_path, ca, name, version):
    async with tls_server(context_of(certificate(ca), oldest=version)) as port:
        facts = await seen(tmp_path, port, trusting(ca))
    assert facts[CERTIFICATE, ""].value["verified"] is True
    assert facts[PROTOCOL, name].value["taken"] is True


@pytest.mark.asyncio
async def test_a_server_with_nothing_but_old_protocols_is_seen_too(tmp_path, ca):
    old = ssl.TLSVersion.TLSv1_1
    async with tls_server(context_of(certificate(ca), oldest=old, newest=old)) as port:
        facts = await seen(tmp_path, port, trusting(ca))
    assert facts[CERTIFICATE, ""].value["verified"] is None
    assert facts[CERTIFICATE, ""].value["chain"]
    assert facts[PROTOCOL, "TLS 1.1"].value["taken"] is True


@pytest.mark.asyncio
async def test_who_speaks_no_tls_or_is_not_there_gives_a_fault(tmp_path, ca):
    async with tls_server(None) as port:
        facts = await seen(tmp_path, port, trusting(ca))
    assert list(facts) == [(CERTIFICATE, "")]
    assert facts[CERTIFICATE, ""].fault
    facts = await seen(tmp_path, port, trusting(ca))
    assert facts[CERTIFICATE, ""].fault


@pytest.mark.asyncio
async def test_a_host_that_is_not_permitted_is_not_asked(tmp_path, ca):
    kit = kit_on_loopback(tmp_path)
    async with kit.web:
        with pytest.raises(NotPermitted):
            await look_at_tls(kit, "elsewhere.example", 443, trusting(ca), "tls")


@pytest.mark.asyncio
async def test_in_memory_there_is_no_tls_to_look_at(tmp_path, ca):
    kit = kit_of(tmp_path, lambda request: None, ONE)
    facts = await look_at_tls(kit, "target.example", 443, trusting(ca), "tls")
    assert [fact.fault for fact in facts] == ["there is no network here"]


# ---- testssl.sh ------------------------------------------------------------------------------------


def programmed(folder, script: str, monkeypatch) -> None:
    """A testssl that does this, alone on the path with what a shell needs."""
    file = folder / "testssl"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.mark.asyncio
async def test_the_real_testssl_agrees(tmp_path, ca, monkeypatch):
    monkeypatch.setattr(tls, "SECTIONS", ("-p",))  # 7 s instead of 14
    if shutil.which("testssl") is None:
        pytest.fail("there is no testssl; run: make setup-tests")
    async with tls_server(context_of(certificate(ca), oldest=ssl.TLSVersion.TLSv1)) as port:
        facts = await seen(tmp_path, port, trusting(ca), quick=False)
    found = {one["id"]: one["finding"] for one in facts[TESTSSL, ""].value["findings"]}
    assert found["TLS1"].startswith("offered")
    assert found["TLS1_3"].startswith("offered")


@pytest.mark.asyncio
async def test_one_that_does_not_end_is_ended_with_its_children(tmp_path, ca, monkeypatch):
    told = tmp_path / "pids"
    programmed(tmp_path, f"sleep 300 & echo $! >> {told}; echo $$ >> {told}; wait", monkeypatch)
    monkeypatch.setattr(tls, "TESTSSL_S", 0.5)
    async with tls_server(context_of(certificate(ca))) as port:
        facts = await seen(tmp_path, port, trusting(ca), quick=False)
    assert "took longer" in facts[TESTSSL, ""].fault
    pids = [int(line) for line in told.read_text().split()]
    assert len(pids) == 2
    async with asyncio.timeout(5):  # a killed process is gone once somebody has taken note of it
        while any(alive(pid) for pid in pids):
            await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.asyncio
async def test_cancelled_it_is_ended_too(tmp_path, ca, monkeypatch):
    told = tmp_path / "pid"
    programmed(tmp_path, f"echo $$ > {told}.new; mv {told}.new {told}; exec sleep 300", monkeypatch)
    async with tls_server(context_of(certificate(ca))) as port, asyncio.timeout(10), asyncio.TaskGroup() as group:
        looking = group.create_task(seen(tmp_path, port, trusting(ca), quick=False))
        while not told.exists():
            await asyncio.sleep(0.01)
        looking.cancel()
    assert not alive(int(told.read_text()))


@pytest.mark.asyncio
async def test_where_it_is_not_installed_that_is_said(tmp_path, ca, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    async with tls_server(context_of(certificate(ca))) as port:
        facts = await seen(tmp_path, port, trusting(ca), quick=False)
    assert "not installed" in facts[TESTSSL, ""].fault
    assert facts[CERTIFICATE, ""].value["verified"] is True


@pytest.mark.asyncio
async def test_one_that_writes_rubbish_found_nothing(tmp_path, ca, monkeypatch):
    programmed(tmp_path, "echo oh; exit 3", monkeypatch)
    async with tls_server(context_of(certificate(ca))) as port:
        facts = await seen(tmp_path, port, trusting(ca), quick=False)
    assert facts[TESTSSL, ""].fault == "testssl.sh found nothing"


LINES = [
    {"id": "TLS1", "severity": "LOW", "finding": "offered"},
    {"id": "SSLv3", "severity": "OK", "finding": "not offered"},
]


def test_its_output_is_read_and_one_that_was_cut_off_too():
    raw = json.dumps(LINES).encode()
    assert parse_testssl(raw) == LINES
    assert parse_testssl(raw[:-8]) == LINES[:1]
    assert parse_testssl(b"[]") == []


@given(st.binary(max_size=200))
def test_any_output_is_read(raw):
    assert isinstance(parse_testssl(raw), list)


@given(st.binary(max_size=200))
def test_any_certificate_is_described(raw):
    assert describe_certificate(raw)


def test_a_certificate_that_is_none_says_so():
    assert "unreadable" in describe_certificate(b"no certificate")


def self_signed() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    return made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
