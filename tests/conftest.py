"""How the property tests draw, and which tests stay together.

The property tests draw the same examples on every run and every machine, and have no stop-watch.
A machine that is busy makes an example slow, not wrong, so there is no deadline and no complaint about slow drawing:
the first `st.text()` of a fresh clone alone takes seconds, in which hypothesis works out a table of all characters
(it is kept in `.hypothesis/` from then on). The same examples each time: a red run is red for everybody.

asyncio's debug mode writes down where each future, task and callback was made. Five frames of that tell it. Python's
own way to get them asks the disk for each one whether the source is still the same, which was half the time of a test
that awaits much; here a frame is its file and line, and the text is read once somebody wants to see it.

What a shell starts in the background ignores ctrl-C, and hands that on to what it starts itself. Here ctrl-C means
what it says, however the tests were started: some of them send it.
"""

import asyncio.format_helpers
import gc
import signal
import sys
import traceback

import pytest
from _pytest.nodeid import NodeId
from hypothesis import HealthCheck, settings

from support.longest_first import group_of, longest_first

settings.register_profile("roomgate", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("roomgate")

DEPTH = 5  # frames


def _extract_stack(f=None, limit=None):
    """Stands in for ``traceback.extract_stack``, with the names of that module: asyncio's C half holds the function."""
    frame = sys._getframe(1) if f is None else f
    kept = []
    while frame is not None and (limit is None or len(kept) < limit):
        code = frame.f_code
        kept.append(FrameSummary(code.co_filename, frame.f_lineno, code.co_name, lookup_line=False))  # noqa: F821
        frame = frame.f_back
    return StackSummary(reversed(kept))  # noqa: F821


traceback.extract_stack.__code__ = _extract_stack.__code__
traceback.extract_stack.__defaults__ = (None, DEPTH)
asyncio.format_helpers.extract_stack = traceback.extract_stack  # its Python half has one of its own

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """The order of the collection is the order in which the workers are given tests, and not by their number."""
    config.option.loadscopereorder = False


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
