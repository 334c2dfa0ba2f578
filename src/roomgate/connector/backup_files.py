"""Backups of rooms on the site's disk: one sealed file each, which says nothing to whoever finds it.

A file is a line with the format, a line of JSON that anybody may read (whose backup it is, by the device's id, and of
when), a nonce, and the rest under AES-256-GCM with a key of the vault's. Both lines are authenticated with it, so that
no file serves under another name, in another room's folder, or with another time. What cannot be noticed is an older
backup that somebody put back under its own name: it is what it says it is, with its own time.

Written to a file with a dot before its name, which then takes its place: a kill or a full disk at any moment leaves
the backup whole or not there. What begins with a dot is no backup, and is swept away at the next start.
"""

import os
import re
import secrets
import stat
from pathlib import Path
from typing import TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from roomgate.errors import NotFound, RoomgateError
from roomgate.fleet.backup import MOST_BYTES, Contents, decode, digest_of, encode
from roomgate.ids import DeviceId, mint
from roomgate.redact import Secret

PURPOSE = "backups"  # of the vault's subkey
_FORMAT = b"roomgate backup 1\n"
_SUFFIX = ".backup"
_ID = re.compile(r"backup_[0-9a-z]{20}")
_HEAD_BYTES = 1024
_NONCE_BYTES = 12
LARGEST = MOST_BYTES + 64 * 1024  # of a file

T = TypeVar("T")


class BackupDamaged(RoomgateError):
    """The file is not as it was written: changed, cut short, of another room, or sealed with another key."""

    code = "backup.damaged"
    hint = "Take another backup of this room. Remove this one if you do not know why it is damaged."


class BackupNotKept(RoomgateError):
    """The disk did not take it: nothing was kept."""

    code = "backup.not-kept"
    hint = "Look at the disk of the connector's machine."


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in the clear."""

    id: str
    device: str
    made: str


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands beside the contents, sealed with them. ``by``: empty for the site's own schedule."""

    room: str
    name: str
    by: str
    digest: str


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    label: Label
    contents: msgspec.Raw


class Kept(msgspec.Struct, frozen=True):
    """One backup that could be read."""

    head: Head
    label: Label
    contents: Contents
    size: int


_head_decoder = msgspec.json.Decoder(Head)
_sealed_decoder = msgspec.json.Decoder(_Sealed)


class BackupFiles:
    """The folder, with a folder for each device in it. Short work of the disk's: call it from a thread."""

    def __init__(self, folder: Path, key: Secret[bytes]) -> None:
        """``key``: 32 bytes, for this alone."""
        self._folder = folder
        self._cipher = AESGCM(key.reveal())

    def sweep(self) -> int:
        """Remove what a killed program left half written; gives how many files."""
        left = list(self._folder.glob("*/.*"))
        for file in left:
            file.unlink(missing_ok=True)
        return len(left)

    def write(self, device: DeviceId, made: str, room: str, name: str, by: str, contents: Contents) -> Kept:
        """Seal and keep, durably. Raises TooLarge or BackupNotKept, and then nothing is kept."""
        plain = encode(contents)
        head = Head(mint("backup"), device, made)
        label = Label(room, name, by, digest_of(plain))
        lines = _FORMAT + msgspec.json.encode(head) + b"\n"
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, msgspec.json.encode(_Sealed(label, msgspec.Raw(plain))), lines)
        file = self._folder / device / f"{head.id}{_SUFFIX}"
        fresh = file.with_name(f".{head.id}")
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                _write_durably(fresh, lines + nonce + sealed)
                fresh.replace(file)
            finally:
                fresh.unlink(missing_ok=True)
            _settle(file.parent)
        except OSError as full:
            raise BackupNotKept(f"The backup could not be written: {full.strerror}.") from full
        return Kept(head, label, contents, len(lines) + len(nonce) + len(sealed))

    def read(self, device: DeviceId, id: str) -> Kept:
        """Raises NotFound, or BackupDamaged for whatever is not to the letter what was written."""
        if not _ID.fullmatch(id):
            raise NotFound("There is no such backup.")
        raw = _read_bounded(self._folder / device / f"{id}{_SUFFIX}")
        lines, rest = _split(raw)
        head = _decoded(_head_decoder, lines[len(_FORMAT) : -1])
        if (head.id, head.device) != (id, device):
            raise BackupDamaged("The file is another backup's, under this one's name.")
        try:
            plain = self._cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], lines)
        except (InvalidTag, ValueError) as bad:
            raise BackupDamaged("The file was changed since, or sealed with another key.") from bad
        sealed = _decoded(_sealed_decoder, plain)
        if digest_of(bytes(sealed.contents)) != sealed.label.digest:
            raise BackupDamaged("The contents have another digest than the file says.")
        try:
            return Kept(head, sealed.label, decode(sealed.contents), len(raw))
        except RoomgateError as bad:  # of another version of this program
            raise BackupDamaged(bad.message) from bad

    def ids(self, device: DeviceId) -> list[str]:
        """Of one device, in no order."""
        found = (file.name.removesuffix(_SUFFIX) for file in (self._folder / device).glob(f"*{_SUFFIX}"))
        return [id for id in found if _ID.fullmatch(id)]

    def newest(self, device: DeviceId) -> str:
        """The latest time that stands in the clear, "" where there is none: enough to plan by, and nothing is opened."""
        found = [""]
        for id in self.ids(device):
            try:
                lines, _ = _split(_read_bounded(self._folder / device / f"{id}{_SUFFIX}", _HEAD_BYTES))
                found.append(_decoded(_head_decoder, lines[len(_FORMAT) : -1]).made)
            except RoomgateError:
                continue
        return max(found)

    def remove(self, device: DeviceId, id: str) -> None:
        """Raises NotFound."""
        if not _ID.fullmatch(id):
            raise NotFound("There is no such backup.")
        try:
            (self._folder / device / f"{id}{_SUFFIX}").unlink()
        except FileNotFoundError as gone:
            raise NotFound("There is no such backup.") from gone
        except OSError as bad:
            raise BackupNotKept(f"The backup could not be removed: {bad.strerror}.") from bad


def _decoded(decoder: msgspec.json.Decoder[T], raw: bytes) -> T:
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as bad:
        raise BackupDamaged("The file is no backup of ours.") from bad


def _split(raw: bytes) -> tuple[bytes, bytes]:
    """The two lines in the clear, and what is behind them."""
    end = raw.find(b"\n", len(_FORMAT), _HEAD_BYTES)
    if not raw.startswith(_FORMAT) or end < 0:
        raise BackupDamaged("The file is no backup of ours.")
    return raw[: end + 1], raw[end + 1 :]


def _read_bounded(file: Path, most: int = LARGEST) -> bytes:
    """The beginning of a plain file of a size that we write; no link is followed."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError as gone:
        raise NotFound("There is no such backup.") from gone
    except OSError as bad:
        raise BackupDamaged(f"The file cannot be opened: {bad.strerror}.") from bad
    with os.fdopen(handle, "rb") as opened:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST:
            raise BackupDamaged("The file is larger than a backup, or is no file.")
        try:
            return opened.read(most)
        except OSError as bad:
            raise BackupDamaged(f"The file cannot be read: {bad.strerror}.") from bad


def _write_durably(file: Path, content: bytes) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def _settle(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
