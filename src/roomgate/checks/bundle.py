"""A run's folder, sealed: every file's hash and every finding in a ledger of our form, signed with a key of its own.

The key is made for the run and thrown away once it has signed: so nobody, the tester included, can sign another
history under it. Its public half stands on the report; who noted it down knows the bundle from any other.

``sealed/`` is an export as `roomgate ledger verify` reads it. `verify_bundle` also compares every file of the folder:
nothing is changed, nothing is missing, nothing was put in.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from roomgate.checks.finding import Finding
from roomgate.checks.journal import write_whole
from roomgate.checks.report.report import File
from roomgate.clock import iso
from roomgate.errors import NotFound
from roomgate.ledger.checkpoint import BadNote, Checkpoint, Note, VerifierKey
from roomgate.ledger.event import BadEvent, CheckEvidence, CheckJudged, Event, parse_event
from roomgate.ledger.tree import leaf_hash, root_of
from roomgate.storage.verify import verify

SEALED = "sealed"
_FILES = ("entries.jsonl", "leaves", "checkpoints.json", "checkpoint", "key")
_PROBLEMS_MOST = 50


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of a bundle; sound only if there is nothing in ``problems``."""

    key: str
    root: str
    files: int
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


class Seal:
    """A key for one run. It signs once; its private half is nowhere but here."""

    def __init__(self, run_sha256: str, private: Ed25519PrivateKey | None = None) -> None:
        self._private = private or Ed25519PrivateKey.generate()
        self._origin = f"roomgate.check/{run_sha256[:16] or 'run'}"

    @property
    def key(self) -> str:
        return str(VerifierKey.of(self._origin, self._private))

    def close(self, folder: Path, findings: Sequence[Finding], now: datetime) -> str:
        """Write ``sealed/`` over everything that is in the folder now; gives the root of the ledger, in hex."""
        at = iso(now)
        events: list[Event] = [
            CheckEvidence(at=at, file=one.name, sha256=one.sha256, size_bytes=one.size_bytes)
            for one in hashes(folder, files_of(folder))
        ]
        events += [CheckJudged(at=at, id=one.id, outcome=one.outcome.value) for one in findings]
        raws = [event.encode() for event in events]
        note = str(Checkpoint(self._origin, len(raws), root_of(raws)).sign(self._private))
        (folder / SEALED).mkdir(exist_ok=True, mode=0o700)
        for name, content in _form(raws, note, self.key).items():
            write_whole(folder / SEALED / name, content)
        return root_of(raws).hex()


def files_of(folder: Path) -> list[Path]:
    """Every file of a run's folder but the seal, in a stable order; links and the like among them."""
    return sorted(
        file
        for file in folder.rglob("*")
        if (file.is_symlink() or not file.is_dir()) and file.relative_to(folder).parts[0] != SEALED
    )


def hashes(folder: Path, files: Iterable[Path]) -> list[File]:
    return [
        File(name=file.relative_to(folder).as_posix(), sha256=_sha256(file), size_bytes=file.stat().st_size)
        for file in files
    ]


def verify_bundle(folder: Path, key: str = "") -> Verdict:
    """Whether a sealed folder is what was sealed. ``key``: as it was noted down; else the folder's own is believed.

    Raises NotFound where nothing is sealed, BadNote for a ``key`` that is none. Reads only, and asks nobody.
    """
    sealed = folder / SEALED
    if not (sealed / "entries.jsonl").is_file():
        raise NotFound(f"{folder} holds no sealed run.", hint="Name the folder that `roomgate check run` made.")
    wanted = VerifierKey.parse(key) if key else None
    found = verify(sealed, key=wanted)
    problems = [*found.problems, *_misspelt(sealed)]
    if found.signed_size != found.size:
        problems.append(f"{found.size} entries are here, and {found.signed_size} were signed for")
    told, unread = _told(sealed)
    problems += unread
    there = {file.relative_to(folder).as_posix(): file for file in files_of(folder)}
    problems += [f"{name} is missing" for name in told if name not in there]
    problems += [f"{name} was put in afterwards" for name in there if name not in told]
    for name in sorted(told.keys() & there.keys()):
        problems += _compared(there[name], told[name])
    return Verdict(found.key, found.root, len(told), tuple(problems[:_PROBLEMS_MOST]))


def _compared(file: Path, event: CheckEvidence) -> list[str]:
    if file.is_symlink() or not file.is_file():
        return [f"{event.file} is no plain file"]
    try:
        same = file.stat().st_size == event.size_bytes and _sha256(file) == event.sha256
    except OSError as bad:
        return [f"{event.file} cannot be read: {bad.strerror}"]
    return [] if same else [f"{event.file} was changed"]


def _told(sealed: Path) -> tuple[dict[str, CheckEvidence], list[str]]:
    told: dict[str, CheckEvidence] = {}
    problems = []
    for raw in _lines(sealed / "entries.jsonl"):
        try:
            event = parse_event(raw)
        except BadEvent:  # told by the ledger's own verification
            continue
        match event:
            case CheckEvidence(file=name) if name in told:
                problems.append(f"{name} is entered twice")
            case CheckEvidence():
                told[event.file] = event
            case CheckJudged():
                pass
            case _:
                problems.append(f"an entry of the kind {event.kind} has no place here")
    return told, problems


def _misspelt(sealed: Path) -> list[str]:
    """Files of the seal that say what they should, but in another form than it was written: somebody was there."""
    try:
        kept = {name: (sealed / name).read_bytes() for name in _FILES}
        strange = sorted({one.name for one in sealed.iterdir()} - set(_FILES))
        expected = _form(
            _lines(sealed / "entries.jsonl"), str(Note.parse(kept["checkpoint"].decode())), kept["key"].decode().strip()
        )
    except (OSError, UnicodeDecodeError, BadNote) as bad:
        return [f"the seal is damaged: {bad}"]
    problems = [f"{SEALED}/{name} is not as it was written" for name in _FILES if kept[name] != expected[name]]
    return problems + [f"{SEALED}/{name} has no place there" for name in strange]


def _form(raws: Sequence[bytes], note: str, key: str) -> dict[str, bytes]:
    """The files of a seal; the form is that of `roomgate ledger export`."""
    return {
        "entries.jsonl": b"".join(raw + b"\n" for raw in raws),
        "leaves": b"".join(leaf_hash(raw).hex().encode() + b"\n" for raw in raws),
        "checkpoints.json": (json.dumps([note], ensure_ascii=False, indent=1) + "\n").encode(),
        "checkpoint": note.encode(),
        "key": f"{key}\n".encode(),
    }


def _lines(file: Path) -> list[bytes]:
    return file.read_bytes().removesuffix(b"\n").split(b"\n")


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def load_key(folder: Path) -> str:
    """The key that a folder was sealed with; empty where it is not sealed."""
    try:
        return (folder / SEALED / "key").read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
