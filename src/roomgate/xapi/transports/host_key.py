"""The key by which a device proves itself over SSH: named by its fingerprint, or as a whole."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

from roomgate.xapi.errors import BadArgument

# One RSA key signs in several ways; plain ssh-rsa means SHA-1, which nobody should take.
_SIGNATURES = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}


@dataclass(frozen=True, slots=True)
class HostKey:
    """A pinned key. ``kind`` is its type where the whole key was given, such as ``ssh-ed25519``."""

    digest: bytes
    kind: str = ""

    @classmethod
    def parse(cls, text: str) -> "HostKey":
        """Read ``SHA256:…`` (as ``ssh-keygen -l`` prints it) or ``ssh-ed25519 AAAA… [comment]``; raises BadArgument."""
        words = text.split()
        try:
            if len(words) == 1 and words[0].startswith("SHA256:"):
                digest = base64.b64decode(words[0].removeprefix("SHA256:").rstrip("=") + "=", validate=True)
                if len(digest) == hashlib.sha256().digest_size:
                    return cls(digest)
            elif len(words) >= 2 and words[0].startswith(("ssh-", "ecdsa-")):
                blob = base64.b64decode(words[1], validate=True)
                kind = words[0].encode()
                if blob.startswith(len(kind).to_bytes(4, "big") + kind):
                    return cls(hashlib.sha256(blob).digest(), words[0])
        except (binascii.Error, ValueError) as bad:
            raise BadArgument(_FORMS) from bad
        raise BadArgument(_FORMS)

    def fits(self, blob: bytes) -> bool:
        """Whether a key, as it goes over the wire, is this one."""
        return hmac.compare_digest(hashlib.sha256(blob).digest(), self.digest)

    @property
    def signatures(self) -> tuple[str, ...]:
        """The names of the signatures that such a key makes; none where the kind is not known."""
        return _SIGNATURES.get(self.kind, (self.kind,)) if self.kind else ()


_FORMS = "A host key is pinned as SHA256:…, or as the key itself: ssh-ed25519 AAAA…"
