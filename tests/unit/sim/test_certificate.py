import hashlib
import ssl
from pathlib import Path

import pytest

from roomgate.clock import HandClock
from roomgate.sim.certificate import Certificate, ensure_authority, ensure_certificate, pin_of


def test_the_certificate_is_made_once_and_its_key_is_private(tmp_path: Path) -> None:
    first = ensure_certificate(tmp_path, "Birch", HandClock().now())
    again = ensure_certificate(tmp_path, "Birch", HandClock().now())
    assert first == again
    assert len(first.pin) == 64
    assert first.key.stat().st_mode & 0o077 == 0
    context = ssl.create_default_context(cafile=first.certificate)
    assert len(context.get_ca_certs()) == 1


def test_an_authority_vouches_for_blocks_of_addresses_with_one_key(tmp_path: Path) -> None:
    now = HandClock().now()
    authority = ensure_authority(tmp_path, now)
    assert ensure_authority(tmp_path, now) == authority
    first, second = (authority.ensure_issued(tmp_path, f"block-{n}", now, [f"127.1.0.{n}"]) for n in (1, 2))
    assert authority.ensure_issued(tmp_path, "block-1", now, ["127.1.0.1"]) == first
    assert first.key == second.key
    assert first.pin != second.pin
    assert pin_of(first.certificate) == first.pin
    client = ssl.create_default_context(cafile=authority.ca)
    assert shown(client, first, "127.1.0.1") == first.pin
    with pytest.raises(ssl.SSLCertVerificationError):
        shown(client, second, "127.1.0.1")


def shown(client: ssl.SSLContext, certificate: Certificate, name: str) -> str:
    """The pin of what a client that checks names gets to see; no network between the two."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate.certificate, certificate.key)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(back, there, server_hostname=name)
    theirs = server.wrap_bio(there, back, server_side=True)
    for _ in range(4):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return hashlib.sha256(ours.getpeercert(binary_form=True) or b"").hexdigest()
