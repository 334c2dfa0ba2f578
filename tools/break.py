"""Break each promise on purpose, and see that a test notices.

`breakages.toml` lists small acts of sabotage, each against one of the invariants in docs/invariants.md: a piece of
one source file, what stands there instead, and the tests that must fail. Each is planted in a copy of the tree, never
in the tree itself; only its own tests are run, and every one of them has to fail. All of them must pass unbroken.

    tools/break.py                 everything
    tools/break.py lock consent    those with one of the words in their description, or of these numbers
    tools/break.py --find lock     which tests of the whole mirror notice it: for adding to the list
"""

import argparse
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "tools" / "breakages.toml"
INVARIANTS = range(1, 12)
WITHIN_S = 120.0  # a run that takes longer hangs, and a test that hangs is no test
_NOTICED = re.compile(r"^FAILED (\S+?)(?:\[.*?)?(?: - .*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Breakage:
    """One act of sabotage. ``file`` is below src/roomgate; each ``old`` of the edits stands in it exactly once.

    More than one edit is for what is guarded twice: a guard behind a guard is noticed only when both are gone.
    """

    invariant: int
    what: str
    file: str
    edits: tuple[tuple[str, str], ...]
    tests: tuple[str, ...]

    def applied(self, whole: str) -> str:
        for old, new in self.edits:
            whole = whole.replace(old, new)
        return whole

    @property
    def mirror(self) -> str:
        path = Path(self.file)
        return f"tests/unit/{path.parent}/test_{path.stem.strip('_')}.py"


@dataclass(frozen=True, slots=True)
class Run:
    """What pytest said: the tests that failed, and how it ended. ``hung`` where it had to be stopped."""

    failed: frozenset[str]
    code: int
    said: str
    seconds: float
    hung: bool = False


def load(named: bool = True) -> list[Breakage]:
    """Raises ValueError for a list that says nothing certain. ``named``: its tests must be there."""
    made = [
        Breakage(
            one["invariant"],
            one["what"],
            one["file"],
            ((one["old"], one["new"]), *((edit["old"], edit["new"]) for edit in one.get("also", ()))),
            tuple(one["tests"]),
        )
        for one in tomllib.loads(LIST.read_text("utf-8"))["breakage"]
    ]
    for one in made:
        text = (ROOT / "src" / "roomgate" / one.file).read_text("utf-8")
        for old, _ in one.edits:
            if (found := text.count(old)) != 1:
                raise ValueError(f"{one.what}: its place is found {found} times in {one.file}")
        if one.applied(text) == text or one.invariant not in INVARIANTS or not one.tests:
            raise ValueError(f"{one.what}: it breaks nothing, or no invariant, or names no test")
        for test in one.tests if named else ():
            path, _, name = test.partition("::")
            if f"def {name}(" not in (ROOT / path).read_text("utf-8"):
                raise ValueError(f"{one.what}: there is no test {test}")
    return made


class Copy:
    """A copy of the tree in which things are broken, one at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ignored = shutil.ignore_patterns("__pycache__")
        for name in ("src", "tests"):
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        shutil.copy(ROOT / "pyproject.toml", folder)

    def run(self, tests: list[str]) -> Run:
        began = time.monotonic()
        env = {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": f"{self.folder / 'src'}:{self.folder / 'tests'}",
            "HYPOTHESIS_STORAGE_DIRECTORY": str(ROOT / ".hypothesis"),
        }
        words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=no", "-rfE", *tests]
        process = subprocess.Popen(
            words, cwd=self.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip
        hung = False
        try:
            said, _ = process.communicate(timeout=WITHIN_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            said, _ = process.communicate()
            hung = True
        return Run(frozenset(_NOTICED.findall(said)), process.returncode, said, time.monotonic() - began, hung)

    def run_broken(self, breakage: Breakage, tests: list[str]) -> Run:
        path = self.folder / "src" / "roomgate" / breakage.file
        whole = path.read_text("utf-8")
        try:
            self._put(path, breakage.applied(whole))
            return self.run(tests)
        finally:
            self._put(path, whole)

    @staticmethod
    def _put(path: Path, text: str) -> None:
        path.write_text(text, "utf-8")
        # What was compiled is told from the new text by its second and its size alone: take it away.
        Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)


def verdict(breakage: Breakage, run: Run) -> str:
    """Empty where every test of the breakage noticed it."""
    if run.hung:
        return f"hangs: no answer in {WITHIN_S:.0f} s"
    if missed := [test for test in breakage.tests if test not in run.failed]:
        if run.code not in (0, 1):
            return "the tests could not run: " + run.said.strip().splitlines()[-1][:120]
        return "not noticed by " + ", ".join(test.rpartition("::")[2] for test in missed)
    return ""


def chosen(every: list[Breakage], words: list[str]) -> list[Breakage]:
    if not words:
        return every
    return [
        one for one in every
        if any(word == str(one.invariant) or (not word.isdigit() and word.lower() in one.what.lower()) for word in words)
    ]  # fmt: skip


def find(copies: "SimpleQueue[Copy]", breakage: Breakage) -> str:
    files = {test.partition("::")[0] for test in breakage.tests}
    files |= {breakage.mirror} if (ROOT / breakage.mirror).exists() else set()
    copy = copies.get()
    try:
        run = copy.run_broken(breakage, sorted(files))
    finally:
        copies.put(copy)
    said = sorted(run.failed) or [f"NOBODY ({run.said.strip().splitlines()[-1][:200]})"]
    return f"{breakage.invariant} {breakage.what}{' (hangs)' if run.hung else ''}\n" + "".join(
        f"    {test}\n" for test in said
    )


def check(copies: "SimpleQueue[Copy]", breakage: Breakage) -> tuple[Breakage, Run, str]:
    copy = copies.get()
    try:
        run = copy.run_broken(breakage, list(breakage.tests))
    finally:
        copies.put(copy)
    return breakage, run, verdict(breakage, run)


def main() -> int:
    asked = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    asked.add_argument("words", nargs="*", help="only those with one of these words, or of these invariants")
    asked.add_argument("--find", action="store_true", help="say which tests of the mirrored files notice each")
    asked.add_argument("--jobs", type=int, default=2, help="how many at once")
    given = asked.parse_args()
    breakages = chosen(load(named=not given.find), given.words)
    if not breakages:
        print("There is no such breakage.", file=sys.stderr)
        return 2

    with tempfile.TemporaryDirectory(prefix="roomgate-break-") as folder, ThreadPoolExecutor(given.jobs) as pool:
        copies: SimpleQueue[Copy] = SimpleQueue()
        every = [Copy(Path(folder) / str(number)) for number in range(given.jobs)]
        for copy in every:
            copies.put(copy)
        if given.find:
            for said in pool.map(lambda one: find(copies, one), breakages):
                print(said, flush=True)
            return 0

        whole = every[0].run(sorted({test for one in breakages for test in one.tests}))
        if whole.code != 0:
            print(whole.said)
            print("The tests fail unbroken: nothing can be said.", file=sys.stderr)
            return 1
        print(f"unbroken: {whole.said.strip().splitlines()[-1]}", flush=True)
        missed = 0
        for breakage, run, fault in pool.map(lambda one: check(copies, one), breakages):
            missed += bool(fault)
            mark = "MISSED " if fault else "noticed"
            tests = len(breakage.tests)
            print(
                f"{breakage.invariant:>2}  {mark}  {run.seconds:5.1f} s  {tests} test{'s' if tests > 1 else ' '}  "
                f"{breakage.what}{f' — {fault}' if fault else ''}",
                flush=True,
            )
        print(f"{len(breakages) - missed} of {len(breakages)} breakages were noticed.")
        return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
