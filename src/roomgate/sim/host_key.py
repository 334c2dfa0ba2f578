"""A room's SSH host key: made once, kept in its data folder."""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from roomgate.sim.store import write_private


@dataclass(frozen=True, slots=True)
class HostKey:
    """``public`` is a line of known_hosts without the host (``ssh-ed25519 AAAA…``); ``pin`` is its fingerprint as
    `ssh-keygen -l` shows it (``SHA256:…``)."""

    file: Path
    public: str
    pin: str


def ensure_host_key(folder: Path) -> HostKey:
    """The key of the folder, made at the first start."""
    file = folder / "ssh-host-key"
    if not file.exists():
        made = ed25519.Ed25519PrivateKey.generate()
        write_private(
            file,
            made.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
            ),
        )
    private = serialization.load_ssh_private_key(file.read_bytes(), password=None)
    public = private.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    digest = hashlib.sha256(base64.b64decode(public.split()[1])).digest()
    return HostKey(file, public.decode("ascii"), "SHA256:" + base64.b64encode(digest).decode("ascii").rstrip("="))
