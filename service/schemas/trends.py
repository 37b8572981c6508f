"""The three trends."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from service.schemas.base import ObjectiveOut, Scalar, Schema, Time


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
    points: list[ObjectivePointOut]


class HyperparameterPointOut(Schema):
    trial_id: str
    number: int
    value: Scalar
    score: float


class ValueSummaryOut(Schema):
    """Scores of the trials with one value, or within one bin of values."""

    value: Scalar = Field(description="The value; of a bin, the median of the values in it.")
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


class HyperparameterTrendOut(Schema):
    """The score against one hyperparameter, over all scored trials in which it was active."""

    name: str
    objective: ObjectiveOut
    points: list[HyperparameterPointOut]
    values: list[ValueSummaryOut]
    best_value: Scalar | None = Field(description="Value of the best trial.")
    verdict: Verdict = Field(description="Of the scores as they are: for a `min` objective a valley holds the best.")
    diminishing_returns_at: Scalar | None = Field(
        description="First value beyond which less than a twentieth of the whole gain remains; null where none is due."
    )
    method: TrendMethodOut


class EpochBandOut(Schema):
    epoch: int
    count: int = Field(description="Trials with a finite value at this epoch.")
    quantiles: list[float] = Field(description="In the order of `quantiles` of the answer.")


class EpochTrendOut(Schema):
    """Quantile bands of one metric's learning curves over the trials of a search."""

    metric: str
    quantiles: list[float]
    bands: list[EpochBandOut]
