"""The one door through which searches and trials change state.

Every move is a conditional UPDATE that names the state (and for a running trial the attempt and token) it expects; zero
rows changed is an answer. The row of the search is locked before any row of its trials, everywhere, so that two
transactions never wait for each other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, select, update

from storage.errors import LeaseLost, NotFound, WrongState
from storage.leases import Lease
from storage.records import Failure, Reason
from storage.sql import tables
from storage.sql.curves import forget_curves, store_curves
from storage.sql.database import Transaction
from storage.sql.mapping import from_failure
from storage.sql.numbers import duration
from storage.sql.scores import Score
from storage.states import (
    SEARCH_ENDED,
    SEARCH_MOVES,
    TRIAL_MOVES,
    AttemptState,
    SearchState,
    TrialState,
)

_searches = tables.searches.c
_trials = tables.trials.c
_attempts = tables.attempts.c

# What must be true of a trial's row for a lease to be in force.
FENCE = and_(
    _trials.id == bindparam("held_trial"),
    _trials.search_id == bindparam("held_search"),
    _trials.state == TrialState.RUNNING,
    _trials.attempt == bindparam("held_attempt"),
    _trials.lease_token == bindparam("held_token"),
    _trials.lease_expires_at > bindparam("held_now"),
)
_HELD = select(tables.trials).where(FENCE)
_SEARCH = select(tables.searches).where(_searches.id == bindparam("search_id"))
_NO_LEASE = {"lease_token": None, "lease_worker_id": None, "lease_expires_at": None}
_COUNTERS = {state: tables.searches.c[f"trials_{state.value.lower()}"] for state in TrialState}


def lock_search(tx: Transaction, search_id: str) -> Row[Any]:
    """The search's hot row, kept from others until the commit.

    Raises:
        NotFound: There is none.
    """
    row = tx.lock(_SEARCH, tables.searches, search_id=search_id)
    if row is None:
        raise NotFound(f"there is no search {search_id}")
    return row


def move_search(tx: Transaction, search: Row[Any], to: SearchState, *, reason: Reason | None = None) -> None:
    """Move a locked search, keeping its clock.

    Raises:
        WrongState: The table of moves does not allow it.
    """
    state = SearchState(search.state)
    if to not in SEARCH_MOVES[state]:
        raise WrongState(f"search {search.id} is {state}, from which it cannot become {to}")
    now = tx.now()
    values: dict[str, Any] = {
        "state": to,
        "reason_code": reason.code if reason else None,
        "reason_message": reason.message if reason else None,
    }
    if state is SearchState.RUNNING:
        values["active_seconds"] = search.active_seconds + duration((now - search.running_since).total_seconds())
        values["running_since"] = None
    if to is SearchState.RUNNING:
        values["running_since"] = now
        values["started_at"] = search.started_at or now
    if to in SEARCH_ENDED:
        values["ended_at"] = now
    changed = tx.change(
        update(tables.searches).where(_searches.id == search.id, _searches.state == state).values(values)
    )
    if changed != 1:
        raise WrongState(f"search {search.id} is no longer {state}")


def hold(tx: Transaction, lease: Lease) -> tuple[Row[Any], Row[Any]]:
    """The rows of a lease's search and trial, the search locked.

    Raises:
        LeaseLost: The lease is not in force.
    """
    try:
        search = lock_search(tx, lease.search_id)
    except NotFound as error:
        raise lost(lease) from error
    trial = tx.first(_HELD, **fence(lease, now=tx.now()))
    if trial is None:
        raise lost(lease)
    return search, trial


def fence(lease: Lease, *, now: datetime) -> dict[str, Any]:
    """The values of `FENCE` for a lease."""
    return {
        "held_trial": lease.trial_id,
        "held_search": lease.search_id,
        "held_attempt": lease.attempt,
        "held_token": lease.token,
        "held_now": now,
    }


def lost(lease: Lease) -> LeaseLost:
    return LeaseLost(f"attempt {lease.attempt} of trial {lease.trial_id} no longer holds its lease")


def end_attempt(
    tx: Transaction,
    trial: Row[Any],
    to: AttemptState,
    *,
    seconds: float,
    failure: Failure | None = None,
    log: str | None = None,
) -> None:
    """End the running attempt of a trial. Its trial must be moved in the same transaction."""
    tx.change(
        update(tables.attempts)
        .where(
            _attempts.trial_id == trial.id,
            _attempts.number == trial.attempt,
            _attempts.state == AttemptState.RUNNING,
        )
        .values(
            state=to,
            ended_at=tx.now(),
            seconds=duration(seconds),
            failure=from_failure(failure) if failure else None,
            log=log,
        )
    )


def end_trial(
    tx: Transaction,
    search: Row[Any],
    trial: Row[Any],
    to: TrialState,
    *,
    seconds: float = 0.0,
    score: Score | None = None,
    failure: Failure | None = None,
    reason: Reason | None = None,
    **values: Any,
) -> None:
    """Move one trial to its end: its place in the order of ending, its score, the search's counters and its best."""
    if trial.epochs:
        store_curves(tx, search.id, trial.id, ended_seq=search.endings)
    _move_trial(
        tx,
        trial,
        to,
        **_NO_LEASE,
        ended_seq=search.endings,
        curves_seq=search.endings,
        ended_at=tx.now(),
        seconds=trial.seconds + duration(seconds),
        score=score.value if score else None,
        best_epoch=score.best_epoch if score else None,
        metrics=dict(score.metrics) if score else None,
        last_metrics=dict(score.last_metrics) if score else None,
        failure=from_failure(failure) if failure else None,
        **values,
    )
    changes: dict[str, Any] = {
        **_counted(TrialState(trial.state), to),
        "endings": search.endings + 1,
        "device_seconds": search.device_seconds + duration(seconds),
    }
    if score is not None and _beats(tx, search, trial, score.value):
        changes["best_trial_id"] = trial.id
        changes["best_score"] = score.value
    if score is not None and _improves(search, score.value):
        changes["trials_since_best"] = 0
    elif to is not TrialState.CANCELLED:
        changes["trials_since_best"] = search.trials_since_best + 1
    tx.change(update(tables.searches).where(_searches.id == search.id).values(changes))
    details: dict[str, Any] = {"number": trial.number, "attempt": trial.attempt}
    if score is not None:
        details |= {"score": score.value, "best_epoch": score.best_epoch}
    if failure is not None:
        details |= {"failure": {"code": failure.code, "message": from_failure(failure)["message"]}}
    if reason is not None:
        details |= {"reason": {"code": reason.code, "message": reason.message}}
    tx.emit(f"trial.{to.value.lower()}", owner=search.owner, search_id=search.id, trial_id=trial.id, **details)


