"""The trends of a search: how its score grew, what one hyperparameter does, and how the learning curves lie."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from headstock.models import Model, Objective, Value


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
    """Score and best so far by trial, by time and by epochs spent.

    Attributes:
        trials: How many were scored; more than there are points where those were thinned.
    """

    objective: Objective
    trials: int = 0
    points: list[ObjectivePoint]


class HyperparameterPoint(Model):
    """One scored trial's value, its score (the first metric asked for), and all metrics asked for."""

    trial_id: str
    number: int
    value: Value
    score: float
    metrics: dict[str, float | None] = Field(default_factory=dict)


class ValueSummary(Model):
    """Scores (values of a metric) of the trials with one value, or within one bin of values.

    Attributes:
        value: The value; of a bin, the median of the values in it.
        low: Smallest value in the bin; None where values are not binned. `high` is the largest.
        best: Best score, by the objective's direction.
    """

    value: Value
    low: float | None = None
    high: float | None = None
    count: int
    mean: float
    median: float
    q25: float
    q75: float
    best: float


class Metric(Model):
    """A metric, and whether smaller ("min") or larger ("max") values are better."""

    name: str
    direction: str


class MetricTrend(Metric):
    """What one metric says of the hyperparameter, in the metric's own direction; attributes as in the whole trend."""

    values: list[ValueSummary]
    best_value: Value | None = None
    verdict: str
    diminishing_returns_at: Value | None = None


class HyperparameterTrend(Model):
    """Metrics against the values of one hyperparameter, over the scored trials in which it was active.

    Attributes:
        metric: The first one asked for; the objective unless another is.
        at: Which epoch of each trial the metrics are from: "best" or "last".
        baseline: "only": trials with all other hyperparameters at their defaults, as in a sweep; "all".
        trials: How many were looked at; more than there are points where those were thinned.
        values: One summary per value or bin, of the first metric.
        best_value: Value of the best trial by the first metric.
        verdict: Shape of the numbers as they are: `monotone_increasing`, `monotone_decreasing`, `peak`, `valley`,
            `flat` or `unclear`. Where smaller is better a valley holds the best.
        diminishing_returns_at: First value beyond which less than a twentieth of the whole gain remains.
        metrics: The same for each metric asked for.
    """

    name: str
    objective: Objective
    metric: Metric | None = None
    at: str = "best"
    baseline: str = "all"
    trials: int = 0
    points: list[HyperparameterPoint]
    values: list[ValueSummary]
    best_value: Value | None = None
    verdict: str
    diminishing_returns_at: Value | None = None
    metrics: list[MetricTrend] = Field(default_factory=list)


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
