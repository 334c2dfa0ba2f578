"""Pure: what a heap of samples comes to. Every repeat stands for itself; the spread is that between repeats."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


def quantile(samples: Iterable[float], share: float) -> float:
    """The nearest-rank quantile: a value that was really seen. Raises ValueError where there is none."""
    ordered = sorted(samples)
    if not ordered or not 0 <= share <= 1:
        raise ValueError("a quantile needs samples, and a share from 0 to 1")
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def median(samples: Iterable[float]) -> float:
    """The middle one, or the mean of the two in the middle."""
    ordered = sorted(samples)
    if not ordered:
        raise ValueError("a median needs samples")
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


@dataclass(frozen=True, slots=True)
class Spread:
    """One figure over several repeats: its median, and the smallest and largest that there were."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> "Spread":
        return cls(median(figures), min(figures), max(figures))


def over_repeats(repeats: Iterable[Iterable[float]], share: float) -> Spread:
    """A quantile of each repeat, then its spread over the repeats."""
    return Spread.of([quantile(one, share) for one in repeats])


def thinned(samples: Sequence[float], most: int) -> list[float]:
    """At most so many, evenly taken in the order in which they were measured: small files that still tell."""
    if len(samples) <= most:
        return list(samples)
    return [samples[number * len(samples) // most] for number in range(most)]
