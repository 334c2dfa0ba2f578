import json
import os
import resource

import pytest

from roomgate import log
from roomgate.descriptors import FEW, Descriptors, count_left, ensure_most


@pytest.fixture
def limits():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_all_that_the_system_allows_is_taken(limits):
    _, hard = limits
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 512), hard))
    assert ensure_most() == hard
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == limits[1:] * 2


def test_what_is_open_is_counted_and_none_left_is_none(limits):
    soft, hard = limits
    before = count_left()
    assert before == soft - (len(os.listdir("/proc/self/fd")) - 1)  # the list itself takes one
    with open(os.devnull), open(os.devnull):
        assert count_left() == before - 2
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        assert count_left() <= 0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_shortage_is_said_once_and_its_end_once(capsys):
    log.setup()
    left = iter([100, FEW, FEW - 1, 0, FEW, 2 * FEW - 1, 2 * FEW, 100])
    looking = Descriptors(lambda: next(left))
    for _ in range(8):
        looking.look()
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["event"], line["left"]) for line in said] == [
        ("descriptors.short", FEW - 1),
        ("descriptors.enough", 2 * FEW),
    ]
