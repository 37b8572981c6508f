"""How the score grew: by trial, by time and by epochs spent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from storage.ids import TrialId
from storage.records import Direction, ObjectivePoint


class Step(NamedTuple):
    """One scored trial with the best score so far and what had been spent by then.

    A tuple, since ten thousand of them are made for one answer. Its fields are those of the answer's points.
    """

    trial_id: TrialId
    number: int
    score: float
    best: float
    ended_at: datetime
    elapsed_seconds: float
    epochs_spent: int
    seconds_spent: float


def objective_steps(
    points: Sequence[ObjectivePoint], *, direction: Direction, started_at: datetime | None
) -> tuple[Step, ...]:
    """The steps in order of ending; `best` never gets worse, the sums never shrink.

    Args:
        points: Scored trials in order of ending, each with its own epochs and seconds.
        direction: Which scores are better.
        started_at: Zero of `elapsed_seconds`; None takes the first end.
    """
    better = min if direction == "min" else max
    steps: list[Step] = []
    best: float | None = None
    epochs = 0
    seconds = 0.0
    for point in points:
        best = point.score if best is None else better(best, point.score)
        epochs += point.epochs
        seconds += point.seconds
        zero = started_at or points[0].ended_at
        elapsed = max(0.0, (point.ended_at - zero).total_seconds())
        steps.append(Step(point.trial_id, point.number, point.score, best, point.ended_at, elapsed, epochs, seconds))
    return tuple(steps)
