"""How the property tests draw, and which tests stay together.

The property tests draw the same examples on every run and every machine, and have no stop-watch.
A machine that is busy makes an example slow, not wrong, so there is no deadline and no complaint about slow drawing:
the first `st.text()` of a fresh clone alone takes seconds, in which hypothesis works out a table of all characters
(it is kept in `.hypothesis/` from then on). The same examples each time: a red run is red for everybody.

asyncio's debug mode is off: it writes down where each future, task and callback was made, which was a fifth of a test
that awaits much. Of what it finds, one thing makes a test fail: a loop that is given work by a thread that is not its
own. That is looked for here, always. `pytest -o asyncio_debug=true` brings back the rest, for a hunt.

Byte code is kept, whatever the shell says: tests start the programs some hundred times, and each start would compile
all of them anew.

What a shell starts in the background ignores ctrl-C, and hands that on to what it starts itself. Here ctrl-C means
what it says, however the tests were started: some of them send it.
"""

import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from _pytest.nodeid import NodeId
from hypothesis import HealthCheck, settings

from support import alone, compiled_once
from support.longest_first import group_of, longest_first

settings.register_profile("roomgate", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("roomgate")
compiled_once.share()

_TURNS = pytest.StashKey[alone.Turns]()


def _by_its_own_thread(schedule: Callable[..., asyncio.Handle]) -> Callable[..., asyncio.Handle]:
    def checked(loop: Any, *args: Any, **named: Any) -> asyncio.Handle:
        if loop._thread_id not in (None, threading.get_ident()):
            raise RuntimeError("a loop was given work by a thread that is not its own: use call_soon_threadsafe")
        return schedule(loop, *args, **named)

    return checked


for _name in ("call_soon", "call_at"):  # call_later is a call_at
    setattr(asyncio.BaseEventLoop, _name, _by_its_own_thread(getattr(asyncio.BaseEventLoop, _name)))

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """The order of the collection is the order in which the workers are given tests, and not by their number."""
    config.option.loadscopereorder = False
    if (worker := getattr(config, "workerinput", None)) is not None:
        config.stash[_TURNS] = alone.begin(worker["testrunuid"])


def pytest_testnodedown(node: Any) -> None:
    """The files of the locks have served once every worker has them open; a lock goes on without its name."""
    for file in alone.files(node.workerinput["testrunuid"]):
        file.unlink(missing_ok=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[Any]:
    if (turns := item.config.stash.get(_TURNS, None)) is None:
        return (yield)
    with turns.beside_others():
        return (yield)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of one ``xdist_group`` go to one worker.

    pytest-xdist 3.8 writes the group where pytest 9.2 reads a test's id no more, so that every worker started a
    world of its own; this writes it where pytest does read it.
    """
    if not getattr(config.option, "loadgroup", False):
        return
    items[:] = longest_first(items)
    for item in items:
        group = group_of(item)
        if group and "@" not in item.nodeid.rpartition("]")[2]:
            item._id = NodeId.parse(f"{item.nodeid}@{group}")


def pytest_collection_finish() -> None:
    """What the collection made lives to the end: the garbage collector need not go through it again and again."""
    gc.collect()
    gc.freeze()
