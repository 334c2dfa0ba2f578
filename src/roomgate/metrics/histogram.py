"""Pure: how often something was how much, counted since the program began."""

from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client.core import Metric

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 20.0)


class Histogram:
    """``bounds``: the upper ends of its buckets; above the last there is one more."""

    def __init__(self, bounds: tuple[float, ...] = SECONDS) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def buckets(self) -> list[tuple[str, float]]:
        """Each with all that are smaller, as the format has it."""
        summed, found = 0, []
        for bound, count in zip([*map(str, self.bounds), "+Inf"], self.counts, strict=True):
            summed += count
            found.append((bound, float(summed)))
        return found

    def family(self, name: str, words: str) -> "Metric":
        from prometheus_client.core import HistogramMetricFamily

        return HistogramMetricFamily(name, words, buckets=self.buckets(), sum_value=self.total)
