"""How attempts end, and what becomes of their trials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Row, select, update

from storage.errors import NotFound, WrongState
from storage.ids import TrialId
from storage.leases import Lease
from storage.records import Failure, Reason, Trial
from storage.sql import tables
from storage.sql.database import Database, Transaction
from storage.sql.mapping import to_failure, to_trial
from storage.sql.moves import end_attempt, end_trial, hold, lock_search, lost, requeue_trial
from storage.sql.part import Budgets, Part, read_trial
from storage.sql.scores import Point, Score, score_trial
from storage.sql.searches import end_search
from storage.sql.vigil import ClockVigil
from storage.states import (
    SEARCH_ENDED,
    SEARCH_MOVES,
    AttemptState,
    Fault,
    SearchState,
    TrialState,
)

_trials = tables.trials.c
_attempts = tables.attempts.c
_epochs = tables.epochs.c

NON_FINITE = "non_finite_objective"
LEASE_LOST = "lease_lost"


class Outcomes(Part):
    def __init__(self, database: Database, budgets: Budgets, vigil: ClockVigil) -> None:
        super().__init__(database, budgets)
        self._vigil = vigil

    def complete_trial(self, lease: Lease, *, seconds: float, log: str | None = None) -> Trial:
        def work(tx: Transaction, search: Row[Any], trial: Row[Any]) -> None:
            score = _score(tx, search, trial, executions=search.executions_per_trial)
            if score is None:
                _fail_without_score(tx, search, trial, seconds=seconds, log=log)
                return
            end_attempt(tx, trial, AttemptState.COMPLETED, seconds=seconds, log=log)
            end_trial(tx, search, trial, TrialState.COMPLETED, seconds=seconds, score=score)

        return self._end(lease, work, ends_as={AttemptState.COMPLETED}, may_lack_score=True)

    def stop_trial(self, lease: Lease, *, seconds: float, reason: Reason, log: str | None = None) -> Trial:
        def work(tx: Transaction, search: Row[Any], trial: Row[Any]) -> None:
            score = _score(tx, search, trial, executions=None)
            if score is None:
                _fail_without_score(tx, search, trial, seconds=seconds, log=log)
                return
            end_attempt(tx, trial, AttemptState.STOPPED, seconds=seconds, log=log)
            end_trial(tx, search, trial, TrialState.STOPPED, seconds=seconds, score=score, reason=reason)

        return self._end(lease, work, ends_as={AttemptState.STOPPED}, may_lack_score=True)

    def fail_attempt(self, lease: Lease, failure: Failure, *, seconds: float, log: str | None = None) -> Trial:
        def work(tx: Transaction, search: Row[Any], trial: Row[Any]) -> None:
            end_attempt(tx, trial, AttemptState.FAILED, seconds=seconds, failure=failure, log=log)
            if failure.ends_search and search.checked_at is None:
                _end_with_trial(tx, search, trial, failure, seconds=seconds)
            else:
                self._charge(tx, search, trial, failure, seconds=seconds, event="trial.requeued")

        return self._end(lease, work, ends_as={AttemptState.FAILED})

    def release_trial(self, lease: Lease, *, seconds: float, log: str | None = None) -> Trial:
        def work(tx: Transaction, search: Row[Any], trial: Row[Any]) -> None:
            end_attempt(tx, trial, AttemptState.RELEASED, seconds=seconds, log=log)
            _return_to_queue(tx, search, trial, event="trial.released", code="released", seconds=seconds)

        return self._end(lease, work, ends_as={AttemptState.RELEASED})

    def reap_expired(self) -> tuple[Trial, ...]:
        if not self._vigil.may_reap():
            return ()

        def look(tx: Transaction) -> list[tuple[str, str]]:
            rows = tx.all(
                select(_trials.id, _trials.search_id)
                .where(_trials.state == TrialState.RUNNING, _trials.lease_expires_at <= tx.now())
                .order_by(_trials.lease_expires_at)
            )
            return [(row.id, row.search_id) for row in rows]

        moved: list[Trial] = []
        for trial_id, search_id in self._database.read(look):
            # One transaction each: a search that is locked or odd keeps no other search's trials from coming back.
            trial = self._database.write(lambda tx, t=trial_id, s=search_id: self._reap(tx, t, s))  # type: ignore[misc]
            if trial is not None:
                moved.append(trial)
        return tuple(moved)

    def request_stop(self, trial_id: TrialId) -> Trial:
        def work(tx: Transaction) -> Trial:
            search, trial = _lock_trial(tx, trial_id)
            match TrialState(trial.state):
                case TrialState.QUEUED:
                    end_trial(tx, search, trial, TrialState.CANCELLED)
                case TrialState.RUNNING:
                    tx.change(update(tables.trials).where(_trials.id == trial_id).values(stop_requested=True))
                case TrialState.FAILED | TrialState.CANCELLED:
                    raise WrongState(f"trial {trial_id} is {trial.state}: there is nothing to stop")
                case TrialState.COMPLETED | TrialState.STOPPED:
                    pass
            return read_trial(tx, trial_id)

        return self._database.write(work)

    def retry_trial(self, trial_id: TrialId) -> Trial:
        def work(tx: Transaction) -> Trial:
            search, trial = _lock_trial(tx, trial_id)
            if trial.state != TrialState.FAILED or SearchState(search.state) in SEARCH_ENDED:
                raise WrongState(
                    f"trial {trial_id} is {trial.state} in a search that is {search.state}: only a FAILED trial of a"
                    " search that has not ended can be tried again"
                )
            requeue_trial(
                tx,
                search,
                trial,
                event="trial.requeued",
                code="retried",
                definition_faults=0,
                machine_faults=0,
                stop_requested=False,
            )
            return read_trial(tx, trial_id)

        return self._database.write(work)

    def _end(
        self,
        lease: Lease,
        work: Callable[[Transaction, Row[Any], Row[Any]], None],
        *,
        ends_as: set[AttemptState],
        may_lack_score: bool = False,
    ) -> Trial:
        """Run a fenced ending; a repeat by the same token finds the first one's result."""

        def transaction(tx: Transaction) -> Trial:
            before = _ended_before(tx, lease, ends_as=ends_as, may_lack_score=may_lack_score)
            if before is not None:
                return before
            search, trial = hold(tx, lease)
            work(tx, search, trial)
            return read_trial(tx, lease.trial_id)

        return self._database.write(transaction)

    def _charge(
        self, tx: Transaction, search: Row[Any], trial: Row[Any], failure: Failure, *, seconds: float, event: str
    ) -> None:
        """Charge a fault to its budget: the trial is tried again while that lasts, else it has failed."""
        if failure.fault is Fault.DEFINITION:
            faults = {"definition_faults": trial.definition_faults + 1}
            again = failure.retryable and trial.definition_faults < search.max_retries_per_trial
        else:
            faults = {"machine_faults": trial.machine_faults + 1}
            again = trial.machine_faults < self._budgets.machine_retries
        if again:
            _return_to_queue(tx, search, trial, event=event, code=failure.code, seconds=seconds, **faults)
        else:
            end_trial(tx, search, trial, TrialState.FAILED, seconds=seconds, failure=failure, **faults)

    def _reap(self, tx: Transaction, trial_id: str, search_id: str) -> Trial | None:
        try:
            search = lock_search(tx, search_id)
        except NotFound:
            return None
        now = tx.now()
        # Looked at again under the lock: it may have ended, or even been claimed anew, since the first look.
        statement = select(tables.trials).where(
            _trials.id == trial_id, _trials.state == TrialState.RUNNING, _trials.lease_expires_at <= now
        )
        trial = tx.lock(statement, tables.trials)
        if trial is None:
            return None
        started = tx.first(
            select(_attempts.started_at).where(_attempts.trial_id == trial.id, _attempts.number == trial.attempt)
        )
        # Nobody can say when the worker went; it held the device at most until its lease ran out.
        spent = (trial.lease_expires_at - started.started_at).total_seconds() if started is not None else 0.0
        failure = Failure(
            code=LEASE_LOST,
            message="the worker stopped renewing its lease: it crashed, was cut off, or its machine went away",
            fault=Fault.MACHINE,
            retryable=True,
        )
        end_attempt(tx, trial, AttemptState.LOST, seconds=spent, failure=failure)
        self._charge(tx, search, trial, failure, seconds=spent, event="trial.lost")
        return to_trial(tx.all(select(tables.trials).where(_trials.id == trial_id))[0])


