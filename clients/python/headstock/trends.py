"""The trends of a search: how its score grew, what one hyperparameter does, and how the learning curves lie."""

from __future__ import annotations

from datetime import datetime

from headstock.models import Model, Objective, Scalar


class ObjectivePoint(Model):
    """One scored trial, in order of ending.

    Attributes:
        best: Best score up to and including this trial.
        elapsed_seconds: Wall-clock seconds from the start of the search to its end.
        epochs_spent: Epochs of all scored trials up to and including this one; `seconds_spent` likewise in seconds.
    """

    trial_id: str
    number: int
    score: float
    best: float
    ended_at: datetime
    elapsed_seconds: float
    epochs_spent: int
    seconds_spent: float


class ObjectiveTrend(Model):
    """Score and best so far by trial, by time and by epochs spent."""

    objective: Objective
    points: list[ObjectivePoint]


class HyperparameterPoint(Model):
    """One scored trial's value and score."""

    trial_id: str
    number: int
    value: Scalar
    score: float


class ValueSummary(Model):
    """Scores of the trials with one value, or within one bin of values.

    Attributes:
        value: The value; of a bin, the median of the values in it.
        low: Smallest value in the bin; None where values are not binned. `high` is the largest.
        best: Best score, by the objective's direction.
    """

    value: Scalar
    low: float | None = None
    high: float | None = None
    count: int
    mean: float
    median: float
    q25: float
    q75: float
    best: float


class HyperparameterTrend(Model):
    """Scores against the values of one hyperparameter, over all scored trials in which it was active.

    Attributes:
        best_value: Value of the best trial.
        verdict: Shape of the scores as they are: `monotone_increasing`, `monotone_decreasing`, `peak`, `valley`,
            `flat` or `unclear`. For a `min` objective a valley holds the best.
        diminishing_returns_at: First value beyond which less than a twentieth of the whole gain remains.
    """

    name: str
    objective: Objective
    points: list[HyperparameterPoint]
    values: list[ValueSummary]
    best_value: Scalar | None = None
    verdict: str
    diminishing_returns_at: Scalar | None = None


class EpochBand(Model):
    """One epoch: how many trials have a finite value, and their quantiles in the order of the trend's `quantiles`."""

    epoch: int
    count: int
    quantiles: list[float]


class EpochTrend(Model):
    """Quantile bands of one metric's learning curves over the trials of a search."""

    metric: str
    quantiles: list[float]
    bands: list[EpochBand]
