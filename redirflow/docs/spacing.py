"""Places on a line: as near as can be to what is wanted, in a given order, with room for each."""

from collections.abc import Sequence


def spaced(wanted: Sequence[float], heights: Sequence[float], gap: float) -> list[float]:
    """The middles of things with these *heights*, at least *gap* apart.

    The squares of the distances from *wanted* are least in sum.
    """
    offsets = [0.0]
    for i in range(1, len(heights)):
        offsets.append(offsets[-1] + (heights[i - 1] + heights[i]) / 2 + gap)
    free = ascending([want - offset for want, offset in zip(wanted, offsets, strict=True)])
    return [place + offset for place, offset in zip(free, offsets, strict=True)]


def ascending(values: Sequence[float]) -> list[float]:
    """The ascending values that are nearest to *values* (isotonic regression).

    Neighbours in the wrong order are pooled: both take their mean.
    """
    pools: list[tuple[float, int]] = []
    for value in values:
        pools.append((value, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (high, more), (low, few) = pools.pop(-2), pools.pop()
            pools.append(((low * few + high * more) / (few + more), few + more))
    return [value for value, count in pools for _ in range(count)]


def mean(values: Sequence[float]) -> float:
    """The mean of *values*; 0 for none."""
    return sum(values) / len(values) if values else 0.0