def _lock_trial(tx: Transaction, trial_id: TrialId) -> tuple[Row[Any], Row[Any]]:
    """A trial's row, its search locked first."""
    place = tx.first(select(_trials.search_id).where(_trials.id == trial_id))
    if place is None:
        raise NotFound(f"there is no trial {trial_id}")
    search = lock_search(tx, place.search_id)
    trial = tx.first(select(tables.trials).where(_trials.id == trial_id))
    if trial is None:
        raise NotFound(f"there is no trial {trial_id}")
    return search, trial


def _ended_before(tx: Transaction, lease: Lease, *, ends_as: set[AttemptState], may_lack_score: bool) -> Trial | None:
    """The trial, when this very token ended this attempt in the same way before."""
    attempt = tx.first(
        select(tables.attempts).where(
            _attempts.trial_id == lease.trial_id,
            _attempts.number == lease.attempt,
            _attempts.token == lease.token,
            _attempts.state != AttemptState.RUNNING,
        )
    )
    if attempt is None:
        return None
    failure = to_failure(attempt.failure)
    lacked_score = may_lack_score and failure is not None and failure.code == NON_FINITE
    if AttemptState(attempt.state) not in ends_as and not lacked_score:
        raise lost(lease)
    return read_trial(tx, lease.trial_id)


