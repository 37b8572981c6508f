"""Claims and leases: who runs which trial, until when."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Row, Select, bindparam, delete, exists, func, insert, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from storage.errors import NotFound
from storage.files import Artifact
from storage.ids import TrialId, WorkerId, new_lease_token
from storage.leases import Claim, Directive, Lease, LeaseStatus
from storage.sql import tables
from storage.sql.database import Transaction
from storage.sql.mapping import select_searches, to_artifact, to_dataset, to_lease, to_search, to_trial
from storage.sql.moves import FENCE, fence
from storage.sql.part import Part
from storage.sql.types import UtcDateTime
from storage.states import AttemptState, SearchState, TrialState

_searches = tables.searches.c
_trials = tables.trials.c
_epochs = tables.epochs.c
_artifacts = tables.artifacts.c

# A search found full by the time its lock is ours means: look again. So many times in a row means a crowd, and the
# worker's next poll comes soon.
_LOOKS = 20

_CLAIMABLE = (
    _searches.state == SearchState.RUNNING,
    # Said again in the words of the partial index, which is tiny where the table is not.
    _searches.ended_at.is_(None),
    _searches.trials_queued > 0,
    _searches.trials_running < _searches.parallelism,
    # Both follow from the rest unless the database is damaged. Then it is this search that waits, not all behind it.
    # With LIMIT rather than EXISTS, which PostgreSQL would turn into a join with all queued trials.
    select(_trials.id)
    .where(_trials.search_id == _searches.id, _trials.state == TrialState.QUEUED)
    .limit(1)
    .scalar_subquery()
    .is_not(None),
    exists().where(tables.datasets.c.id == _searches.dataset_id),
)
_ANY_SEARCH = select(_searches.id).where(*_CLAIMABLE).limit(1)
_WORKER = select(tables.workers.c.id).where(tables.workers.c.id == bindparam("worker_id"))
_DATASET = select(tables.datasets).where(tables.datasets.c.id == bindparam("dataset_id"))
_BEGIN_ATTEMPT = insert(tables.attempts)
_COUNT_CLAIM = (
    update(tables.searches)
    .where(_searches.id == bindparam("counted_search"))
    .values(
        trials_queued=_searches.trials_queued - 1,
        trials_running=_searches.trials_running + 1,
        epochs_recorded=_searches.epochs_recorded - bindparam("deleted", type_=BigInteger()),
    )
)
_RENEW = update(tables.trials).where(FENCE).values(lease_expires_at=bindparam("expires_at"))
_NEWEST_CHECKPOINT = (
    select(tables.artifacts)
    .where(_artifacts.trial_id == bindparam("trial_id"), _artifacts.kind == "last")
    .order_by(_artifacts.execution.desc(), func.coalesce(_artifacts.epoch, -1).desc(), _artifacts.id.desc())
    .limit(1)
)


def _next_search() -> Select[Any]:
    """Highest priority, then the owner with the fewest running trials, then the search with the fewest, then the
    oldest. Owners come before searches: else one could push the others aside by posting many searches."""
    busy = (
        select(_searches.owner, func.sum(_searches.trials_running).label("running"))
        .where(_searches.ended_at.is_(None), _searches.trials_running > 0)
        .group_by(_searches.owner)
        .subquery("busy")
    )
    return (
        select_searches()
        .outerjoin(busy, busy.c.owner == _searches.owner)
        .where(*_CLAIMABLE)
        .order_by(
            _searches.priority.desc(),
            func.coalesce(busy.c.running, 0),
            _searches.trials_running,
            _searches.created_at,
            _searches.id,
        )
        .limit(1)
    )


_NEXT_SEARCH = _next_search()


_LOWEST = (
    select(_trials.id)
    .where(_trials.search_id == bindparam("from_search"), _trials.state == TrialState.QUEUED)
    .order_by(_trials.number)
    .limit(1)
)


@lru_cache(maxsize=8)
def _take(lowest: Select[Any]) -> ReturningUpdate[Any]:
    return (
        update(tables.trials)
        .where(_trials.id == lowest.scalar_subquery(), _trials.state == TrialState.QUEUED)
        .values(
            state=TrialState.RUNNING,
            attempt=_trials.attempt + 1,
            lease_token=bindparam("token"),
            lease_worker_id=bindparam("worker_id"),
            lease_expires_at=bindparam("expires_at"),
            started_at=func.coalesce(_trials.started_at, bindparam("now", type_=UtcDateTime())),
        )
        .returning(tables.trials)
    )


class Claims(Part):
    def claim_trials(self, worker_id: WorkerId, *, count: int, lease_s: float) -> tuple[Claim, ...]:
        if count <= 0 or not self._database.read(_has_work):
            # Idle workers poll: they must not queue for the write lock to learn that there is nothing.
            self._database.read(lambda tx: _know_worker(tx, worker_id))
            return ()

        def work(tx: Transaction) -> tuple[Claim, ...]:
            _know_worker(tx, worker_id)
            claims: list[Claim] = []
            while len(claims) < count:
                claim = _claim_one(tx, worker_id, lease_s=lease_s, wait=not claims)
                if claim is None:
                    break
                claims.append(claim)
            return tuple(claims)

        return self._database.write(work)

    def renew_leases(self, leases: Sequence[Lease], *, lease_s: float) -> tuple[LeaseStatus, ...]:
        if not leases:
            return ()

        def work(tx: Transaction) -> tuple[LeaseStatus, ...]:
            ids = sorted({lease.trial_id for lease in leases})
            found = tx.all(
                tx.dialect.lock_rows(
                    select(tables.trials, _searches.state.label("search_state"))
                    .join_from(tables.trials, tables.searches)
                    .where(_trials.id.in_(ids), _trials.state == TrialState.RUNNING)
                    .order_by(_trials.id),
                    tables.trials,
                )
            )
            rows = {row.id: row for row in found}
            now = tx.now()
            expires_at = now + timedelta(seconds=lease_s)
            statuses: list[LeaseStatus] = []
            for lease in leases:
                row = rows.get(lease.trial_id)
                held = (
                    row is not None
                    and row.attempt == lease.attempt
                    and row.lease_token == lease.token
                    and row.lease_expires_at > now
                )
                directive: Directive = _directive(row) if row is not None and held else "lost"
                statuses.append(LeaseStatus(lease.trial_id, directive, expires_at if held else None))
                if held:
                    tx.change(_RENEW, **fence(lease, now=now), expires_at=expires_at)
            return tuple(statuses)

        return self._database.write(work)


def _directive(row: Row[Any]) -> Directive:
    if row.stop_requested:
        return "stop"
    return "release" if row.search_state == SearchState.PAUSED else "continue"


def _know_worker(tx: Transaction, worker_id: WorkerId) -> None:
    if tx.first(_WORKER, worker_id=worker_id) is None:
        raise NotFound(f"there is no worker {worker_id}")


def _has_work(tx: Transaction) -> bool:
    return tx.first(_ANY_SEARCH) is not None


def _claim_one(tx: Transaction, worker_id: WorkerId, *, lease_s: float, wait: bool) -> Claim | None:
    """Claim the next trial, or None when there is none.

    Args:
        wait: Whether to wait for a search that another transaction holds. Only while this one holds none: two that
            hold one each and wait for the other's would wait for ever.
    """
    lock = tx.dialect.lock_rows if wait else tx.dialect.take_rows
    for _ in range(_LOOKS):
        search = tx.first(lock(_NEXT_SEARCH, tables.searches))
        if search is not None:
            trial = _take_trial(tx, search, worker_id, lease_s=lease_s)
            if trial is not None:
                return _complete_claim(tx, search, trial)
        if not wait or not _has_work(tx):
            return None
    return None


def _take_trial(tx: Transaction, search: Row[Any], worker_id: WorkerId, *, lease_s: float) -> Row[Any] | None:
    """Give the lowest queued trial of a locked search to a worker, in one statement."""
    now = tx.now()
    return tx.first(
        _take(tx.dialect.take_rows(_LOWEST, tables.trials)),
        from_search=search.id,
        token=new_lease_token(),
        worker_id=worker_id,
        expires_at=now + timedelta(seconds=lease_s),
        now=now,
    )


def _complete_claim(tx: Transaction, search: Row[Any], trial: Row[Any]) -> Claim:
    """All that belongs to a claim besides the trial's own row: the attempt, the counters, the resume point."""
    tx.execute(
        _BEGIN_ATTEMPT,
        [
            {
                "trial_id": trial.id,
                "number": trial.attempt,
                "state": AttemptState.RUNNING,
                "token": trial.lease_token,
                "worker_id": trial.lease_worker_id,
                "started_at": tx.now(),
            }
        ],
    )
    resume = newest_checkpoint(tx, trial.id) if trial.attempt > 1 else None
    deleted = _delete_beyond(tx, trial, resume) if trial.epochs else 0
    tx.change(_COUNT_CLAIM, counted_search=search.id, deleted=deleted)
    if deleted:
        tx.change(update(tables.trials).where(_trials.id == trial.id).values(epochs=_trials.epochs - deleted))
    tx.emit(
        "trial.started",
        owner=search.owner,
        search_id=search.id,
        trial_id=trial.id,
        number=trial.number,
        attempt=trial.attempt,
        worker_id=trial.lease_worker_id,
        resumed_from=resume.epoch if resume else None,
    )
    dataset = tx.first(_DATASET, dataset_id=search.dataset_id)
    if dataset is None:
        raise NotFound(f"there is no data set {search.dataset_id}")
    before = to_search(search, now=tx.now())
    counts = dataclasses.replace(before.counts, queued=before.counts.queued - 1, running=before.counts.running + 1)
    return Claim(
        lease=to_lease(trial),
        trial=dataclasses.replace(to_trial(trial), epochs=trial.epochs - deleted),
        search=dataclasses.replace(before, counts=counts, epochs_recorded=before.epochs_recorded - deleted),
        dataset=to_dataset(dataset),
        resume=resume,
        parent=newest_checkpoint(tx, trial.parent_trial_id) if trial.parent_trial_id is not None else None,
    )


def newest_checkpoint(tx: Transaction, trial_id: TrialId) -> Artifact | None:
    """The checkpoint to go on from: of the last execution, at its last epoch."""
    row = tx.first(_NEWEST_CHECKPOINT, trial_id=trial_id)
    return to_artifact(row) if row is not None else None


def _delete_beyond(tx: Transaction, trial: Row[Any], resume: Artifact | None) -> int:
    """Delete what was trained after the resume point, so that the new attempt's rows follow without a hole."""
    epochs = delete(tables.epochs).where(_epochs.trial_id == trial.id)
    best = delete(tables.artifacts).where(_artifacts.trial_id == trial.id, _artifacts.kind == "best")
    if resume is not None:
        last = -1 if resume.epoch is None else resume.epoch
        epochs = epochs.where(
            or_(
                _epochs.execution > resume.execution,
                (_epochs.execution == resume.execution) & (_epochs.epoch > last),
            )
        )
        best = best.where(
            or_(
                _artifacts.execution > resume.execution,
                (_artifacts.execution == resume.execution) & (_artifacts.epoch > last),
            )
        )
    tx.change(best)
    return tx.change(epochs)
