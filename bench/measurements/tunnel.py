"""A tunnel to a device's own page: what hub and connector let through, beside the same connection made directly."""

import asyncio
import json
import os
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bench.process import cpu_of
from bench.program import WentWrong, started, stop
from bench.result import Result, Table, judged
from bench.run import Run
from bench.samples import Spread, median, quantile, thinned
from bench.scene import Person, Scene, scene
from bench.switch import HEAD, WORD
from bench.words import spread
from roomgate.cli.demo.inside import Inside
from roomgate.cli.demo.world import devices_file

NAME = "tunnel"
SECONDS = 60.0
MB = 1_000_000
LEAST_MB_S = 50.0
MOST_HOP_MS = 1.0
HOPS = 3  # the local port, the hub, the connector
SMALL = 64  # bytes there and back
KEPT = 800
POLICY = 'name = "managed"\ncedar = "managed"\nopen = ["Roomgate Tunnel"]\n'
WAYS = {"d": "from the device", "u": "to the device"}
START_S = 30.0


@dataclass(slots=True)
class Seen:
    mb_s: dict[str, list[float]] = field(default_factory=lambda: {way: [] for way in WAYS})
    cpu: dict[str, list[float]] = field(default_factory=dict)  # seconds for each 100 MB, by program
    echo_us: list[list[float]] = field(default_factory=list)


async def measure(run: Run) -> Result:
    repeats, megabytes, echoes = run.size(5, 2), run.size(200, 40), run.size(2000, 300)
    found = {"tunnel": Seen(), "direct": Seen()}
    run.say("starting hub, connector, witness and simulator")
    async with scene(run.place("world")) as world, started("bench.switch") as switch:
        room = world.rooms[0]
        direct = (await switch.say(do="open", port=room.port))["port"]
        person = await _allow(world, room, direct)
        async with _tunnel(world, room, person) as (near, pid):
            pids = {
                "command line": [pid],
                "hub": [world.pid("hub")],
                "connector": [world.pid("connector")],
                "device": [switch.pid],
            }
            await asyncio.to_thread(_stream, near, "d", 8 * MB)  # the first bytes are nobody's everyday
            for repeat in range(repeats):
                run.say(f"repeat {repeat + 1} of {repeats}")
                for name, port in (("tunnel", near), ("direct", direct)):
                    seen = found[name]
                    before = {program: cpu_of(each) for program, each in pids.items()}
                    for way in WAYS:
                        took_s = await asyncio.to_thread(_stream, port, way, megabytes * MB)
                        seen.mb_s[way].append(megabytes / took_s)
                    for program, each in pids.items():
                        used = (cpu_of(each) - before[program]) / (2 * megabytes / 100)
                        seen.cpu.setdefault(program, []).append(used)
                    seen.echo_us.append(await asyncio.to_thread(_echo, port, echoes))
    return build(found)


async def _allow(world: Scene, room: Inside, port: int) -> Person:
    """The site allows tunnels and knows the room by this port; somebody may open one."""
    await world.world.programs.stop("connector")
    world.world.file("policy.toml", POLICY)
    world.world.file("devices.toml", devices_file(world.rooms, {room.name: port}))
    await world.world.run_connector()
    await world.fine()
    return (await world.people(1, ("observe", "web")))[0]


@asynccontextmanager
async def _tunnel(world: Scene, room: Inside, person: Person) -> AsyncIterator[tuple[int, int]]:
    """`roomgate room tunnel`, open: its port and its process."""
    given = {"ROOMGATE_HUB": world.world.hub, "ROOMGATE_CA": world.world.ca, "ROOMGATE_TOKEN": person.token}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from roomgate.cli.main import main; main()",
        "room", "tunnel", room.name, "--no-open", "--json",
        env={**os.environ, **given}, stdout=asyncio.subprocess.PIPE,  # noqa: TID251 (what a child of ours is given)
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_S):
            line = await process.stdout.readline()
        if not line:
            raise WentWrong("the tunnel was not opened")
        yield urlsplit(json.loads(line)["address"]).port or 0, process.pid
    finally:
        await stop(process)


def _stream(port: int, way: str, count: int) -> float:
    """So many bytes one way; the seconds from the word to the last byte."""
    with socket.create_connection(("127.0.0.1", port)) as wire:
        began = time.perf_counter()
        wire.sendall(WORD + HEAD.pack(way.encode(), count))
        piece, left = bytearray(256 * 1024), count
        if way == "u":
            while left > 0:
                left -= wire.send(memoryview(piece)[: min(left, len(piece))])
            left = 1
        while left > 0:
            got = wire.recv_into(piece, min(left, len(piece)))
            if not got:
                raise WentWrong("the connection ended before its bytes were through")
            left -= got
        return time.perf_counter() - began


def _echo(port: int, times: int) -> list[float]:
    """Microseconds there and back, one after another."""
    took = []
    with socket.create_connection(("127.0.0.1", port)) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.sendall(WORD + HEAD.pack(b"e", times * SMALL))
        for _ in range(times):
            began, left = time.perf_counter(), SMALL
            wire.sendall(bytes(SMALL))
            while left > 0:
                got = len(wire.recv(left))
                if not got:
                    raise WentWrong("the connection ended")
                left -= got
            took.append((time.perf_counter() - began) * 1e6)
    return took


def build(found: dict[str, Seen]) -> Result:
    """Pure."""
    ours, theirs = found["tunnel"], found["direct"]
    more = [
        (median(mine) - median(other)) / HOPS / 1000 for mine, other in zip(ours.echo_us, theirs.echo_us, strict=True)
    ]
    targets = [
        judged(
            f"tunnel.{way}", f"through a tunnel, {words}", "at least", LEAST_MB_S, "MB/s", Spread.of(ours.mb_s[way]),
            f"{median(theirs.mb_s[way]):,.0f} MB/s directly",
        )
        for way, words in WAYS.items()
    ]  # fmt: skip
    targets.append(
        judged(
            "tunnel.hop", f"{SMALL} bytes there and back: more than directly, for each of {HOPS} hops, p50", "at most",
            MOST_HOP_MS, "ms", Spread.of(more),
            f"{median(map(median, ours.echo_us)) / 1000:.2f} ms against {median(map(median, theirs.echo_us)) / 1000:.2f} ms",
        )
    )  # fmt: skip
    rows = [
        [
            name, spread(Spread.of(seen.mb_s["d"])), spread(Spread.of(seen.mb_s["u"])),
            *(spread(Spread.of([quantile(one, share) / 1000 for one in seen.echo_us])) for share in (0.5, 0.99)),
        ]
        for name, seen in (("through the tunnel", ours), ("directly", theirs))
    ]  # fmt: skip
    costs = [[program, spread(Spread.of(each))] for program, each in ours.cpu.items()]
    return Result(
        name=NAME,
        judged=targets,
        tables=[
            Table(
                "One connection through a tunnel",
                ["", "from the device, MB/s", "to the device, MB/s", "there and back p50, ms", "p99, ms"],
                rows,
            ),
            Table("What 100 MB through it cost", ["program", "seconds of processor time"], costs),
        ],
        units="mb_s: megabytes a second; echo_us: microseconds there and back; cpu: seconds for 100 MB. By repeat",
        samples={
            name: {
                "mb_s": {way: [round(one, 1) for one in each] for way, each in seen.mb_s.items()},
                "cpu": {program: [round(one, 3) for one in each] for program, each in seen.cpu.items()},
                "echo_us": [[round(one, 1) for one in thinned(each, KEPT)] for each in seen.echo_us],
            }
            for name, seen in found.items()
        },
    )
