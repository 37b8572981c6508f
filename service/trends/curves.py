"""A trial's learning curves as one curve for each metric."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from storage.ids import TrialId
from storage.records import StoredEpoch
from storage.repository import TrialReads

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Curve:
    """Values of one metric by epoch (absolute, from 0), mean over executions or folds, all finite."""

    epochs: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Curves:
    """The curves of one trial.

    Attributes:
        by_metric: As far as all executions have gone, up to the first value that is not finite.
        executions: Trainings with rows.
        broken: Metrics with a value that is not finite, and the first epoch of it.
    """

    by_metric: dict[str, Curve]
    executions: int
    broken: dict[str, int]


def all_epochs(trials: TrialReads, trial_id: TrialId) -> list[StoredEpoch]:
    """All rows of a trial, by execution, then epoch."""
    rows: list[StoredEpoch] = []
    token: str | None = None
    while True:
        page = trials.list_epochs(trial_id, limit=_PAGE, page_token=token)
        rows += page.items
        token = page.next_page_token
        if token is None:
            return rows


def mean_curves(rows: Sequence[StoredEpoch]) -> Curves:
    """The mean curves of these rows."""
    lasts: dict[int, int] = {}
    values: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    broken: dict[str, int] = {}
    for row in rows:
        lasts[row.execution] = max(row.epoch, lasts.get(row.execution, row.epoch))
        for name, value in row.metrics.items():
            if math.isfinite(value):
                values[name][row.epoch].append(value)
            else:
                broken[name] = min(row.epoch, broken.get(name, row.epoch))
    # Where one training is over and another goes on, the mean would jump for no reason of the model's.
    end = min(lasts.values(), default=-1)
    curves = {}
    for name, by_epoch in values.items():
        first_broken = broken.get(name, math.inf)
        epochs = [epoch for epoch in sorted(by_epoch) if epoch <= end and epoch < first_broken]
        if epochs:
            means = tuple(sum(by_epoch[epoch]) / len(by_epoch[epoch]) for epoch in epochs)
            curves[name] = Curve(tuple(epochs), means)
    return Curves(curves, len(lasts), broken)
