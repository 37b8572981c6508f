"""A trial's learning curves as one curve for each metric."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from storage.epochs import EpochMetrics, StoredEpoch, WholeCurves
from storage.records import Trial
from storage.repository import TrialReads

# Epochs in memory at once, unless one trial alone has more.
_MOST_EPOCHS = 20_000


@dataclass(frozen=True, slots=True)
class Curve:
    """Values of one metric by epoch (absolute, from 0), mean over executions or folds, all finite."""

    epochs: Sequence[int]
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Curves:
    """The curves of one trial.

    Attributes:
        by_metric: As far as all executions have gone, up to the first value that is not finite.
        executions: Trainings with rows.
        broken: Metrics with a value that is not finite, and the first epoch of it.
    """

    by_metric: Mapping[str, Curve]
    executions: int
    broken: Mapping[str, int]


def curves_of(reads: TrialReads, trials: Sequence[Trial], *, objective: str) -> Iterator[Curves]:
    """The curves of each of these trials, in their order: of loss and objective, and of all metrics where no loss is
    logged. The epochs of a few trials at a time are in memory.
    """
    names = tuple(dict.fromkeys(("loss", "val_loss", objective)))
    portion: list[Trial] = []
    for trial in trials:
        if portion and sum(each.epochs for each in portion) + trial.epochs > _MOST_EPOCHS:
            yield from _curves_of(reads, portion, names)
            portion = []
        portion.append(trial)
    yield from _curves_of(reads, portion, names)


def _curves_of(reads: TrialReads, trials: Sequence[Trial], names: Sequence[str]) -> Iterator[Curves]:
    whole = reads.whole_curves([trial.id for trial in trials if trial.ended_seq is not None], names)
    told = {trial_id: _whole(curves) for trial_id, curves in whole.items() if "loss" in curves.values}
    others = [trial.id for trial in trials if trial.id not in told]
    rows = reads.epoch_metrics(others) if others else {}
    return (told[trial.id] if trial.id in told else mean_curves(rows.get(trial.id, ())) for trial in trials)


def _whole(curves: WholeCurves) -> Curves:
    first = curves.first
    by_metric = {name: Curve(range(first, first + len(values)), values) for name, values in curves.values.items()}
    return Curves(by_metric, curves.executions, {})


def mean_curves(rows: Sequence[StoredEpoch | EpochMetrics]) -> Curves:
    """The mean curves of these rows."""
    lasts: dict[int, int] = {}
    values: dict[str, dict[int, list[float]]] = {}
    broken: dict[str, int] = {}
    for row in rows:
        epoch = row.epoch
        lasts[row.execution] = max(epoch, lasts.get(row.execution, epoch))
        for name, value in row.metrics.items():
            if math.isfinite(value):
                values.setdefault(name, {}).setdefault(epoch, []).append(value)
            else:
                broken[name] = min(epoch, broken.get(name, epoch))
    # Where one training is over and another goes on, the mean would jump for no reason of the model's.
    end = min(lasts.values(), default=-1)
    curves = {}
    for name, by_epoch in values.items():
        first_broken = broken.get(name, math.inf)
        epochs = [epoch for epoch in sorted(by_epoch) if epoch <= end and epoch < first_broken]
        if epochs:
            curves[name] = Curve(tuple(epochs), tuple(_mean(by_epoch[epoch]) for epoch in epochs))
    return Curves(curves, len(lasts), broken)


def _mean(values: Sequence[float]) -> float:
    """Finite even where the sum is not, as packed curves have it."""
    return values[0] if len(values) == 1 else math.fsum(value / len(values) for value in values)
