"""Which fault, when, how long, in which room: a small grammar, and the same faults every time for the same seed.

    [seed=N;] ENTRY [; ENTRY …]
    ENTRY = KIND[=AMOUNT] @ WHEN [+LASTING] [/EVERY] [:ROOM]

``drop@10``                         ten seconds after the start, every connection of every room is cut
``delay=1.5@20+10:oslo``            from the 20th second on, oslo's answers come 1.5 s late for ten seconds
``reboot=3@30..60/5m:?``            somewhen between 30 and 60 s, and every five minutes after that, some room

AMOUNT is the fault's seconds, or its size where it has one; WHEN is a time, or two with ``..`` between them, from
which the seed draws one; times are seconds, or have ``s``, ``m`` or ``h`` behind them. ROOM is a name, ``*`` for all
(also where there is none), or ``?`` for one that the seed draws each time. Pure.
"""

import heapq
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from roomgate.errors import BadInput
from roomgate.sim.faults import SIZES, Fault, Kind, check_fault

_TIME = r"[0-9]{1,9}(?:\.[0-9]+)?[smh]?"
_ENTRY = re.compile(
    rf"(?P<kind>[a-z-]+)(?:=(?P<amount>-?{_TIME}))?\s*@\s*(?P<start>{_TIME})(?:\.\.(?P<end>{_TIME}))?"
    rf"\s*(?:\+(?P<lasting>{_TIME}))?\s*(?:/(?P<every>{_TIME}))?\s*(?::(?P<room>[^:;]+))?"
)
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_FORM = "KIND[=AMOUNT]@WHEN[+LASTING][/EVERY][:ROOM], such as delay=1.5@20+10:oslo"
EVERYWHERE, SOMEWHERE = "*", "?"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the schedule. Times are seconds after the start; ``every_s`` 0 is once."""

    fault: Fault
    earliest_s: float
    latest_s: float
    every_s: float
    room: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault that is due ``at_s`` seconds after the start, in ``room``: a name, or EVERYWHERE."""

    at_s: float
    room: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class Schedule:
    """Entries and the seed of what is left to chance."""

    entries: tuple[Entry, ...]
    seed: int = 0

    def plan(self, rooms: Sequence[str]) -> Iterator[Planned]:
        """All that will happen, in its order; without end where something comes again and again.

        Each entry draws from numbers of its own, so another entry beside it changes nothing.
        """
        chances = [random.Random(f"{self.seed}/{n}") for n in range(len(self.entries))]  # noqa: S311 (seeded on purpose)
        drawn = [_drawn(entry, rooms, chance) for entry, chance in zip(self.entries, chances, strict=True)]
        return heapq.merge(*drawn, key=lambda one: one.at_s)


def _drawn(entry: Entry, rooms: Sequence[str], chance: random.Random) -> Iterator[Planned]:
    turn = 0.0
    while True:
        at_s = turn + chance.uniform(entry.earliest_s, entry.latest_s)
        room = chance.choice(rooms) if entry.room == SOMEWHERE else entry.room
        yield Planned(at_s, room, entry.fault)
        if not entry.every_s:
            return
        turn += entry.every_s


def parse_schedule(text: str, rooms: Sequence[str]) -> Schedule:
    """Read a schedule for rooms of these names; raises BadInput that names the entry and what is wrong with it."""
    seed = 0
    entries: list[Entry] = []
    for part in filter(None, map(str.strip, text.split(";"))):
        name, _, number = part.partition("=")
        if name.strip() == "seed":
            if not number.strip().isdecimal() or entries:
                raise BadInput(f"{part!r}: a seed is a whole number, and stands before the faults")
            seed = int(number)
        else:
            entries.append(_parse_entry(part, rooms))
    if not entries:
        raise BadInput(f"the schedule holds no fault; one is {_FORM}")
    return Schedule(tuple(entries), seed)


def _parse_entry(part: str, rooms: Sequence[str]) -> Entry:
    read = _ENTRY.fullmatch(part)
    if read is None:
        raise BadInput(f"{part!r} is not understood; a fault is {_FORM}")
    kinds = {kind.value: kind for kind in Kind}
    kind = kinds.get(read["kind"])
    if kind is None:
        raise BadInput(f"{part!r}: there is no fault {read['kind']!r}; there are {', '.join(kinds)}")
    room = (read["room"] or EVERYWHERE).strip()
    if room not in (EVERYWHERE, SOMEWHERE, *rooms):
        raise BadInput(f"{part!r}: there is no room {room!r}")
    start = _seconds(read["start"])
    end = start if read["end"] is None else _seconds(read["end"])
    if end < start:
        raise BadInput(f"{part!r}: the later time stands first")
    every = _seconds(read["every"]) if read["every"] else 0.0
    if read["every"] and every < max(0.05, end - start):
        raise BadInput(f"{part!r}: /EVERY is at least 0.05 s, and no shorter than the time that is drawn from")
    try:
        return Entry(_fault(kind, read["amount"], read["lasting"]), start, end, every, room)
    except BadInput as bad:
        raise BadInput(f"{part!r}: {bad.message}") from bad


def _fault(kind: Kind, amount: str | None, lasting: str | None) -> Fault:
    until = _seconds(lasting) if lasting else 0.0
    if amount is None:
        return check_fault(Fault(kind, lasting=until))
    if kind in SIZES:
        if not amount.isdecimal():
            raise BadInput(f"{kind} takes a whole number")
        return check_fault(Fault(kind, lasting=until, size=int(amount)))
    return check_fault(Fault(kind, _seconds(amount), until))


def _seconds(text: str) -> float:
    unit = _UNITS.get(text[-1])
    return float(text[:-1]) * unit if unit else float(text)
