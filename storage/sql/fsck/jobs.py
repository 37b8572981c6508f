"""Searches of other kinds: jobs, and results of elsewhere."""

from __future__ import annotations

from sqlalchemy import and_, func, or_, select

from storage.records import IMPORTED, SearchKind
from storage.sql import tables
from storage.sql.database import Transaction
from storage.sql.fsck.found import Found
from storage.states import SearchState, TrialState

_searches = tables.searches.c
_trials = tables.trials.c
_artifacts = tables.artifacts.c
_RESULTS: dict[SearchKind, frozenset[str]] = {
    "finalize": frozenset({"report", "model", "bundle"}),
    "lr_range_test": frozenset({"report"}),
}
"""What a job of each kind leaves when it completes."""


def jobs_single(tx: Transaction) -> Found:
    """A job is one trial, and a final training says which trial it began with."""
    statement = select(_searches.id, _searches.kind, _searches.trials, _searches.source_trial_id).where(
        or_(
            and_(_searches.kind != "search", _searches.trials > 1),
            (_searches.kind == "finalize") != _searches.source_trial_id.is_not(None),
        )
    )
    for row in tx.all(statement):
        yield row.id, f"a {row.kind} with {row.trials} trials and the source {row.source_trial_id}"


def results_there(tx: Transaction) -> Found:
    """A job that has completed has left what it was run for, and only jobs leave such files."""
    for kind, wanted in _RESULTS.items():
        found = (
            select(_artifacts.trial_id, func.count(_artifacts.kind.distinct()).label("count"))
            .where(_artifacts.kind.in_(sorted(wanted)))
            .group_by(_artifacts.trial_id)
            .subquery()
        )
        statement = (
            select(_trials.id, func.coalesce(found.c.count, 0).label("count"))
            .join_from(tables.trials, tables.searches)
            .outerjoin(found, found.c.trial_id == _trials.id)
            .where(
                _searches.kind == kind,
                _trials.state == TrialState.COMPLETED,
                func.coalesce(found.c.count, 0) != len(wanted),
            )
        )
        for row in tx.all(statement):
            yield row.id, f"the {kind} completed with {row.count} of its results ({', '.join(sorted(wanted))})"
    strange = (
        select(_artifacts.id, _artifacts.kind, _searches.kind.label("job"))
        .join_from(tables.artifacts, tables.searches, _artifacts.search_id == _searches.id)
        .where(
            or_(
                and_(_searches.kind == "search", _artifacts.kind.in_(("report", "bundle"))),
                and_(_searches.kind == "lr_range_test", _artifacts.kind.not_in(("report", "last", "best"))),
            )
        )
    )
    for row in tx.all(strange):
        yield row.id, f"a {row.kind} of a {row.job}"


def imports_ended(tx: Transaction) -> Found:
    """An imported search is COMPLETED, and nothing here ever ran for it; a search without data set was imported."""
    own = select(_trials.search_id).where(_trials.attempt > 0)
    files = select(_artifacts.search_id).where(_artifacts.search_id.is_not(None))
    imported = _searches.tuner == IMPORTED
    statement = select(_searches.id, _searches.state, _searches.dataset_id).where(
        or_(
            imported != (_searches.dataset_id == ""),
            and_(
                imported,
                or_(_searches.state != SearchState.COMPLETED, _searches.id.in_(own), _searches.id.in_(files)),
            ),
        )
    )
    for row in tx.all(statement):
        yield row.id, f"imported results and a search of our own in one: {row.state}, data set {row.dataset_id!r}"
