"""The witness protocol's texts."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from roomgate.ledger.checkpoint import COSIGNATURE, BadNote, Checkpoint, Note, VerifierKey, cosign
from roomgate.ledger.witnessing import (
    SIZE_TYPE,
    AddCheckpoint,
    BadRequest,
    Cosigned,
    LastSaw,
    WitnessRefused,
    parse_answer,
    parse_witness_key,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NOTE = Checkpoint("log.example.com", 5, bytes(32)).sign(KEY)
WITNESS = VerifierKey.of("witness.example.com", KEY, COSIGNATURE)


@given(st.integers(0, 10**17), st.lists(st.binary(min_size=32, max_size=32), max_size=63))
def test_a_request_is_read_as_it_was_built(old, proof):
    request = AddCheckpoint(old, tuple(proof), str(NOTE))
    assert AddCheckpoint.parse(request.body()) == request


def test_the_body_is_the_specifications():
    body = AddCheckpoint(3, (bytes(32),), str(NOTE)).body().decode()
    assert body.startswith("old 3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\nlog.example.com\n5\n")


STEP = b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 3\n",
        b"new 3\n\nx",
        b"old -3\n\nx",
        b"old 03\n\nx",
        b"old 3 \n\nx",
        "old ٣\n\nx".encode(),
        b"old 3\nAAAA\n\nx",
        b"old 3\n!\n\nx",
        b"old 3\n\xff\n\nx",
        b"old 3\n" + STEP * 64 + b"\nx",
        b"old 3\n\n" + b"x" * 65536,
    ],
)
def test_a_wrong_body_is_refused(body):
    with pytest.raises(BadRequest):
        AddCheckpoint.parse(body)


@given(st.binary(max_size=80))
def test_rubbish_raises_only_our_errors(body):
    with pytest.raises(BadRequest):
        AddCheckpoint.parse(b"odd " + body)
    for status, kind in ((200, ""), (409, SIZE_TYPE), (500, "")):
        try:
            parse_answer(status, kind, b"x" + body, NOTE, WITNESS)
        except WitnessRefused:
            continue
        pytest.fail("rubbish was taken for an answer")


def test_a_signature_over_our_note_is_taken():
    line = cosign(NOTE.text, WITNESS.name, KEY, 7)
    assert parse_answer(200, "", f"{line}\n".encode(), NOTE, WITNESS) == Cosigned((line,))


def test_a_signature_over_another_note_is_not():
    other = Note(Checkpoint("log.example.com", 6, bytes(32)).text(), NOTE.signatures)
    line = cosign(other.text, WITNESS.name, KEY, 7)
    with pytest.raises(WitnessRefused):
        parse_answer(200, "", f"{line}\n".encode(), NOTE, WITNESS)


def test_the_witness_tells_the_size_it_saw():
    assert parse_answer(409, SIZE_TYPE, b"12\n", NOTE, WITNESS) == LastSaw(12)
    with pytest.raises(WitnessRefused):
        parse_answer(409, "text/plain", b"12\n", NOTE, WITNESS)


def test_a_refusal_is_told_in_plain_words():
    with pytest.raises(WitnessRefused, match="403: no key"):
        parse_answer(403, "", b"no\x1bkey\n", NOTE, WITNESS)


def test_only_a_witness_key_is_a_witness_key():
    assert parse_witness_key(str(WITNESS)) == WITNESS
    with pytest.raises(BadNote):
        parse_witness_key(str(VerifierKey.of("log.example.com", KEY)))
