"""Jobs and folds on a worker: from the stored record to results in the store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.errors import StorageUnavailable
from storage.ids import TrialId
from storage.records import Limits, Objective
from storage.states import AttemptState, SearchState, TrialState
from tests.tuners.scripted_trainers import ScriptedLauncher, ScriptedTrainer, complete
from tests.tuners.simulation import make_coordinator, settle
from tests.tuners.worker_scene import Scene
from tuners.trainer.protocol import RunTrial, Saved

FINAL: dict[str, Any] = {
    "kind": "finalize",
    "tuner": "fixed",
    "source_trial_id": TrialId("t_source"),
    "objective": Objective("accuracy", "max"),
    "limits": Limits(max_trials=1),
    "executions_per_trial": 1,
    "options": {"values": {"units": 32}, "epochs": 3},
}
RANGE_TEST: dict[str, Any] = {
    "kind": "lr_range_test",
    "tuner": "fixed",
    "objective": Objective("loss", "min"),
    "limits": Limits(max_trials=1),
    "options": {
        "values": {"units": 32},
        "epochs": 10,
        "min_rate": 1e-5,
        "max_rate": 1.0,
        "steps": 40,
        "smoothing": 0.9,
        "divergence": 4.0,
    },
}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path / "data")
    yield made
    made.close()


def report_of(scene: Scene, trial_id: TrialId) -> dict[str, Any]:
    (found,) = [each for each in scene.repository.trial_artifacts(trial_id) if each.kind == "report"]
    document: dict[str, Any] = json.loads(scene.store.local_path(found.key, sha256=found.sha256).read_bytes())
    return document


@pytest.mark.keras
def test_final_training_goes_from_its_record_to_its_results(scene: Scene) -> None:
    """The coordinator proposes the one point, the worker trains it, and the job ends by itself."""
    job = scene.search(0, record=FINAL)
    coordinator = make_coordinator(scene.repository, scene.clock)
    settle(coordinator)
    (trial,) = scene.trials(job)
    assert (dict(trial.values), trial.target_epochs) == ({"units": 32}, 3)
    with scene.working():
        (trial,) = scene.wait_for_end(job)
    settle(coordinator)
    coordinator.close()
    assert scene.repository.get_search(job.id).state is SearchState.COMPLETED
    assert trial.state is TrialState.COMPLETED
    assert [row.fold for row in scene.epochs(trial)] == [None] * 3
    kinds = {artifact.kind for artifact in scene.repository.trial_artifacts(trial.id)}
    assert kinds == {"last", "best", "report", "model", "bundle"}
    report = report_of(scene, trial.id)
    assert report["training"]["rows"] == scene.dataset().train_rows
    assert report["test"] is None
    keys = {key.rpartition(".")[2] for key in scene.store.keys(f"trials/{trial.id}")}
    assert keys == {"npz", "json", "keras", "zip"}


@pytest.mark.keras
def test_range_test_reports_its_curve(scene: Scene) -> None:
    job = scene.search(0, record=RANGE_TEST)
    settle(make_coordinator(scene.repository, scene.clock))
    with scene.working():
        (trial,) = scene.wait_for_end(job)
    assert (trial.state, len(scene.epochs(trial))) == (TrialState.COMPLETED, 10)
    report = report_of(scene, trial.id)
    assert len(report["rates"]) == 40
    assert report["suggestion"] is not None


@pytest.mark.keras
def test_cross_validation_trains_every_fold_and_scores_their_mean(scene: Scene) -> None:
    fit = {"epochs": 2, "batch_size": 64, "cross_validation": {"folds": 3}}
    made = scene.search(1, fit=fit)
    with scene.working():
        (trial,) = scene.wait_for_end(made)
    rows = scene.epochs(trial)
    assert [(row.execution, row.fold, row.epoch) for row in rows] == [
        (fold, fold, epoch) for fold in range(3) for epoch in range(2)
    ]
    best = [max(row.metrics["val_accuracy"] for row in rows if row.fold == fold) for fold in range(3)]
    assert len(set(best)) > 1
    assert trial.score == pytest.approx(sum(best) / 3)


@pytest.mark.keras
def test_same_definition_and_seed_give_the_same_epochs_in_another_process(scene: Scene) -> None:
    found = []
    for _ in range(2):
        made = scene.search(1)
        with scene.working():
            (trial,) = scene.wait_for_end(made)
        found.append([row.metrics for row in scene.epochs(trial)])
    assert len(found[0]) == 3
    assert found[0] == found[1]


def test_later_attempt_knows_the_epochs_of_the_earlier_ones(scene: Scene) -> None:
    """The report of a final training tells of all its epochs, whoever trained them."""
    orders: list[RunTrial] = []

    def die_once(trainer: ScriptedTrainer, job: RunTrial) -> None:
        orders.append(job)
        if job.attempt > 1:
            return finish(trainer, job)
        trainer.start(job)
        for number in range(2):
            trainer.epoch(job, number)
            trainer.checkpoint(job, number)
        trainer.exit(-9)
        return None

    made = scene.search(1, record=FINAL | {"objective": Objective("val_accuracy", "max")})
    with scene.working(ScriptedLauncher(die_once)):
        (trial,) = scene.wait_for_end(made)
    assert trial.state is TrialState.COMPLETED
    first, second = orders
    assert (first.task, first.options) == ("finalize", FINAL["options"])
    assert first.resolved["objective"] == {"name": "val_accuracy", "direction": "max"}
    assert [(row["epoch"], row["seconds"]) for row in second.options["done"]] == [(0, 0.01), (1, 0.01)]
    assert second.options["done"][-1]["metrics"] == {"loss": 1.0, "val_accuracy": 0.1}


def finish(trainer: ScriptedTrainer, job: RunTrial, *, suffixes: dict[str, str] | None = None) -> None:
    """The rest of the epochs, and the results."""
    names = {"report": ".json", "model": ".keras", "bundle": ".zip"} | (suffixes or {})
    for kind, suffix in names.items():
        path = Path(job.scratch, f"{kind}{suffix}")
        path.write_bytes(b"{}")
        digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        trainer.say(Saved(job.trial_id, job.attempt, kind, 0, None, str(path), digest, 2))  # type: ignore[arg-type]
    complete(trainer, job)


def test_results_are_stored_under_their_kind(scene: Scene) -> None:
    made = scene.search(1, record=FINAL | {"objective": Objective("val_accuracy", "max")})
    with scene.working(ScriptedLauncher(finish)):
        (trial,) = scene.wait_for_end(made)
    kept = {each.kind: each.key for each in scene.repository.trial_artifacts(trial.id)}
    assert kept["report"] == f"trials/{trial.id}/1-0-report.json"
    assert {kept[kind].rpartition(".")[2] for kind in ("model", "bundle")} == {"keras", "zip"}


def test_file_of_another_kind_than_it_says_ends_the_attempt(scene: Scene) -> None:
    def odd(trainer: ScriptedTrainer, job: RunTrial) -> None:
        finish(trainer, job, suffixes={"model": ".pkl"})

    made = scene.search(1, record=FINAL | {"objective": Objective("val_accuracy", "max")})
    with scene.working(ScriptedLauncher(odd)):
        (trial,) = scene.wait_for_end(made)
    assert trial.state is TrialState.FAILED
    assert trial.failure is not None
    assert trial.failure.code == "protocol_error"


class FullStore:
    """Takes checkpoints; results only after the first try."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.refused = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def put(self, key: str, source: Path) -> Any:
        if key.endswith(".json") and not self.refused:
            self.refused += 1
            raise StorageUnavailable("no space left on device")
        return self._store.put(key, source)


def test_result_that_cannot_be_stored_costs_an_attempt_of_the_machines(scene: Scene) -> None:
    """Unlike a checkpoint, it is what the job is for."""
    made = scene.search(1, record=FINAL | {"objective": Objective("val_accuracy", "max")})
    with scene.working(ScriptedLauncher(finish), store=FullStore(scene.store)):
        (trial,) = scene.wait_for_end(made)
    assert trial.state is TrialState.COMPLETED
    ended = [(each.state, each.failure and each.failure.code) for each in scene.repository.list_attempts(trial.id)]
    assert ended == [(AttemptState.FAILED, "storage_full"), (AttemptState.COMPLETED, None)]
    assert (trial.machine_faults, trial.definition_faults) == (1, 0)
