"""A worker with a real database and artifact store, on digits; trainers are real, or scripted ones by the launcher."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from storage.artifacts import open_store
from storage.clock import Clock, SystemClock
from storage.datasets import Dataset
from storage.epochs import StoredEpoch
from storage.migrations import upgrade
from storage.records import NewSearch, NewTrial, Search, Trial
from storage.settings import Settings
from storage.sql import open_repository
from storage.states import TRIAL_ENDED
from tests.waiting import wait_until
from tuners.datasets.client import DatasetClient
from tuners.definitions import Definition, parse_definition
from tuners.launchers.base import Launcher
from tuners.launchers.local import LocalLauncher
from tuners.worker import Worker


def definition(**changes: Any) -> Definition:
    document: dict[str, Any] = {
        "name": "digits-mlp",
        "dataset": {"name": "digits"},
        "model": {
            "type": "sequential",
            "layers": [
                {"layer": "Flatten"},
                {"layer": "Dense", "units": {"hp": "units"}, "activation": "relu"},
                {"layer": "Dropout", "rate": 0.1},
                {"layer": "Dense", "units": {"data": "num_classes"}, "activation": "softmax"},
            ],
        },
        "compile": {
            "optimizer": {"optimizer": "Adam", "learning_rate": 0.003},
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
        },
        "fit": {"epochs": 3, "batch_size": 64, "validation_split": 0.2},
        "hyperparameters": [{"name": "units", "type": "int", "min_value": 8, "max_value": 64}],
        "objective": {"name": "val_accuracy", "direction": "max"},
        "tuner": {"type": "random"},
        "limits": {"max_trials": 10},
        "seed": 7,
    }
    return parse_definition(document | changes)


class Scene:
    """One data folder with everything in it; every test has its own."""

    def __init__(self, folder: Path, *, clock: Clock | None = None, **settings: Any) -> None:
        defaults: dict[str, Any] = {
            "data_dir": folder,
            "slots": 1,
            "lease_s": 5.0,
            "renew_s": 0.1,
            "poll_s": 0.02,
            "stop_grace_s": 10.0,
        }
        self.settings = Settings(**(defaults | settings))
        self.clock = clock or SystemClock()
        folder.mkdir(parents=True, exist_ok=True)
        upgrade(self.settings.database)
        self.repository = open_repository(
            self.settings.database, clock=self.clock, machine_retries=self.settings.machine_retries
        )
        self.store = open_store(self.settings.artifacts)

    def dataset(self) -> Dataset:
        found = self.repository.find_dataset("digits", owner="ada")
        if found is None:
            found = DatasetClient(self.settings, self.store, self.repository).builtin("digits")
        return found

    def search(
        self, trials: int = 1, *, dataset: Dataset | None = None, record: dict[str, Any] | None = None, **changes: Any
    ) -> Search:
        """A running search with so many queued trials.

        Args:
            record: Fields of the stored record that differ from what the definition gives; a job's, for example.
            changes: Parts of the definition.
        """
        parsed = definition(**changes)
        space = parsed.space()
        new = NewSearch(
            owner="ada",
            name=parsed.name,
            definition=parsed.to_json(),
            space=space.to_json(),
            dataset_id=(dataset or self.dataset()).id,
            objective=_objective(parsed),
            tuner="random",
            limits=_no_limits(),
            parallelism=8,
            executions_per_trial=parsed.trainings_per_trial,
            max_retries_per_trial=parsed.max_retries_per_trial,
            priority=0,
            seed=7,
            tags={},
            planned_trials=trials,
            planned_epochs=None,
            versions={},
        )
        search, _ = self.repository.create_search(replace(new, **(record or {})))
        self.repository.start_search(search.id)
        rng = random.Random(3)
        self.queue(search.id, [NewTrial(v, space.hash_values(v)) for v in (space.sample(rng) for _ in range(trials))])
        return self.repository.get_search(search.id)

    def queue(self, search_id: Any, trials: list[NewTrial]) -> tuple[Trial, ...]:
        version = self.repository.get_search(search_id).oracle_version
        return self.repository.add_trials(search_id, trials, oracle_state={}, expected_version=version)

    def trials(self, search: Search) -> list[Trial]:
        return list(self.repository.list_trials(search.id, limit=100).items)

    def trial(self, search: Search) -> Trial:
        (only,) = self.trials(search)
        return only

    def epochs(self, trial: Trial) -> list[StoredEpoch]:
        return list(self.repository.list_epochs(trial.id, limit=500).items)

    def wait_for_end(self, search: Search, *, timeout_s: float = 120.0) -> list[Trial]:
        wait_until(
            lambda: all(trial.state in TRIAL_ENDED for trial in self.trials(search)),
            timeout_s=timeout_s,
            what="the trials to end",
        )
        return self.trials(search)

    def wait_for_epochs(self, trial: Trial, count: int) -> None:
        wait_until(lambda: len(self.epochs(trial)) >= count, timeout_s=120, what=f"{count} epochs")

    @contextmanager
    def working(
        self,
        launcher: Launcher | None = None,
        *,
        repository: Any = None,
        store: Any = None,
        sample_s: float = 60.0,
        **settings: Any,
    ) -> Iterator[Worker]:
        """A worker that runs for as long as the block, and stops as on SIGTERM at its end."""
        own = self.settings.model_copy(update=settings)
        worker = Worker(
            repository or self.repository,
            store or self.store,
            own,
            self.clock,
            launcher or LocalLauncher(slots=own.slots, backend=own.backend, environment=os.environ),
            name="test",
            sample_s=sample_s,
        )
        stop = threading.Event()
        faults: list[BaseException] = []

        def run() -> None:
            try:
                worker.run(stop)
            except BaseException as error:
                faults.append(error)

        thread = threading.Thread(target=run, name="test-worker")
        thread.start()
        try:
            yield worker
        finally:
            stop.set()
            thread.join(30)
            assert not thread.is_alive(), "the worker does not stop"
            if faults:
                raise faults[0]

    def close(self) -> None:
        violations = self.repository.check_invariants()
        self.repository.close()
        assert violations == ()


def _objective(parsed: Definition) -> Any:
    from storage.records import Objective

    return Objective(parsed.objective.name, parsed.objective.direction)


def _no_limits() -> Any:
    from storage.records import Limits

    return Limits()
