import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from roomgate.link.identity import (
    CONNECTOR,
    HUB,
    BadIdentity,
    build_certificate,
    build_private_pem,
    parse_certificate,
    parse_private_pem,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def test_the_certificate_is_a_function_of_the_key() -> None:
    assert build_certificate(KEY, HUB) == build_certificate(KEY, HUB)
    assert build_certificate(KEY, HUB) != build_certificate(Ed25519PrivateKey.generate(), HUB)


def test_the_key_comes_back_from_its_certificate() -> None:
    assert parse_certificate(build_certificate(KEY, CONNECTOR), CONNECTOR) == KEY.public_key()


def test_a_certificate_for_the_other_side_is_refused() -> None:
    with pytest.raises(BadIdentity):
        parse_certificate(build_certificate(KEY, CONNECTOR), HUB)


def test_a_certificate_that_was_changed_is_refused() -> None:
    lines = build_certificate(KEY, HUB).decode().split("\n")
    lines[-3] = lines[-3][:3] + ("A" if lines[-3][3] != "A" else "B") + lines[-3][4:]  # inside the signature
    with pytest.raises(BadIdentity):
        parse_certificate("\n".join(lines).encode(), HUB)


@pytest.mark.parametrize(
    "rubbish", [b"", b"rubbish", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_rubbish_is_no_identity(rubbish: bytes) -> None:
    with pytest.raises(BadIdentity):
        parse_certificate(rubbish, HUB)
    with pytest.raises(BadIdentity):
        parse_private_pem(rubbish)


def test_the_private_key_comes_back() -> None:
    assert parse_private_pem(build_private_pem(KEY)).private_bytes_raw() == KEY.private_bytes_raw()


def test_other_kinds_of_key_are_refused() -> None:
    pem = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(BadIdentity):
        parse_private_pem(pem)
