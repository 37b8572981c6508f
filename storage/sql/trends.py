"""What trends are drawn from. Only `epoch_bands` reads epoch rows; all else is on the trials themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select

from storage.ids import SearchId, TrialId
from storage.records import EpochBand, ObjectivePoint, Trial
from storage.sql import tables
from storage.sql.database import Transaction
from storage.sql.mapping import to_trial
from storage.sql.part import Part
from storage.sql.reads import demand_search

_searches = tables.searches.c
_trials = tables.trials.c
_epochs = tables.epochs.c


class Trends(Part):
    def objective_points(self, search_id: SearchId) -> tuple[ObjectivePoint, ...]:
        def work(tx: Transaction) -> tuple[ObjectivePoint, ...]:
            demand_search(tx, search_id)
            rows = tx.all(
                select(_trials.id, _trials.number, _trials.score, _trials.ended_at, _trials.epochs, _trials.seconds)
                .where(_trials.search_id == search_id, _trials.score.is_not(None), _trials.ended_seq.is_not(None))
                .order_by(_trials.ended_seq)
            )
            return tuple(
                ObjectivePoint(TrialId(row.id), row.number, row.score, row.ended_at, row.epochs, row.seconds)
                for row in rows
            )

        return self._database.read(work)

    def scored_trials(self, search_id: SearchId) -> tuple[Trial, ...]:
        def work(tx: Transaction) -> tuple[Trial, ...]:
            demand_search(tx, search_id)
            rows = tx.all(
                select(tables.trials)
                .where(_trials.search_id == search_id, _trials.score.is_not(None))
                .order_by(_trials.number)
            )
            return tuple(to_trial(row) for row in rows)

        return self._database.read(work)

    def epoch_bands(self, search_id: SearchId, metric: str, *, quantiles: Sequence[float]) -> tuple[EpochBand, ...]:
        if not all(0.0 <= share <= 1.0 for share in quantiles):
            raise ValueError("quantiles lie between 0 and 1")

        def work(tx: Transaction) -> tuple[EpochBand, ...]:
            demand_search(tx, search_id)
            values = _values(tx, search_id, metric)
            return tx.dialect.bands(tx.connection, values, quantiles=quantiles)

        return self._database.read(work)


def _values(tx: Transaction, search_id: SearchId, metric: str) -> Select[Any]:
    """One finite value per trial and epoch: the mean over executions."""
    search = tx.all(select(_searches.objective_name, _searches.executions_per_trial).where(_searches.id == search_id))[
        0
    ]
    of_objective = metric == search.objective_name
    value = _epochs.objective if of_objective else tx.dialect.json_number(_epochs.metrics, metric)
    own = (
        select(_epochs.epoch, value.label("value"), _epochs.trial_id)
        .join_from(tables.trials, tables.epochs)
        .where(_trials.search_id == search_id)
        .subquery()
    )
    # Grouping a million rows that are alone in their groups takes longer than all the rest.
    alone = tx.first(
        select(_epochs.trial_id)
        .join_from(tables.trials, tables.epochs)
        .where(_trials.search_id == search_id, _epochs.execution > 0)
        .limit(1)
    )
    finite = select(own.c.epoch, own.c.value).where(own.c.value.is_not(None))
    if alone is None:
        return finite
    return (
        select(own.c.epoch, func.avg(own.c.value).label("value"))
        .where(own.c.value.is_not(None))
        .group_by(own.c.trial_id, own.c.epoch)
    )
