"""In which order the tests begin: what takes longest goes first, so that all workers end at about the same time.

pytest-xdist hands out a group of tests as a whole, and gives the groups with the most tests first; but what takes
minutes here are groups of a few tests that start programs. `LONGEST` names groups, or files without one, by how long
they take on a quiet machine; whatever is not in it takes a few seconds at most, and fills up the end.
"""

from collections.abc import Sequence

import pytest

LONGEST = (
    "check-roomgate",
    "world-3",
    "world",
    "cut-matrix",
    "doubles",
    "faults",
    "demo",
    "chaos",
    "network",
    "world-2",
    "cli",
    "restore",
    "sip",
    "many",
    "schema",
    "upgrade",
    "touch-screen",
    "strangers",
    "single-sign-on",
    "rubbish",
    "truth-26",
    "browser",
    "test_check_doubles.py",
    "test_invisible.py",
    "test_hub_api.py",
)
_RANK = {name: number for number, name in enumerate(LONGEST)}


def group_of(item: pytest.Item) -> str:
    """Tests of one group go to one worker; several marks make one group."""
    return "_".join(sorted({str(mark.args[0]) for mark in item.iter_markers("xdist_group")}))


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The others stay in their order."""
    return sorted(items, key=lambda item: _RANK.get(group_of(item) or item.path.name, len(LONGEST)))
