"""What the trials say together: importance, trade-offs, axes, surfaces, searches side by side; and a trial's curves."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from service.schemas.base import ObjectiveOut, Page, Schema, Value
from service.schemas.trends import MetricOut


class EffectOut(Schema):
    """What one hyperparameter explains."""

    name: str
    share: float = Field(description="0 to 1: of the variance of all scores (fANOVA), or of all divergences (PED).")
    share_where_active: float | None = Field(
        description="fANOVA: of the variance among the trials in which it is active; null for PED-ANOVA."
    )
    trials: int = Field(description="Trials in which it was active.")
    conditional: bool


class PairEffectOut(Schema):
    """What two hyperparameters explain together, beyond what each explains alone."""

    names: list[str] = Field(min_length=2, max_length=2)
    share: float
    share_where_active: float
    trials: int


class ImportanceOut(Schema):
    """Which hyperparameters matter to a metric, most important first."""

    objective: ObjectiveOut
    metric: MetricOut
    at: Literal["best", "last"]
    method: Literal["fanova", "ped_anova"]
    description: str = Field(description="What a share means, and by whose method.")
    trials: int = Field(description="Scored trials that it is about.")
    hyperparameters: list[EffectOut]
    pairs: list[PairEffectOut] = Field(description="fANOVA: pairs of the eight strongest; else empty.")
    note: str | None = Field(description="What speaks against reading too much into it, or why it is empty.")


class TradeoffPointOut(Schema):
    trial_id: str
    number: int
    score: float
    against: float = Field(description="Seconds, parameters, or the metric.")
    on_front: bool = Field(description="Whether no other trial is at least as good in both and better in one.")


class TradeoffOut(Schema):
    """The score of every trial against what it costs, and the trials that no other beats on both counts."""

    objective: ObjectiveOut
    against: MetricOut
    trials: int = Field(description="Scored trials that have the other number; there may be fewer points.")
    points: list[TradeoffPointOut] = Field(description="By number; all that are on the front are among them.")
    front: list[str] = Field(description="Ids of the trials on the Pareto front, by rising `against`.")


class AxisOut(Schema):
    """One hyperparameter as an axis."""

    name: str
    type: str
    sampling: str | None = Field(description="`linear`, `log` or `reverse_log`; null for choices.")
    ordered: bool
    low: float | None = Field(description="Of numbers.")
    high: float | None
    values: list[Value] = Field(description="Of choices, in their order.")
    conditional: bool


class ParallelRowOut(Schema):
    trial_id: str
    number: int
    score: float
    values: dict[str, Value] = Field(description="Active hyperparameters only.")
    places: list[float | None] = Field(description="0 to 1 on each axis, on its sampling scale; null where inactive.")


class ParallelOut(Schema):
    """Every trial as a line across the axes of all hyperparameters."""

    objective: ObjectiveOut
    metric: MetricOut
    at: Literal["best", "last"]
    trials: int = Field(description="Trials with a finite value of the metric; there may be fewer rows.")
    axes: list[AxisOut]
    rows: list[ParallelRowOut]


class ContourAxisOut(AxisOut):
    ticks: list[Value] = Field(description="Values of the columns (x) or rows (y) of the grid.")


class ContourPointOut(Schema):
    trial_id: str
    number: int
    x: Value
    y: Value
    score: float


class ContourOut(Schema):
    """A metric over two hyperparameters: what was measured, and a grid between it."""

    objective: ObjectiveOut
    metric: MetricOut
    at: Literal["best", "last"]
    x: ContourAxisOut
    y: ContourAxisOut
    trials: int = Field(description="Trials in which both are active; there may be fewer points.")
    points: list[ContourPointOut]
    grid: list[list[float | None]] = Field(
        description="Rows by y, columns by x; null where nothing was measured around."
    )
    method: str


class SpentOut(Schema):
    """A score, and what the search had spent when it was reached."""

    score: float
    trials: int = Field(description="Scored trials, by order of ending.")
    epochs: int = Field(description="Epochs of those trials.")
    elapsed_seconds: float = Field(description="Wall-clock seconds from the start of the search.")
    training_seconds: float = Field(description="Training seconds of those trials.")


class BestSpentOut(SpentOut):
    trial_id: str
    number: int


class CurveStepOut(Schema):
    trials: int
    epochs: int
    elapsed_seconds: float
    training_seconds: float
    best: float


class ComparedOut(Schema):
    """One of the compared searches."""

    id: str
    name: str
    state: str
    tuner: str
    objective: ObjectiveOut
    trials: int
    scored_trials: int
    epochs: int = Field(description="Epochs over all trials and executions.")
    elapsed_seconds: float
    device_seconds: float
    best: BestSpentOut | None
    reached: SpentOut | None = Field(description="When the target was reached; null where it was not.")
    curve: list[CurveStepOut] = Field(description="The steps at which the best score changed, and the last trial.")


class ComparisonOut(Schema):
    """Searches side by side, in the order asked for."""

    comparable: bool = Field(description="Whether all have the same objective; else there is no target.")
    target: float | None = Field(description="As asked for, or the worst of the best scores.")
    searches: list[ComparedOut]


class FindingOut(Schema):
    """One thing the curves show."""

    code: Literal["diverged", "overfitting", "underfitting", "oscillating", "still_improving", "healthy"]
    statement: str
    evidence: dict[str, float | None] = Field(description="The numbers behind it, with the thresholds they passed.")
    try_next: list[str]


class DiagnosisOut(Schema):
    """What a trial's learning curves say."""

    trial_id: str
    number: int
    state: str
    verdict: Literal["diverged", "overfitting", "underfitting", "oscillating", "still_improving", "healthy", "unknown"]
    metric: MetricOut = Field(description="The loss where it is logged, else the objective.")
    validation_metric: str | None = Field(description="Null where nothing validates.")
    epochs: int = Field(description="Epochs of the mean curve, which ends with the shortest execution.")
    executions: int = Field(description="Trainings (or folds) the curves are the mean of.")
    findings: list[FindingOut] = Field(description="The gravest first.")
    note: str | None = Field(description="Why there is nothing to say, if so.")


class VerdictsOut(Schema):
    """How many trials of a page got which verdict."""

    trials: int
    verdicts: dict[str, int] = Field(description="By verdict, the gravest first, those that nobody got with 0.")


class DiagnosesOut(Page[DiagnosisOut]):
    """What the learning curves of a search's trials say: a page of them, by number."""

    summary: VerdictsOut = Field(description="Of this page: add up the pages' for the search.")
