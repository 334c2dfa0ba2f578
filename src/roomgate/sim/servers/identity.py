"""Which certificate a room shows: its own, or another one while a fault says so."""

import ssl
from dataclasses import dataclass, field
from pathlib import Path

from roomgate.listening import load_tls
from roomgate.sim.certificate import Certificate, make_own
from roomgate.sim.faults import Kind
from roomgate.sim.room import Room

_ASKS_BACK = ("Configuration", "NetworkServices", "HTTPS", "VerifyClientCertificate")
_ELSEWHERE = ("192.0.2.1",)  # an address of documentation (RFC 5737): nobody dials it


@dataclass(slots=True)
class Identity:
    """The TLS contexts of one room. ``own`` may be shared with other rooms that have the same certificate."""

    certificate: Certificate
    own: ssl.SSLContext
    _false: dict[Kind, ssl.SSLContext] = field(default_factory=dict)
    _strict: ssl.SSLContext | None = None  # asks for a certificate; no authority of a client's is installed here

    @classmethod
    def of(cls, certificate: Certificate) -> "Identity":
        return cls(certificate, load_tls(certificate.certificate, certificate.key))

    def context(self, room: Room) -> ssl.SSLContext:
        """What is shown to who comes in now."""
        faults = room.faults
        if faults.any:
            mono = room.clock.monotonic()
            for kind in (Kind.WRONG_CERTIFICATE, Kind.CHANGED_CERTIFICATE):
                if faults.find(kind, mono):
                    return self._find(kind, room)
        if room.device.state.read(*_ASKS_BACK) == "On":
            if self._strict is None:
                self._strict = load_tls(self.certificate.certificate, self.certificate.key)
                self._strict.verify_mode = ssl.CERT_REQUIRED
            return self._strict
        return self.own

    def _find(self, kind: Kind, room: Room) -> ssl.SSLContext:
        """Made when it is first needed; the same one whenever the fault comes again."""
        if kind not in self._false:
            right = kind is Kind.CHANGED_CERTIFICATE
            certificate, key = (_at(room.folder, kind, part) for part in ("certificate", "key"))
            addresses = self.certificate.addresses if right else _ELSEWHERE
            name = f"simulated room {room.name}" if right else "somebody else"
            if not (certificate.exists() and key.exists()):
                make_own(certificate, key, name, room.clock.true.now(), addresses)
            self._false[kind] = load_tls(certificate, key)
        return self._false[kind]


def _at(folder: Path, kind: Kind, part: str) -> Path:
    return folder / f"{kind.value}-{part}.pem"
