"""The trials that have a number, and that number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from service.trends.sampling import down_sampled
from storage.columns import ScoredColumns
from storage.ids import TrialId
from storage.records import Objective, Scalar

At = Literal["best", "last"]


@dataclass(frozen=True, slots=True)
class Measured:
    """Those of the scored trials that have a finite value of one metric, by number.

    Attributes:
        places: Where they stand in the columns.
        scores: The metric of each of them.
    """

    trials: ScoredColumns
    places: Sequence[int]
    scores: Sequence[float]

    def __len__(self) -> int:
        return len(self.places)

    def values(self, name: str) -> list[Scalar | None]:
        """The hyperparameter in each of them; None where it is inactive."""
        column = self.trials.values.get(name)
        return [None] * len(self.places) if column is None else [column[place] for place in self.places]

    def where(self, rows: Sequence[int]) -> Measured:
        """Only these of them: places within this selection, ascending."""
        return Measured(self.trials, [self.places[row] for row in rows], [self.scores[row] for row in rows])

    def thinned(self, most: int | None) -> Measured:
        """At most `most` (at least 2) of them: spread evenly over the numbers, the best and the worst in any case."""
        if most is None or len(self) <= most:
            return self
        ends = {self.scores.index(max(self.scores)), self.scores.index(min(self.scores))}
        evenly = down_sampled(range(len(self)), most=most - len(ends)) if most > len(ends) else ()
        return self.where(sorted(ends.union(evenly)))

    def identity(self, row: int) -> dict[str, TrialId | int]:
        """How an answer names one of them."""
        place = self.places[row]
        return {"trial_id": self.trials.ids[place], "number": self.trials.numbers[place]}


def metric_column(trials: ScoredColumns, metric: str, *, at: At, objective: Objective) -> Sequence[float] | None:
    """The metric at the trials' best or last epochs, mean over executions, NaN where there is no finite value; None
    when no trial logs it.
    """
    if at == "best" and metric == objective.name:
        return trials.scores
    return (trials.metrics if at == "best" else trials.last_metrics).get(metric)


def measured(trials: ScoredColumns, metric: str, *, at: At, objective: Objective) -> Measured:
    """The trials that have a finite value of the metric."""
    column = metric_column(trials, metric, at=at, objective=objective)
    if column is None:
        return Measured(trials, (), ())
    places = [place for place in by_number(trials) if math.isfinite(column[place])]
    return Measured(trials, places, [column[place] for place in places])


def by_number(trials: ScoredColumns) -> list[int]:
    """Places of the trials in the order of their numbers."""
    return sorted(range(len(trials)), key=trials.numbers.__getitem__)
