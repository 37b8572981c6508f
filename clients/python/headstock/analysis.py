"""What the trials say together: importance, trade-offs, axes, contours, comparisons; and a trial's diagnosis."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from headstock.models import Model, Objective, Value
from headstock.trends import Metric

Method = Literal["fanova", "ped_anova"]


class Effect(Model):
    """What one hyperparameter explains.

    Attributes:
        share: 0 to 1: of the variance of all scores (fANOVA), or of all divergences (PED-ANOVA).
        share_where_active: fANOVA: of the variance among the trials in which it is active.
        trials: Trials in which it was active.
    """

    name: str
    share: float
    share_where_active: float | None = None
    trials: int
    conditional: bool = False


class PairEffect(Model):
    """What two hyperparameters explain together, beyond what each explains alone."""

    names: list[str]
    share: float
    share_where_active: float
    trials: int


class Importance(Model):
    """Which hyperparameters matter to a metric, most important first.

    Attributes:
        description: What a share means, and by whose method.
        pairs: fANOVA: pairs of the eight strongest.
        note: What speaks against reading too much into it, or why it is empty.
    """

    objective: Objective
    metric: Metric
    at: str
    method: str
    description: str
    trials: int
    hyperparameters: list[Effect]
    pairs: list[PairEffect] = Field(default_factory=list)
    note: str | None = None


class TradeoffPoint(Model):
    """One scored trial; `against` is its cost."""

    trial_id: str
    number: int
    score: float
    against: float
    on_front: bool


class Tradeoff(Model):
    """The score of every trial against what it costs.

    Attributes:
        against: What it is set against, and which values of that are better.
        trials: Scored trials that have the other number; there may be fewer points.
        points: By number; all that are on the front are among them.
        front: Ids of the trials that no other beats on both counts, by rising cost.
    """

    objective: Objective
    against: Metric
    trials: int
    points: list[TradeoffPoint]
    front: list[str]


class Axis(Model):
    """One hyperparameter as an axis: its ends (numbers) or its values (choices), and the scale it was drawn on."""

    name: str
    type: str
    sampling: str | None = None
    ordered: bool
    low: float | None = None
    high: float | None = None
    values: list[Value] = Field(default_factory=list)
    conditional: bool = False


class ParallelRow(Model):
    """One trial. `places` are 0 to 1 on the axes, None where a hyperparameter is inactive."""

    trial_id: str
    number: int
    score: float
    values: dict[str, Value]
    places: list[float | None]


class Parallel(Model):
    """Every trial as a line across the axes of all hyperparameters. Of `trials` there may be fewer rows."""

    objective: Objective
    metric: Metric
    at: str
    trials: int
    axes: list[Axis]
    rows: list[ParallelRow]


class ContourAxis(Axis):
    """`ticks` are the values of the grid's columns (x) or rows (y)."""

    ticks: list[Value]


class ContourPoint(Model):
    """One scored trial over the two axes."""

    trial_id: str
    number: int
    x: Value
    y: Value
    score: float


class Contour(Model):
    """A metric over two hyperparameters: what was measured, and a grid between it (rows by y, None outside).

    Of `trials` there may be fewer points.
    """

    objective: Objective
    metric: Metric
    at: str
    x: ContourAxis
    y: ContourAxis
    trials: int
    points: list[ContourPoint]
    grid: list[list[float | None]]
    method: str


class Spent(Model):
    """A score, and what the search had spent when it was reached: scored trials, their epochs and seconds."""

    score: float
    trials: int
    epochs: int
    elapsed_seconds: float
    training_seconds: float


class BestSpent(Spent):
    """The best trial, and what had been spent when it ended."""

    trial_id: str
    number: int


class CurveStep(Model):
    """A trial with a better score than all before it, and what had been spent by then."""

    trials: int
    epochs: int
    elapsed_seconds: float
    training_seconds: float
    best: float


class Compared(Model):
    """One of the compared searches.

    Attributes:
        reached: When the target was reached; None where it was not.
        curve: The trials at which the best score changed, and the last one.
    """

    id: str
    name: str
    state: str
    tuner: str
    objective: Objective
    trials: int
    scored_trials: int
    epochs: int
    elapsed_seconds: float
    device_seconds: float
    best: BestSpent | None = None
    reached: Spent | None = None
    curve: list[CurveStep]


class Comparison(Model):
    """Searches side by side; `target` is the score whose reaching is compared, None when objectives differ."""

    comparable: bool
    target: float | None = None
    searches: list[Compared]


class Finding(Model):
    """One thing the curves show, the numbers behind it, and what to try next."""

    code: str
    statement: str
    evidence: dict[str, float | None]
    try_next: list[str]


class Diagnosis(Model):
    """What a trial's learning curves say.

    Attributes:
        verdict: Code of the gravest finding: `diverged`, `overfitting`, `underfitting`, `oscillating`,
            `still_improving` or `healthy`; `unknown` when `note` says why there is nothing to say.
        metric: The loss where it is logged, else the objective.
        epochs: Of the mean curve over executions or folds.
    """

    trial_id: str
    number: int
    state: str
    verdict: str
    metric: Metric
    validation_metric: str | None = None
    epochs: int
    executions: int
    findings: list[Finding]
    note: str | None = None
