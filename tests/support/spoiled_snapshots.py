"""What looks really recorded on the double, and the same with a few things spoiled: gone, twice, or odd."""

import asyncio
import tempfile
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from roomgate.checks.catalogue import all_checks
from roomgate.checks.doubles.flaws import ALL, NONE
from roomgate.checks.snapshot import AnyStep, Snapshot, decode_snapshot, encode_snapshot
from roomgate.checks.target import Target
from support.double import double_in_memory

ODD_TEXTS = (
    "",
    "x",
    "https://[",
    "//",
    "\x00",
    "0",
    "-1",
    "1e999",
    "{",
    "[]",
    "<input type=password>",
    "é" * 50,
    "a b c",
    "=;=",
)
ODD_VALUES: tuple[Any, ...] = (None, True, 0, -1, 1e300, "", "x", [], {}, [None], {"x": []}, [[]], ["x", 1], {"": None})
LARGEST = 400  # steps of a snapshot that is spoiled


@cache
def recorded() -> tuple[tuple[Target, dict[str, Snapshot]], ...]:
    """On the clean double, and on the one with every flaw: all looks but the one that draws pages."""

    async def once(flaws: Any) -> tuple[Target, dict[str, Snapshot]]:
        only = [check.id for check in all_checks() if check.id != "K06"]
        with tempfile.TemporaryDirectory() as folder:
            async with double_in_memory(flaws) as double:
                return double.target, await double.look(Path(folder), only)

    return tuple(asyncio.run(once(flaws)) for flaws in (NONE, ALL))


def spoiled(random: Random, snapshot: Snapshot) -> Snapshot:
    """As some look could have left it: every field is still of its kind, since it was written and read again."""
    steps = list(snapshot.steps)
    if len(steps) > LARGEST:
        start = random.randrange(len(steps) - LARGEST)
        steps = steps[start : start + LARGEST]
    for _ in range(random.randint(1, 8)):
        if not steps:
            break
        n = random.randrange(len(steps))
        match random.randrange(6):
            case 0:
                del steps[n : n + random.randint(1, 10)]
            case 1:
                steps.insert(n, steps[random.randrange(len(steps))])
            case 2:
                random.shuffle(steps)
            case _:
                steps[n] = _odd(random, steps[n])
    return decode_snapshot(encode_snapshot(msgspec.structs.replace(snapshot, steps=tuple(steps))))


def _odd(random: Random, step: AnyStep) -> AnyStep:
    name = random.choice(step.__struct_fields__)
    value = _odd_value(random, getattr(step, name), free=name == "value")
    return msgspec.structs.replace(step, **{name: value})


def _odd_value(random: Random, value: Any, *, free: bool) -> Any:
    """Something else of the same kind; where anything may stand (``free``), part of it or all is anything."""
    if free and random.random() < 0.3:
        return random.choice(ODD_VALUES)
    match value:
        case bool():
            return not value
        case int():
            return random.choice((0, -1, 1, 200, 302, 401, 404, 500, 999, 10**9))
        case float():
            return random.choice((0.0, -1.0, 0.5, 1e9, 61.0))
        case str():
            return random.choice(ODD_TEXTS)
        case dict() if value:
            key = random.choice(list(value))
            if random.random() < 0.4:
                return {k: v for k, v in value.items() if k != key}
            return {**value, key: _odd_value(random, value[key], free=free)}
        case list() | tuple() if value:
            n = random.randrange(len(value))
            changed = [*value[:n], *([] if random.random() < 0.5 else [value[n], value[n]]), *value[n + 1 :]]
            return changed if isinstance(value, list) else tuple(changed)
    return random.choice(ODD_VALUES) if free else value
