"""Whether what was read of a search's ended trials is still all there is, from its counters alone.

Ended trials do not change. They are numbered by `ended_seq` in the order of their commits, from the search's counter
`endings`, which never goes down; a failed trial that is tried again loses its number for good. So a set of ended trials
read earlier is still exact if, together with those that have ended since, it has as many members as the search counts
now: one that was taken out of it can never be replaced.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, bindparam, func, select

from storage.errors import NotFound
from storage.ids import SearchId
from storage.records import Direction
from storage.sql import tables
from storage.sql.database import Transaction

_searches = tables.searches.c
_trials = tables.trials.c
_COUNTERS = select(
    _searches.endings,
    (_searches.trials_completed + _searches.trials_stopped).label("scored"),
    (_searches.trials_failed + _searches.trials_cancelled).label("unscored"),
    (_searches.trials_queued + _searches.trials_running).label("open"),
    _searches.objective_name,
    _searches.objective_direction,
    _searches.executions_per_trial,
).where(_searches.id == bindparam("search_id"))
SINCE: tuple[ColumnElement[bool], ...] = (
    _trials.search_id == bindparam("search_id"),
    _trials.ended_seq >= bindparam("since"),
)
"""Trials of `search_id` that ended at `since` or later."""
_ENDED_SINCE = select(func.count().label("found")).select_from(tables.trials).where(*SINCE)


@dataclass(frozen=True, slots=True)
class Endings:
    """The counters of a search in this transaction.

    Attributes:
        next: The next `ended_seq` that will be given out.
        scored: Ended trials with a score.
        unscored: Ended trials without one.
        open: Trials that have not ended.
        objective: The objective's name.
        executions: Executions (folds counted) per trial.
    """

    next: int
    scored: int
    unscored: int
    open: int
    objective: str
    direction: Direction
    executions: int

    @property
    def ended(self) -> int:
        return self.scored + self.unscored


def endings(tx: Transaction, search_id: SearchId) -> Endings:
    """Raises NotFound: an empty answer must not hide a wrong id."""
    row = tx.first(_COUNTERS, search_id=search_id)
    if row is None:
        raise NotFound(f"there is no search {search_id}")
    return Endings(
        row.endings,
        row.scored,
        row.unscored,
        row.open,
        row.objective_name,
        row.objective_direction,
        row.executions_per_trial,
    )


def ended_since(tx: Transaction, search_id: SearchId, since: int) -> int:
    """How many trials of the search have ended with that `ended_seq` or a later one."""
    row = tx.first(_ENDED_SINCE, search_id=search_id, since=since)
    assert row is not None
    return int(row.found)
