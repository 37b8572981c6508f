"""What the service answers, as frozen models. Fields this library does not know are ignored: newer services add some.

Times are aware UTC datetimes; durations are seconds, as their names say. Metrics that were not finite are None.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Scalar = bool | int | float | str
SearchState = Literal["QUEUED", "RUNNING", "PAUSED", "COMPLETED", "FAILED", "CANCELLED"]
TrialState = Literal["QUEUED", "RUNNING", "COMPLETED", "STOPPED", "FAILED", "CANCELLED"]
SEARCH_ENDED = frozenset({"COMPLETED", "FAILED", "CANCELLED"})
TRIAL_ENDED = frozenset({"COMPLETED", "STOPPED", "FAILED", "CANCELLED"})
T = TypeVar("T")


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Page(Model, Generic[T]):
    """One page of a list; `next_page_token` is None on the last."""

    items: list[T]
    next_page_token: str | None = None


class Objective(Model):
    name: str
    direction: Literal["min", "max"]


class Reason(Model):
    """Why something ended or waits: a stable word and a sentence."""

    code: str
    message: str


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
    warnings: list[Reason] = Field(default_factory=list)

    @property
    def ended(self) -> bool:
        return self.state in SEARCH_ENDED

    @property
    def fit_epochs(self) -> int | None:
        """Epochs of each trial where the definition fixes them; None where a hyperparameter decides."""
        fit = (self.definition or {}).get("fit")
        epochs = fit.get("epochs") if isinstance(fit, dict) else None
        return epochs if isinstance(epochs, int) else None


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
        metrics: All metrics at the best epoch; None where not finite.
        seconds: Training seconds over all attempts that ended.
        parent_trial_id: The trial this one goes on from (Hyperband's promotions).
        target_epochs: Epochs to have been trained at the end; None means those of the definition's fit.
    """

    id: str
    search_id: str
    number: int
    state: TrialState
    score: float | None = None
    best_epoch: int | None = None
    epochs: int = 0
    hyperparameters: dict[str, Scalar]
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
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def ended(self) -> bool:
        return self.state in TRIAL_ENDED


class BestRecord(TrialRecord):
    """One of the best trials, with the definition without holes, and Keras Python."""

    definition: dict[str, Any]
    code: str


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


class Dataset(Model):
    """Data kept by the service.

    Attributes:
        input_shape: Shape of one example, without the batch axis.
        scale: "0-1", "standard" or "none"; applied by the service, fitted on the training part only.
        builtin: Whether it came by name and not by upload.
    """

    id: str
    name: str
    task: str
    input_shape: list[int]
    num_classes: int | None = None
    class_names: list[str] = Field(default_factory=list)
    feature_names: list[str] = Field(default_factory=list)
    train_rows: int = 0
    validation_rows: int = 0
    test_rows: int = 0
    x_dtype: str | None = None
    y_dtype: str | None = None
    scale: str | None = None
    source: str | None = None
    builtin: bool = False
    size_bytes: int | None = None
    fingerprint: str | None = None
    created_at: datetime | None = None


class BuiltinDataset(Model):
    """A data set that a definition can name without an upload; prepared when a search first does.

    Attributes:
        needs_network: Whether the first use fetches files from the internet.
    """

    name: str
    description: str = ""
    library: str | None = None
    task: str | None = None
    input_shape: list[int] = Field(default_factory=list)
    num_classes: int | None = None
    train_rows: int = 0
    test_rows: int = 0
    scale: str | None = None
    needs_network: bool = False


class TemplateName(Model):
    name: str


class Slot(Model):
    """One training place of a worker; `trial_id` is None when it is free, or trains for somebody else."""

    number: int
    device: str
    busy: bool = False
    trial_id: str | None = None


class LoginCode(Model):
    path: str
    expires_at: datetime | None = None


class Worker(Model):
    id: str
    name: str
    host: str
    pid: int | None = None
    backend: str | None = None
    slots: list[Slot] = Field(default_factory=list)
    versions: dict[str, str] = Field(default_factory=dict)
    started_at: datetime | None = None
    seen_at: datetime | None = None
    ended_at: datetime | None = None


class Event(Model):
    """One change, as it was told. `seq` grows; it is what a later stream can go on after."""

    seq: int
    kind: str
    search_id: str | None = None
    trial_id: str | None = None
    payload: dict[str, Any] = Field(default_factory=dict)
    recorded_at: datetime | None = None
