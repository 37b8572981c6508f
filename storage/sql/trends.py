"""What trends are drawn from. Only `epoch_bands` and `whole_curves` read curves; all else is on the trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from storage.columns import ScoredColumns
from storage.epochs import EpochBand, WholeCurves
from storage.ids import SearchId, TrialId
from storage.records import Trial
from storage.sql import tables
from storage.sql.bands import BandsCache
from storage.sql.curves import whole_curves
from storage.sql.database import Database, Transaction
from storage.sql.mapping import to_trial
from storage.sql.part import Budgets, Part
from storage.sql.reads import demand_search
from storage.sql.scored import ScoredTrialsCache

_trials = tables.trials.c
# What one process may keep of searches to answer their trends: a metric of a million epochs takes 8 MB, ten thousand
# trials of seven hyperparameters and six metrics 7 MB.
CURVES_BYTES = 96 * 2**20
COLUMNS_BYTES = 32 * 2**20


class Trends(Part):
    def __init__(self, database: Database, budgets: Budgets) -> None:
        super().__init__(database, budgets)
        self._scored = ScoredTrialsCache(database, most_bytes=COLUMNS_BYTES)
        self._curves = BandsCache(database, most_bytes=CURVES_BYTES)

    def scored_columns(self, search_id: SearchId) -> ScoredColumns:
        return self._scored.columns(search_id)

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
        return self._curves.bands(search_id, metric, quantiles=quantiles)

    def whole_curves(self, trial_ids: Sequence[TrialId], metrics: Sequence[str]) -> Mapping[TrialId, WholeCurves]:
        return self._database.read(lambda tx: whole_curves(tx, trial_ids, metrics))
