"""The device's own self-signed certificate, made once and kept in its data folder."""

import hashlib
import ipaddress
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from roomgate.sim.store import write_private


@dataclass(frozen=True, slots=True)
class Certificate:
    """``pin`` is the SHA-256 of the DER certificate, in hex."""

    certificate: Path
    key: Path
    pin: str


def ensure_certificate(folder: Path, name: str, now: datetime) -> Certificate:
    """The room's certificate, made at the first start; it is its own CA, as on a device out of the box."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    if not (certificate.exists() and key.exists()):
        _make(certificate, key, name, now)
    der = ssl.PEM_cert_to_DER_cert(certificate.read_text(encoding="ascii"))
    return Certificate(certificate, key, hashlib.sha256(der).hexdigest())


def _make(certificate: Path, key: Path, name: str, now: datetime) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"simulated room {name}"[:64])])
    loopback = [x509.IPAddress(ipaddress.ip_address(one)) for one in ("127.0.0.1", "::1")]
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), *loopback]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .sign(private, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    write_private(key, pem)
    certificate.write_bytes(built.public_bytes(serialization.Encoding.PEM))
