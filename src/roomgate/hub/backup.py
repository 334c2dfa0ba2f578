"""A hub's backup: one file with its database and its keys, sealed by a manifest of their hashes.

The file is a tar of exactly four members in a fixed order. The manifest is the first; its own hash is the
**seal**, which `make_backup` gives, so that whoever writes it down elsewhere can tell a file that was
changed as a whole. The database is copied by SQLite itself (VACUUM INTO: one consistent moment, beside a
running hub, and nothing of what was deleted). Not inside: the configuration, the TLS certificate, the witness.
"""

import asyncio
import hashlib
import io
import os
import shutil
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import inspect

from roomgate import __version__
from roomgate.clock import Clock, iso
from roomgate.errors import BadInput, Conflict, NotFound, RoomgateError
from roomgate.hub.parts import ensure_keys
from roomgate.hub.restoration.service import ORIGIN
from roomgate.hub.restoration.store import count
from roomgate.ledger.checkpoint import build_name
from roomgate.storage.database import Database
from roomgate.storage.record import Record
from roomgate.storage.verify import verify

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "hub.db"
FILES = (DATABASE, "keys/order.pem", "keys/ledger.pem")
_LARGEST_MANIFEST = 64 * 1024
_PIECE = 1024 * 1024


class BadBackup(RoomgateError):
    """The file is no backup of a hub, or it is not as it was made; nothing was restored."""

    code = "backup.bad"
    hint = "Take another copy of the backup; this one was damaged or changed."


class Member(msgspec.Struct, frozen=True):
    size_bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What is inside. ``entries`` counts the ledger's, so that an older backup can be told from a newer one."""

    format: int
    version: str
    made: str
    entries: int
    files: dict[str, Member]

    def encode(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self), indent=1)


@dataclass(frozen=True, slots=True)
class Backup:
    manifest: Manifest
    seal: str  # SHA-256 of the manifest, in hex


def make_backup(data: Path, database: Path, target: Path, clock: Clock) -> Backup:
    """Write a backup to a new file of mode 0600, beside a running hub or not. Runs a loop of its own.

    Raises Conflict where the file exists, NotFound where there is no hub, BadInput where it cannot be written.
    A kill in the middle leaves a folder ``.backup-…`` beside the target, and no target.
    """
    if not database.is_file() or not all((data / name).is_file() for name in FILES[1:]):
        raise NotFound(f"{data} holds no hub.", hint="Name the configuration of a hub that was made with hub init.")
    if target.exists():
        raise Conflict(f"{target} exists; a backup never overwrites.", hint="Name a new file.")
    try:
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.absolute().parent) as name:
            folder = Path(name)
            copy = _copy_database(database, folder / DATABASE)
            entries = asyncio.run(_sign(copy, ensure_keys(data / "keys").ledger))
            sources = {DATABASE: copy, **{key: data / key for key in FILES[1:]}}
            files = {key: _member(path) for key, path in sources.items()}
            manifest = Manifest(FORMAT, __version__, iso(clock.now()), entries, files)
            _write(folder / "backup", manifest, sources)
            os.link(folder / "backup", target)  # refuses to overwrite, unlike a rename
        _sync_folder(target.absolute().parent)
    except FileExistsError as bad:
        raise Conflict(f"{target} exists; a backup never overwrites.", hint="Name a new file.") from bad
    except OSError as bad:
        raise BadInput(f"{target} cannot be written: {bad.strerror}.") from bad
    return Backup(manifest, _seal(manifest.encode()))


def open_backup(source: Path, folder: Path, seal: str = "") -> Backup:
    """Unpack a backup into a folder that exists and is empty, verifying everything. Raises BadBackup.

    What is believed: names and sizes are those of the manifest, every hash fits, the seal fits if one is
    given, and the ledger in the database is as its own checkpoints say.
    """
    try:
        with tarfile.open(source, "r:") as tar:
            raw = _read_manifest(tar)
            backup = Backup(_parse(raw), _seal(raw))
            if seal and seal.strip().lower() != backup.seal:
                raise BadBackup("The seal is another: this is not the backup that you mean.")
            for name in FILES:
                _unpack(tar, name, backup.manifest.files[name], folder)
            if tar.next() is not None:
                raise BadBackup("There is more in the file than the manifest names.")
    except (OSError, ValueError, OverflowError, tarfile.TarError, EOFError) as bad:  # tarfile raises all of these
        raise BadBackup(f"{source.name} cannot be read as a backup: {bad}") from bad
    verdict = verify(folder, database=DATABASE)
    if not verdict.ok:
        raise BadBackup(f"The ledger in it does not hold: {verdict.problems[0]}.")
    if verdict.size != backup.manifest.entries:
        raise BadBackup("The ledger in it has another length than the manifest says.")
    return backup


