"""Trials, attempts, epochs and artifacts as they are asked for. Lists are keyset paged: each page costs the same."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Text, func, literal_column, select, tuple_, type_coerce

from storage.epochs import EpochMetrics, StoredEpoch
from storage.errors import NotFound
from storage.files import Artifact
from storage.ids import ArtifactId, SearchId, TrialId
from storage.records import Attempt, Page, Trial, TrialOrder
from storage.sql import tables
from storage.sql.database import Transaction
from storage.sql.mapping import to_artifact, to_attempt, to_epoch, to_trial
from storage.sql.numbers import join_metrics
from storage.sql.pages import Pager
from storage.sql.part import Part, read_trial
from storage.sql.types import decode_all
from storage.states import TrialState

_searches = tables.searches.c
_trials = tables.trials.c
_epochs = tables.epochs.c
_artifacts = tables.artifacts.c
_ORDERS: Mapping[TrialOrder, tuple[Column[Any], ...]] = {
    "number": (_trials.number,),
    "score": (_trials.score, _trials.number),
    "ended": (_trials.ended_seq,),
}


class Reads(Part):
    def get_trial(self, trial_id: TrialId, *, owner: str | None = None) -> Trial:
        return self._database.read(lambda tx: read_trial(tx, trial_id, owner=owner))

    def list_trials(
        self,
        search_id: SearchId,
        *,
        limit: int,
        page_token: str | None = None,
        states: frozenset[TrialState] = frozenset(),
        order: TrialOrder = "number",
        descending: bool = False,
    ) -> Page[Trial]:
        limit = max(limit, 1)
        columns = _ORDERS[order]

        def work(tx: Transaction) -> Page[Trial]:
            demand_search(tx, search_id)
            pager = Pager(tx, "trials", search_id, sorted(states), order, descending)
            statement = select(tables.trials).where(_trials.search_id == search_id, columns[0].is_not(None))
            if states:
                statement = statement.where(_trials.state.in_(sorted(states)))
            if (start := pager.start(page_token)) is not None:
                place = tuple_(*columns)
                statement = statement.where(place < tuple_(*start) if descending else place > tuple_(*start))
            # All ways up or all down: then an index answers, read forwards or backwards.
            statement = statement.order_by(*(column.desc() if descending else column for column in columns))
            return pager.page(
                tx.all(statement.limit(limit + 1)),
                limit=limit,
                record=to_trial,
                key=lambda row: tuple(row._mapping[column] for column in columns),
            )

        return self._database.read(work)

    def busy_workers(self, search_ids: Sequence[SearchId]) -> Mapping[SearchId, int]:
        count = func.count(_trials.lease_worker_id.distinct()).label("busy")
        # Written out: only so do the databases use the small index of that state.
        running = _trials.state == literal_column(f"'{TrialState.RUNNING}'")
        statement = select(_trials.search_id, count).where(running, _trials.search_id.in_(list(search_ids)))
        rows = self._database.read(lambda tx: tx.all(statement.group_by(_trials.search_id)))
        return {SearchId(row.search_id): row.busy for row in rows}

    def list_attempts(self, trial_id: TrialId) -> tuple[Attempt, ...]:
        def work(tx: Transaction) -> tuple[Attempt, ...]:
            read_trial(tx, trial_id)
            attempts = tables.attempts.c
            rows = tx.all(select(tables.attempts).where(attempts.trial_id == trial_id).order_by(attempts.number))
            return tuple(to_attempt(row) for row in rows)

        return self._database.read(work)

    def best_trials(self, search_id: SearchId, *, count: int) -> tuple[Trial, ...]:
        def work(tx: Transaction) -> tuple[Trial, ...]:
            direction = demand_search(tx, search_id)
            order = _trials.score.asc() if direction == "min" else _trials.score.desc()
            rows = tx.all(
                select(tables.trials)
                .where(_trials.search_id == search_id, _trials.score.is_not(None))
                .order_by(order, _trials.number)
                .limit(max(count, 0))
            )
            return tuple(to_trial(row) for row in rows)

        return self._database.read(work)

    def list_epochs(self, trial_id: TrialId, *, limit: int, page_token: str | None = None) -> Page[StoredEpoch]:
        limit = max(limit, 1)

        def work(tx: Transaction) -> Page[StoredEpoch]:
            read_trial(tx, trial_id)
            pager = Pager(tx, "trial epochs", trial_id)
            place = (_epochs.execution, _epochs.epoch)
            statement = select(tables.epochs).where(_epochs.trial_id == trial_id).order_by(*place).limit(limit + 1)
            if (start := pager.start(page_token)) is not None:
                statement = statement.where(tuple_(*place) > tuple_(*start))
            return pager.page(
                tx.all(statement), limit=limit, record=to_epoch, key=lambda row: (row.execution, row.epoch)
            )

        return self._database.read(work)

    def epoch_metrics(self, trial_ids: Sequence[TrialId]) -> Mapping[TrialId, Sequence[EpochMetrics]]:
        metrics = type_coerce(_epochs.metrics, Text)
        odd = type_coerce(_epochs.odd_metrics, Text)
        statement = (
            select(_epochs.trial_id, _epochs.execution, _epochs.epoch, metrics, odd)
            .where(_epochs.trial_id.in_(list(trial_ids)))
            .order_by(_epochs.trial_id, _epochs.execution, _epochs.epoch)
        )
        rows = self._database.read(lambda tx: list(tx.dialect.plain_rows(tx.connection, statement)))
        found: defaultdict[TrialId, list[EpochMetrics]] = defaultdict(list)
        documents = decode_all(row[3] for row in rows)
        for (trial_id, execution, epoch, _, kinds), reported in zip(rows, documents, strict=True):
            if kinds is not None:
                reported = join_metrics(reported, json.loads(kinds))
            found[trial_id].append(EpochMetrics(execution, epoch, reported))
        return dict(found)

    def search_epochs(self, search_id: SearchId, *, limit: int, page_token: str | None = None) -> Page[StoredEpoch]:
        limit = max(limit, 1)

        def work(tx: Transaction) -> Page[StoredEpoch]:
            demand_search(tx, search_id)
            pager = Pager(tx, "search epochs", search_id)
            place = (_trials.number, _epochs.execution, _epochs.epoch)
            statement = (
                select(tables.epochs, _trials.number)
                .join_from(tables.trials, tables.epochs)
                .where(_trials.search_id == search_id)
                .order_by(*place)
                .limit(limit + 1)
            )
            if (start := pager.start(page_token)) is not None:
                # The first condition says nothing new, but lets both databases enter the index of trials at once.
                statement = statement.where(_trials.number >= start[0], tuple_(*place) > tuple_(*start))
            return pager.page(
                tx.all(statement),
                limit=limit,
                record=to_epoch,
                key=lambda row: (row.number, row.execution, row.epoch),
            )

        return self._database.read(work)

    def get_artifact(self, artifact_id: ArtifactId) -> Artifact:
        def work(tx: Transaction) -> Artifact:
            row = tx.first(select(tables.artifacts).where(_artifacts.id == artifact_id))
            if row is None:
                raise NotFound(f"there is no artifact {artifact_id}")
            return to_artifact(row)

        return self._database.read(work)

    def trial_artifacts(self, trial_id: TrialId) -> tuple[Artifact, ...]:
        def work(tx: Transaction) -> tuple[Artifact, ...]:
            read_trial(tx, trial_id)
            rows = tx.all(
                select(tables.artifacts)
                .where(_artifacts.trial_id == trial_id)
                .order_by(_artifacts.kind, _artifacts.execution, _artifacts.id)
            )
            return tuple(to_artifact(row) for row in rows)

        return self._database.read(work)

    def all_artifacts(self) -> tuple[Artifact, ...]:
        statement = select(tables.artifacts).order_by(_artifacts.id)
        return self._database.read(lambda tx: tuple(to_artifact(row) for row in tx.all(statement)))


def demand_search(tx: Transaction, search_id: SearchId) -> Any:
    """The direction of the search's objective. Raises NotFound: an empty list must not hide a wrong id."""
    row = tx.first(select(_searches.objective_direction).where(_searches.id == search_id))
    if row is None:
        raise NotFound(f"there is no search {search_id}")
    return row.objective_direction
