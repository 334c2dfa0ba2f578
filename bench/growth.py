"""Pure: how a cost grows with a size."""

import math
from collections.abc import Mapping


def exponent(costs: Mapping[int, float]) -> float:
    """The steepest growth between two sizes that lie at least a factor of five apart, as a power: 1 is linear.

    Measured between neighbours, so that a bend upwards at the end is seen. 0.0 where nothing grows or too little
    was measured; a cost that falls counts as 0.
    """
    sizes = sorted(costs)
    steepest = 0.0
    for number, size in enumerate(sizes):
        further = next((one for one in sizes[number + 1 :] if one >= 5 * size), None)
        if further is not None and costs[size] > 0 and costs[further] > 0:
            steepest = max(steepest, math.log(costs[further] / costs[size]) / math.log(further / size))
    return steepest
