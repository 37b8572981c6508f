"""A trial's learning curves as one curve for each metric."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from storage.epochs import EpochMetrics, StoredEpoch
from storage.records import Trial
from storage.repository import TrialReads

# Epochs in memory at once, unless one trial alone has more.
_MOST_EPOCHS = 20_000


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


def curves_of(reads: TrialReads, trials: Sequence[Trial]) -> Iterator[Curves]:
    """The mean curves of each of these trials, in their order; the epochs of a few at a time are in memory."""
    portion: list[Trial] = []
    for trial in trials:
        if portion and sum(each.epochs for each in portion) + trial.epochs > _MOST_EPOCHS:
            yield from _curves_of(reads, portion)
            portion = []
        portion.append(trial)
    yield from _curves_of(reads, portion)


def _curves_of(reads: TrialReads, trials: Sequence[Trial]) -> Iterator[Curves]:
    rows = reads.epoch_metrics([trial.id for trial in trials])
    return (mean_curves(rows.get(trial.id, ())) for trial in trials)


def mean_curves(rows: Sequence[StoredEpoch | EpochMetrics]) -> Curves:
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
