"""Proposals and the oracle's state, stored together."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select, update

from storage.errors import StaleOracle, WrongState
from storage.ids import SearchId, new_trial_id
from storage.records import JsonObject, NewTrial, OracleSnapshot, Trial
from storage.sql import tables
from storage.sql.database import Transaction
from storage.sql.mapping import to_trial
from storage.sql.moves import lock_search
from storage.sql.part import Part, read_search
from storage.states import SearchState, TrialState

_trials = tables.trials.c


class Oracles(Part):
    def load_oracle(self, search_id: SearchId) -> OracleSnapshot:
        def work(tx: Transaction) -> OracleSnapshot:
            search = read_search(tx, search_id)
            state = tx.first(select(tables.oracles.c.state).where(tables.oracles.c.search_id == search_id))
            rows = tx.all(select(tables.trials).where(_trials.search_id == search_id).order_by(_trials.number))
            return OracleSnapshot(
                search=search,
                version=search.oracle_version,
                state=state.state if state is not None else None,
                trials=tuple(to_trial(row) for row in rows),
            )

        return self._database.read(work)

    def add_trials(
        self, search_id: SearchId, trials: Sequence[NewTrial], *, oracle_state: JsonObject, expected_version: int
    ) -> tuple[Trial, ...]:
        def work(tx: Transaction) -> tuple[Trial, ...]:
            search = lock_search(tx, search_id)
            if search.state != SearchState.RUNNING:
                raise WrongState(f"search {search_id} is {search.state}: it takes no trials now")
            if search.oracle_version != expected_version:
                raise StaleOracle(
                    f"the oracle of search {search_id} is at version {search.oracle_version}, not {expected_version}"
                )
            room = len(trials) if search.max_trials is None else max(search.max_trials - search.trials, 0)
            now = tx.now()
            rows = [
                {
                    "id": new_trial_id(),
                    "search_id": search_id,
                    "number": number,
                    "state": TrialState.QUEUED,
                    "hyperparameters": dict(trial.values),
                    "hyperparameters_hash": trial.values_hash,
                    "start_epoch": trial.start_epoch,
                    "target_epochs": trial.target_epochs,
                    "parent_trial_id": trial.parent_trial_id,
                    "bracket": trial.bracket,
                    "round": trial.round,
                    "created_at": now,
                }
                for number, trial in enumerate(trials[:room], start=search.trials)
            ]
            version = expected_version + 1
            tx.change(
                update(tables.searches)
                .where(tables.searches.c.id == search_id)
                .values(
                    oracle_version=version,
                    trials=search.trials + len(rows),
                    trials_queued=search.trials_queued + len(rows),
                )
            )
            _save_state(tx, search_id, oracle_state)
            if not rows:
                return ()
            tx.execute(insert(tables.trials), rows)
            for row in rows:
                tx.emit(
                    "trial.queued",
                    owner=search.owner,
                    search_id=search_id,
                    trial_id=str(row["id"]),
                    number=row["number"],
                    values=row["hyperparameters"],
                )
            stored = tx.all(
                select(tables.trials)
                .where(_trials.search_id == search_id, _trials.number >= search.trials)
                .order_by(_trials.number)
            )
            return tuple(to_trial(row) for row in stored)

        return self._database.write(work)

    def ended_trials(self, search_id: SearchId, *, from_seq: int) -> tuple[Trial, ...]:
        def work(tx: Transaction) -> tuple[Trial, ...]:
            rows = tx.all(
                select(tables.trials)
                .where(_trials.search_id == search_id, _trials.ended_seq >= from_seq)
                .order_by(_trials.ended_seq)
            )
            if not rows:
                read_search(tx, search_id)
            return tuple(to_trial(row) for row in rows)

        return self._database.read(work)


def _save_state(tx: Transaction, search_id: SearchId, state: JsonObject) -> None:
    saved = tx.change(update(tables.oracles).where(tables.oracles.c.search_id == search_id).values(state=dict(state)))
    if saved == 0:
        tx.execute(insert(tables.oracles).values(search_id=search_id, state=dict(state)))
