"""One key, several purposes: a signature for one is worth nothing for another."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from roomgate.link.signing import ENROL, ENROLLED, ORDER, OUTCOME, RENEWAL, BadSignature, fingerprint, sign, verify

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
DOMAINS = (ENROL, ENROLLED, ORDER, RENEWAL, OUTCOME)


@given(st.sampled_from(DOMAINS), st.binary(max_size=200))
def test_what_was_signed_verifies(domain, body):
    verify(KEY.public_key(), domain, body, sign(KEY, domain, body))


@given(st.permutations(DOMAINS), st.binary(max_size=200))
def test_a_signature_for_one_purpose_is_worth_nothing_for_another(domains, body):
    with pytest.raises(BadSignature):
        verify(KEY.public_key(), domains[0], body, sign(KEY, domains[1], body))


def test_no_domain_is_the_beginning_of_another():
    assert [(a, b) for a in DOMAINS for b in DOMAINS if a is not b and b.startswith(a)] == []
    assert all(domain.endswith(b"\0") for domain in DOMAINS)


@given(st.binary(min_size=1, max_size=50), st.data())
def test_any_changed_bit_is_seen(body, data):
    signature = sign(KEY, ORDER, body)
    bit = data.draw(st.integers(0, 8 * (len(body) + 64) - 1))
    both = bytearray(body + signature)
    both[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BadSignature):
        verify(KEY.public_key(), ORDER, bytes(both[:-64]), bytes(both[-64:]))


@given(st.binary(max_size=100))
def test_rubbish_is_a_bad_signature_and_nothing_else(rubbish):
    with pytest.raises(BadSignature):
        verify(KEY.public_key(), ORDER, b"body", rubbish)


def test_another_key_is_another_key():
    with pytest.raises(BadSignature):
        verify(OTHER.public_key(), ORDER, b"body", sign(KEY, ORDER, b"body"))


def test_a_fingerprint_is_half_a_hash_in_groups_of_four():
    shown = fingerprint(KEY.public_key())
    assert shown.replace("-", "") == hashlib.sha256(KEY.public_key().public_bytes_raw()).hexdigest()[:32]
    assert [len(group) for group in shown.split("-")] == [4] * 8
    assert shown != fingerprint(OTHER.public_key())
