"""Quantiles and ranks of small samples, in plain Python: the API loads no numeric library."""

from __future__ import annotations

import math
from collections.abc import Sequence


def quantile(ordered: Sequence[float], q: float) -> float:
    """The `q` quantile of ascending values, with linear interpolation (type 7 of Hyndman and Fan, 1996).

    Args:
        ordered: At least one value, ascending, finite.
        q: Within [0, 1]; 0 gives the smallest and 1 the largest.
    """
    if not ordered:
        raise ValueError("a quantile of nothing")
    place = q * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1; ties share the mean of their places."""
    order = sorted(range(len(values)), key=values.__getitem__)
    result = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for index in order[start : end + 1]:
            result[index] = (start + end) / 2 + 1
        start = end + 1
    return result


def spearman(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Spearman's rank correlation, within [-1, 1]; 0 when either side is constant.

    Source: Spearman (1904), doi:10.2307/1412159; computed as Pearson's correlation of the ranks, which allows ties.
    """
    a, b = ranks(xs), ranks(ys)
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    covariance = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b, strict=True))
    spread = math.sqrt(sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b))
    return covariance / spread if spread else 0.0