def requeue_trial(
    tx: Transaction, search: Row[Any], trial: Row[Any], *, event: str, code: str, seconds: float = 0.0, **values: Any
) -> None:
    """Move one trial back into the queue."""
    if trial.ended_seq is not None and trial.epochs:
        forget_curves(tx, search.id, trial.id, ended_seq=trial.ended_seq)
    _move_trial(
        tx,
        trial,
        TrialState.QUEUED,
        **_NO_LEASE,
        ended_seq=None,
        curves_seq=None,
        ended_at=None,
        failure=None,
        seconds=trial.seconds + duration(seconds),
        **values,
    )
    tx.change(
        update(tables.searches)
        .where(_searches.id == search.id)
        .values(
            {
                **_counted(TrialState(trial.state), TrialState.QUEUED),
                "device_seconds": search.device_seconds + duration(seconds),
            }
        )
    )
    tx.emit(
        event,
        owner=search.owner,
        search_id=search.id,
        trial_id=trial.id,
        number=trial.number,
        attempt=trial.attempt,
        code=code,
    )


def cancel_open_trials(tx: Transaction, search: Row[Any]) -> None:
    """End every QUEUED and RUNNING trial of a locked search as CANCELLED; leases end at once."""
    open_states = (TrialState.QUEUED, TrialState.RUNNING)
    found = tx.all(
        tx.dialect.lock_rows(
            select(_trials.id, _trials.number, _trials.state, _trials.attempt, _trials.epochs)
            .where(_trials.search_id == search.id, _trials.state.in_(open_states))
            # One order for all who lock several trials: renewals do the same.
            .order_by(_trials.id),
            tables.trials,
        )
    )
    if not found:
        return
    now = tx.now()
    spent = _cancel_attempts(tx, [row.id for row in found if row.state == TrialState.RUNNING], now=now)
    for seq, row in enumerate(sorted(found, key=lambda row: row.number), start=search.endings):
        if row.epochs:
            store_curves(tx, search.id, row.id, ended_seq=seq)
        _move_trial(
            tx,
            row,
            TrialState.CANCELLED,
            **_NO_LEASE,
            ended_seq=seq,
            curves_seq=seq,
            ended_at=now,
            seconds=_trials.seconds + spent.get(row.id, 0.0),
        )
        tx.emit(
            "trial.cancelled",
            owner=search.owner,
            search_id=search.id,
            trial_id=row.id,
            number=row.number,
            attempt=row.attempt,
        )
    tx.change(
        update(tables.searches)
        .where(_searches.id == search.id)
        .values(
            trials_queued=0,
            trials_running=0,
            trials_cancelled=_searches.trials_cancelled + len(found),
            endings=search.endings + len(found),
            device_seconds=_searches.device_seconds + sum(spent.values()),
        )
    )


