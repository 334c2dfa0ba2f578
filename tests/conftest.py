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

import pytest
from _pytest.nodeid import NodeId
from hypothesis import HealthCheck, settings

settings.register_profile("roomgate", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("roomgate")

asyncio.constants.DEBUG_STACK_DEPTH = 5
traceback.extract_stack.__defaults__ = (None, 5)  # its limit, which asyncio does not name

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


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


def pytest_collection_finish() -> None:
    """What the collection made lives to the end: the garbage collector need not go through it again and again."""
    gc.collect()
    gc.freeze()
