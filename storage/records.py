"""Frozen value objects that cross the rooms. SQLAlchemy rows never leave `storage/sql`.

Times are aware UTC datetimes; durations are seconds (float) and named `_seconds` or `_s`. Epochs are counted from 0 and
are absolute: a promoted trial goes on from where its parent stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Literal, TypeVar

from storage.epochs import EpochRow
from storage.ids import DatasetId, SearchId, TokenId, TrialId, WorkerId
from storage.states import AttemptState, Fault, SearchState, TrialState

JsonObject = Mapping[str, object]
Scalar = bool | int | float | str
Values = Mapping[str, Scalar]
Direction = Literal["min", "max"]
SearchKind = Literal["search", "finalize", "lr_range_test"]
"""What a search is for: trying points; retraining one and testing it; or finding a range of learning rates. All three
are trials on workers, with the same leases, retries and events; only "search" shows in lists."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Objective:
    """A metric name and a direction."""

    name: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class Limits:
    """A search ends at the first of these; None means no such limit. `max_trials` is exact at every instant."""

    max_trials: int | None = None
    max_seconds: float | None = None
    max_epochs: int | None = None
    max_device_seconds: float | None = None
    target: float | None = None
    patience_trials: int | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something ended or waits: a stable word and a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class TrialCounts:
    queued: int = 0
    running: int = 0
    completed: int = 0
    stopped: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def total(self) -> int:
        return self.queued + self.running + self.completed + self.stopped + self.failed + self.cancelled

    @property
    def ended(self) -> int:
        return self.completed + self.stopped + self.failed + self.cancelled


@dataclass(frozen=True, slots=True)
class OpenCount:
    """Searches in one state, with their trials that have not ended."""

    searches: int
    queued: int
    running: int


@dataclass(frozen=True, slots=True)
class BestScore:
    trial_id: TrialId
    score: float


@dataclass(frozen=True, slots=True)
class NewSearch:
    """What the API stores for one accepted definition."""

    owner: str
    name: str
    definition: JsonObject
    space: JsonObject
    dataset_id: DatasetId
    objective: Objective
    tuner: str
    limits: Limits
    parallelism: int
    executions_per_trial: int
    max_retries_per_trial: int
    priority: int
    seed: int
    tags: Mapping[str, str]
    planned_trials: int | None
    planned_epochs: int | None
    versions: Mapping[str, str]
    kind: SearchKind = "search"
    source_trial_id: TrialId | None = None
    options: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Search:
    """One hunt for good hyperparameters, with its counters.

    Attributes:
        oracle_version: Grows by one with every stored ask; the compare-and-set fence between coordinators.
        checked_at: When some trial's first batch had been trained: from then on a fault ends trials, not the search.
        planned_trials: Trials the search will make if nothing ends it early; None when open-ended.
        planned_epochs: Epochs over all trials and executions likewise.
        epochs_recorded: Epoch rows stored so far, over all trials and executions.
        device_seconds: Seconds of device time spent by ended attempts.
        active_seconds: Seconds spent RUNNING so far (pauses excluded), as of reading.
        trials_since_best: Ended trials since the best score last improved.
        executions_per_trial: Trainings of each trial; each fold of a cross-validation is one of them.
        source_trial_id: The trial that a "finalize" retrains; None otherwise.
        options: What kinds other than "search" need to know; their one point lies under `values`.
    """

    id: SearchId
    owner: str
    name: str
    state: SearchState
    state_reason: Reason | None
    definition: JsonObject
    space: JsonObject
    dataset_id: DatasetId
    objective: Objective
    tuner: str
    limits: Limits
    parallelism: int
    executions_per_trial: int
    max_retries_per_trial: int
    priority: int
    seed: int
    tags: Mapping[str, str]
    counts: TrialCounts
    best: BestScore | None
    oracle_version: int
    checked_at: datetime | None
    planned_trials: int | None
    planned_epochs: int | None
    epochs_recorded: int
    device_seconds: float
    active_seconds: float
    trials_since_best: int
    versions: Mapping[str, str]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    kind: SearchKind = "search"
    source_trial_id: TrialId | None = None
    options: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SearchChanges:
    """What PATCH may change; None leaves a field as it is."""

    limits: Limits | None = None
    parallelism: int | None = None
    priority: int | None = None
    tags: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class SearchFilter:
    """Which searches to list.

    Attributes:
        text: Only names that hold this text; the letters a to z in either case.
        source_search_id: Only final trainings of this search's trials.
        source_trial_id: Only final trainings of this trial.
    """

    owner: str | None = None
    states: frozenset[SearchState] = frozenset()
    tags: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    text: str | None = None
    dataset_id: DatasetId | None = None
    kind: SearchKind = "search"
    source_search_id: SearchId | None = None
    source_trial_id: TrialId | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list, and the opaque token of the next one (None at the end)."""

    items: tuple[T, ...]
    next_page_token: str | None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed.

    Attributes:
        code: A stable word (`build_error`, `out_of_memory`, ...); `tuners/failures.py` has them all.
        fault: Whose budget of retries it is charged to.
        retryable: Whether trying the same values again can help.
        ends_search: True when the definition itself cannot run, so that trying other values is hopeless.
        traceback: Shortened, without paths of the machine; None when there is none.
    """

    code: str
    message: str
    fault: Fault
    retryable: bool
    ends_search: bool = False
    traceback: str | None = None


