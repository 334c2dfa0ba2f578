"""An authenticator of a test's own: it makes passkeys and shows them, and can be told to lie. Its codec is fido2's."""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData


def text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def raw(coded: str) -> bytes:
    return urlsafe_b64decode(coded + "=" * (-len(coded) % 4))


@dataclass
class Authenticator:
    """``origin``: what its browser says; ``counter``: of signatures; ``verifies``: whether it knows its owner."""

    origin: str
    counter: int = 0
    verifies: bool = True
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential: bytes = b"a passkey of a test"
    owner: bytes = b""

    def make(self, options: bytes | str) -> str:
        """Answer the options of an enrolment."""
        asked: dict[str, Any] = json.loads(options)
        self.owner = raw(asked["user"]["id"])
        public = ES256.from_cryptography_key(self.key.public_key())
        data = AttestedCredentialData.create(Aaguid(bytes(16)), self.credential, public)
        shown = self._data(asked["rp"]["id"], attested=data)
        attestation = AttestationObject.create("none", shown, {})
        client = self._client("webauthn.create", asked["challenge"])
        return self._answer({"attestationObject": text(attestation), "clientDataJSON": text(client)})

    def show(self, options: bytes | str, party: str = "") -> str:
        """Answer the options of a sign-in."""
        asked: dict[str, Any] = json.loads(options)
        shown = self._data(party or asked["rpId"])
        client = self._client("webauthn.get", asked["challenge"])
        signature = self.key.sign(shown + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {
                "authenticatorData": text(shown), "clientDataJSON": text(client), "signature": text(signature),
                "userHandle": text(self.owner),
            }
        )  # fmt: skip

    def _data(self, party: str, attested: AttestedCredentialData | None = None) -> AuthenticatorData:
        flags = AuthenticatorData.FLAG.UP
        if self.verifies:
            flags |= AuthenticatorData.FLAG.UV
        if attested is not None:
            flags |= AuthenticatorData.FLAG.AT
        return AuthenticatorData.create(hashlib.sha256(party.encode()).digest(), flags, self.counter, attested or b"")

    def _client(self, what: str, challenge: str) -> CollectedClientData:
        return CollectedClientData.create(what, challenge, self.origin)

    def _answer(self, response: dict[str, str]) -> str:
        id = text(self.credential)
        return json.dumps(
            {"id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {}, "response": response}
        )
