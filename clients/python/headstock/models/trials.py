"""Trials, their attempts and epochs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from headstock.models.base import Model, Reason, Value

TrialState = Literal["QUEUED", "RUNNING", "COMPLETED", "STOPPED", "FAILED", "CANCELLED"]
TRIAL_ENDED = frozenset({"COMPLETED", "STOPPED", "FAILED", "CANCELLED"})


class Failure(Reason):
    """Why an attempt failed.

    Attributes:
        fault: `definition` or `machine`: whose budget of retries it is charged to.
        traceback: Shortened; None when there is none.
    """

    fault: str | None = None
    retryable: bool | None = None
    traceback: str | None = None


class TrialRecord(Model):
    """One trial as the service described it at one moment.

    Attributes:
        number: Counts within the search, from 0.
        score: The objective at its best epoch, mean over executions; None until scored.
        best_epoch: Epoch of the best objective, counted from 0.
        epochs: Epochs recorded, over all executions.
        hyperparameters: The active ones.
        swept: Of a sweep: the hyperparameter that is not at its default; None for the baseline and other tuners.
        metrics: All metrics at the best epoch; None where not finite.
        seconds: Training seconds over all attempts that ended.
        parent_trial_id: The trial this one goes on from (Hyperband's promotions).
        target_epochs: Epochs to have been trained at the end; None means those of the definition's fit.
        ended_seq: Its place in the order of ending, from 0; None while open.
    """

    id: str
    search_id: str
    number: int
    state: TrialState
    score: float | None = None
    best_epoch: int | None = None
    epochs: int = 0
    hyperparameters: dict[str, Value]
    swept: str | None = None
    metrics: dict[str, float | None] = Field(default_factory=dict)
    attempts: int = 0
    failure: Failure | None = None
    seconds: float | None = None
    parameters: int | None = None
    device: str | None = None
    worker_id: str | None = None
    parent_trial_id: str | None = None
    start_epoch: int = 0
    target_epochs: int | None = None
    bracket: int | None = None
    round: int | None = None
    stop_requested: bool = False
    ended_seq: int | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def ended(self) -> bool:
        return self.state in TRIAL_ENDED


class BestRecord(TrialRecord):
    """One of the best trials, with the definition without holes, and Keras Python.

    Attributes:
        definition: None, and `code` too, where there is no data set (any more) to take the shapes from.
    """

    definition: dict[str, Any] | None = None
    code: str | None = None


class Recipe(Model):
    """How to have a trial's model again.

    Attributes:
        definition: The model, compile and fit parts with the trial's values filled in.
        code: Keras Python that builds and trains it as it stands. Both are None where there is no data set (any more)
            to take the shapes from.
    """

    trial_id: str
    definition: dict[str, Any] | None = None
    code: str | None = None


class Epoch(Model):
    """One pass over the data, counted from 0 and absolute over promotions.

    Attributes:
        trial_number: Set in lists over a whole search.
        metrics: None where a value was not finite.
    """

    trial_id: str
    trial_number: int | None = None
    epoch: int
    execution: int
    fold: int | None = None
    metrics: dict[str, float | None]
    seconds: float
    recorded_at: datetime


class Attempt(Model):
    """One try at running a trial. `number` counts from 1."""

    number: int
    state: str
    worker_id: str | None = None
    device: str | None = None
    failure: Failure | None = None
    started_at: datetime
    ended_at: datetime | None = None


class AttemptLog(Model):
    """The last lines an attempt's trainer printed; None while it runs and when nothing was kept."""

    attempt: int
    log: str | None = None
