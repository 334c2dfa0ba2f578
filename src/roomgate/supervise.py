"""The only starter of long-lived tasks: restart with growing, jittered pauses; one line down, one line up."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator

from roomgate import log

STEADY_S = 5.0  # a service that has run so long after a fall is up again

_log = log.get("supervise")
_dice = random.Random()  # noqa: S311 (spreads load, guards nothing)


def pauses(first_s: float, most_s: float, dice: random.Random) -> Iterator[float]:
    """Between tries: anything up to a ceiling that doubles. Full jitter, so that many who fell together do not
    come back together."""
    ceiling = first_s
    while True:
        yield dice.uniform(0.05, ceiling)
        ceiling = min(ceiling * 2, most_s)


async def keep(
    name: str,
    work: Callable[[], Awaitable[None]],
    *,
    first_s: float = 0.5,
    most_s: float = 30.0,
    steady_s: float = STEADY_S,
    jitter: random.Random | None = None,
) -> None:
    """Run ``work`` for ever: again after it returns or fails, with full jitter between tries.

    Cancelling ends it at once. A run that lasted longer than ``most_s`` resets the pause.
    """
    dice = jitter or _dice
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    pausing = pauses(first_s, most_s, dice)
    down = False

    def up() -> None:
        nonlocal down
        if down:
            _log.info("service.up", service=name)
            down = False

    while True:
        began = loop.time()
        steady = loop.call_later(steady_s, up)  # most services never return: they are up when they stay
        try:
            await work()
        except Exception as fault:  # the outermost edge: whatever it was, the service comes back
            if not down:
                _log.warning("service.down", service=name, error=f"{type(fault).__name__}: {fault}"[:300])
                down = True
        else:
            up()
        finally:
            steady.cancel()
        if task.cancelling():  # a group whose task fell just then says only that, before Python 3.13
            raise asyncio.CancelledError
        if loop.time() - began > most_s:
            pausing = pauses(first_s, most_s, dice)
        await asyncio.sleep(next(pausing))
