import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.link.signing import ENROL, ENROLLED, ORDER, OUTCOME, RENEWAL, BadSignature, fingerprint, sign, verify

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
DOMAINS = (ENROL, ENROLLED, ORDER, OUTCOME, RENEWAL)


def test_a_signature_holds_for_its_key_domain_and_bytes_alone() -> None:
    signature = sign(KEY, ORDER, b"body")
    verify(KEY.public_key(), ORDER, b"body", signature)
    for domain in set(DOMAINS) - {ORDER}:
        with pytest.raises(BadSignature):
            verify(KEY.public_key(), domain, b"body", signature)
    with pytest.raises(BadSignature):
        verify(KEY.public_key(), ORDER, b"bodY", signature)
    with pytest.raises(BadSignature):
        verify(Ed25519PrivateKey.generate().public_key(), ORDER, b"body", signature)


@pytest.mark.parametrize("signature", [b"", b"short", bytes(64), bytes(65)])
def test_what_is_no_signature_is_refused(signature: bytes) -> None:
    with pytest.raises(BadSignature):
        verify(KEY.public_key(), ORDER, b"body", signature)


def test_no_domain_begins_another() -> None:
    assert not any(a != b and a.startswith(b) for a in DOMAINS for b in DOMAINS)


def test_a_fingerprint_can_be_read_aloud() -> None:
    groups = fingerprint(KEY.public_key()).split("-")
    assert [len(group) for group in groups] == [4] * 8
    assert fingerprint(Ed25519PrivateKey.generate().public_key()) != fingerprint(KEY.public_key())
