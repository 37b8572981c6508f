"""The three trends."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from service.schemas.base import ObjectiveOut, Schema, Time, Value


class ObjectivePointOut(Schema):
    """One scored trial, in order of ending."""

    trial_id: str
    number: int
    score: float
    best: float = Field(description="Best score up to and including this trial.")
    ended_at: Time
    elapsed_seconds: float = Field(description="Wall-clock seconds from the start of the search to its end.")
    epochs_spent: int = Field(description="Epochs of all scored trials up to and including this one.")
    seconds_spent: float = Field(description="Training seconds likewise.")


class ObjectiveTrendOut(Schema):
    """Score and best so far by trial, by time and by epochs spent."""

    objective: ObjectiveOut
    trials: int = Field(description="Scored trials; more than there are points when points were left out.")
    points: list[ObjectivePointOut]


class HyperparameterPointOut(Schema):
    trial_id: str
    number: int
    value: Value
    score: float = Field(description="The first metric asked for; the objective unless another is.")
    metrics: dict[str, float | None] = Field(description="All metrics asked for; null where not finite.")


class ValueSummaryOut(Schema):
    """Values of a metric over the trials with one value, or within one bin of values."""

    value: Value = Field(description="The value; of a bin, the median of the values in it.")
    low: float | None = Field(description="Smallest value in the bin; null where values are not binned.")
    high: float | None = Field(description="Largest likewise.")
    count: int
    mean: float
    median: float
    q25: float
    q75: float
    best: float


class TrendMethodOut(Schema):
    """How the verdict and the point of diminishing returns were found."""

    grouping: str
    verdict: str
    diminishing_returns: str
    spearman: float | None = Field(description="Rank correlation of value and median score; null with too few groups.")


Verdict = Literal["monotone_increasing", "monotone_decreasing", "peak", "valley", "flat", "unclear"]


class ShapeOut(Schema):
    """What the numbers say of the hyperparameter."""

    values: list[ValueSummaryOut]
    best_value: Value | None = Field(description="Value of the best trial.")
    verdict: Verdict = Field(description="Of the numbers as they are: where `min` is better a valley holds the best.")
    diminishing_returns_at: Value | None = Field(
        description="First value beyond which less than a twentieth of the whole gain remains; null where none is due."
    )
    method: TrendMethodOut


class MetricOut(Schema):
    name: str
    direction: str = Field(description="`min` or `max`: which values are better.")


class MetricTrendOut(ShapeOut, MetricOut):
    """One metric against the hyperparameter, in the metric's own direction."""


class HyperparameterTrendOut(ShapeOut):
    """Metrics against one hyperparameter, over the scored trials in which it was active.

    `values`, `verdict` and so on are those of the first metric asked for.
    """

    name: str
    objective: ObjectiveOut
    metric: MetricOut = Field(description="The first metric asked for.")
    at: Literal["best", "last"] = Field(description="Which epoch of each trial the metrics are from.")
    baseline: Literal["only", "all"] = Field(description="`only`: trials with all others at their defaults.")
    trials: int = Field(description="Trials looked at; more than there are points when points were left out.")
    points: list[HyperparameterPointOut]
    metrics: list[MetricTrendOut] = Field(description="Each metric asked for, in that order.")


class EpochBandOut(Schema):
    epoch: int
    count: int = Field(description="Trials with a finite value at this epoch.")
    quantiles: list[float] = Field(description="In the order of `quantiles` of the answer.")


class EpochTrendOut(Schema):
    """Quantile bands of one metric's learning curves over the trials of a search."""

    metric: str
    quantiles: list[float]
    bands: list[EpochBandOut]
