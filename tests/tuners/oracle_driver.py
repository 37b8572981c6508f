"""Runs an oracle in memory: records as storage would keep them, and trials that end as a function of their values."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from storage.ids import DatasetId, SearchId, TrialId
from storage.records import (
    Failure,
    JsonObject,
    Limits,
    NewTrial,
    Objective,
    OracleSnapshot,
    Scalar,
    Search,
    Trial,
    TrialCounts,
)
from storage.states import Fault, SearchState, TrialState
from tuners.oracles import Accepts, Ask, Oracle, make_oracle
from tuners.space import Space

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CRASH = Failure("build_error", "It cannot be built.", Fault.DEFINITION, retryable=False)
Score = Callable[[Mapping[str, Scalar], int | None], float | None]


def make_search(
    space: Space, tuner: Mapping[str, object], *, search_id: str = "s_1", seed: int = 7, direction: str = "max"
) -> Search:
    return Search(
        id=SearchId(search_id),
        owner="me",
        name="test",
        state=SearchState.RUNNING,
        state_reason=None,
        definition={"tuner": dict(tuner)},
        space=json.loads(json.dumps(space.to_json())),
        dataset_id=DatasetId("d_1"),
        objective=Objective("val_accuracy", direction),  # type: ignore[arg-type]
        tuner=str(tuner["type"]),
        limits=Limits(),
        parallelism=1,
        executions_per_trial=1,
        max_retries_per_trial=0,
        priority=0,
        seed=seed,
        tags={},
        counts=TrialCounts(),
        best=None,
        oracle_version=0,
        checked_at=None,
        planned_trials=None,
        planned_epochs=None,
        epochs_recorded=0,
        device_seconds=0.0,
        active_seconds=0.0,
        trials_since_best=0,
        versions={},
        created_at=NOW,
        started_at=NOW,
        ended_at=None,
    )


def make_trial(new: NewTrial, number: int) -> Trial:
    return Trial(
        id=TrialId(f"t_{number}"),
        search_id=SearchId("s_1"),
        number=number,
        state=TrialState.QUEUED,
        values=json.loads(json.dumps(dict(new.values))),
        values_hash=new.values_hash,
        attempt=0,
        score=None,
        best_epoch=None,
        epochs=0,
        metrics={},
        last_metrics={},
        start_epoch=new.start_epoch,
        target_epochs=new.target_epochs,
        parent_trial_id=new.parent_trial_id,
        bracket=new.bracket,
        round=new.round,
        failure=None,
        definition_faults=0,
        machine_faults=0,
        seconds=0.0,
        parameters=None,
        device=None,
        stop_requested=False,
        ended_seq=None,
        worker_id=None,
        created_at=NOW,
        started_at=None,
        ended_at=None,
    )


class Driver:
    """An oracle and the rows of its search.

    Attributes:
        trials: All rows, by number.
        stored: The oracle's state as saved with the latest ask.
    """

    def __init__(
        self,
        space: Space,
        tuner: Mapping[str, object],
        *,
        seed: int = 7,
        direction: str = "max",
        search_id: str = "s_1",
        accepts: Accepts | None = None,
    ) -> None:
        self.space = space
        self.search = make_search(space, tuner, search_id=search_id, seed=seed, direction=direction)
        self.trials: list[Trial] = []
        self.stored: JsonObject | None = None
        self._accepts = accepts
        self._ended = 0
        self.oracle: Oracle = make_oracle(self.snapshot(), accepts)

    def snapshot(self) -> OracleSnapshot:
        state = None if self.stored is None else json.loads(json.dumps(self.stored, allow_nan=False))
        return OracleSnapshot(self.search, 0, state, tuple(self.trials))

    def rebuild(self) -> None:
        self.oracle = make_oracle(self.snapshot(), self._accepts)

    def ask(self, count: int = 1) -> Ask:
        answer = self.oracle.ask(count)
        for new in answer.trials:
            self.trials.append(make_trial(new, len(self.trials)))
        self.stored = self.oracle.state()
        return answer

    @property
    def open(self) -> list[Trial]:
        return [trial for trial in self.trials if trial.ended_seq is None]

    def end(self, trial: Trial, score: float | None, *, state: TrialState | None = None) -> Trial:
        """End it with this score (None: it fails) and tell the oracle."""
        ended = dataclasses.replace(
            trial,
            state=state or (TrialState.FAILED if score is None else TrialState.COMPLETED),
            score=score,
            failure=CRASH if score is None else None,
            ended_seq=self._ended,
        )
        self._ended += 1
        self.trials[trial.number] = ended
        self.oracle.tell(ended)
        return ended

    def run(self, score: Score, *, workers: int = 1, max_trials: int = 10_000, rebuild: bool = False) -> Ask:
        """Ask and end, oldest open trial first, until there is nothing left to do; the last answer.

        Args:
            workers: Trials kept open at once.
            rebuild: Make the oracle anew from the rows before every ask.
        """
        while True:
            if rebuild:
                self.rebuild()
            room = min(workers - len(self.open), max_trials - len(self.trials))
            answer = self.ask(room) if room > 0 else Ask((), "ok")
            if not self.open:
                if answer.status == "exhausted" or len(self.trials) >= max_trials:
                    return answer
                continue
            trial = self.open[0]
            self.end(trial, score(trial.values, trial.target_epochs))

    @property
    def points(self) -> list[Mapping[str, Scalar]]:
        return [trial.values for trial in self.trials]
