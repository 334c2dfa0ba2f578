"""How long an exposure check takes: a quick one of each double at the usual pace, and a hundred links at a given rate.

Both are whole processes of `roomgate check run`, from their start to the sealed report. The pace is the target file's
own: 2 requests a second, which is what a file has that says nothing, and 20 for the hundred links, so that what the
checker itself costs would show.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.program import WentWrong
from bench.result import Result, Table, judged
from bench.run import Run
from bench.samples import Spread
from bench.words import spread
from roomgate.checks.doubles.serving import Papers, build_tls, running
from roomgate.checks.journal import Journal
from roomgate.checks.snapshot import Exchange
from roomgate.checks.target import DEFAULT_PER_SECOND
from roomgate.cli.demo.certificates import Authority

NAME = "check-run"
SECONDS = 330.0
QUICK_S, OVER = 60.0, 1.1
LINKS, PER_SECOND = 100, 20.0
DOUBLES = {"all": "the 2019 double", "none": "the clean double"}
HOST = "127.0.0.1"
_RATE = re.compile(r"(?m)^requests_per_second = .*$")
_FAILED_OR_NOT = (0, 1)  # what `roomgate check run` ends with if it could look


@dataclass(slots=True)
class Took:
    """Seconds of whole runs, by what was looked at; and how many requests each sent."""

    quick: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in DOUBLES.values()})
    asked: dict[str, int] = field(default_factory=dict)
    links: list[float] = field(default_factory=list)
    allowed: list[float] = field(default_factory=list)  # what the rate alone makes of the links' requests


async def measure(run: Run) -> Result:
    took = Took()
    for repeat in range(run.size(2, 1)):
        for flaws, name in DOUBLES.items():
            run.say(f"a quick check of {name}, turn {repeat + 1}")
            folder = run.place(f"quick-{flaws}-{repeat}")
            async with _double(folder, flaws) as target:
                target.write_text(_paced(target.read_text(), DEFAULT_PER_SECOND))
                seconds, asked = await _check(target, folder / "out", "--quick")
            took.quick[name].append(seconds)
            took.asked[name] = asked
    for repeat in range(run.size(3, 1)):
        links = run.size(LINKS, 10)
        run.say(f"{links} links, turn {repeat + 1}")
        folder = run.place(f"links-{repeat}")
        async with _shut_links(folder, links) as target:
            seconds, asked = await _check(target, folder / "out", "--only", "K01")
        took.links.append(seconds)
        took.allowed.append(asked / PER_SECOND)
    return build(took, run.size(LINKS, 10))


@asynccontextmanager
async def _double(folder: Path, flaws: str) -> AsyncIterator[Path]:
    """A double as its users start it; gives its target file."""
    process = await asyncio.create_subprocess_exec(
        _roomgate(), "check", "serve-double", "--flaws", flaws, "--folder", folder, "--json",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            told = await process.stdout.readuntil(b"}\n")
        yield Path(json.loads(told)["target"])
    finally:
        process.terminate()
        await process.wait()


def _paced(text: str, per_second: float) -> str:
    made, times = _RATE.subn(f"requests_per_second = {per_second}", text)
    if times != 1:
        raise WentWrong("the double's target file names no pace")
    return made


@asynccontextmanager
async def _shut_links(folder: Path, links: int) -> AsyncIterator[Path]:
    """A service of so many device links, each of which asks a stranger to sign in; gives a target file."""
    folder.mkdir()
    authority = Authority(folder)
    async with running(_answer, HOST, 0, build_tls(Papers(*authority.issue("links")), frozenset())) as port:
        made = [
            f'[target]\nname = "Many links"\nurls = ["https://localhost:{port}/"]\nca = "{authority.ca.name}"',
            '[authorisation]\ntext = "A service on this machine, started to be measured."\nby = "Whoever started it"',
            f"[permitted]\nrequests_per_second = {PER_SECOND}",
            *(f'[[links]]\nurl = "https://localhost:{port}/d/{n:032x}"\nname = "{n}"' for n in range(links)),
        ]
        target = folder / "target.toml"
        target.write_text("\n".join(made) + "\n")
        yield target


async def _answer(scope: Any, receive: Any, send: Any) -> None:
    page = b"<html><title>Sign in</title><form method=post><input name=user><input type=password name=p></form></html>"
    if scope["type"] == "http":
        headers = [(b"content-type", b"text/html; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": page})


async def _check(target: Path, out: Path, *options: str) -> tuple[float, int]:
    """Seconds of a run, from the start of its process to its end, and how many requests it sent."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        _roomgate(), "check", "run", target, "--out", out, *options,
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    if await process.wait() not in _FAILED_OR_NOT or not (out / "report.html").exists():
        raise WentWrong(f"there is no report of {target}")
    seconds = time.perf_counter() - began
    shots = Journal(out).snapshots().values()
    return seconds, sum(isinstance(step, Exchange) for shot in shots for step in shot.steps)


def _roomgate() -> Path:
    return Path(sys.executable).with_name("roomgate")


def build(took: Took, links: int) -> Result:
    """Pure. What is judged of the links is the whole run over what their requests alone take at the permitted rate."""
    over = [whole / allowed for whole, allowed in zip(took.links, took.allowed, strict=True)]
    rows = [
        [f"quick, {name}", f"{took.asked[name]}", f"{DEFAULT_PER_SECOND:g}/s", f"{spread(Spread.of(each))} s"]
        for name, each in took.quick.items()
    ]
    asked = round(took.allowed[0] * PER_SECOND)
    rows.append([f"K01 of {links} links", f"{asked}", f"{PER_SECOND:g}/s", f"{spread(Spread.of(took.links))} s"])
    return Result(
        name=NAME,
        judged=[
            *(
                judged(
                    f"check-run.quick.{name.split()[1]}", f"a quick check of {name}", "at most", QUICK_S, "s",
                    Spread.of(each), f"{took.asked[name]} requests, {DEFAULT_PER_SECOND:g} a second",
                )
                for name, each in took.quick.items()
            ),
            judged(
                "check-run.links", f"{links} links, over what the permitted rate allows", "at most", OVER, "×",
                Spread.of(over), f"{asked} requests, {PER_SECOND:g} a second; start, report and seal are in it",
            ),
        ],
        tables=[Table("A whole run, as a process", ["", "requests", "pace", "median (least–most)"], rows)],
        units="seconds; allowed: requests over the rate",
        samples={
            **{name: [round(one, 2) for one in each] for name, each in took.quick.items()},
            "links": [round(one, 2) for one in took.links],
            "allowed": [round(one, 2) for one in took.allowed],
        },
    )  # fmt: skip
