"""A run's folder: what has been looked at, kept so that a killed run goes on where it was.

``run.json`` says what is checked and since when, ``target.json`` what the target file named, without its secrets;
``looks/ID.json`` is a look that has ended, written whole and renamed
into place; ``looks/ID.steps`` holds the steps of one that is going on, a line each, flushed. A look that was broken
off begins anew, and is given its earlier steps if it asks for them (a probe over days does).
"""

import hashlib
import os
from pathlib import Path

import msgspec

from roomgate import __version__
from roomgate.checks.snapshot import AnyStep, Snapshot, decode_snapshot, encode_snapshot
from roomgate.errors import BadInput, Conflict, NotFound

_step = msgspec.json.Encoder()
_steps = msgspec.json.Decoder(AnyStep)


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is of. ``target_sha256`` is of the target file's text: another file is another run."""

    target: str
    target_sha256: str
    began: str
    tier: int
    only: tuple[str, ...] = ()
    quick: bool = False
    intrusive: bool = False
    version: str = __version__


class Journal:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._looks = folder / "looks"
        self.evidence = folder / "evidence"

    def open(self, run: Run) -> Run:
        """Begin, or go on with what was begun; gives the run as it was begun. Raises Conflict for another run."""
        for one in (self.folder, self._looks, self.evidence):
            one.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._tidy()
        known = self.load_run()
        if known is None:
            _write(self.folder / "run.json", msgspec.json.format(msgspec.json.encode(run), indent=1))
            return run
        same = ("target_sha256", "tier", "only", "quick", "intrusive")
        if any(getattr(known, name) != getattr(run, name) for name in same):
            raise Conflict(
                f"{self.folder} holds another run, of {known.target}, begun {known.began}.",
                hint="Name another folder with --out, or run it with the same target file and options.",
            )
        return known

    def _tidy(self) -> None:
        """What a kill left between two moves: half a file, and the steps of a look that has ended."""
        for file in (*self.folder.glob("*.new"), *self._looks.glob("*.new")):
            file.unlink(missing_ok=True)
        for file in self._looks.glob("*.steps"):
            if file.with_suffix(".json").exists():
                file.unlink(missing_ok=True)

    def load_run(self) -> Run | None:
        """Raises BadInput for a damaged one."""
        try:
            return msgspec.json.decode((self.folder / "run.json").read_bytes(), type=Run)
        except FileNotFoundError:
            return None
        except (msgspec.MsgspecError, RecursionError) as bad:
            raise BadInput(f"{self.folder / 'run.json'} is damaged: {bad}") from bad

    def keep_target(self, raw: bytes) -> None:
        """As the run began; one that goes on keeps what it began with."""
        if not (self.folder / "target.json").exists():
            _write(self.folder / "target.json", raw)

    def load_target(self) -> bytes:
        """Raises NotFound where no run ever began here."""
        try:
            return (self.folder / "target.json").read_bytes()
        except FileNotFoundError:
            raise NotFound(
                f"{self.folder} holds no run.", hint="Name the folder that `roomgate check run` made."
            ) from None

    def find(self, look: str) -> Snapshot | None:
        """A look that has ended."""
        file = self._looks / f"{look}.json"
        return _load(file) if file.exists() else None

    def snapshots(self) -> dict[str, Snapshot]:
        """Raises BadInput for a damaged one, with its file."""
        return {file.stem: _load(file) for file in sorted(self._looks.glob("*.json"))}

    def begin(self, look: str) -> tuple[list[AnyStep], "Steps"]:
        """The steps of an earlier try that was broken off, and where the new ones go."""
        file = self._looks / f"{look}.steps"
        earlier: list[AnyStep] = []
        whole = 0  # bytes
        if file.exists():
            for line in file.read_bytes().splitlines(keepends=True):
                try:
                    step = _steps.decode(line)
                except (msgspec.MsgspecError, RecursionError):
                    break  # the line that the kill cut off
                if not line.endswith(b"\n"):
                    break
                earlier.append(step)
                whole += len(line)
        return earlier, Steps(file, whole)

    def end(self, snapshot: Snapshot) -> None:
        _write(self._looks / f"{snapshot.look}.json", encode_snapshot(snapshot))
        (self._looks / f"{snapshot.look}.steps").unlink(missing_ok=True)

    def forget(self, look: str) -> None:
        """So that it is looked at again."""
        (self._looks / f"{look}.json").unlink(missing_ok=True)

    def files(self) -> list[Path]:
        """Everything that is evidence, in a stable order."""
        return sorted(file for folder in (self._looks, self.evidence) for file in folder.rglob("*") if file.is_file())


class Steps:
    """The steps of a look that is going on; each is on disk before the next is made.

    ``whole``: so many bytes of an earlier try stay, so that a second kill loses no more than the first.
    """

    def __init__(self, file: Path, whole: int = 0) -> None:
        self._out = os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "wb")
        self._out.truncate(whole)
        self._out.seek(whole)

    def keep(self, step: AnyStep) -> None:
        self._out.write(_step.encode(step) + b"\n")
        self._out.flush()  # to the system: a kill -9 of this process loses nothing

    def close(self) -> None:
        self._out.close()


def _load(file: Path) -> Snapshot:
    try:
        return decode_snapshot(file.read_bytes())
    except BadInput as bad:
        raise BadInput(
            f"{file} is damaged: {bad.message}",
            hint="Remove it, and run again with the same options: it is looked at anew.",
        ) from bad


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _write(file: Path, raw: bytes) -> None:
    made = file.with_name(file.name + ".new")
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(raw)
        out.flush()
        os.fsync(out.fileno())
    made.replace(file)


write_whole = _write  # of the folder's other writers: all of it, or what was there before, whenever the process ends
