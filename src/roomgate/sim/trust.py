"""Certificates: those of the device's own services with their purposes, and the authorities that it trusts.

They are kept and shown, and nothing is done with them: the simulator's own TLS goes on as before, which
`Services Activate` for HTTPS says in the journal. A private key is looked at once, to see that it belongs to the
certificate, and not kept.
"""

from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from roomgate.sim.asked import Answer, Asked, Commands, stamp
from roomgate.sim.refusal import CommandError
from roomgate.sim.state import State

_LONGEST_PEM = 256 * 1024
_MOST = 100
_TLS_1_3 = ("TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256")
_TLS_1_2 = ("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256")


@dataclass(frozen=True, slots=True)
class Kept:
    """One certificate, and what it is used for."""

    certificate: x509.Certificate
    purposes: frozenset[str] = frozenset()

    def fingerprint(self, sha256: bool = False) -> str:
        return self.certificate.fingerprint(hashes.SHA256() if sha256 else hashes.SHA1()).hex()  # noqa: S303

    def row(self, position: int, asked: Asked, extra_members: bool) -> Answer:
        """As ``Certificates … Show`` says it; beside the fingerprint no name of a member is established."""
        row: Answer = {"id": position, "Fingerprint": self.fingerprint(asked.text("FingerprintAlgorithm") == "SHA-256")}
        if asked.text("Format", "Text") == "PEM":
            row["Certificate"] = self.certificate.public_bytes(Encoding.PEM).decode()
        if extra_members:
            row |= {
                "SubjectName": self.certificate.subject.rfc4514_string(),
                "IssuerName": self.certificate.issuer.rfc4514_string(),
                "NotBefore": stamp(self.certificate.not_valid_before_utc),
                "NotAfter": stamp(self.certificate.not_valid_after_utc),
                "Purposes": ",".join(sorted(self.purposes)),
            }
        return row


@dataclass(slots=True)
class Trust:
    """The device's certificates, by their SHA-1 fingerprint."""

    state: State
    extra_members: bool = True
    added_fingerprint: bool = True
    services: dict[str, Kept] = field(default_factory=dict)
    authorities: dict[str, Kept] = field(default_factory=dict)

    def add_service(self, asked: Asked) -> Answer:
        body = asked.call.body or ""
        certificate = _certificates(body)[0]
        _refuse_other_key(body, certificate, asked.text("PrivateKeyPassword"))
        kept = Kept(certificate)
        self._keep(self.services, kept)
        self.state.note("certificate.added", fingerprint=kept.fingerprint(), by=asked.account.name)
        return {"Fingerprint": kept.fingerprint()} if self.added_fingerprint else {}

    def activate(self, asked: Asked) -> Answer:
        fingerprint, kept = self._service(asked)
        purpose = asked.text("Purpose")
        for other, one in self.services.items():  # a purpose has one certificate
            self.services[other] = Kept(one.certificate, one.purposes - {purpose})
        self.services[fingerprint] = Kept(kept.certificate, kept.purposes | {purpose})
        self.state.note("certificate.activated", fingerprint=fingerprint, purpose=purpose, by=asked.account.name)
        return {}

    def deactivate(self, asked: Asked) -> Answer:
        fingerprint, kept = self._service(asked)
        if asked.text("Purpose") not in kept.purposes:
            raise CommandError("The certificate is not active for this purpose")
        self.services[fingerprint] = Kept(kept.certificate, kept.purposes - {asked.text("Purpose")})
        return {}

    def delete_service(self, asked: Asked) -> Answer:
        fingerprint, _ = self._service(asked)
        del self.services[fingerprint]
        self.state.note("certificate.deleted", fingerprint=fingerprint, by=asked.account.name)
        return {}

    def show_services(self, asked: Asked) -> Answer:
        wanted = asked.text("Filter")
        return self._shown([one for one in self.services.values() if not wanted or wanted in one.purposes], asked)

    def add_authorities(self, asked: Asked) -> Answer:
        for certificate in _certificates(asked.call.body or ""):
            kept = Kept(certificate)
            self._keep(self.authorities, kept)
            self.state.note("authority.added", fingerprint=kept.fingerprint(), by=asked.account.name)
        return {}

    def delete_authority(self, asked: Asked) -> Answer:
        fingerprint = _find(self.authorities, asked.text("Fingerprint"))
        del self.authorities[fingerprint]
        self.state.note("authority.deleted", fingerprint=fingerprint, by=asked.account.name)
        return {}

    def show_authorities(self, asked: Asked) -> Answer:
        return self._shown(list(self.authorities.values()), asked)

    def list_ciphers(self, _: Asked) -> Answer:
        """What is in the answer of a device is not established; these are the ciphers of a present-day TLS server."""
        least = self.state.read("Configuration", "NetworkServices", "HTTPS", "Server", "MinimumTLSVersion")
        names = [*_TLS_1_3, *(() if least == "TLSv1.3" else _TLS_1_2)]
        return {"Ciphers": [{"id": n, "Name": name} for n, name in enumerate(names, 1)]}

    def _shown(self, found: list[Kept], asked: Asked) -> Answer:
        rows = [one.row(n, asked, self.extra_members) for n, one in enumerate(found, 1)]
        return {"Details": rows} if rows else {}

    def _service(self, asked: Asked) -> tuple[str, Kept]:
        fingerprint = _find(self.services, asked.text("Fingerprint"))
        return fingerprint, self.services[fingerprint]

    def _keep(self, where: dict[str, Kept], kept: Kept) -> None:
        if kept.fingerprint() in where:
            raise CommandError("Certificate already exists")
        if len(where) >= _MOST:
            raise CommandError("No space for another certificate")
        where[kept.fingerprint()] = kept


def _find(where: dict[str, Kept], fingerprint: str) -> str:
    wanted = fingerprint.replace(":", "").lower()
    for own, kept in where.items():
        if wanted in (own, kept.fingerprint(sha256=True)):
            return own
    raise CommandError("No such certificate")


def _certificates(body: str) -> list[x509.Certificate]:
    if len(body) > _LONGEST_PEM:
        raise CommandError("The certificate is too long")
    try:
        found = x509.load_pem_x509_certificates(body.encode())
    except (ValueError, UnsupportedAlgorithm) as bad:
        raise CommandError("The body holds no PEM certificate") from bad
    return found


def _refuse_other_key(body: str, certificate: x509.Certificate, password: str) -> None:
    begin = body.find("-----BEGIN ")
    while begin >= 0 and "PRIVATE KEY" not in body[begin : body.find("\n", begin)]:
        begin = body.find("-----BEGIN ", begin + 1)
    try:
        key = load_pem_private_key(body[max(begin, 0) :].encode(), password.encode() or None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as bad:
        raise CommandError("The body holds no private key that can be read") from bad
    own = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != own:
        raise CommandError("The private key belongs to another certificate")


COMMANDS: Commands[Trust] = {
    "Security/Certificates/Services/Add": Trust.add_service,
    "Security/Certificates/Services/Activate": Trust.activate,
    "Security/Certificates/Services/Deactivate": Trust.deactivate,
    "Security/Certificates/Services/Delete": Trust.delete_service,
    "Security/Certificates/Services/Show": Trust.show_services,
    "Security/Ciphers/List": Trust.list_ciphers,
    "Security/Certificates/CA/Add": Trust.add_authorities,
    "Security/Certificates/CA/Delete": Trust.delete_authority,
    "Security/Certificates/CA/Show": Trust.show_authorities,
}
