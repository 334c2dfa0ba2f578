"""Writes the sample reports in docs/checks/samples: what `roomgate check` says of the 2019 double and of the clean one.

`make samples` does both, with all tiers. A name may also be given a target file of something that runs already:
`make samples SAMPLES="ours=target.toml"`. What a report says of this machine (its folders) stops the tool: samples are
for everybody.
"""

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TO = ROOT / "docs" / "checks" / "samples"
ROOMGATE = Path(sys.executable).with_name("roomgate")
DOUBLES = {"2019": "all", "clean": "none"}  # the sample's name, and what its double does wrong
FORMS = ("html", "json", "sarif", "csv")
READY_S = 60.0
OPTIONS = ("--tier", "site", "--allow-intrusive")


class CouldNot(Exception):
    """In words for whoever ran this."""


@contextlib.contextmanager
def double(flaws: str, folder: Path) -> Iterator[Path]:
    """A double that runs for as long as this block does; gives its target file."""
    words = [ROOMGATE, "check", "serve-double", "--flaws", flaws, "--device", "sim", "--folder", folder, "--json"]
    process = subprocess.Popen([*map(str, words)], stdout=subprocess.PIPE, text=True, cwd=folder.parent)
    watch = threading.Timer(READY_S, process.kill)  # one that never says that it is ready
    watch.start()
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        watch.cancel()
        if not line:
            raise CouldNot(f"the double did not start; try: {' '.join(map(str, words))}")
        yield Path(json.loads(line)["target"])
    finally:
        watch.cancel()
        process.terminate()
        process.wait(10)


def look_at(target: Path, out: Path) -> None:
    """One whole run; that checks fail is no fault of it."""
    words = [ROOMGATE, "check", "run", target, *OPTIONS, "--out", out]
    done = subprocess.run([*map(str, words)], stdout=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 1):
        raise CouldNot(f"the run ended with {done.returncode}; try: {' '.join(map(str, words))}")
    if subprocess.run([str(ROOMGATE), "check", "verify", str(out)], stdout=subprocess.DEVNULL, check=False).returncode:
        raise CouldNot(f"{out} is not whole")


def strays(text: str, folders: list[Path]) -> list[str]:
    """The folders of this machine that a text names."""
    return [str(one) for one in folders if str(one) in text]


def publish(name: str, out: Path, folders: list[Path]) -> None:
    TO.mkdir(parents=True, exist_ok=True)
    for form in FORMS:
        text = (out / f"report.{form}").read_text("utf-8")
        if found := strays(text, folders):
            raise CouldNot(f"{name}: report.{form} names a folder of this machine: {found[0]}")
        (TO / f"{name}.{form}").write_text(text, "utf-8")


def sample(name: str, target: str, work: Path) -> None:
    out = work / f"{name}-run"
    if target:
        look_at(Path(target), out)
    else:
        with double(DOUBLES[name], work / f"{name}-double") as file:
            look_at(file, out)
    publish(name, out, [work, ROOT, Path.home()])
    grade = json.loads((out / "report.json").read_text("utf-8"))["grade"]
    print(f"{name}: grade {grade}, {TO.relative_to(ROOT)}/{name}.html", flush=True)


def main(words: list[str]) -> int:
    wanted = dict(word.partition("=")[::2] for word in words) or dict.fromkeys(DOUBLES, "")
    if unknown := [name for name, target in wanted.items() if not target and name not in DOUBLES]:
        print(
            f"usage: tools/samples.py [{' | '.join(DOUBLES)} | NAME=TARGET.toml …]; not {unknown[0]}", file=sys.stderr
        )
        return 2
    work = Path(tempfile.mkdtemp(prefix="roomgate-samples-"))
    try:
        for name, target in wanted.items():
            sample(name, target, work)
    except CouldNot as why:
        print(f"tools/samples.py: {why}. What there is: {work}", file=sys.stderr)
        return 1
    shutil.rmtree(work)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
