"""Epochs, and what is made of them: scores, packed curves, checkpoints to go on from."""

from __future__ import annotations

from sqlalchemy import and_, func, or_, select

from storage.records import IMPORTED
from storage.sql import tables
from storage.sql.curves import is_packed
from storage.sql.database import Transaction
from storage.sql.fsck.found import Found
from storage.states import TRIAL_SCORED, TrialState

_searches = tables.searches.c
_trials = tables.trials.c
_epochs = tables.epochs.c
_artifacts = tables.artifacts.c
_curves = tables.curves.c


def epochs_counted(tx: Transaction) -> Found:
    counted = select(_epochs.trial_id, func.count().label("count")).group_by(_epochs.trial_id).subquery()
    statement = (
        select(_trials.id, _trials.epochs, func.coalesce(counted.c.count, 0).label("count"))
        .outerjoin_from(tables.trials, counted, counted.c.trial_id == _trials.id)
        .where(_trials.epochs != func.coalesce(counted.c.count, 0))
    )
    for row in tx.all(statement):
        yield row.id, f"the trial says {row.epochs} epochs, {row.count} are stored"


def epochs_contiguous(tx: Transaction) -> Found:
    """Epochs of each execution run from the trial's first without a hole; of imported trials only some may be known."""
    statement = (
        select(
            _epochs.trial_id,
            _epochs.execution,
            _trials.start_epoch,
            func.min(_epochs.epoch).label("low"),
            func.max(_epochs.epoch).label("high"),
            func.count().label("count"),
        )
        .join_from(tables.epochs, tables.trials)
        .join(tables.searches, _searches.id == _trials.search_id)
        .where(_searches.tuner != IMPORTED)
        .group_by(_epochs.trial_id, _epochs.execution, _trials.start_epoch)
        .having(
            or_(
                func.min(_epochs.epoch) != _trials.start_epoch,
                func.count() != func.max(_epochs.epoch) - func.min(_epochs.epoch) + 1,
            )
        )
    )
    for row in tx.all(statement):
        yield (
            row.trial_id,
            f"execution {row.execution} has {row.count} rows from epoch {row.low} to {row.high}, beginning should be"
            f" {row.start_epoch}",
        )


def executions_whole(tx: Transaction) -> Found:
    """A COMPLETED trial has epochs of every execution, and all epochs of an execution are of one fold."""
    counted = (
        select(_epochs.trial_id, func.count(_epochs.execution.distinct()).label("count"))
        .group_by(_epochs.trial_id)
        .subquery()
    )
    for row in tx.all(
        select(_trials.id, counted.c.count, _searches.executions_per_trial.label("wanted"))
        .join_from(tables.trials, tables.searches)
        .join(counted, counted.c.trial_id == _trials.id)
        .where(_trials.state == TrialState.COMPLETED, counted.c.count != _searches.executions_per_trial)
    ):
        yield row.id, f"it completed with epochs of {row.count} executions, {row.wanted} were asked for"
    for row in tx.all(
        select(_epochs.trial_id, _epochs.execution)
        .group_by(_epochs.trial_id, _epochs.execution)
        .having(func.count(func.coalesce(_epochs.fold, -1).distinct()) > 1)
    ):
        yield row.trial_id, f"the epochs of execution {row.execution} are of several folds"


def scores_true(tx: Transaction) -> Found:
    """Trials have a score exactly when they ended with one, and it lies within what was reported."""
    scored = _trials.state.in_(sorted(TRIAL_SCORED))
    for row in tx.all(select(_trials.id, _trials.state).where(scored != _trials.score.is_not(None))):
        yield row.id, f"a {row.state} trial {'without' if row.state in TRIAL_SCORED else 'with'} a score"
    reported = (
        select(_epochs.trial_id, func.min(_epochs.objective).label("low"), func.max(_epochs.objective).label("high"))
        .group_by(_epochs.trial_id)
        .subquery()
    )
    slack = 1e-9 * (1 + func.abs(_trials.score))
    for row in tx.all(
        select(_trials.id, _trials.score)
        .outerjoin_from(tables.trials, reported, reported.c.trial_id == _trials.id)
        .where(
            _trials.score.is_not(None),
            or_(
                reported.c.low.is_(None),
                _trials.score < reported.c.low - slack,
                _trials.score > reported.c.high + slack,
            ),
        )
    ):
        yield row.id, f"the score {row.score} is not within what its epochs reported"


def curves_whole(tx: Transaction) -> Found:
    """The packed curve of a trial's objective has as many values as its rows have epochs with a finite one."""
    packed = and_(_curves.search_id == _trials.search_id, _curves.ended_seq == _trials.ended_seq)
    counted = (
        select(_epochs.trial_id, func.count(_epochs.epoch.distinct()).label("count"))
        .where(_epochs.objective.is_not(None))
        .group_by(_epochs.trial_id)
        .subquery()
    )
    for (name,) in tx.all(select(_searches.objective_name).distinct()):
        if not is_packed(name):
            continue
        values = func.coalesce(func.length(_curves.content) / 8, 0)
        stored = func.coalesce(counted.c.count, 0)
        statement = (
            select(_trials.id, values.label("values"), stored.label("stored"))
            .join_from(tables.trials, tables.searches, _searches.id == _trials.search_id)
            .outerjoin(tables.curves, and_(packed, _curves.metric == name))
            .outerjoin(counted, counted.c.trial_id == _trials.id)
            .where(_searches.objective_name == name, _trials.curves_seq == _trials.ended_seq, values != stored)
        )
        for row in tx.all(statement):
            yield row.id, f"its packed curve of {name} has {row.values} values, its epochs have {row.stored}"


def resumable(tx: Transaction) -> Found:
    """No checkpoint to go on from lies ahead of the epochs stored."""
    stored = (
        select(_epochs.trial_id, _epochs.execution, func.max(_epochs.epoch).label("last"))
        .group_by(_epochs.trial_id, _epochs.execution)
        .subquery()
    )
    last = func.coalesce(stored.c.last, _trials.start_epoch - 1)
    statement = (
        select(_artifacts.id, _artifacts.epoch, last.label("last"))
        .join_from(tables.artifacts, tables.trials, _artifacts.trial_id == _trials.id)
        .outerjoin(stored, and_(stored.c.trial_id == _artifacts.trial_id, stored.c.execution == _artifacts.execution))
        .where(_artifacts.kind == "last", _artifacts.epoch > last)
    )
    for row in tx.all(statement):
        yield row.id, f"a checkpoint of epoch {row.epoch}, but epochs are stored up to {row.last}"
