"""The interface the other rooms call. Its docstrings are promises; `tests/contracts/` holds implementations to them.

Each method is one transaction that has been committed when it returns. Unless a method says otherwise:

- it may be repeated safely after `StorageUnavailable` (nothing was changed, or the repeat finds its own work done);
- it is safe to call from several threads and processes at once;
- every change of state appends its event to the outbox in the same transaction;
- a missing thing raises `NotFound`; a database that is busy or away raises `StorageUnavailable`.

"Fenced" methods take a `Lease` and change nothing unless the row still has that attempt, that token, state RUNNING and
an expiry later than the database's now; otherwise they raise `LeaseLost`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from storage.columns import ScoredColumns
from storage.datasets import Dataset
from storage.epochs import EpochBand, EpochMetrics, EpochRow, StoredEpoch, WholeCurves
from storage.files import Artifact, NewArtifact, Weights
from storage.ids import ArtifactId, DatasetId, SearchId, TokenId, TrialId, WeightsId, WorkerId
from storage.leases import Claim, LeaderLease, Lease, LeaseStatus
from storage.records import (
    Attempt,
    Event,
    Failure,
    ImportedTrial,
    JsonObject,
    NewSearch,
    NewTrial,
    OpenCount,
    OracleSnapshot,
    Page,
    Reason,
    Search,
    SearchChanges,
    SearchFilter,
    Token,
    Trial,
    TrialOrder,
    Violation,
)
from storage.states import SearchState, TrialState
from storage.workers import MachineSample, Slot, Worker


class SearchStore(Protocol):
    def create_search(
        self, new: NewSearch, *, idempotency_key: str | None = None, most_open: int | None = None
    ) -> tuple[Search, bool]:
        """Store a search as QUEUED; returns it and whether it is new.

        The same owner and key with the same definition (of a job: source, seed and options too) returns the first
        search and False.

        Raises:
            IdempotencyKeyReused: The key belongs to another request.
            NotFound: The dataset has been deleted meanwhile.
            QuotaExceeded: The owner has `most_open` searches and jobs that have not ended. On PostgreSQL searches
                stored in the same instant do not see each other, so a few more may get in.
        """
        ...

    def import_search(
        self, new: NewSearch, trials: Sequence[ImportedTrial], *, reason: Reason, idempotency_key: str | None = None
    ) -> tuple[Search, bool]:
        """Store a search that was run elsewhere as COMPLETED, with all its trials and epochs, in one transaction.

        Trials are numbered as given and ended in the order of their times. Scores are computed as for any other trial
        (`complete_trial`); one without a finite objective is FAILED. They have no attempts and no events of their own.
        `new` has the tuner `IMPORTED` and an empty `dataset_id`. Keys work as in `create_search`.

        Raises:
            IdempotencyKeyReused: The key belongs to another request.
        """
        ...

    def get_search(self, search_id: SearchId, *, owner: str | None = None) -> Search:
        """The search; another owner's is `NotFound`, as if it did not exist. `owner=None` sees all."""
        ...

    def list_searches(self, where: SearchFilter, *, limit: int, page_token: str | None = None) -> Page[Search]:
        """Newest first, keyset paged. Raises InvalidPage for a token that is not one of ours."""
        ...

    def count_searches(self, where: SearchFilter) -> dict[SearchState, int]:
        """How many of these there are in each state; 0 for none."""
        ...

    def change_search(self, search_id: SearchId, changes: SearchChanges) -> Search:
        """Change limits, parallelism, priority or tags of a search that has not ended.

        Raises:
            WrongState: The search has ended.
            Invalid: `max_trials` below the trials already made (pointer `/limits/max_trials`).
        """
        ...

    def pause_search(self, search_id: SearchId) -> Search:
        """QUEUED or RUNNING -> PAUSED; PAUSED stays. No trial is claimed any more; running ones are asked to hand back
        at their next checkpoint (`renew_leases` says "release").

        Raises:
            WrongState: The search has ended.
        """
        ...

    def resume_search(self, search_id: SearchId) -> Search:
        """PAUSED -> RUNNING (or QUEUED if it never started); RUNNING and QUEUED stay. Raises WrongState when ended."""
        ...

    def cancel_search(self, search_id: SearchId) -> Search:
        """End the search as CANCELLED, with all its open trials and attempts, in one transaction. Leases die with it.

        CANCELLED stays CANCELLED. Raises WrongState when it ended otherwise.
        """
        ...

    def start_search(self, search_id: SearchId) -> Search:
        """QUEUED -> RUNNING and the clock starts; RUNNING stays, and so does PAUSED: the caller may have looked before
        the pause, which only `resume_search` ends.
        """
        ...

    def end_search(self, search_id: SearchId, state: SearchState, reason: Reason) -> Search:
        """RUNNING -> COMPLETED or FAILED (QUEUED -> FAILED too). Open trials are CANCELLED in the same transaction.

        A search that has ended already is returned as it is.
        """
        ...

    def delete_search(self, search_id: SearchId) -> tuple[Artifact, ...]:
        """Remove the search with everything it owns; returns the artifacts whose files the caller must now remove.

        Raises:
            WrongState: The search has not ended.
        """
        ...

    def count_open(self) -> Mapping[SearchState, OpenCount]:
        """What has not ended, by the state of its search; states that no search is in are left out."""
        ...

    def active_searches(self) -> tuple[Search, ...]:
        """All QUEUED, RUNNING and PAUSED searches, oldest first."""
        ...


