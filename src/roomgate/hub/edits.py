"""Pure: how one list of lines becomes another, with the fewest changes, and with bounded work.

Theory (E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", 1986): a way from the old list to the new one
is a path through a grid, a step right drops a line, a step down adds one, and equal lines are walked for nothing. For
each number of steps we keep how far each diagonal can be walked with it. The work grows with the number of changes,
and whoever writes texts chooses that: behind a bound everything that is left is called changed, which is true as well.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MOST_STEPS = 200_000  # a tenth of a second or two


@dataclass(frozen=True, slots=True)
class Edit:
    """Lines ``old`` until ``old_end`` became ``new`` until ``new_end``. ``same``: they are equal."""

    same: bool
    old: int
    old_end: int
    new: int
    new_end: int


def edits(old: Sequence[str], new: Sequence[str], most: int = MOST_STEPS) -> list[Edit]:
    """From the first line to the last, equal and changed parts in turn."""
    first = _alike(old, new)
    last = _alike(old[first:][::-1], new[first:][::-1])
    inner = _inner(old[first : len(old) - last], new[first : len(new) - last], most)
    kept = [
        (0, 0, first),
        *((first + x, first + y, n) for x, y, n in inner if n),
        (len(old) - last, len(new) - last, last),
    ]
    return list(_between(kept))


def grouped(found: Sequence[Edit], around: int) -> Iterator[list[Edit]]:
    """The changes with at most so many equal lines around each; those that are near to one another together."""
    group: list[Edit] = []
    for n, edit in enumerate(found):
        size = edit.old_end - edit.old
        near = group and size <= 2 * around and n < len(found) - 1
        if not edit.same or near:
            group.append(edit)
            continue
        few = min(size, around)
        if group:
            yield [*group, Edit(True, edit.old, edit.old + few, edit.new, edit.new + few)]
        group = [Edit(True, edit.old_end - few, edit.old_end, edit.new_end - few, edit.new_end)]
    if any(not edit.same for edit in group):
        yield group


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """How many lines are the same from the start."""
    both = zip(old, new, strict=False)
    return next((n for n, (one, other) in enumerate(both) if one != other), min(len(old), len(new)))


def _inner(old: Sequence[str], new: Sequence[str], most: int) -> list[tuple[int, int, int]]:
    """Equal runs between two lists, as (in the old one, in the new one, how many); none where it takes too much."""
    far, ways, left = {1: 0}, list[list[int]](), most
    for steps in range(len(old) + len(new) + 1):
        for k in range(-steps, steps + 1, 2):
            x = far[k + 1] if _down(far.get(k - 1), far.get(k + 1), k, steps) else far[k - 1] + 1
            left -= 1
            while x < len(old) and x - k < len(new) and old[x] == new[x - k]:
                x += 1
                left -= 1
            far[k] = x
            if x >= len(old) and x - k >= len(new):
                return _walked(ways, x, k)
        if left < 0:
            return []
        ways.append([far[k] for k in range(-steps, steps + 1, 2)])
    return []


def _down(before: int | None, after: int | None, k: int, steps: int) -> bool:
    """Whether diagonal ``k`` is reached by adding a line, from the next one, or by dropping one, from the one before."""
    if k in (-steps, steps):
        return k == -steps
    return before is not None and after is not None and before < after  # both were walked


def _walked(ways: list[list[int]], x: int, k: int) -> list[tuple[int, int, int]]:
    """The way back from the end: its equal runs, in order. ``ways``: how far each diagonal came with so many steps."""
    runs: list[tuple[int, int, int]] = []
    for steps in range(len(ways), 0, -1):
        far = dict(zip(range(1 - steps, steps, 2), ways[steps - 1], strict=True))
        down = _down(far.get(k - 1), far.get(k + 1), k, steps)
        start = far[k + 1] if down else far[k - 1] + 1
        runs.append((start, start - k, x - start))
        k = k + 1 if down else k - 1
        x = far[k]
    return [(0, 0, x), *reversed(runs)]


def _between(kept: Sequence[tuple[int, int, int]]) -> Iterator[Edit]:
    old = new = 0
    for x, y, count in kept:
        if (old, new) != (x, y):
            yield Edit(False, old, x, new, y)
        if count:
            yield Edit(True, x, x + count, y, y + count)
        old, new = x + count, y + count
