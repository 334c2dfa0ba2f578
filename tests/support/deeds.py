"""What the actors of the chaos did and were told, and the report of it all."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field

WORK, CUTS, CALLS = "oslo", "lima", "pier"  # one room for each kind of actor
ROOMS = (WORK, CUTS, CALLS)


@dataclass(slots=True)
class Told:
    """One command and what its asker was told of it."""

    room: str
    status: int = 0  # of the HTTP answer; 0 where there was none
    outcome: str = ""
    ask: str = ""
    entry: int | None = None


@dataclass(slots=True)
class Deeds:
    asks: dict[str, Told] = field(default_factory=dict)  # by the text that was to be shown
    granted: set[str] = field(default_factory=set)
    cut: dict[str, float] = field(default_factory=dict)  # grant → how long until the room was silent, s
    dials: int = 0
    wanted: set[str] = field(default_factory=set)  # titles of the bookings that the calendar holds
    booked: int = 0
    wrong: list[str] = field(default_factory=list)  # what an actor saw that must not be


@dataclass(frozen=True, slots=True)
class Round:
    number: int
    killed: str
    again: bool  # killed a second time while it started
    recovered_s: float
    steps: dict[str, float]


@dataclass(slots=True)
class Report:
    seed: int
    rounds: list[Round] = field(default_factory=list)
    deeds: Deeds = field(default_factory=Deeds)
    twice: list[str] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)  # an asker was told what did not happen, or the other way round
    lost: list[str] = field(default_factory=list)  # accepted, and not there any more
    ledgers: list[str] = field(default_factory=list)  # a record that does not verify
    unexplained: list[str] = field(default_factory=list)  # findings that no restart explains
    outcomes: Counter[str] = field(default_factory=Counter)
    explained: int = 0

    @property
    def times(self) -> list[float]:
        return sorted(one.recovered_s for one in self.rounds)

    def summary(self) -> str:
        times = self.times
        at = lambda part: times[min(len(times) - 1, int(part * len(times)))]  # noqa: E731
        by = {
            name: [r.recovered_s for r in self.rounds if r.killed == name]
            for name in sorted({r.killed for r in self.rounds})
        }
        lines = [
            f"seed {self.seed}: {len(self.rounds)} rounds, {len(self.deeds.asks)} commands {dict(self.outcomes)}, "
            f"{len(self.deeds.granted)} grants, {len(self.deeds.cut)} cuts, {self.deeds.dials} dials, "
            f"{self.deeds.booked} bookings",
            f"recovered after (s): median {at(0.5):.1f}, p90 {at(0.9):.1f}, p99 {at(0.99):.1f}, most {times[-1]:.1f}",
            *(
                f"  {name}: {len(some)} kills, median {sorted(some)[len(some) // 2]:.1f}, most {max(some):.1f}"
                for name, some in by.items()
            ),
            f"findings that a restart explains: {self.explained}",
        ]  # fmt: skip
        for what in ("twice", "untrue", "lost", "ledgers", "unexplained"):
            lines += [f"{what}: {one}" for one in getattr(self, what)]
        lines += [f"wrong: {one}" for one in self.deeds.wrong]
        return "\n".join(lines)

    def to_json(self) -> str:
        return json.dumps({"seed": self.seed, "rounds": [asdict(one) for one in self.rounds]}, indent=1)