class OracleStore(Protocol):
    def load_oracle(self, search_id: SearchId) -> OracleSnapshot:
        """Oracle state and all trials, by number, in one consistent read."""
        ...

    def add_trials(
        self, search_id: SearchId, trials: Sequence[NewTrial], *, oracle_state: JsonObject, expected_version: int
    ) -> tuple[Trial, ...]:
        """Store proposals as QUEUED together with the oracle's state; returns them with their numbers.

        The oracle's version grows by one. An empty `trials` only saves the state. At most `max_trials` trials exist
        at every instant: proposals beyond it are dropped (the tuple returned is shorter).

        Raises:
            StaleOracle: The stored version is not `expected_version`.
            WrongState: The search is not RUNNING.
        """
        ...

    def ended_trials(self, search_id: SearchId, *, from_seq: int) -> tuple[Trial, ...]:
        """Trials with `ended_seq >= from_seq`, in order of ending."""
        ...


class WorkQueue(Protocol):
    def register_worker(
        self,
        *,
        name: str,
        host: str,
        pid: int,
        backend: str,
        slots: Sequence[Slot],
        versions: dict[str, str],
    ) -> Worker: ...

    def beat_worker(
        self, worker_id: WorkerId, slots: Sequence[Slot], *, samples: Sequence[MachineSample] | None = None
    ) -> None:
        """Move `seen_at` and store what each slot does. May be repeated: the last call says what is there.

        Args:
            samples: Take the place of those that are stored, oldest first; None leaves them. Numbers must be finite.

        Raises:
            NotFound: There is no such worker.
        """
        ...

    def retire_worker(self, worker_id: WorkerId) -> None: ...

    def list_workers(self, *, include_ended: bool = False) -> tuple[Worker, ...]: ...

    def claim_trials(self, worker_id: WorkerId, *, count: int, lease_s: float) -> tuple[Claim, ...]:
        """Claim up to `count` QUEUED trials of RUNNING searches: highest priority, then the owner with the fewest
        running trials, then the search with the fewest, then the oldest, then the lowest number. No search ever runs
        more than its `parallelism` trials.

        In the same transaction: state RUNNING, attempt + 1, lease set, attempt row, epoch rows after the resume
        checkpoint deleted. Two claimers never get the same trial. Not repeatable: a repeat claims more (an answer lost
        on the way is recovered by the lease running out).
        """
        ...

    def renew_leases(self, leases: Sequence[Lease], *, lease_s: float) -> tuple[LeaseStatus, ...]:
        """Renew those still held, in one transaction; the status of each, in order. Never raises LeaseLost."""
        ...

    def report_start(self, lease: Lease, *, parameters: int | None, device: str) -> None:
        """Fenced. The first batch has been trained: the trial's size is known, and its search counts as checked."""
        ...

    def record_epochs(self, lease: Lease, rows: Sequence[EpochRow]) -> None:
        """Fenced. Store epoch rows; a row already there with equal values is skipped.

        Raises:
            ProtocolViolation: Rows leave a hole (the first row of an execution is `start_epoch`, or 0 for later
                executions of an unpromoted trial; then each epoch follows its predecessor), skip an execution, reach
                beyond `target_epochs` or `executions_per_trial`, or repeat an epoch with other values.
        """
        ...

    def record_checkpoint(self, lease: Lease, checkpoint: NewArtifact) -> tuple[Artifact, tuple[Artifact, ...]]:
        """Fenced. Record a checkpoint or a result (a model, report or bundle); returns it and the ones it replaces
        (same trial, kind and execution; for kind "last" every older one), whose files the caller may now remove.

        Raises:
            ProtocolViolation: A "last" checkpoint of an epoch that has not been recorded yet: record the epoch first.
        """
        ...

    def complete_trial(self, lease: Lease, *, seconds: float, log: str | None = None) -> Trial:
        """Fenced. RUNNING -> COMPLETED. Score, best epoch and metrics are computed here from the epoch rows: per
        execution (or fold) the best finite objective, then the mean over executions; best epoch is the rounded mean.

        Without any finite objective in some execution, or without all `executions_per_trial` of them, the trial FAILS
        with `non_finite_objective` instead (a definition fault that is not retried). A repeat with the token that
        completed it returns the trial.
        """
        ...

    def stop_trial(self, lease: Lease, *, seconds: float, reason: Reason, log: str | None = None) -> Trial:
        """Fenced. RUNNING -> STOPPED with the score so far (FAILED `non_finite_objective` when there is none)."""
        ...

    def fail_attempt(self, lease: Lease, failure: Failure, *, seconds: float, log: str | None = None) -> Trial:
        """Fenced. End the attempt as FAILED; the trial goes back to QUEUED while its budget lasts, else to FAILED.

        Definition faults may be retried `max_retries_per_trial` times (and only when `failure.retryable`), machine
        faults `machine_retries` times (a setting of the repository), each counted apart. `failure.ends_search` on a
        search that is not yet checked ends the search as FAILED with this reason, in the same transaction.
        """
        ...

    def release_trial(self, lease: Lease, *, seconds: float, log: str | None = None) -> Trial:
        """Fenced. Hand a RUNNING trial back to QUEUED (attempt RELEASED); charged to no budget."""
        ...

    def reap_expired(self) -> tuple[Trial, ...]:
        """End attempts whose lease has run out as LOST (a machine fault); returns the trials that were moved."""
        ...

    def request_stop(self, trial_id: TrialId) -> Trial:
        """Ask a RUNNING trial to stop with the score so far; a QUEUED one is CANCELLED at once. Ended ones stay.

        Raises:
            WrongState: The trial has FAILED or was CANCELLED.
        """
        ...

    def retry_trial(self, trial_id: TrialId) -> Trial:
        """FAILED -> QUEUED with fresh budgets. Raises WrongState unless it is FAILED and its search has not ended."""
        ...


