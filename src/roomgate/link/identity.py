"""A side's identity on the link: its Ed25519 key, and the certificate that TLS wants around it.

Nobody issues these certificates, so their names and dates promise nothing: a peer accepts exactly the one
that it was given at enrolment. What ends an identity is the enrolment's state at the hub, never a date.
PEM bytes in and out; where they are kept is the programs' business.
"""

import hashlib
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from roomgate.errors import RoomgateError

HUB = "hub.roomgate"
CONNECTOR = "connector.roomgate"

_FROM = datetime(2020, 1, 1, tzinfo=UTC)
_UNTIL = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)  # "no well-defined end", RFC 5280 §4.1.2.5


class BadIdentity(RoomgateError):
    """The key or certificate is not one of the link's."""

    code = "link.identity"
    hint = "Enrol the connector again, with a fresh code."


def build_certificate(key: Ed25519PrivateKey, name: str) -> bytes:
    """The self-signed certificate (PEM) of ``key`` as ``name`` (`HUB` or `CONNECTOR`).

    A function of its arguments alone (Ed25519 signs without chance): it may be built again at each start.
    """
    public = key.public_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    identifier = x509.SubjectKeyIdentifier.from_public_key(public)
    serial = int.from_bytes(hashlib.sha256(public.public_bytes_raw()).digest()[:16], "big") | 1
    usage = ExtendedKeyUsageOID.SERVER_AUTH if name == HUB else ExtendedKeyUsageOID.CLIENT_AUTH
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(public)
        .serial_number(serial)
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
        # Not an authority: even as a trust anchor it vouches for nothing but itself.
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(key, None)
    )
    return built.public_bytes(Encoding.PEM)


def build_private_pem(key: Ed25519PrivateKey) -> bytes:
    """The private key as unencrypted PKCS#8 PEM: whoever keeps it, keeps it for its owner alone."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def parse_private_pem(pem: bytes) -> Ed25519PrivateKey:
    """Raises BadIdentity for anything but one Ed25519 key."""
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as bad:
        raise BadIdentity("This is no private key.") from bad
    if not isinstance(key, Ed25519PrivateKey):
        raise BadIdentity("The link's keys are Ed25519 keys.")
    return key


def parse_certificate(pem: bytes, name: str) -> Ed25519PublicKey:
    """The public key in a certificate that says ``name`` and that this key itself signed; raises BadIdentity."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        public = certificate.public_key()
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        if not isinstance(public, Ed25519PublicKey):
            raise BadIdentity("The link's keys are Ed25519 keys.")
        certificate.verify_directly_issued_by(certificate)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.ExtensionNotFound, x509.DuplicateExtension) as bad:
        raise BadIdentity("This is no certificate of the link.") from bad
    except InvalidSignature as bad:
        raise BadIdentity("The certificate was not signed by its own key.") from bad
    if names.get_values_for_type(x509.DNSName) != [name]:
        raise BadIdentity(f"The certificate is not made out to {name}.")
    return public
