"""Final trainings and learning-rate range tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from headstock.models.base import Model, Objective, Reason
from headstock.models.searches import SEARCH_ENDED, SearchState
from headstock.models.trials import Failure


class JobRecord(Model):
    """A training that is no search of its own, as the service described it at one moment.

    Attributes:
        trial_id: The job's one trial, once it exists.
        failure: Why it failed; None when it did not.
        links: Addresses of what there is of it.
    """

    id: str
    name: str
    state: SearchState
    state_reason: Reason | None = None
    hyperparameters: dict[str, Any]
    seed: int
    dataset_id: str
    trial_id: str | None = None
    progress: float | None = None
    elapsed_seconds: float = 0.0
    remaining_seconds: float | None = None
    failure: Failure | None = None
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    links: dict[str, str] = Field(default_factory=dict)

    @property
    def ended(self) -> bool:
        return self.state in SEARCH_ENDED


class FinalSource(Model):
    """The trial that a final training retrains, as it was when the job was made.

    Attributes:
        executions: Trainings behind the score: repeats and folds.
    """

    search_id: str
    search_name: str
    trial_id: str
    trial_number: int
    objective: Objective
    score: float | None = None
    best_epoch: int | None = None
    executions: int = 1
    metrics: dict[str, float | None] = Field(default_factory=dict)


class FinalRecord(JobRecord):
    """A final training.

    Attributes:
        epochs: Epochs to train; None for models without epochs.
        report: How it was trained and how it did on the test part; None until it has ended well, and in lists.
    """

    source: FinalSource
    epochs: int | None = None
    report: dict[str, Any] | None = None


class RangeSuggestion(Model):
    """A range of learning rates to search in.

    Attributes:
        steepest: Where the smoothed loss falls fastest.
        minimum: Where the smoothed loss is least.
        method: How they were found, in words.
    """

    min_rate: float
    max_rate: float
    steepest: float
    minimum: float
    method: dict[str, str] = Field(default_factory=dict)


class RangeTestRecord(JobRecord):
    """A learning-rate range test; its points are there once it has ended well.

    Attributes:
        diverged: Whether it ended because the loss grew without end.
    """

    min_rate: float
    max_rate: float
    steps: int
    smoothing: float
    divergence: float
    batch_size: int | None = None
    diverged: bool | None = None
    rates: list[float] = Field(default_factory=list)
    losses: list[float] = Field(default_factory=list)
    smoothed: list[float] = Field(default_factory=list)
    suggestion: RangeSuggestion | None = None