def make_beside(data: Path) -> Path:
    """A new folder beside the data folder, mode 0700, to unpack into."""
    data.absolute().parent.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f".{data.name}-restoring-", dir=data.absolute().parent))


def place(unpacked: Path, data: Path) -> None:
    """Make the unpacked folder the data folder, in one move. Raises Conflict unless that is missing or empty."""
    try:
        unpacked.rename(data)  # onto an empty folder, or a new one: anything else fails
        _sync_folder(data.absolute().parent)
    except OSError as bad:
        raise Conflict(f"{data} is not empty, or cannot be made: {bad.strerror}.") from bad


def require_empty(data: Path) -> None:
    """Raises Conflict for a folder that holds anything."""
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise Conflict(f"{data} is not empty; a backup is restored into a new folder.", hint="Name another folder.")


def _copy_database(database: Path, copy: Path) -> Path:
    """A consistent copy, mode 0600."""
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # VACUUM INTO takes an empty file
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as db:
            db.execute("VACUUM INTO ?", (str(copy),))
        with closing(sqlite3.connect(copy)) as db:
            if db.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
                raise BadBackup("The database is damaged; it was not backed up.", hint="Restore an earlier backup.")
    except sqlite3.Error as bad:
        raise BadBackup(f"The database cannot be copied: {bad}.", hint="See that the disk has room.") from bad
    return copy


async def _sign(copy: Path, key: Ed25519PrivateKey) -> int:
    """Sign the ledger in the copy as it is, so that it can be verified; gives how many entries it has."""
    db = Database.open(copy)
    try:
        restored = await db.read(lambda conn: count(conn) if inspect(conn).has_table("restorations") else 0)
        record = Record(db, build_name(ORIGIN, restored), key)
        await record.checkpoint()
        return await record.size()
    finally:
        await db.aclose()


def _member(path: Path) -> Member:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
        return Member(file.tell(), digest.hexdigest())


def _write(target: Path, manifest: Manifest, sources: dict[str, Path]) -> None:
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            raw = manifest.encode()
            tar.addfile(_info(MANIFEST, len(raw)), io.BytesIO(raw))
            for name, path in sources.items():
                with path.open("rb") as file:
                    tar.addfile(_info(name, manifest.files[name].size_bytes), file)
        out.flush()
        os.fsync(out.fileno())


def _info(name: str, size_bytes: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size_bytes, 0o600
    return info


def _next(tar: tarfile.TarFile, name: str) -> tuple[tarfile.TarInfo, IO[bytes]]:
    info = tar.next()
    if info is None or info.name != name or not info.isreg():
        raise BadBackup(f"{name} is not where it should be.")
    file = tar.extractfile(info)
    assert file is not None  # it is a regular file
    return info, file


def _read_manifest(tar: tarfile.TarFile) -> bytes:
    info, file = _next(tar, MANIFEST)
    if info.size > _LARGEST_MANIFEST:
        raise BadBackup("The manifest is too large.")
    return file.read()


def _parse(raw: bytes) -> Manifest:
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as bad:
        raise BadBackup(f"The manifest cannot be read: {bad}.") from bad
    if manifest.format != FORMAT:
        raise BadBackup(f"This is format {manifest.format}; version {manifest.version} made it.")
    if set(manifest.files) != set(FILES):
        raise BadBackup("The manifest names other files than a hub has.")
    return manifest


def _unpack(tar: tarfile.TarFile, name: str, member: Member, folder: Path) -> None:
    info, file = _next(tar, name)
    if info.size != member.size_bytes:
        raise BadBackup(f"{name} has another size than when it was made.")
    path = folder / name
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        shutil.copyfileobj(file, out, _PIECE)
        out.flush()
        os.fsync(out.fileno())
    if _member(path) != member:
        raise BadBackup(f"{name} is not as it was made.")


def _seal(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
