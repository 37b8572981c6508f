"""Searches."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from headstock.models.base import Model, Objective, Reason, Remark

SearchState = Literal["QUEUED", "RUNNING", "PAUSED", "COMPLETED", "FAILED", "CANCELLED"]
SEARCH_ENDED = frozenset({"COMPLETED", "FAILED", "CANCELLED"})


class TrialCounts(Model):
    """How many trials of a search are in each state."""

    queued: int = 0
    running: int = 0
    completed: int = 0
    stopped: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def total(self) -> int:
        return self.queued + self.running + self.ended

    @property
    def ended(self) -> int:
        return self.completed + self.stopped + self.failed + self.cancelled


class BestScore(Model):
    trial_id: str
    score: float


class SearchRecord(Model):
    """One search as the service described it at one moment.

    Attributes:
        tuner: The tuner's type, as in a definition (`hyperband`, ...).
        progress: Part of the planned work that is done, 0 to 1; None when the search is open-ended.
        elapsed_seconds: Seconds spent RUNNING; pauses are left out.
        remaining_seconds: The service's estimate; None while it has none.
        planned_trials: Trials the search makes if nothing ends it early; None when open-ended.
        workers_busy: Workers that train trials of it now.
        definition: As submitted, with defaults filled in; None in lists, which leave it out.
        warnings: What was odd but allowed; told at submission only.
    """

    id: str
    name: str
    state: SearchState
    state_reason: Reason | None = None
    objective: Objective
    tuner: str
    dataset_id: str | None = None
    limits: dict[str, float | None]
    parallelism: int | None = None
    executions_per_trial: int = 1
    max_retries_per_trial: int | None = None
    priority: int = 0
    seed: int | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    trials: TrialCounts
    best: BestScore | None = None
    planned_trials: int | None = None
    planned_epochs: int | None = None
    epochs_recorded: int | None = None
    device_seconds: float | None = None
    progress: float | None = None
    elapsed_seconds: float = 0.0
    remaining_seconds: float | None = None
    workers_busy: int | None = None
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    definition: dict[str, Any] | None = None
    versions: dict[str, str] = Field(default_factory=dict)
    warnings: list[Remark] = Field(default_factory=list)

    @property
    def ended(self) -> bool:
        return self.state in SEARCH_ENDED

    @property
    def fit_epochs(self) -> int | None:
        """Epochs of each trial where the definition fixes them; None where a hyperparameter decides."""
        fit = (self.definition or {}).get("fit")
        epochs = fit.get("epochs") if isinstance(fit, dict) else None
        return epochs if isinstance(epochs, int) else None


class SearchCounts(Model):
    """How many searches there are, by state and all together."""

    states: dict[SearchState, int]
    total: int