class TrialReads(Protocol):
    def get_trial(self, trial_id: TrialId, *, owner: str | None = None) -> Trial: ...

    def list_trials(
        self,
        search_id: SearchId,
        *,
        limit: int,
        page_token: str | None = None,
        states: frozenset[TrialState] = frozenset(),
        order: TrialOrder = "number",
        descending: bool = False,
    ) -> Page[Trial]:
        """By number; or only the trials with a score, by that (the smallest first unless `descending`), or only those
        that have ended, in the order in which they did. Pages cost the same in every order.
        """
        ...

    def busy_workers(self, search_ids: Sequence[SearchId]) -> Mapping[SearchId, int]:
        """How many workers run trials of each of these searches now; those with none are left out."""
        ...

    def list_attempts(self, trial_id: TrialId) -> tuple[Attempt, ...]: ...

    def best_trials(self, search_id: SearchId, *, count: int) -> tuple[Trial, ...]:
        """Scored trials, best first by the objective's direction; ties by the lower number."""
        ...

    def list_epochs(self, trial_id: TrialId, *, limit: int, page_token: str | None = None) -> Page[StoredEpoch]:
        """By execution, then epoch."""
        ...

    def epoch_metrics(self, trial_ids: Sequence[TrialId]) -> Mapping[TrialId, Sequence[EpochMetrics]]:
        """The epochs of each of these trials, by execution, then epoch, in one read; trials without any are left out.

        All of them are in memory at once: whoever asks bounds how many that are.
        """
        ...

    def whole_curves(self, trial_ids: Sequence[TrialId], metrics: Sequence[str]) -> Mapping[TrialId, WholeCurves]:
        """What the epochs of these trials say of these metrics, of the trials of which a tenth of the work tells it.

        The others are left out: trials that have not ended, of unlike executions, with values that are not finite, or
        stored by an older version. Their epochs say it. All is in memory at once, as of `epoch_metrics`.
        """
        ...

    def search_epochs(self, search_id: SearchId, *, limit: int, page_token: str | None = None) -> Page[StoredEpoch]:
        """By trial number, execution, epoch."""
        ...

    def scored_trials(self, search_id: SearchId) -> tuple[Trial, ...]:
        """All trials with a score, by number."""
        ...

    def scored_columns(self, search_id: SearchId) -> ScoredColumns:
        """What trends need of the same trials, as columns in order of ending: a hundredth of the work.

        May be repeated often: only trials that have ended since the last call are read again.
        """
        ...

    def epoch_bands(self, search_id: SearchId, metric: str, *, quantiles: Sequence[float]) -> tuple[EpochBand, ...]:
        """Linear-interpolated quantiles of `metric` over trials, per epoch (mean over executions first)."""
        ...

    def get_artifact(self, artifact_id: ArtifactId) -> Artifact: ...

    def trial_artifacts(self, trial_id: TrialId) -> tuple[Artifact, ...]: ...


