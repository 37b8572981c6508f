"""Trials, their attempts, epochs and logs."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from service.schemas.base import Schema, Time, Value, finite, finite_metrics
from service.written import written_time
from storage.epochs import StoredEpoch
from storage.records import Attempt, Failure, Trial
from storage.states import AttemptState, TrialState
from tuners.list_values import all_shown


class FailureOut(Schema):
    """Why an attempt failed."""

    code: str
    message: str
    fault: str = Field(description="`definition` or `machine`: whose budget of retries it is charged to.")
    retryable: bool
    traceback: str | None = Field(description="Shortened; null when there is none.")

    @classmethod
    def of(cls, failure: Failure | None) -> FailureOut | None:
        return None if failure is None else cls.model_validate(_failure_document(failure))


class TrialOut(Schema):
    """One set of values under test."""

    id: str
    search_id: str
    number: int = Field(description="Counts within the search, from 0.")
    state: TrialState
    score: float | None = Field(description="The objective at its best epoch, mean over executions.")
    best_epoch: int | None = Field(description="Counted from 0.")
    epochs: int = Field(description="Epochs recorded, over all executions.")
    hyperparameters: dict[str, Value] = Field(description="The active ones.")
    swept: str | None = Field(
        description="Of a sweep: the hyperparameter that is not at its default; null for the baseline and other tuners."
    )
    metrics: dict[str, float | None] = Field(description="All metrics at the best epoch.")
    attempts: int
    failure: FailureOut | None
    seconds: float = Field(description="Training seconds over all attempts that ended.")
    parameters: int | None = Field(description="Parameters of the model, once it was built.")
    device: str | None
    worker_id: str | None
    parent_trial_id: str | None = Field(description="The trial whose training this one went on with.")
    start_epoch: int
    target_epochs: int | None = Field(description="Epochs to have been trained at the end; null means `fit.epochs`.")
    bracket: int | None
    round: int | None
    stop_requested: bool
    ended_seq: int | None = Field(description="Its place in the order of ending, from 0; null while open.")
    created_at: Time
    started_at: Time | None
    ended_at: Time | None

    @classmethod
    def of(cls, trial: Trial, *, swept: str | None) -> TrialOut:
        return cls.model_validate(trial_document(trial, swept=swept))


def trial_document(trial: Trial, *, swept: str | None) -> dict[str, Any]:
    """A trial as the API shows it, as plain JSON; what it sweeps is told by `service.trends.sweeps`.

    Pages of trials are written straight from it: making models of five hundred of them and checking those takes longer
    than reading them.
    """
    return {
        "id": trial.id,
        "search_id": trial.search_id,
        "number": trial.number,
        "state": trial.state.value,
        "score": finite(trial.score),
        "best_epoch": trial.best_epoch,
        "epochs": trial.epochs,
        "hyperparameters": all_shown(trial.values),
        "swept": swept,
        "metrics": finite_metrics(trial.metrics),
        "attempts": trial.attempt,
        "failure": None if trial.failure is None else _failure_document(trial.failure),
        "seconds": trial.seconds,
        "parameters": trial.parameters,
        "device": trial.device,
        "worker_id": trial.worker_id,
        "parent_trial_id": trial.parent_trial_id,
        "start_epoch": trial.start_epoch,
        "target_epochs": trial.target_epochs,
        "bracket": trial.bracket,
        "round": trial.round,
        "stop_requested": trial.stop_requested,
        "ended_seq": trial.ended_seq,
        "created_at": written_time(trial.created_at),
        "started_at": None if trial.started_at is None else written_time(trial.started_at),
        "ended_at": None if trial.ended_at is None else written_time(trial.ended_at),
    }


def _failure_document(failure: Failure) -> dict[str, Any]:
    return {
        "code": failure.code,
        "message": failure.message,
        "fault": failure.fault.value,
        "retryable": failure.retryable,
        "traceback": failure.traceback,
    }


class AttemptOut(Schema):
    """One try at running a trial."""

    number: int = Field(description="Counted from 1.")
    state: AttemptState
    worker_id: str
    device: str | None
    failure: FailureOut | None
    started_at: Time
    ended_at: Time | None

    @classmethod
    def of(cls, attempt: Attempt) -> AttemptOut:
        return cls(
            number=attempt.number,
            state=attempt.state,
            worker_id=attempt.worker_id,
            device=attempt.device,
            failure=FailureOut.of(attempt.failure),
            started_at=attempt.started_at,
            ended_at=attempt.ended_at,
        )


class LogOut(Schema):
    """What one attempt's trainer printed."""

    attempt: int
    log: str | None = Field(description="Its last lines; null while it runs and when nothing was kept.")


class EpochOut(Schema):
    """One pass over the data."""

    trial_id: str
    trial_number: int | None = Field(description="Set in lists over a whole search.")
    execution: int
    fold: int | None
    epoch: int = Field(description="Counted from 0, absolute over promotions.")
    metrics: dict[str, float | None] = Field(description="Null where the value was not finite.")
    seconds: float
    recorded_at: Time

    @classmethod
    def of(cls, row: StoredEpoch, *, metrics: frozenset[str] | None, trial_number: int | None) -> EpochOut:
        """The row with the chosen metrics (None: all)."""
        chosen = row.metrics if metrics is None else {k: v for k, v in row.metrics.items() if k in metrics}
        return cls(
            trial_id=row.trial_id,
            trial_number=trial_number,
            execution=row.execution,
            fold=row.fold,
            epoch=row.epoch,
            metrics=finite_metrics(chosen),
            seconds=row.seconds,
            recorded_at=row.recorded_at,
        )


class BestOut(TrialOut):
    """One of the best trials, with all it takes to have its model again."""

    definition: dict[str, Any] | None = Field(
        description="The definition with this trial's values in all its holes; null once the data set was deleted, "
        "since the shapes come from it."
    )
    code: str | None = Field(
        description="Plain Keras Python that rebuilds the model and trains it, as it stands; null likewise."
    )


class CodeOut(Schema):
    """How to have a trial's model again."""

    trial_id: str
    definition: dict[str, Any] | None = Field(
        description="The definition with this trial's values in all its holes; null once the data set was deleted."
    )
    code: str | None = Field(description="Plain Keras Python that rebuilds the model and trains it; null likewise.")
