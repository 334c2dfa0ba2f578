"""How the property tests draw, and which tests stay together.

The property tests draw the same examples on every run and every machine, and have no stop-watch.
A machine that is busy makes an example slow, not wrong, so there is no deadline and no complaint about slow drawing:
the first `st.text()` of a fresh clone alone takes seconds, in which hypothesis works out a table of all characters
(it is kept in `.hypothesis/` from then on). The same examples each time: a red run is red for everybody.

asyncio's debug mode writes down where each future, task and callback was made. Five frames of that tell it; to keep
all of them, as its C half does it, took a seventh of the tests' own time.

What a shell starts in the background ignores ctrl-C, and hands that on to what it starts itself. Here ctrl-C means
what it says, however the tests were started: some of them send it.
"""

import asyncio.constants
import gc
import signal
import traceback
from itertools import zip_longest

import pytest
from _pytest.nodeid import NodeId
from hypothesis import HealthCheck, settings

settings.register_profile("roomgate", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("roomgate")

asyncio.constants.DEBUG_STACK_DEPTH = 5
traceback.extract_stack.__defaults__ = (None, 5)  # its limit, which asyncio does not name

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """What goes to the workers goes in our order, not by how many tests a group has."""
    config.option.loadscopereorder = False


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of one ``xdist_group`` go to one worker.

    pytest-xdist 3.8 writes the group where pytest 9.2 reads a test's id no more, so that every worker started a
    world of its own; this writes it where pytest does read it.
    """
    if not getattr(config.option, "loadgroup", False):
        return
    for item in items:
        groups = sorted({str(mark.args[0]) for mark in item.iter_markers("xdist_group")})
        if groups and "@" not in item.nodeid.rpartition("]")[2]:
            item._id = NodeId.parse(f"{item.nodeid}@{'_'.join(groups)}")
    items[:] = in_turns(items)


def in_turns(items: list[pytest.Item]) -> list[pytest.Item]:
    """The order in which workers take tests: what takes long first, and what is quick fills the end.

    The groups and the end-to-end tests wait half of their time, for programs to start and leases to lapse; the model
    reckons all of its own. One of the model's follows each of the others, so that a core which waits for nobody has
    something to do. One group's tests stay together and keep their order.
    """
    units: dict[str, list[pytest.Item]] = {}
    for item in items:
        _, mark, group = item.nodeid.rpartition("]")[2].partition("@")
        units.setdefault(group if mark else item.nodeid, []).append(item)
    waiting, reckoning, quick = [], [], []
    for unit in units.values():
        within = unit[0].path.parent.name
        (reckoning if within == "model" else waiting if within == "e2e" or len(unit) > 1 else quick).append(unit)
    waiting.sort(key=len, reverse=True)
    pairs = zip_longest(waiting, reckoning, fillvalue=[])
    return [item for unit in (*(one for pair in pairs for one in pair), *quick) for item in unit]


def pytest_collection_finish() -> None:
    """What the collection made lives to the end: the garbage collector need not go through it again and again."""
    gc.collect()
    gc.freeze()
