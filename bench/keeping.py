"""What is kept: a folder for each measurement and day under `bench/results`, and what the profiles say."""

import subprocess
from pathlib import Path

import msgspec

from bench import ROOT
from bench.machine import Machine
from bench.result import Result

RESULTS = ROOT / "bench" / "results"
PROFILES = ROOT / "bench" / "profiles"


class Kept(msgspec.Struct, frozen=True):
    """One file: what was found, on what, and when (a day, in UTC)."""

    day: str
    machine: Machine
    result: Result


def save(kept: Kept, results: Path = RESULTS) -> Path:
    """``<day>-<name>/result.json``; a second run on one day takes the place of the first."""
    folder = results / f"{kept.day}-{kept.result.name}"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "result.json"
    file.write_bytes(msgspec.json.encode(kept) + b"\n")
    return file


def load_newest(names: list[str], results: Path = RESULTS) -> list[Kept]:
    """The newest of each measurement that there is, in the order of the names."""
    found = []
    for name in names:
        files = sorted(file for file in results.glob(f"*-{name}/result.json") if file.parent.name[11:] == name)
        if files:
            found.append(msgspec.json.decode(files[-1].read_bytes(), type=Kept))
    return found


def load_profiles(root: Path = ROOT) -> dict[str, str]:
    """The committed text of each profile, by measurement; a file that is not committed explains nothing.

    Without git (an unpacked archive) what is there counts as committed.
    """
    found = {}
    for file in sorted((root / "bench" / "profiles").glob("*.md")):
        name = file.relative_to(root).as_posix()
        try:
            shown = subprocess.run(
                ["git", "show", f"HEAD:{name}"], cwd=root, capture_output=True, text=True, timeout=10, check=False
            )
        except OSError:
            found[file.stem] = file.read_text("utf-8")
            continue
        if shown.returncode == 0:
            found[file.stem] = shown.stdout
        elif not (root / ".git").exists():
            found[file.stem] = file.read_text("utf-8")
    return found
