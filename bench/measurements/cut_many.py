"""Access ends for 1,000 people with 10,000 channels: one person, one grant, a whole site, and everybody in turn.

As in `cut`, time is counted from the revocation's own ledger entry, so the commit is in the figure. Two ends are told
apart: the last frame that said anything of a room, and the goodbye (the close frame, or the `cut` event) after which
the channel is over.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bench.measurements.cut import touch
from bench.process import memory_kib
from bench.program import Program, WentWrong, started
from bench.result import Result, Table, judged
from bench.run import Run
from bench.samples import Spread, quantile, thinned
from bench.scene import Person, Scene, scene
from bench.words import number
from roomgate.clock import parse_iso

NAME = "cut-many"
SECONDS = 300.0
PEOPLE, EACH = 1000, 10
WITHIN_MS = 1000.0
TOUCH_S = 1.0  # between two touches of a panel; each is told to every eighth channel
SAMPLED = 20  # people who are cut alone, and grants
LOST_S = 60.0
HOWS = {
    "one-person": "one person disabled",
    "one-grant": "one grant taken back",
    "everybody": "all that are left, disabled one after another",
    "site": "one lock on the site",
}


@dataclass(slots=True)
class Found:
    """Milliseconds of every channel, by how it was cut: to the last news of a room, and to the goodbye."""

    news: dict[str, list[float]] = field(default_factory=dict)
    end: dict[str, list[float]] = field(default_factory=dict)
    channels: int = 0
    hub_kib: tuple[int, int] = (0, 0)  # the hub's memory without the channels, and with them
    open_s: float = 0.0


Act = Callable[[], Awaitable[None]]


async def measure(run: Run) -> Result:
    people, sampled = run.size(PEOPLE, 12), run.size(SAMPLED, 2)
    found = Found()
    run.say("starting hub, connector, witness and simulator")
    async with scene(run.place("world")) as world, started("bench.holder") as holder:
        run.say(f"making {people} people")
        persons = await world.people(people, ("observe",))
        before = memory_kib(world.pid("hub"))["pss"]
        began = world.now()
        channels = await _open(world, holder, persons)
        found.open_s, found.channels = world.now() - began, len(channels)
        found.hub_kib = (before, memory_kib(world.pid("hub"))["pss"])
        run.say(f"{len(channels)} channels are open; a lock on the site")
        await _cut(world, holder, persons, channels, "site", partial(_lock_site, world), found)
        for lock in (await world.admin.call("GET", "/api/v1/locks"))["items"]:
            await world.admin.call("DELETE", f"/api/v1/locks/{lock['id']}")
        run.say("opening them again")
        channels = await _open(world, holder, persons)
        groups = {
            "one-person": range(sampled),
            "one-grant": range(sampled, 2 * sampled),
            "everybody": range(2 * sampled, people),
        }
        for how, who in groups.items():
            run.say(f"{HOWS[how]}: {len(who)}")
            these = [one for one in channels if int(one["id"].partition(":")[0]) in who]
            each = [persons[number] for number in who]
            await _cut(world, holder, persons, these, how, partial(_each, world, how, each), found)
    return build(found, people)


async def _open(world: Scene, holder: Program, persons: Sequence[Person]) -> list[dict[str, str]]:
    rooms = [room.name for room in world.rooms]
    channels = [
        {
            "id": f"{person}:{number}",
            "kind": "socket" if number % 2 else "events",
            "room": rooms[(person + number // 2) % len(rooms)],
            "token": persons[person].token,
        }
        for person in range(len(persons))
        for number in range(EACH)
    ]
    await holder.say(do="open", channels=channels, port=world.world.port, ca=world.world.ca)
    return channels


async def _lock_site(world: Scene) -> None:
    wish = {"site": world.world.sites["connector"], "reason": "a measurement"}
    await world.admin.call("POST", "/api/v1/locks", wish)


async def _each(world: Scene, how: str, persons: Sequence[Person]) -> None:
    for one in persons:
        if how == "one-grant":
            await world.admin.call("DELETE", f"/api/v1/grants/{one.grant}")
        else:
            await world.admin.call("PATCH", f"/api/v1/people/{one.id}", {"active": False})


async def _cut(
    world: Scene,
    holder: Program,
    persons: Sequence[Person],
    channels: Sequence[Mapping[str, str]],
    how: str,
    act: Act,
    found: Found,
) -> None:
    since = await _newest(world)
    async with asyncio.TaskGroup() as group:
        noise = group.create_task(touch(world, TOUCH_S))
        await asyncio.sleep(2.5 * TOUCH_S)
        await act()
        said = await holder.say(do="ended", within_s=LOST_S, ids=[one["id"] for one in channels])
        noise.cancel()
    if said["open"]:
        raise WentWrong(f"{said['open']} channels were not cut")
    if wrong := [one["why"] for one in said["ends"] if one["why"] not in ("4403", "cut")]:
        raise WentWrong(f"a channel ended otherwise than by a cut: {wrong[0]}")
    written = await _revocations(world, since)
    found.news[how], found.end[how] = [], []
    for one in said["ends"]:
        person = persons[int(one["id"].partition(":")[0])]
        at = written.get(f"person {person.id}") or written.get(f"grant {person.grant}") or min(written.values())
        found.news[how].append(max(0.0, (one["news"] - at) * 1000))
        found.end[how].append((one["last"] - at) * 1000)


async def _newest(world: Scene) -> int:
    page = await world.admin.call("GET", "/api/v1/ledger?limit=1")
    return int(page["items"][0]["index"])


async def _revocations(world: Scene, since: int) -> dict[str, float]:
    """When each was written, by its subject."""
    found: dict[str, float] = {}
    cursor = ""
    while True:
        page: dict[str, Any] = await world.admin.call(
            "GET", f"/api/v1/ledger?kind=revocation&limit=200&cursor={cursor}"
        )
        for one in page["items"]:
            if one["index"] <= since:
                return found
            found[one["event"]["subject"]] = parse_iso(one["event"]["at"]).timestamp()
        if not page["next"]:
            return found
        cursor = page["next"]


def build(found: Found, people: int) -> Result:
    """Pure."""
    targets, rows = [], []
    for how, words in HOWS.items():
        end, news = found.end[how], found.news[how]
        for id, what, values in (
            (f"cut-many.{how}.p99", "p99 of the last frame that says anything of a room", news),
            (f"cut-many.{how}.goodbye.p99", "p99 of the last frame of all, the goodbye", end),
        ):
            p99 = quantile(values, 0.99)
            targets.append(
                judged(
                    id, f"{people:,} people, {found.channels:,} channels; {words}: {what}", "at most", WITHIN_MS, "ms",
                    Spread(p99, p99, p99), f"{len(values):,} channels; p50 {number(quantile(values, 0.5))} ms",
                )
            )  # fmt: skip
        for name, values in (("last news of a room", news), ("last frame of all: the goodbye", end)):
            shares = [number(quantile(values, share)) for share in (0.5, 0.99, 1.0)]
            rows.append([words, f"{len(values):,}", name, *shares])
    without, held = found.hub_kib
    each = (held - without) / max(1, found.channels)
    return Result(
        name=NAME,
        judged=targets,
        tables=[
            Table("From the revocation's ledger entry, in ms", ["", "channels", "until", "p50", "p99", "last"], rows)
        ],
        notes=[
            f"The hub held {number(held / 1024)} MiB with the channels open, {number(without / 1024)} MiB without: "
            f"{number(each)} KiB for each. Opening them took {number(found.open_s)} s.",
            f"Somebody touches a panel every {TOUCH_S:g} s, and the hub tells every eighth channel of it.",
            "The clients run on the same two cores as the hub, one process for all of them.",
        ],
        units="milliseconds for each channel, thinned",
        samples={
            how: {
                "news": [round(one, 1) for one in thinned(sorted(found.news[how]), 400)],
                "end": [round(one, 1) for one in thinned(sorted(found.end[how]), 400)],
            }
            for how in HOWS
        },
    )
