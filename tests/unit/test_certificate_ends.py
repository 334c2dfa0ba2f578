from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.certificate_ends import load_ends, pem_ends
from roomgate.link.identity import CONNECTOR, build_certificate

END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
PEM = build_certificate(Ed25519PrivateKey.generate(), CONNECTOR).decode()


def test_each_certificate_that_can_be_read_is_found() -> None:
    rubbish = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    assert list(pem_ends(f"before\n{PEM}between{rubbish}{PEM}")) == [END, END]


def test_of_files_those_that_hold_one(tmp_path: Path) -> None:
    (tmp_path / "good").write_text(PEM)
    (tmp_path / "other").write_bytes(b"\xff\xfe")
    (tmp_path / "empty").write_text("")
    files = [(name, tmp_path / name) for name in ("good", "other", "empty", "gone")]
    assert load_ends(files) == [("good", END)]
