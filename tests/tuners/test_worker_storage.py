"""What a worker does when the database is away, or a checkpoint cannot be stored or read. Trainers are scripted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.errors import StorageUnavailable
from storage.states import TrialState
from tests.tuners.scripted_trainers import ScriptedLauncher, ScriptedTrainer, complete
from tests.tuners.supervised import Flaky, search
from tests.tuners.worker_scene import Scene
from tests.waiting import wait_until
from tuners.trainer.protocol import Notice, RunTrial


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path / "data")
    yield made
    made.close()


def test_writes_wait_out_a_database_that_is_away(scene: Scene) -> None:
    fails = {"record_epochs": 4, "complete_trial": 1, "report_start": 4, "record_checkpoint": 4, "claim_trials": 2}
    flaky = Flaky(scene.repository, **fails)
    made = search(scene)
    with scene.working(ScriptedLauncher(complete), repository=flaky):
        (trial,) = scene.wait_for_end(made)
    assert flaky.refused == fails
    assert trial.state is TrialState.COMPLETED
    assert len(scene.epochs(trial)) == 3
    assert len(scene.repository.list_attempts(trial.id)) == 1


def test_checkpoint_that_cannot_be_stored_costs_only_itself(scene: Scene) -> None:
    made = search(scene)
    store = scene.store

    class Full:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def put(self, key: str, source: Path) -> Any:
            raise StorageUnavailable("no space left on device")

    with scene.working(ScriptedLauncher(complete), store=Full()):
        (trial,) = scene.wait_for_end(made)
    assert trial.state is TrialState.COMPLETED
    assert scene.repository.trial_artifacts(trial.id) == ()


def test_damaged_checkpoint_is_not_given_to_a_trainer(scene: Scene) -> None:
    made = search(scene)
    seen: list[RunTrial] = []

    def crash_once(trainer: ScriptedTrainer, job: RunTrial) -> None:
        seen.append(job)
        if job.attempt > 1:
            trainer.say(Notice(job.trial_id, job.attempt, "note", "on we go"))
            return complete(trainer, job)
        trainer.epoch(job, 0)
        trainer.checkpoint(job, 0)
        wait_until(lambda: scene.repository.trial_artifacts(scene.trial(made).id))
        (artifact,) = scene.repository.trial_artifacts(scene.trial(made).id)
        path = scene.store.local_path(artifact.key)
        path.write_bytes(path.read_bytes()[:-1] + b"?")
        trainer.exit(-9)
        return None

    with scene.working(ScriptedLauncher(crash_once)):
        (trial,) = scene.wait_for_end(made)
    assert seen[1].resume is not None
    assert (seen[1].resume.epoch, seen[1].resume.path) == (0, None)
    assert trial.state is TrialState.COMPLETED
    assert [(row.epoch, row.attempt) for row in scene.epochs(trial)] == [(0, 1), (1, 2), (2, 2)]
