"""What `read`, `command` and `throughput` have in common: a scene, the two proxies, and people connected to both."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bench.clients import Clients, clients
from bench.nginx import Chain, chain
from bench.run import Run
from bench.samples import Spread, over_repeats
from bench.scene import UNCAPPED, Scene, scene
from bench.words import spread

HUB, NGINX = "roomgate", "nginx"
CAPABILITIES = ("observe", "av-control")


@dataclass(slots=True)
class Both:
    """Everything that asks and answers. The groups of clients are called `HUB` and `NGINX`."""

    scene: Scene
    chain: Chain
    clients: Clients

    def pids(self, group: str) -> dict[str, list[int]]:
        """The processes that one ask of a group passes through."""
        ends = {"clients": [self.clients.pid], "simulator": [self.scene.pid("sim")]}
        if group == HUB:
            return {"hub": [self.scene.pid("hub")], "connector": [self.scene.pid("connector")], **ends}
        outer, inner = self.chain.pids
        return {"outer nginx": outer, "inner nginx": inner, **ends}


@asynccontextmanager
async def both(run: Run, people: int, *, commands: bool) -> AsyncIterator[Both]:
    """``people`` connections each through hub and connector, and through the two proxies, to the same rooms."""
    run.say("starting hub, connector, witness, simulator and two nginx")
    async with (
        scene(run.place("world")) as world,
        chain(run.place("nginx"), world.world.authority, world.rooms) as proxies,
        clients() as asking,
    ):
        if commands:
            await world.set_cap(UNCAPPED)
        everybody = await world.people(people, CAPABILITIES)
        await asking.open(HUB, world.through_hub(everybody))
        await asking.open(NGINX, world.through(proxies, people))
        yield Both(world, proxies, asking)


Repeats = list[list[float]]


def latency_row(what: str, repeats: Sequence[Sequence[float]]) -> list[str]:
    """A row for a table of times in milliseconds: p50 and p99, each with the spread of the repeats."""
    return [what, *(spread(in_ms(repeats, share)) for share in (0.5, 0.9, 0.99)), f"{sum(map(len, repeats)):,}"]


LATENCY_COLUMNS = ["", "p50, ms", "p90, ms", "p99, ms", "asks"]


def in_ms(repeats: Sequence[Sequence[float]], share: float) -> Spread:
    found = over_repeats(repeats, share)
    return Spread(found.median / 1000, found.low / 1000, found.high / 1000)


def pairwise(ours: Repeats, theirs: Repeats, figure: Callable[[Sequence[float]], float]) -> Spread:
    """How much more ours is, repeat for repeat: what the machine did to both in that minute is in both."""
    return Spread.of([figure(mine) - figure(other) for mine, other in zip(ours, theirs, strict=True)])
