"""Fewer points of a long curve, without bending it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


def down_sampled(rows: Sequence[T], *, most: int) -> list[T]:
    """At most `most` of the rows, evenly spread, with the first and the last among them.

    Rows are chosen, never averaged: every point shown was measured.
    """
    if most >= len(rows):
        return list(rows)
    if most == 1:
        return [rows[-1]]
    last = len(rows) - 1
    return [rows[round(index * last / (most - 1))] for index in range(most)]


def triangles(values: Sequence[float], *, most: int) -> list[int]:
    """Places of at most `most` of the values that show the shape of their curve best: the first, the last, and of each
    of the equal stretches between them the one that spans the largest triangle with its neighbours' choices.

    Args:
        values: A curve over equal steps, finite.
        most: At least 2.

    Source: Steinarsson (2013), Downsampling Time Series for Visual Representation, hdl:1946/15343, section 4.2
    (largest triangle, three buckets).
    """
    count = len(values)
    if most >= count:
        return list(range(count))
    chosen = [0]
    stretches = most - 2
    starts = [1 + index * (count - 2) // stretches for index in range(stretches + 1)] if stretches else []
    for index in range(stretches):
        start, end = starts[index], starts[index + 1]
        after = starts[index + 2] if index + 2 < len(starts) else count
        # The mean of the next stretch stands for its choice, which is not made yet.
        next_values = values[end:after]
        next_place, next_value = (end + after - 1) / 2, sum(next_values) / len(next_values)
        place, value = chosen[-1], values[chosen[-1]]
        width, height = next_place - place, next_value - value
        areas = [
            abs(width * (each - value) - (here - place) * height) for here, each in enumerate(values[start:end], start)
        ]
        chosen.append(start + areas.index(max(areas)))
    return [*chosen, count - 1]


def thinned_progress(scores: Sequence[float], improvements: Iterable[int], *, most: int) -> list[int]:
    """Places of at most `most` (at least 2) of the scores: all `improvements` of the best so far, if they take no more
    than half of that, else the last of them; then those that `triangles` chooses.
    """
    if most >= len(scores):
        return list(range(len(scores)))
    steps = list(improvements)
    if len(steps) > most // 2:
        steps = steps[-1:]
    if most - len(steps) < 2:
        return sorted({*steps, len(scores) - 1})
    return sorted({*steps, *triangles(scores, most=most - len(steps))})