class DatasetStore(Protocol):
    def add_dataset(self, dataset: Dataset, *, shares_files: bool = False) -> Dataset:
        """Store a record whose files are whole. May be repeated; a built-in repeated is returned as it is.

        Args:
            shares_files: Its `key` is that of another record. A delete that runs at the same moment either comes first,
                and this raises NotFound, or comes later, and then finds this record with `uses_dataset_key`.

        Raises:
            NameTaken: The owner has another of that name.
            NotFound: With `shares_files`: no record has that key any more, so the files may be gone.
        """
        ...

    def get_dataset(self, dataset_id: DatasetId, *, owner: str | None = None) -> Dataset: ...

    def find_dataset(self, name: str, *, owner: str) -> Dataset | None:
        """The owner's set of that name, else a built-in one already stored, else None."""
        ...

    def find_dataset_key(self, fingerprint: str) -> str | None:
        """Below which key equal data lie already, whoever's they are; None when there are none."""
        ...

    def dataset_keys(self) -> frozenset[str]:
        """The keys of all records."""
        ...

    def uses_dataset_key(self, key: str) -> bool:
        """Whether any record has this key. Once False it stays False: new files get a new key (`add_dataset`)."""
        ...

    def list_datasets(self, *, owner: str, limit: int, page_token: str | None = None) -> Page[Dataset]:
        """The owner's and the built-in ones, newest first."""
        ...

    def delete_dataset(self, dataset_id: DatasetId) -> Dataset:
        """Remove the record; the caller removes the files when `uses_dataset_key` then says that nobody uses them.

        Raises:
            NotFound: There is none.
            DatasetInUse: A search that has not ended uses it.
        """
        ...


class WeightsStore(Protocol):
    def add_weights(self, weights: Weights) -> Weights:
        """Raises NameTaken when the owner has others of that name."""
        ...

    def get_weights(self, weights_id: WeightsId, *, owner: str | None = None) -> Weights: ...

    def find_weights(self, name: str, *, owner: str) -> Weights | None:
        """The owner's weights of that name."""
        ...

    def list_weights(self, *, owner: str, limit: int, page_token: str | None = None) -> Page[Weights]:
        """The owner's, newest first."""
        ...

    def all_weights(self) -> tuple[Weights, ...]:
        """Everybody's, in no order (for `headstock fsck`)."""
        ...

    def delete_weights(self, weights_id: WeightsId) -> Weights:
        """Remove the record; the caller removes the file. A trial that wants it from then on fails with the reason."""
        ...


class EventLog(Protocol):
    def events_after(
        self, seq: int, *, search_id: SearchId | None = None, owner: str | None = None, limit: int = 500
    ) -> tuple[Event, ...]:
        """Committed events with a higher `seq`, in order. None that will still appear below the last one is missed:
        an event is only shown once all with lower numbers are committed or rolled back."""
        ...

    def last_event_seq(self) -> int:
        """The highest visible `seq`; 0 when there is none."""
        ...


class TokenStore(Protocol):
    def add_token(self, token: Token) -> None: ...

    def find_token(self, token_id: TokenId) -> Token | None: ...

    def revoke_token(self, token_id: TokenId) -> None: ...


class LeaderStore(Protocol):
    def acquire_leader(self, name: str, *, holder: str, lease_s: float) -> LeaderLease | None:
        """Become leader, or renew one's own term; None while another holder's lease lasts."""
        ...

    def release_leader(self, lease: LeaderLease) -> None: ...


class FollowerStore(Protocol):
    """How far a reader of the event log has come that goes on there after a restart."""

    def follower_place(self, name: str) -> int | None:
        """The `seq` up to which everything is done; None for a reader that never was here."""
        ...

    def save_follower_place(self, name: str, seq: int) -> None:
        """Everything up to `seq` is done. A lower one than the stored changes nothing: a late writer does no harm."""
        ...


class Repository(
    SearchStore,
    OracleStore,
    WorkQueue,
    TrialReads,
    DatasetStore,
    WeightsStore,
    EventLog,
    TokenStore,
    LeaderStore,
    FollowerStore,
    Protocol,
):
    def ping(self) -> None:
        """Raises StorageUnavailable when the database is away, SchemaOutdated when its schema is not ours."""
        ...

    def check_invariants(self) -> tuple[Violation, ...]:
        """What `headstock fsck` proves of the database (files are checked by the caller against `all_artifacts`)."""
        ...

    def all_artifacts(self) -> tuple[Artifact, ...]: ...

    def close(self) -> None: ...
