from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.hub.identity.sealing import Seal

KEY = Ed25519PrivateKey.generate()


def test_what_is_sealed_opens_under_the_same_key_for_the_same_thing_alone() -> None:
    sealed = Seal(KEY).close(b"a secret", "factor_1")
    assert b"a secret" not in sealed
    assert Seal(KEY).close(b"a secret", "factor_1") != sealed
    assert Seal(KEY).open(sealed, "factor_1") == b"a secret"
    assert Seal(KEY).open(sealed, "factor_2") is None
    assert Seal(Ed25519PrivateKey.generate()).open(sealed, "factor_1") is None


def test_what_was_damaged_does_not_open() -> None:
    sealed = Seal(KEY).close(b"a secret", "factor_1")
    for at in range(len(sealed)):
        assert Seal(KEY).open(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], "factor_1") is None
        assert Seal(KEY).open(sealed[:at], "factor_1") is None
