"""How the score grew: by trial, by time and by epochs spent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, pairwise
from typing import NamedTuple

from storage.columns import ScoredColumns
from storage.ids import TrialId
from storage.records import Direction


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


@dataclass(frozen=True, slots=True)
class Progress:
    """The scored trials in order of ending; `best` never gets worse, the sums never shrink.

    Attributes:
        bests: Best score so far.
        epochs: Epochs spent so far.
        seconds: Training seconds spent so far.
        zero: Of `elapsed_seconds`; None when there is no trial.
    """

    trials: ScoredColumns
    bests: Sequence[float]
    epochs: Sequence[int]
    seconds: Sequence[float]
    zero: datetime | None

    def __len__(self) -> int:
        return len(self.bests)

    def step(self, place: int) -> Step:
        trials = self.trials
        ended_at = trials.ended_at[place]
        elapsed = 0.0 if self.zero is None else max(0.0, (ended_at - self.zero).total_seconds())
        return Step(
            trials.ids[place],
            trials.numbers[place],
            trials.scores[place],
            self.bests[place],
            ended_at,
            elapsed,
            self.epochs[place],
            self.seconds[place],
        )

    def steps(self, places: Iterable[int]) -> list[Step]:
        return [self.step(place) for place in places]

    def improvements(self) -> list[int]:
        """Places at which the best score changed, the first among them."""
        changed = (place for place, (before, after) in enumerate(pairwise(self.bests), 1) if after != before)
        return [0, *changed] if len(self) else []


def score_progress(trials: ScoredColumns, *, direction: Direction, started_at: datetime | None) -> Progress:
    """How the best score of these trials grew.

    Args:
        direction: Which scores are better.
        started_at: Zero of `elapsed_seconds`; None takes the first end.
    """
    zero = started_at or (trials.ended_at[0] if len(trials) else None)
    bests = list(accumulate(trials.scores, min if direction == "min" else max))
    return Progress(trials, bests, list(accumulate(trials.epochs)), list(accumulate(trials.seconds)), zero)