@dataclass(frozen=True, slots=True)
class NewTrial:
    """One proposal of an oracle.

    Attributes:
        values: The active hyperparameters only.
        values_hash: Stable hash of the values (`tuners.space.Space.hash_values`), plus the parent for promotions.
        start_epoch: First epoch to train, absolute.
        target_epochs: Train until this many epochs have been done, absolute and exclusive; None means `fit.epochs`.
    """

    values: Values
    values_hash: str
    start_epoch: int = 0
    target_epochs: int | None = None
    parent_trial_id: TrialId | None = None
    bracket: int | None = None
    round: int | None = None


IMPORTED = "imported"
"""The tuner of searches that were run elsewhere: they are stored ended, with neither data set nor attempts."""


@dataclass(frozen=True, slots=True)
class ImportedTrial:
    """One trial that was run elsewhere.

    Attributes:
        epochs: What is known of it, of execution 0, by epoch; epochs may be missing. Its score is the best finite
            objective among them.
        stopped: It was ended early on purpose, with the score so far.
        cancelled: It was ended early, and what is known of it is no result: it gets no score.
        failure: Why it failed; None: it did not (but a trial without a finite objective is stored as failed).
        ended_at: None: unknown, stored as the time of the import.
    """

    values: Values
    values_hash: str
    epochs: tuple[EpochRow, ...]
    stopped: bool = False
    cancelled: bool = False
    failure: Failure | None = None
    seconds: float = 0.0
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """One set of values under test.

    Attributes:
        number: Counts within the search, dense from 0.
        attempt: Attempts begun so far.
        score: Mean over executions of the best finite objective; None until scored.
        best_epoch: Absolute epoch of the best objective (mean over executions, rounded); None until scored.
        epochs: Epoch rows stored (over all executions).
        metrics: All metrics at the best epoch, mean over executions; empty until scored.
        last_metrics: All metrics at the last epoch, likewise.
        ended_seq: Order of ending within the search, dense from 0; None while open.
        seconds: Training seconds over all attempts that ended.
        stop_requested: A person or a rule asked the running attempt to stop with the score so far.
    """

    id: TrialId
    search_id: SearchId
    number: int
    state: TrialState
    values: Values
    values_hash: str
    attempt: int
    score: float | None
    best_epoch: int | None
    epochs: int
    metrics: Mapping[str, float | None]
    last_metrics: Mapping[str, float | None]
    start_epoch: int
    target_epochs: int | None
    parent_trial_id: TrialId | None
    bracket: int | None
    round: int | None
    failure: Failure | None
    definition_faults: int
    machine_faults: int
    seconds: float
    parameters: int | None
    device: str | None
    stop_requested: bool
    ended_seq: int | None
    worker_id: WorkerId | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


TrialOrder = Literal["number", "score", "ended"]
"""All trials by number; those with a score by that, then by number; or those that have ended, as they ended."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at running a trial. `number` counts from 1."""

    trial_id: TrialId
    number: int
    state: AttemptState
    worker_id: WorkerId
    device: str | None
    failure: Failure | None
    started_at: datetime
    ended_at: datetime | None
    log: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the outbox, written in the same transaction as the change it tells of."""

    seq: int
    kind: str
    search_id: SearchId | None
    trial_id: TrialId | None
    payload: JsonObject
    recorded_at: datetime


Scope = Literal["read", "submit", "admin"]


@dataclass(frozen=True, slots=True)
class Token:
    """An API token as stored: only the sha256 of its secret is kept."""

    id: TokenId
    owner: str
    name: str
    scopes: frozenset[Scope]
    secret_sha256: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class OracleSnapshot:
    """Everything a coordinator needs to rebuild one oracle."""

    search: Search
    version: int
    state: JsonObject | None
    trials: tuple[Trial, ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken invariant, as `headstock fsck` reports it."""

    invariant: str
    subject: str
    detail: str