def _cancel_attempts(tx: Transaction, trial_ids: list[str], *, now: datetime) -> dict[str, float]:
    """End the running attempts of these trials; returns the seconds each had lasted."""
    spent: dict[str, float] = {}
    for row in tx.all(
        select(_attempts.trial_id, _attempts.number, _attempts.started_at).where(
            _attempts.trial_id.in_(trial_ids), _attempts.state == AttemptState.RUNNING
        )
    ):
        spent[row.trial_id] = duration((now - row.started_at).total_seconds())
        tx.change(
            update(tables.attempts)
            .where(_attempts.trial_id == row.trial_id, _attempts.number == row.number)
            .values(state=AttemptState.CANCELLED, ended_at=now, seconds=spent[row.trial_id])
        )
    return spent


def _move_trial(tx: Transaction, trial: Row[Any], to: TrialState, **values: Any) -> None:
    state = TrialState(trial.state)
    if to not in TRIAL_MOVES[state]:
        raise WrongState(f"trial {trial.id} is {state}, from which it cannot become {to}")
    changed = tx.change(
        update(tables.trials)
        .where(_trials.id == trial.id, _trials.state == state, _trials.attempt == trial.attempt)
        .values(state=to, **values)
    )
    if changed != 1:
        raise WrongState(f"trial {trial.id} is no longer {state}")


def _counted(before: TrialState, after: TrialState) -> dict[str, Any]:
    return {_COUNTERS[before].name: _COUNTERS[before] - 1, _COUNTERS[after].name: _COUNTERS[after] + 1}


def _improves(search: Row[Any], score: float) -> bool:
    if search.best_score is None:
        return True
    return bool(score < search.best_score if search.objective_direction == "min" else score > search.best_score)


def _beats(tx: Transaction, search: Row[Any], trial: Row[Any], score: float) -> bool:
    """Whether the trial is now the best: a better score, or the same one under a lower number."""
    if _improves(search, score):
        return True
    if score != search.best_score:
        return False
    number = tx.first(select(_trials.number).where(_trials.id == search.best_trial_id))
    return number is None or trial.number < number.number
