"""What the trials say together: importance, trade-offs, axes, surfaces, searches side by side; and a trial's curves."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from service.schemas.base import ObjectiveOut, Schema
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
