import datetime
import hashlib
import ssl

import pytest
import trustme

from roomgate.xapi.errors import BadArgument
from roomgate.xapi.transports.base import Address
from roomgate.xapi.transports.trust import Pinned, Trust

SECURE = Address.parse("wss://room.example.com")


def test_a_pin_in_the_usual_spellings():
    assert Trust(pin=":".join(["AB"] * 32)).pin == "ab" * 32


@pytest.mark.parametrize("pin", ["", "ab", "zz" * 32, "ab" * 33])
def test_what_is_no_pin(pin):
    with pytest.raises(BadArgument):
        Trust(pin=pin)


def test_one_kind_of_trust_at_a_time():
    with pytest.raises(BadArgument):
        Trust(ca="x", pin="ab" * 32)
    with pytest.raises(BadArgument):
        Trust(pin="ab" * 32, unsafe_accept_any_certificate=True)


def test_certificates_are_verified_by_default():
    for trust in (Trust(), Trust(ca=trustme.CA().cert_pem.bytes().decode())):
        context = trust.context(SECURE)
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname


def test_a_ca_from_a_file(tmp_path):
    path = tmp_path / "ca.pem"
    path.write_bytes(trustme.CA().cert_pem.bytes())
    context = Trust(ca=str(path)).context(SECURE)
    assert len(context.get_ca_certs()) == 1
    for unreadable in (str(tmp_path / "none.pem"), "-----BEGIN CERTIFICATE-----\nx"):
        with pytest.raises(BadArgument):
            Trust(ca=unreadable).context(SECURE)


def test_what_is_unsafe_is_named_so_and_logged(caplog):
    with pytest.raises(BadArgument):
        Trust().context(Address.parse("ws://room.example.com"))
    assert Trust(unsafe_plain_text=True).context(Address.parse("ws://room.example.com")) is None
    context = Trust(unsafe_accept_any_certificate=True).context(SECURE)
    assert context.verify_mode is ssl.CERT_NONE
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]


def handshake(client, certificate):
    """A TLS handshake in memory between a client's context and a server with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(down, up, server_hostname="192.0.2.10"), context.wrap_bio(up, down, server_side=True)]
    waiting = list(ends)
    while waiting:
        for end in list(waiting):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(end)


def pin(certificate):
    der = ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode())
    return hashlib.sha256(der).hexdigest()


def test_the_handshake_is_bound_to_the_certificate_that_was_pinned():
    authority = trustme.CA()
    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    mine = authority.issue_cert("other.example.com", not_before=past, not_after=past + datetime.timedelta(days=1))
    other = authority.issue_cert("other.example.com")
    handshake(Pinned(pin(mine)), mine)  # its name and its dates mean nothing
    for wrong in (Pinned(pin(mine)), Pinned("")):
        with pytest.raises(ssl.SSLCertVerificationError):
            handshake(wrong, other)
    handshake(Pinned(pin(other)), other)  # one pin has nothing to do with another
