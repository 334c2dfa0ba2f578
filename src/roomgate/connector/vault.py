"""Device credentials at rest: they never leave the site, and never lie on its disk in the clear.

One file, ``vault.json``: each value AES-256-GCM under the key of ``vault.key`` (mode 0600, made once by
`Vault.init`), bound to its room, account and version, so that none can be put in another's place. A seal
over the whole list refuses a file that somebody shortened or mixed from two. What it cannot notice is an
older copy of the whole file; a device then refuses the old password, once, and the room is quarantined.

Written to a new file that replaces the old one, under a lock: two processes may use it, and a kill at any
moment leaves the old or the new list.
"""

import fcntl
import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from roomgate.errors import Conflict, NotFound, RoomgateError
from roomgate.redact import Secret

_FILE, _KEY, _LOCK = "vault.json", "vault.key", "vault.lock"
_FORMAT = 1


class VaultDamaged(RoomgateError):
    """The vault cannot be opened: another key, or a file that is not as it was written."""

    code = "vault.damaged"
    hint = "Restore vault.key and vault.json together from one backup, or make a new vault and put the passwords again."


class NoCredential(NotFound):
    """The vault holds nothing for this room and account."""

    code = "vault.missing"
    hint = "Put it with `roomgate connector vault put ROOM ACCOUNT`."


class _Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    nonce: bytes
    sealed: bytes


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    values: dict[str, dict[str, _Value]]  # room → account → value
    nonce: bytes
    seal: bytes


_decoder = msgspec.json.Decoder(_File)
_Values = dict[str, dict[str, _Value]]


class Vault:
    """An opened vault. Small files and rare writes: it is read again only when the file has changed."""

    def __init__(self, folder: Path, key: Secret[bytes]) -> None:
        self._folder = folder
        self._key = key
        self._cipher = AESGCM(key.reveal())
        self._seen: tuple[int, int, int] | None = None
        self._values: _Values = {}
        self._values = self._load()

    @classmethod
    def init(cls, folder: Path) -> Self:
        """Make key and empty vault. Raises Conflict where there is one: an existing key is never replaced."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = secrets.token_bytes(32)
        vault = cls.__new__(cls)
        vault._folder, vault._key, vault._seen, vault._values = folder, Secret(key), None, {}
        vault._cipher = AESGCM(key)
        with vault._locked():
            if (folder / _KEY).exists():
                raise Conflict("This data folder has a vault already.")
            vault._save({})  # the key last: a kill in between leaves no vault, and not half of one
            with os.fdopen(os.open(folder / _KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(b64encode(key) + b"\n")
                file.flush()
                os.fsync(file.fileno())
        return vault

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Raises VaultDamaged for a missing, foreign or readable-by-others key, and for a damaged file."""
        try:
            stat = (folder / _KEY).stat()
            key = b64decode((folder / _KEY).read_bytes(), validate=False)
        except (OSError, ValueError) as bad:
            raise VaultDamaged(f"{_KEY} cannot be read: {bad}") from bad
        if stat.st_mode & 0o077:
            raise VaultDamaged(
                f"{_KEY} can be read by others.", hint=f"chmod 600 {folder / _KEY}, and change what it held."
            )
        if len(key) != 32:
            raise VaultDamaged(f"{_KEY} is no key.")
        return cls(folder, Secret(key))

    def subkey(self, purpose: str) -> Secret[bytes]:
        """A key for another purpose at this site, which says nothing of the vault's own (HKDF-SHA256, RFC 5869)."""
        info = b"roomgate vault subkey v1\0" + purpose.encode()
        return Secret(HKDF(hashes.SHA256(), 32, None, info).derive(self._key.reveal()))

    def put(self, room: str, account: str, password: Secret[str]) -> int:
        """Keep a password, durably, in place of what was there; gives the value's new version."""
        with self._locked():
            values = self._load()
            old = values.get(room, {}).get(account)
            version = old.version + 1 if old else 1
            nonce = secrets.token_bytes(12)
            sealed = self._cipher.encrypt(nonce, password.reveal().encode(), _bound(room, account, version))
            self._save({**values, room: {**values.get(room, {}), account: _Value(version, nonce, sealed)}})
        return version

    def get(self, room: str, account: str) -> Secret[str]:
        """Raises NoCredential or VaultDamaged."""
        value = self._load().get(room, {}).get(account)
        if value is None:
            raise NoCredential(f"The vault holds no password of {account} in {room}.")
        try:
            return Secret(
                self._cipher.decrypt(value.nonce, value.sealed, _bound(room, account, value.version)).decode()
            )
        except (InvalidTag, ValueError) as bad:
            raise VaultDamaged(f"The value of {account} in {room} cannot be opened.") from bad

    def remove(self, room: str, account: str | None = None) -> None:
        """Forget one account's password, or all of a room. Forgetting what is not there is done already."""
        with self._locked():
            values = {name: dict(accounts) for name, accounts in self._load().items()}
            if account is not None:
                values.get(room, {}).pop(account, None)
            if account is None or not values.get(room):
                values.pop(room, None)
            self._save(values)

    def rooms(self) -> dict[str, dict[str, int]]:
        """Room → account → version: what there is, without what it is."""
        return {room: {name: value.version for name, value in held.items()} for room, held in self._load().items()}

    def _load(self) -> _Values:
        file = self._folder / _FILE
        try:
            stat = file.stat()
            seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            if seen == self._seen:
                return self._values
            content = _decoder.decode(file.read_bytes())
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as bad:
            raise VaultDamaged(f"{_FILE} cannot be read: {bad}") from bad
        if content.format != _FORMAT:
            raise VaultDamaged(f"{_FILE} has format {content.format}; this program knows {_FORMAT}.")
        try:
            self._cipher.decrypt(content.nonce, content.seal, _listed(content.values))
        except (InvalidTag, ValueError) as bad:
            raise VaultDamaged(f"{_FILE} was made with another key, or changed since.") from bad
        self._seen, self._values = seen, content.values
        return content.values

    def _save(self, values: _Values) -> None:
        nonce = secrets.token_bytes(12)
        content = _File(_FORMAT, values, nonce, self._cipher.encrypt(nonce, b"", _listed(values)))
        fresh = self._folder / f".{_FILE}.{secrets.token_hex(4)}"
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(content)))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._folder / _FILE)
        finally:
            fresh.unlink(missing_ok=True)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self._seen = None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time, in any process; held for the few milliseconds of one write."""
        handle = os.open(self._folder / _LOCK, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _bound(room: str, account: str, version: int) -> bytes:
    return b"roomgate vault value v1\0" + msgspec.json.encode([room, account, version])


def _listed(values: _Values) -> bytes:
    """What the seal covers: every value and its place, in one order."""
    listed = [
        [room, account, value.version, value.nonce, value.sealed]
        for room, accounts in sorted(values.items())
        for account, value in sorted(accounts.items())
    ]
    return b"roomgate vault list v1\0" + msgspec.json.encode(listed)
