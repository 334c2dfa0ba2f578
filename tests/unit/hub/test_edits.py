from difflib import SequenceMatcher
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomgate.hub.edits import Edit, edits, grouped

texts = st.lists(st.sampled_from("abc"), max_size=24)


def _shortest(old: list[str], new: list[str]) -> int:
    """The fewest lines that are dropped or added, by the plain table."""
    row = list(range(len(new) + 1))
    for one in old:
        was, row = row, [row[0] + 1]
        for n, other in enumerate(new):
            row.append(was[n] if one == other else 1 + min(was[n + 1], row[n]))
    return row[-1]


@given(texts, texts)
def test_the_parts_make_the_new_list_of_the_old_one_with_the_fewest_changes(old: list[str], new: list[str]) -> None:
    found, made, at, changes = edits(old, new), list[str](), 0, 0
    for edit in found:
        assert (edit.old, edit.new) == (at, len(made))
        assert edit.old_end > edit.old or edit.new_end > edit.new
        if edit.same:
            assert old[edit.old : edit.old_end] == new[edit.new : edit.new_end]
        else:
            changes += edit.old_end - edit.old + edit.new_end - edit.new
        made += new[edit.new : edit.new_end]
        at = edit.old_end
    assert (at, made) == (len(old), new)
    assert changes == _shortest(old, new)
    assert all(one.same != other.same for one, other in pairwise(found))


@given(texts, texts, st.integers(0, 4))
def test_changes_are_grouped_as_diff_groups_them(old: list[str], new: list[str], around: int) -> None:
    found = edits(old, new)
    theirs = SequenceMatcher(None, old, new)
    theirs.opcodes = [  # type: ignore[attr-defined]  # our parts, its grouping
        ("equal" if one.same else "replace", one.old, one.old_end, one.new, one.new_end) for one in found
    ]
    wanted = [[one[1:] for one in group] for group in theirs.get_grouped_opcodes(around)] if old != new else []
    assert [[(e.old, e.old_end, e.new, e.new_end) for e in group] for group in grouped(found, around)] == wanted


@pytest.mark.parametrize("most", [0, 10, 1000])
def test_what_takes_too_much_is_all_changed_but_for_its_ends(most: int) -> None:
    """Texts that are made to be slow: of two letters only, in no order that helps."""
    looked = 0

    class Counted(str):
        def __eq__(self, other: object) -> bool:
            nonlocal looked
            looked += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    old = [Counted("start"), *(Counted("a") for _ in range(500)), Counted("end")]
    new = ["start", *("ab"[n % 2] for n in range(600)), "end"]
    assert edits(old, new, most) == [
        Edit(True, 0, 2, 0, 2),
        Edit(False, 2, 501, 2, 601),
        Edit(True, 501, 502, 601, 602),
    ]
    assert looked < 2 * most + 2000
