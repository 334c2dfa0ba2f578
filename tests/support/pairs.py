"""Which cases of a large cross are tried: chosen by counting, so the same ones every time."""

from collections.abc import Sequence
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


def spread(rows: Sequence[A], columns: Sequence[B], most: int) -> list[tuple[A, B]]:
    """``most`` pairs of the cross: every row and every column as often as every other, or once more.

    Greedy: the row that came least often takes the column that came least often and that it has not had yet.
    """
    chosen: list[tuple[A, B]] = []
    while len(chosen) < min(most, len(rows) * len(columns)):
        left = [(a, b) for a in range(len(rows)) for b in range(len(columns)) if (rows[a], columns[b]) not in chosen]
        had_a = [sum(one == row for one, _ in chosen) for row in rows]
        had_b = [sum(one == column for _, one in chosen) for column in columns]
        a, b = min(left, key=lambda pair: (had_a[pair[0]], had_b[pair[1]], pair))
        chosen.append((rows[a], columns[b]))
    return chosen
