"""What every part of the repository holds."""

from __future__ import annotations

from dataclasses import dataclass

from storage.errors import NotFound
from storage.ids import SearchId, TrialId
from storage.records import Search, Trial
from storage.sql import tables
from storage.sql.database import Database, Transaction
from storage.sql.mapping import select_searches, to_search, to_trial


@dataclass(frozen=True, slots=True)
class Budgets:
    """How often a trial may be tried again after faults of the machine."""

    machine_retries: int


class Part:
    """One resource's methods of the repository. Safe for threads."""

    def __init__(self, database: Database, budgets: Budgets) -> None:
        self._database = database
        self._budgets = budgets


def read_search(tx: Transaction, search_id: SearchId, *, owner: str | None = None) -> Search:
    statement = select_searches().where(tables.searches.c.id == search_id)
    if owner is not None:
        statement = statement.where(tables.searches.c.owner == owner)
    row = tx.first(statement)
    if row is None:
        raise NotFound(f"there is no search {search_id}")
    return to_search(row, now=tx.now())


def read_trial(tx: Transaction, trial_id: TrialId, *, owner: str | None = None) -> Trial:
    statement = tables.trials.select().where(tables.trials.c.id == trial_id)
    if owner is not None:
        statement = statement.where(tables.trials.c.search_id == tables.searches.c.id, tables.searches.c.owner == owner)
    row = tx.first(statement)
    if row is None:
        raise NotFound(f"there is no trial {trial_id}")
    return to_trial(row)
