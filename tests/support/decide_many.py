"""Random asks by the million: `python -m support.decide_many 1000000 [SEED]` holds the two decisions against each other."""

import random
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

from roomgate.access.capability import Capability
from roomgate.access.decision import Ask, Denied, Facts, decide
from roomgate.access.grant import Grant, Lock, Room
from roomgate.access.principal import Kind, Principal
from roomgate.ids import AskId, ConnectorId, GrantId, LockId, PersonId, RoomId, RoomName, SessionId, SiteId
from roomgate.xapi.call import Call, Verb
from roomgate.xapi.path import Path
from roomgate.xapi.schema import Catalogue
from support.naive import Answer, naive

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
CATALOGUE = Catalogue.shipped()
PEOPLE = [Principal(PersonId(f"person_{n}"), n, Kind.PERSON, "token_1") for n in ("ada", "bob")]
ROOMS = [
    Room(RoomId(f"room_{name}"), RoomName(name), SiteId(f"site_{site}"), ConnectorId("con_1"), frozenset(tags.split()))
    for name, site, tags in (("oslo", "north", "boards cheap"), ("rome", "south", "boards"), ("bern", "north", ""))
]
SOME = [*list(Capability)[:6], Capability.CONFIGURE]
STARTS = [NOW + timedelta(minutes=n) for n in (-90, -60, -60, -30, -30, -1, 0, 1)]
LENGTHS = [timedelta(minutes=n) for n in (1, 30, 60, 61, 90, 90, 180)]
LOCKS = ["person_ada", "room_oslo", "site_north", "con_1", "session_1", "somebody_else"]


def calls() -> list[Call]:
    """Every command of the catalogue, and readings and settings of all sorts, some of them unknown."""
    found = [Call(Verb.COMMAND, one.path) for one in CATALOGUE.commands(Path.of("Command"))]
    for root in ("Status", "Configuration", "Event"):
        leaves = CATALOGUE.leaves(Path.of(root))[::9]
        found += [Call(Verb.SUBSCRIBE if root == "Event" else Verb.GET, leaf.path) for leaf in leaves]
        found += [Call(Verb.GET, Path(leaf.path.parts[:2])) for leaf in leaves[::5]]
        if root == "Configuration":
            found += [Call(Verb.SET, leaf.path, (("Value", "On"),)) for leaf in leaves]
    nothing = [Call(Verb.COMMAND, Path.of("Command", "Nonsense")), Call(Verb.GET, Path.of("Status", "Nonsense"))]
    return [*found, *nothing, Call(Verb.SET, Path.of("Configuration", "Nonsense"), (("Value", "On"),))]


CALLS = calls()
OFTEN = [
    call for call in CALLS
    if str(call.path) in ("Command/Dial", "Command/Bookings/List", "Command/Call/Disconnect", "Status/Audio/Volume")
]  # fmt: skip


def some(dice: random.Random, things: list[str], chance: float) -> frozenset[str]:
    return frozenset(thing for thing in things if dice.random() < chance)


def grant(dice: random.Random, number: int, rooms: list[str]) -> Grant:
    named = some(dice, rooms, 0.5)
    sites = some(dice, ["site_north", "site_south"], 0.15)
    tags = some(dice, ["boards", "cheap"], 0.15)
    start = dice.choice(STARTS)
    return Grant(
        GrantId(f"grant_{number}"),
        dice.choice((PEOPLE[0], *PEOPLE)).id,
        frozenset(map(RoomId, named if named or sites or tags else rooms[:1])),
        frozenset(dice.sample(SOME, dice.randint(1, 4))) if dice.random() < 0.6 else frozenset(Capability),
        "why",
        start,
        start + dice.choice(LENGTHS),
        PersonId("person_boss"),
        1,
        dice.random() < 0.1,
        frozenset(map(SiteId, sites)),
        tags,
        dice.randint(1, 3) if dice.random() < 0.3 else None,
        dice.random() < 0.3,
    )


def case(dice: random.Random) -> tuple[Ask, Facts]:
    grants = tuple(grant(dice, n, [room.id for room in ROOMS]) for n in range(dice.randint(0, 6)))
    uses = {one.id: dice.randint(0, 3) for one in grants if dice.random() < 0.9}
    kinds = ("person", "room", "site", "connector", "session", "planet")
    locks = tuple(
        Lock(LockId("lock_1"), dice.choice(kinds), dice.choice(LOCKS), "why")
        for _ in range(dice.choice((0, 0, 0, 0, 0, 1, 2)))
    )
    ask = Ask(
        AskId("ask_1"), dice.choice((PEOPLE[0], *PEOPLE)), dice.choice(ROOMS), dice.choice(CALLS if dice.random() < 0.7 else OFTEN),
        session=dice.choice((None, SessionId("session_1"), SessionId("session_2"))),
    )  # fmt: skip
    return ask, Facts(dice.random() < 0.95, dice.random() < 0.95, grants, locks, uses, dice.random() < 0.5)


def decided(ask: Ask, facts: Facts) -> Answer:
    try:
        permit = decide(ask, facts, NOW, CATALOGUE)
    except Denied as no:
        return Answer(no.rule, no.some_grant)
    held = frozenset(str(one) for one in permit.held)
    return Answer(permit.rule, True, True, permit.by, permit.until, permit.counted, held)


def compare(count: int, seed: int) -> Counter[str]:
    """How often each rule decided; raises AssertionError with the case where the two do not agree."""
    dice, rules = random.Random(seed), Counter[str]()
    for _ in range(count):
        ask, facts = case(dice)
        one, other = decided(ask, facts), naive(ask, facts, NOW)
        assert one == other, f"{ask}\n{facts}\n{one}\n{other}"
        rules[one.rule] += 1
    return rules


if __name__ == "__main__":
    wanted = int(sys.argv[1])
    began = time.perf_counter()
    told = compare(wanted, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    took = time.perf_counter() - began
    print(f"{wanted} cases agree, in {took:.1f} s ({wanted / took:.0f} a second)")
    for rule, times in told.most_common():
        print(f"{times:>9}  {rule}")
