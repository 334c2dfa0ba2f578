"""How long people wait before anything: hub and connector ready, and the command line's help."""

import asyncio
import sys
import time
from pathlib import Path

from bench.program import WentWrong
from bench.result import Result, Table, judged
from bench.run import Run
from bench.samples import Spread, median
from bench.scene import Scene, scene
from bench.words import spread

NAME = "start"
SECONDS = 40.0
READY_S = 2.0
HELP_MS = 150.0


async def measure(run: Run) -> Result:
    ready: dict[str, list[float]] = {"hub": [], "connector": [], "hub, first answer": []}
    said: dict[str, list[float]] = {"help": [], "python": []}
    run.say("starting hub, connector, witness and simulator")
    async with scene(run.place("world")) as world:
        repeats = run.size(5, 2)
        for repeat in range(repeats):
            run.say(f"start {repeat + 1} of {repeats}")
            await _restart(world, ready)
    run.say("roomgate --help")
    for _ in range(run.size(30, 3)):
        said["help"].append(await _command(str(Path(sys.executable).with_name("roomgate")), "--help"))
        said["python"].append(await _command(sys.executable, "-c", "pass"))
    return build(ready, said)


async def _restart(world: Scene, ready: dict[str, list[float]]) -> None:
    """Both anew, on the data that is there; ready is what each says of itself, in its line on standard output."""
    for name in ("connector", "hub"):
        await world.world.programs.stop(name)
    began = time.monotonic()
    await world.world.run_hub()
    ready["hub"].append(time.monotonic() - began)
    await world.admin.call("GET", "/api/v1/whoami")
    ready["hub, first answer"].append(time.monotonic() - began)
    began = time.monotonic()
    await world.world.run_connector()
    ready["connector"].append(time.monotonic() - began)
    await world.fine()
    ready.setdefault("connector, all rooms at the hub", []).append(time.monotonic() - began)


async def _command(*words: str) -> float:
    """Milliseconds of a command from its start to its end."""
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.DEVNULL)
    if await process.wait():
        raise WentWrong(f"{' '.join(words[1:])} failed")
    return (time.monotonic() - began) * 1000


def build(ready: dict[str, list[float]], said: dict[str, list[float]]) -> Result:
    """Pure: ``ready`` in seconds, ``said`` in milliseconds."""
    rows = [[name, f"{spread(Spread.of(each))} s"] for name, each in ready.items()]
    rows.append(["`roomgate --help`", f"{spread(Spread.of(said['help']))} ms"])
    rows.append(["of it, the bare interpreter (`python -c pass`)", f"{spread(Spread.of(said['python']))} ms"])
    return Result(
        name=NAME,
        judged=[
            *(
                judged(f"start.{name}", f"the {name} is ready", "at most", READY_S, "s", Spread.of(ready[name]))
                for name in ("hub", "connector")
            ),
            judged(
                "start.help",
                "`roomgate --help`",
                "at most",
                HELP_MS,
                "ms",
                Spread.of(said["help"]),
                f"the bare interpreter takes {median(said['python']):.0f} ms of it",
            ),
        ],
        tables=[Table("From the start of a process", ["", "median (least–most)"], rows)],
        units="seconds for programs, milliseconds for commands",
        samples={name: [round(one, 3) for one in each] for name, each in (ready | said).items()},
    )
