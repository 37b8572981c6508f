"""What a trial is worth, from its epoch rows: only finite values count."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from storage.records import Direction
from storage.sql.numbers import mean


@dataclass(frozen=True, slots=True)
class Point:
    """One epoch row as scoring sees it; `objective` is None unless finite."""

    execution: int
    epoch: int
    objective: float | None
    metrics: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Score:
    value: float
    best_epoch: int
    metrics: Mapping[str, float | None]
    last_metrics: Mapping[str, float | None]


def score_trial(points: Iterable[Point], *, direction: Direction, executions: int | None) -> Score | None:
    """The trial's score, or None when it has none.

    Per execution (or fold) the best finite objective, at the earliest epoch that reached it; then the mean over
    executions. The best epoch is the mean of theirs, halves rounded up.

    Args:
        points: All epoch rows of the trial, in any order.
        direction: "min" or "max".
        executions: How many executions (of every fold) must have a finite objective: one that has none, or was never
            begun, leaves the trial without a score. None (a trial stopped early): one with a finite value is enough.
    """
    by_execution: dict[int, list[Point]] = {}
    for point in points:
        by_execution.setdefault(point.execution, []).append(point)
    sign = 1.0 if direction == "min" else -1.0
    best: list[Point] = []
    for execution in sorted(by_execution):
        finite = [point for point in by_execution[execution] if point.objective is not None]
        if finite:
            best.append(min(finite, key=lambda point: (sign * (point.objective or 0.0), point.epoch)))
    if not best or (executions is not None and len(best) < executions):
        return None
    last = [max(points, key=lambda point: point.epoch) for points in by_execution.values()]
    return Score(
        value=mean([point.objective for point in best if point.objective is not None]),
        best_epoch=math.floor(mean([float(point.epoch) for point in best]) + 0.5),
        metrics=_mean_metrics(best),
        last_metrics=_mean_metrics(last),
    )


def _mean_metrics(points: Sequence[Point]) -> dict[str, float | None]:
    """Each metric's mean over `points`, of the finite values only; None where there is no finite one."""
    names = dict.fromkeys(name for point in points for name in point.metrics)
    found: dict[str, float | None] = {}
    for name in names:
        values = [value for point in points if (value := point.metrics.get(name)) is not None]
        found[name] = mean(values) if values else None
    return found
