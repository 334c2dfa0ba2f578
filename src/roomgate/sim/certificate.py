"""Certificates: a device's own self-signed one, made once and kept; and for thousands of rooms an authority's.

What a room of its own shows is its own authority, as on a device out of the box. Rooms that share a door share one
key, and one certificate for each block of neighbouring addresses, issued by an authority that is made for them: ten
thousand keys and contexts would cost a minute and hundreds of MiB.
"""

import hashlib
import ipaddress
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from roomgate.sim.store import write_private

_LOOPBACK = ("127.0.0.1", "::1")
_LASTS = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Certificate:
    """``pin`` is the SHA-256 of the DER certificate, in hex; ``addresses`` are those that it names."""

    certificate: Path
    key: Path
    pin: str
    addresses: tuple[str, ...] = _LOOPBACK


def ensure_certificate(folder: Path, name: str, now: datetime, addresses: Sequence[str] = _LOOPBACK) -> Certificate:
    """The room's certificate, made at the first start; it is its own CA, as on a device out of the box."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    if not (certificate.exists() and key.exists()):
        make_own(certificate, key, f"simulated room {name}", now, addresses)
    return Certificate(certificate, key, pin_of(certificate), tuple(addresses))


def pin_of(certificate: Path) -> str:
    """The SHA-256 of the first certificate of a PEM file, in hex."""
    pem = certificate.read_text(encoding="ascii").partition("-----END CERTIFICATE-----")[0]
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem + "-----END CERTIFICATE-----\n")).hexdigest()


def make_own(certificate: Path, key: Path, subject: str, now: datetime, addresses: Sequence[str] = _LOOPBACK) -> None:
    """Write a new key, and a certificate for it that vouches for itself."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = _name(subject)
    built = _builder(name, name, private.public_key(), now, addresses)
    built = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    write_private(key, _pem(private))
    certificate.write_bytes(built.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


@dataclass(frozen=True, slots=True)
class Authority:
    """What vouches for the rooms of one door. ``ca`` is its PEM file."""

    ca: Path
    key: Path

    def ensure_issued(self, folder: Path, name: str, now: datetime, addresses: Sequence[str]) -> Certificate:
        """A certificate for some addresses with the authority's own key pair's sibling; made at the first start."""
        certificate, key = folder / f"{name}.pem", folder / "rooms-key.pem"
        if not key.exists():
            write_private(key, _pem(ec.generate_private_key(ec.SECP256R1())))
        if not certificate.exists():
            signing, own = _load(self.key), _load(key)
            issuer = x509.load_pem_x509_certificate(self.ca.read_bytes()).subject
            built = _builder(_name(f"simulated {name}"), issuer, own.public_key(), now, addresses)
            built = built.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            built = built.add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False
            )
            certificate.write_bytes(built.sign(signing, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return Certificate(certificate, key, pin_of(certificate), tuple(addresses))


def ensure_authority(folder: Path, now: datetime) -> Authority:
    """The authority of a data folder, made at the first start."""
    ca, key = folder / "authority.pem", folder / "authority-key.pem"
    if not (ca.exists() and key.exists()):
        make_own(ca, key, "simulated rooms", now, ())
    return Authority(ca, key)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    now: datetime,
    addresses: Sequence[str],
) -> x509.CertificateBuilder:
    names = [x509.DNSName("localhost"), *(x509.IPAddress(ipaddress.ip_address(one)) for one in addresses)]
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LASTS)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _name(words: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words[:64])])


def _pem(private: ec.EllipticCurvePrivateKey) -> bytes:
    plain = serialization.NoEncryption()
    return private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


def _load(key: Path) -> ec.EllipticCurvePrivateKey:
    private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    return private
