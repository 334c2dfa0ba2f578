"""Access ends for 50 people with 500 channels: from the revocation to the last that each channel heard.

Counted from the time in the revocation's own ledger entry, which is taken just before its commit: so the commit is
in the figure. Meanwhile things happen in the rooms, so that there is something to be heard.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bench.program import Program, WentWrong, started
from bench.result import Line, Plot, Result, Table, judged
from bench.run import Run
from bench.samples import Spread, over_repeats
from bench.scene import Person, Scene, scene
from bench.words import spread
from roomgate.clock import parse_iso

NAME = "cut"
SECONDS = 50.0
PEOPLE, EACH = 50, 10
WITHIN_MS = 300.0
TOUCH_S = 0.25  # between two touches of a panel, room after room
LOST_S = 10.0


@dataclass(slots=True)
class Fell:
    """Milliseconds for each channel, one list a repeat: to its last frame, and to its end."""

    last: list[list[float]] = field(default_factory=list)
    end: list[list[float]] = field(default_factory=list)
    by_kind: dict[str, list[list[float]]] = field(default_factory=lambda: {"socket": [], "events": []})
    answered: list[list[float]] = field(default_factory=list)  # from the entry to the route's answer


async def measure(run: Run) -> Result:
    people, repeats = run.size(PEOPLE, 5), run.size(4, 1)
    found = {"at once": Fell(), "one by one": Fell()}
    run.say("starting hub, connector, witness and simulator")
    async with scene(run.place("world")) as world, started("bench.holder") as holder:
        persons = await world.people(people, ("observe",))
        for repeat in range(repeats):
            run.say(f"repeat {repeat + 1} of {repeats}: a lock on the site")
            await _cut(world, holder, persons, _lock_site, found["at once"])
            for lock in (await world.admin.call("GET", "/api/v1/locks"))["items"]:
                await world.admin.call("DELETE", f"/api/v1/locks/{lock['id']}")
            run.say(f"repeat {repeat + 1} of {repeats}: {people} grants, one after another")
            await _cut(world, holder, persons, _revoke_all, found["one by one"])
            persons = [await world.grant_again(one, ("observe",)) for one in persons]
    return build(found, people)


async def _lock_site(world: Scene, persons: Sequence[Person]) -> None:
    wish = {"site": world.world.sites["connector"], "reason": "a measurement"}
    await world.admin.call("POST", "/api/v1/locks", wish)


async def _revoke_all(world: Scene, persons: Sequence[Person]) -> None:
    for one in persons:
        await world.admin.call("DELETE", f"/api/v1/grants/{one.grant}")


Act = Callable[[Scene, Sequence[Person]], Awaitable[None]]


async def _cut(world: Scene, holder: Program, persons: Sequence[Person], act: Act, fell: Fell) -> None:
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
    before = await _revocations(world)
    async with asyncio.TaskGroup() as group:
        noise = group.create_task(touch(world))
        await asyncio.sleep(2 * TOUCH_S)
        began = world.now()
        await act(world, persons)
        answered = world.now()
        said = await holder.say(do="ended", within_s=LOST_S)
        noise.cancel()
    if said["open"]:
        raise WentWrong(f"{said['open']} channels were not cut")
    if wrong := [one["why"] for one in said["ends"] if one["why"] not in ("4403", "cut")]:
        raise WentWrong(f"a channel ended otherwise than by a cut: {wrong[0]}")
    entries = {subject: at for subject, at in (await _revocations(world)).items() if subject not in before}
    kinds = {one["id"]: one["kind"] for one in channels}
    last: list[float] = []
    end: list[float] = []
    by_kind: dict[str, list[float]] = {kind: [] for kind in fell.by_kind}
    for one in said["ends"]:
        person = persons[int(one["id"].partition(":")[0])]
        at = entries.get(f"grant {person.grant}") or min(entries.values())
        last.append((one["last"] - at) * 1000)
        end.append((one["end"] - at) * 1000)
        by_kind[kinds[one["id"]]].append(end[-1])
    fell.last.append(last)
    fell.end.append(end)
    for kind, times in by_kind.items():
        fell.by_kind[kind].append(times)
    fell.answered.append([(answered - began) * 1000 / len(entries)])


async def _revocations(world: Scene) -> dict[str, float]:
    """When each was written, by its subject and, as a lock may come again, its sequence for all but grants."""
    page = await world.admin.call("GET", "/api/v1/ledger?kind=revocation&limit=200")
    found = {}
    for one in page["items"]:
        event = one["event"]
        key = event["subject"] if event["subject"].startswith("grant ") else f"{event['subject']} {event['sequence']}"
        found[key] = parse_iso(event["at"]).timestamp()
    return found


async def touch(world: Scene, every_s: float = TOUCH_S) -> None:
    """Somebody in the rooms presses the button for the microphones, in one room after the other, for ever."""
    while True:
        for room in world.rooms:
            await room.touch("mute")
            await asyncio.sleep(every_s)


def build(found: dict[str, Fell], people: int) -> Result:
    """Pure."""
    words = {"at once": "one lock on the site", "one by one": f"{people} grants revoked, one after another"}
    targets, rows = [], []
    for how, fell in found.items():
        targets.append(
            judged(
                f"cut.{how.replace(' ', '-')}.p99", f"the cut of {people * EACH} channels by {words[how]}: p99", "at most",
                WITHIN_MS, "ms", over_repeats(fell.last, 0.99),
                f"p50 {over_repeats(fell.last, 0.5).median:.0f} ms; the route answers after {Spread.of([one[0] for one in fell.answered]).median:.0f} ms",
            )
        )  # fmt: skip
        kinds = {"all, to the channel's end": fell.end, "all, to the last frame": fell.last}
        kinds |= {"`/ws`, to its end": fell.by_kind["socket"], "event streams, to their end": fell.by_kind["events"]}
        for name, repeats in kinds.items():
            shares = (spread(over_repeats(repeats, share)) for share in (0.5, 0.99, 1.0))
            rows.append([words[how], name, *shares])
    return Result(
        name=NAME,
        judged=targets,
        tables=[Table("From the revocation's ledger entry, in ms", ["", "channels", "p50", "p99", "last"], rows)],
        plots=[_plot(found, words)],
        units="milliseconds for each channel, one list a repeat",
        samples={
            how: {"last": _rounded(fell.last), "end": _rounded(fell.end), "answered": _rounded(fell.answered)}
            for how, fell in found.items()
        },
    )


def _rounded(repeats: list[list[float]]) -> list[list[float]]:
    return [[round(one, 1) for one in each] for each in repeats]


def _plot(found: dict[str, Fell], words: dict[str, str]) -> Plot:
    lines = []
    for how, fell in found.items():
        every = sorted(one for each in fell.end for one in each)
        step = max(1, len(every) // 100)
        shown = [(every[n], 100 * (n + 1) / len(every)) for n in [*range(0, len(every) - 1, step), len(every) - 1]]
        lines.append(Line(words[how], shown))
    return Plot("cut", "Channels that have ended, after the revocation", "milliseconds", "% of channels", lines)
