"""What a search says of itself and of its trials."""

from __future__ import annotations

from sqlalchemy import and_, case, func, or_, select

from storage.sql import tables
from storage.sql.database import Transaction
from storage.sql.fsck.found import Found
from storage.states import SEARCH_ENDED, TRIAL_ENDED, SearchState, TrialState

_searches = tables.searches.c
_trials = tables.trials.c
_LOWEST = func.min(_trials.number).label("low")
_HIGHEST = func.max(_trials.number).label("high")


def numbers_dense(tx: Transaction) -> Found:
    """Trial numbers are 0..n-1, and n is what the search says."""
    statement = (
        select(_trials.search_id, func.count().label("count"), _LOWEST, _HIGHEST)
        .group_by(_trials.search_id)
        .having(or_(func.min(_trials.number) != 0, func.max(_trials.number) != func.count() - 1))
    )
    for row in tx.all(statement):
        yield row.search_id, f"{row.count} trials are numbered {row.low} to {row.high}"


def budget_kept(tx: Transaction) -> Found:
    statement = (
        select(_searches.id, _searches.max_trials, func.count().label("count"))
        .join_from(tables.searches, tables.trials)
        .where(_searches.max_trials.is_not(None))
        .group_by(_searches.id, _searches.max_trials)
        .having(func.count() > _searches.max_trials)
    )
    for row in tx.all(statement):
        yield row.id, f"{row.count} trials, but at most {row.max_trials} are allowed"


def counters_true(tx: Transaction) -> Found:
    """The counters on a search are what its rows add up to."""
    states = list(TrialState)
    counted = (
        select(
            _trials.search_id,
            func.count().label("trials"),
            *(func.sum(case((_trials.state == state, 1), else_=0)).label(state.value.lower()) for state in states),
            func.sum(_trials.epochs).label("epochs"),
        )
        .group_by(_trials.search_id)
        .subquery()
    )
    statement = select(tables.searches, counted).outerjoin(counted, counted.c.search_id == _searches.id)
    for row in tx.all(statement):
        mapping = row._mapping
        for said, real in (
            (_searches.trials, counted.c.trials),
            *((_searches[f"trials_{state.value.lower()}"], counted.c[state.value.lower()]) for state in states),
            (_searches.epochs_recorded, counted.c.epochs),
        ):
            if mapping[said] != (mapping[real] or 0):
                yield mapping[_searches.id], f"{said.name} says {mapping[said]}, the rows say {mapping[real] or 0}"


def best_is_best(tx: Transaction) -> Found:
    """The best on record is the best of the rows; ties go to the lower number."""
    better = func.row_number().over(
        partition_by=_trials.search_id,
        order_by=(
            case((_searches.objective_direction == "min", _trials.score), else_=-_trials.score),
            _trials.number,
        ),
    )
    ranked = (
        select(_trials.search_id, _trials.id, _trials.score, better.label("place"))
        .join_from(tables.trials, tables.searches)
        .where(_trials.score.is_not(None))
        .subquery()
    )
    statement = select(
        _searches.id, _searches.best_trial_id, _searches.best_score, ranked.c.id.label("real"), ranked.c.score
    ).outerjoin_from(tables.searches, ranked, and_(ranked.c.search_id == _searches.id, ranked.c.place == 1))
    for row in tx.all(statement):
        if (row.best_trial_id, row.best_score) != (row.real, row.score):
            yield row.id, f"the best on record is {row.best_trial_id}, the rows say {row.real}"


def nothing_open(tx: Transaction) -> Found:
    """An ended search has only ended trials."""
    statement = (
        select(_trials.id, _trials.state, _searches.state.label("search_state"))
        .join_from(tables.trials, tables.searches)
        .where(_searches.state.in_(sorted(SEARCH_ENDED)), _trials.state.not_in(sorted(TRIAL_ENDED)))
    )
    for row in tx.all(statement):
        yield row.id, f"the trial is {row.state} in a search that is {row.search_state}"


def clocks(tx: Transaction) -> Found:
    """A search's times agree with its state."""
    statement = select(_searches.id, _searches.state).where(
        or_(
            (_searches.state == SearchState.RUNNING) != _searches.running_since.is_not(None),
            _searches.state.in_(sorted(SEARCH_ENDED)) != _searches.ended_at.is_not(None),
        )
    )
    for row in tx.all(statement):
        yield row.id, f"a {row.state} search whose times say otherwise"


def data_there(tx: Transaction) -> Found:
    """A search that has not ended has its definition and its data."""
    statement = (
        select(_searches.id, tables.definitions.c.search_id.label("definition"), tables.datasets.c.id.label("dataset"))
        .outerjoin_from(tables.searches, tables.definitions)
        .outerjoin(tables.datasets, tables.datasets.c.id == _searches.dataset_id)
        .where(
            or_(
                tables.definitions.c.search_id.is_(None),
                and_(_searches.ended_at.is_(None), tables.datasets.c.id.is_(None)),
            )
        )
    )
    for row in tx.all(statement):
        yield row.id, "the definition is missing" if row.definition is None else "the data set is missing"