def _return_to_queue(
    tx: Transaction, search: Row[Any], trial: Row[Any], *, event: str, code: str, seconds: float, **values: Any
) -> None:
    """Back to the queue; but who was asked to stop stops here, with the score so far if there is one."""
    if not trial.stop_requested:
        requeue_trial(tx, search, trial, event=event, code=code, seconds=seconds, **values)
        return
    score = _score(tx, search, trial, executions=None)
    to = TrialState.CANCELLED if score is None else TrialState.STOPPED
    reason = Reason("stop_requested", "stopped by request")
    end_trial(tx, search, trial, to, seconds=seconds, score=score, reason=reason, **values)


def _score(tx: Transaction, search: Row[Any], trial: Row[Any], *, executions: int | None) -> Score | None:
    rows = tx.all(
        select(_epochs.execution, _epochs.epoch, _epochs.objective, _epochs.metrics).where(_epochs.trial_id == trial.id)
    )
    points = (Point(row.execution, row.epoch, row.objective, row.metrics) for row in rows)
    return score_trial(points, direction=search.objective_direction, executions=executions)


def _fail_without_score(tx: Transaction, search: Row[Any], trial: Row[Any], *, seconds: float, log: str | None) -> None:
    message = (
        f"{search.objective_name} was never a finite number"
        if trial.epochs
        else "the trial ended before its first epoch was reported"
    )
    if trial.epochs and search.executions_per_trial > 1:
        message += f" in at least one of the {search.executions_per_trial} trainings"
    failure = Failure(code=NON_FINITE, message=message, fault=Fault.DEFINITION, retryable=False)
    end_attempt(tx, trial, AttemptState.FAILED, seconds=seconds, failure=failure, log=log)
    end_trial(
        tx,
        search,
        trial,
        TrialState.FAILED,
        seconds=seconds,
        failure=failure,
        definition_faults=trial.definition_faults + 1,
    )


def _end_with_trial(tx: Transaction, search: Row[Any], trial: Row[Any], failure: Failure, *, seconds: float) -> None:
    """End the search whose definition cannot run. A paused one stays paused: its next trial will tell again."""
    faults = {"definition_faults": trial.definition_faults + 1}
    end_trial(tx, search, trial, TrialState.FAILED, seconds=seconds, failure=failure, **faults)
    if SearchState.FAILED in SEARCH_MOVES[SearchState(search.state)]:
        current = lock_search(tx, search.id)
        end_search(tx, current, SearchState.FAILED, Reason(failure.code, failure.message))
