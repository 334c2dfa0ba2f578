"""A plan over 2,000 rooms and 200 settings, one setting applied to all of them, and a plan of which 50 are offline.

A device answers a reading or a change after `DEVICE_S`, and the hub has `AT_ONCE` rooms of a connector under way: the
devices' own rate is so many in each delay. See `bench.town` for what answers.
"""

import math
from typing import Any

from bench.program import Program, WentWrong, started
from bench.result import Result, Table, judged
from bench.run import Run
from bench.samples import Spread
from bench.words import number
from roomgate.hub.fleet.run import AT_ONCE

NAME = "fleet"
SECONDS = 120.0
ROOMS, SETTINGS = 2000, 200
DIFFER = 100  # of the settings of each room
AWAY, BACK = 50, 25  # rooms that are offline when it is planned; that are back when it is applied
DEVICE_S = 0.25


async def measure(run: Run) -> Result:
    rooms = run.size(ROOMS, 60)
    plans, applied = [], []
    async with started("bench.town") as town:
        folder = str(run.place("hub"))
        await town.say(do="open", folder=folder, rooms=rooms, settings=SETTINGS, differ=DIFFER, device_s=DEVICE_S)
        for repeat in range(run.size(3, 1)):
            run.say(f"repeat {repeat + 1}")
            plan = await town.say(do="plan", settings=SETTINGS)
            require(plan, waiting=rooms)
            plans.append(plan["seconds"])
            await town.say(do="cancel", id=plan["id"])
            one = await town.say(do="plan", settings=1)
            require(one, waiting=rooms)
            done = await town.say(do="apply", id=one["id"])
            require(done, done=rooms)
            applied.append(done["seconds"])
        run.say("some are offline")
        offline = await some_offline(town, rooms)
    return build(rooms, plan["asks"], plans, applied, offline)


async def some_offline(town: Program, rooms: int) -> list[list[str]]:
    """Those that do not answer are told apart, tried again when it is applied, and told where they stay away."""
    await town.say(do="away", count=AWAY)
    plan = await town.say(do="plan", settings=1, tries=2, pause_s=0.1)
    require(plan, waiting=rooms - AWAY, offline=AWAY)
    await town.say(do="away", count=AWAY - BACK)
    done = await town.say(do="apply", id=plan["id"])
    require(done, done=rooms - AWAY + BACK, offline=AWAY - BACK)
    await town.say(do="away", count=0)
    return [["planned", f"{rooms - AWAY:,}", f"{AWAY}"], ["applied", f"{rooms - AWAY + BACK:,}", f"{AWAY - BACK}"]]


def require(told: dict[str, Any], **counts: int) -> None:
    """Raises WentWrong where any room stands otherwise."""
    if told["counts"] != counts:
        raise WentWrong(f"its rooms are {told['counts']}, and not {counts}")


def build(rooms: int, asks: int, plans: list[float], applied: list[float], offline: list[list[str]]) -> Result:
    """Pure: from the seconds that each repeat took."""
    bound = math.ceil(rooms / AT_ONCE) * DEVICE_S
    shares = Spread.of([one / bound for one in applied])
    made = Spread.of(plans)
    return Result(
        name=NAME,
        judged=[
            judged(
                "fleet.plan", f"a plan over {ROOMS:,} rooms × {SETTINGS} settings, {DIFFER} of which differ", "at most", 20.0,
                "s", made, f"{asks:,} asks to devices that answer after {DEVICE_S} s, {AT_ONCE} rooms at once",
            ),
            judged(
                "fleet.apply", f"one setting applied to {ROOMS:,} rooms, against the devices' own rate", "at most", 1.2,
                "× the bound", shares, f"the bound is {number(bound)} s: {AT_ONCE} rooms in each {DEVICE_S} s",
            ),
        ],
        tables=[
            Table(
                "Plan and apply", ["", "seconds, each repeat"],
                [["planned", ", ".join(map(number, plans))], ["applied", ", ".join(map(number, applied))]],
            ),
            Table(
                f"A plan of which {AWAY} rooms are offline, {BACK} of them back when it is applied",
                ["", "rooms that answered", "told as offline"], offline,
            ),
        ],
        notes=[
            "The devices are a delay in the hub's own process; nothing of the link but its signatures is in it. "
            "What the site says of a call beforehand asks no device."
        ],
        units="seconds",
        samples={"plans": plans, "applied": applied},
    )  # fmt: skip
