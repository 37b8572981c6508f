"""What a search would cost, worked out without storing anything."""

from __future__ import annotations

from pydantic import Field

from headstock.models import Model, Remark


class Rung(Model):
    """One round of a bracket: how many trials, each trained for so many epochs when it ends."""

    round: int
    trials: int
    epochs: int


class Bracket(Model):
    """One of Hyperband's groups."""

    bracket: int
    rounds: list[Rung] = Field(default_factory=list)


class Parameters(Model):
    """Parameter counts of the models in the space; None where the model could not say."""

    min: int | None = None
    max: int | None = None
    default: int | None = None


class Seconds(Model):
    """Estimated wall-clock seconds, with an interval, from trials that were measured on the same data set."""

    estimate: float
    low: float
    high: float
    measured_trials: int


class Plan(Model):
    """What a definition would cost.

    Attributes:
        trials: Trials it will make; None when only time or the score ends it.
        epochs: Epochs over all trials and executions, if no trial stops early.
        space_size: Distinct points of the space; None when a range is continuous.
        disk_bytes: Upper bound of its checkpoints.
        seconds: None until like trials have been measured.
        warnings: What is odd, but allowed.
    """

    trials: int | None = None
    epochs: int | None = None
    space_size: int | None = None
    brackets: list[Bracket] = Field(default_factory=list)
    parameters: Parameters = Parameters()
    disk_bytes: int | None = None
    seconds: Seconds | None = None
    warnings: list[Remark] = Field(default_factory=list)
