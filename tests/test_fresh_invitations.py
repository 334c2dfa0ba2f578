"""Independent corpora: invitations written by somebody who had not read the parser. They measure, nothing is tuned."""

from collections import Counter
from pathlib import Path

import pytest

from roomgate.errors import RoomgateError
from support.invite_corpus import CORPUS, FORM, differs, expected, misses, names, understood

FRESH = sorted(CORPUS.glob("invites_fresh*"))
each_corpus = pytest.mark.parametrize("fresh", FRESH, ids=lambda folder: folder.name)


def group(name: str) -> str:
    return name.split("-")[0]


def buttons(fresh: Path, name: str) -> list[str]:
    """Every way to join that is offered, the first and the other ones."""
    try:
        seen = understood(fresh, name)
    except RoomgateError:
        return []  # a refused invitation has none
    ways = [way for one in seen for way in (one["join"], *one["alternatives"])]
    return [f"{way['how']} {way['address']}" for way in ways if way["how"] != "none"]


@each_corpus
def test_the_right_button_on_nearly_all(fresh):
    missed = {name: why for name in names(fresh) if (why := misses(fresh, name))}
    count, wrong = Counter(map(group, names(fresh))), Counter(map(group, missed))
    for one in sorted(count):
        print(f"{one}: {count[one] - wrong[one]} of {count[one]}")
    for name, why in missed.items():
        print(f"{name}: {why}")
    share = 1 - wrong.total() / count.total()
    print(f"the right join target: {share:.1%} of {count.total()}")
    assert share >= 0.98


@each_corpus
def test_no_hostile_one_is_a_button(fresh):
    hostile = [name for name in names(fresh) if group(name) == "hostile"]
    assert {name: ways for name in hostile if (ways := buttons(fresh, name))} == {}


@each_corpus
def test_titles_times_and_passcodes_on_nearly_all(fresh):
    unlike = {name: why for name in names(fresh) if (why := differs(fresh, name))}
    for name, why in unlike.items():
        print(f"{name}: {why}")
    assert 1 - len(unlike) / len(names(fresh)) >= 0.98


@each_corpus
def test_the_corpus_is_whole(fresh):
    origin = (fresh / "ORIGIN.md").read_text(encoding="utf-8")
    assert {path.stem for path in fresh.glob("*.json")} == set(names(fresh))
    assert [name for name in names(fresh) if f"`{name}.ics`" not in origin] == []
    assert all(set(expected(fresh, name)) <= FORM for name in names(fresh))


def test_the_corpora_are_wide():
    count = Counter(group(name) for fresh in FRESH for name in names(fresh))
    assert count.total() >= 160
    assert set(count) == {"zoom", "webex", "teams", "meet", "other", "ical", "quote", "hostile"}
    assert min(count.values()) >= 8
