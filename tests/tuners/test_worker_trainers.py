"""The worker with real trainer processes and real Keras, on digits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.epochs import StoredEpoch
from storage.records import NewTrial
from storage.states import AttemptState, SearchState, TrialState
from tests.tuners.worker_scene import Scene
from tests.waiting import wait_until
from tuners.space import Space
from tuners.trainer import checkpoints

pytestmark = [pytest.mark.keras, pytest.mark.faults]

# Enough epochs that a test can step in while they run.
LONG: dict[str, Any] = {"fit": {"epochs": 40, "batch_size": 64, "validation_split": 0.2}}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path / "data")
    yield made
    made.close()


def trainers_of(pid: int) -> list[int]:
    """Trainer processes below `pid`."""
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            if "tuners.trainer" in Path(f"/proc/{child}/cmdline").read_text():
                found.append(int(child))
    return found


def the_trainer() -> int:
    (pid,) = trainers_of(os.getpid())
    return pid


def seams(rows: list[StoredEpoch]) -> list[int]:
    """The attempt of each epoch, after checking that the epochs are 0, 1, 2 ... without hole or repeat."""
    assert [row.epoch for row in rows] == list(range(len(rows)))
    return [row.attempt for row in rows]


def test_search_is_trained_scored_and_its_models_kept(scene: Scene) -> None:
    made = scene.search(2, executions_per_trial=2)
    with scene.working(sample_s=0.05):
        trials = scene.wait_for_end(made)
        (worker,) = scene.repository.list_workers()
    for trial in trials:
        assert trial.state is TrialState.COMPLETED
        assert trial.score is not None
        assert trial.score > 0.8
        assert trial.device == "cpu:0"
        units = int(trial.values["units"])
        assert trial.parameters == 64 * units + units + units * 10 + 10
        rows = scene.epochs(trial)
        assert [(row.execution, row.epoch) for row in rows] == [(e, n) for e in range(2) for n in range(3)]
        artifacts = scene.repository.trial_artifacts(trial.id)
        assert sorted((a.kind, a.execution) for a in artifacts) == [("best", 0), ("best", 1), ("last", 1)]
        for artifact in artifacts:
            checkpoints.read(scene.store.local_path(artifact.key, sha256=artifact.sha256))
    slots = [sample.slots[0] for sample in worker.samples]
    # A trainer with Keras in it is a few hundred MiB, and it was busy at some time of the last seconds.
    assert max(slot.trainer_bytes or 0 for slot in slots) > 100 * 2**20
    assert max(slot.utilisation or 0 for slot in slots) > 0.05


def test_killed_trainer_costs_one_attempt_and_no_epoch_is_lost_or_doubled(scene: Scene) -> None:
    made = scene.search(1, **LONG)
    with scene.working():
        trial = scene.trial(made)
        wait_until(lambda: scene.repository.trial_artifacts(trial.id), timeout_s=120, what="a checkpoint")
        os.kill(the_trainer(), signal.SIGKILL)
        wait_until(lambda: len(scene.repository.list_attempts(trial.id)) == 2, timeout_s=30, what="the next attempt")
        (trial,) = scene.wait_for_end(made)
    assert trial.state is TrialState.COMPLETED
    first, second = scene.repository.list_attempts(trial.id)
    assert first.failure is not None
    assert (first.state, first.failure.code) == (AttemptState.FAILED, "crash")
    assert "SIGKILL" in first.failure.message
    assert second.state is AttemptState.COMPLETED
    attempts = seams(scene.epochs(trial))
    assert len(attempts) == 40
    assert attempts == sorted(attempts)
    assert set(attempts) == {1, 2}, "the second attempt must go on from a checkpoint"
    assert (trial.machine_faults, trial.definition_faults) == (1, 0)


def test_stopped_trainer_process_is_no_progress(scene: Scene) -> None:
    made = scene.search(1, **LONG)
    with scene.working(progress_timeout_s=3.0):
        trial = scene.trial(made)
        scene.wait_for_epochs(trial, 1)
        frozen = the_trainer()
        os.kill(frozen, signal.SIGSTOP)
        (trial,) = scene.wait_for_end(made)
        assert not Path(f"/proc/{frozen}").exists()
    first = scene.repository.list_attempts(trial.id)[0]
    assert first.failure is not None
    assert first.failure.code == "no_progress"
    assert trial.state is TrialState.COMPLETED
    assert len(seams(scene.epochs(trial))) == 40


def test_pause_and_resume_go_on_with_the_same_training(scene: Scene) -> None:
    made = scene.search(1, **LONG)
    with scene.working():
        trial = scene.trial(made)
        scene.wait_for_epochs(trial, 1)
        before = the_trainer()
        scene.repository.pause_search(made.id)
        wait_until(lambda: scene.trial(made).state is TrialState.QUEUED, timeout_s=30)
        done = len(scene.epochs(trial))
        (last,) = [a for a in scene.repository.trial_artifacts(trial.id) if a.kind == "last"]
        assert last.epoch == done - 1
        snapshot = checkpoints.read(scene.store.local_path(last.key))
        steps = {tensor.name: tensor.value for tensor in snapshot.of_role("optimizer")}["iteration"]
        assert steps == done * 23  # 1437 rows in batches of 64
        scene.repository.resume_search(made.id)
        (trial,) = scene.wait_for_end(made)
        assert the_trainer() == before
    assert seams(scene.epochs(trial)) == [1] * done + [2] * (40 - done)
    assert trial.machine_faults == trial.definition_faults == 0


def test_cancel_reaches_a_running_trainer_and_leaves_it_warm(scene: Scene) -> None:
    made = scene.search(1, fit={"epochs": 5000, "batch_size": 64, "validation_split": 0.2})
    with scene.working():
        trial = scene.trial(made)
        scene.wait_for_epochs(trial, 1)
        before = the_trainer()
        scene.repository.cancel_search(made.id)
        after = scene.search(1)
        (other,) = scene.wait_for_end(after)
        assert other.state is TrialState.COMPLETED
        assert the_trainer() == before
    assert scene.trial(made).state is TrialState.CANCELLED


def test_promoted_trial_goes_on_where_its_parent_stopped(scene: Scene) -> None:
    made = scene.search(0)
    space = Space.from_json(made.space)
    values = {"units": 16}
    with scene.working():
        (parent,) = scene.queue(made.id, [NewTrial(values, space.hash_values(values), target_epochs=2)])
        scene.wait_for_end(made)
        promotion = NewTrial(
            values,
            space.hash_values(values, parent=parent.id),
            start_epoch=2,
            target_epochs=5,
            parent_trial_id=parent.id,
        )
        (child,) = scene.queue(made.id, [promotion])
        scene.wait_for_end(made)
    assert [row.epoch for row in scene.epochs(child)] == [2, 3, 4]
    (last,) = [a for a in scene.repository.trial_artifacts(child.id) if a.kind == "last"]
    snapshot = checkpoints.read(scene.store.local_path(last.key))
    assert {t.name: t.value for t in snapshot.of_role("optimizer")}["iteration"] == 5 * 23
    # It begins about where the parent ended, not at the loss of fresh weights.
    assert scene.epochs(child)[0].metrics["loss"] < scene.epochs(parent)[-1].metrics["loss"]


def test_model_that_cannot_be_built_ends_the_search_with_the_reason(scene: Scene) -> None:
    layers = [{"layer": "Dense", "units": 4}, {"layer": "Reshape", "target_shape": [7, 7]}, {"layer": "Flatten"}]
    layers.append({"layer": "Dense", "units": {"hp": "units"}})
    made = scene.search(3, model={"type": "sequential", "layers": layers})
    with scene.working():
        wait_until(lambda: scene.repository.get_search(made.id).state is SearchState.FAILED, timeout_s=60)
    ended = scene.repository.get_search(made.id)
    assert ended.state_reason is not None
    assert ended.state_reason.code == "build_error"
    assert "/model/layers/1" in ended.state_reason.message
    assert ended.counts.failed == 1


class TestWorkerProcess:
    """`python -m tuners worker`, as a role starts it."""

    def start(self, scene: Scene, folder: Path) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "HEADSTOCK_DATA_DIR": str(scene.settings.data_dir),
            "HEADSTOCK_SLOTS": "1",
            "HEADSTOCK_POLL_S": "0.05",
            "HEADSTOCK_RENEW_S": "0.2",
            "HEADSTOCK_DATABASE_URL": scene.settings.database,
            "SECRET_TOKEN": "do-not-pass-on",
        }
        with (folder / "worker.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tuners", "worker"], env=environment, cwd=folder, stderr=log, stdout=log
            )

    def test_sigterm_hands_back_and_the_next_worker_goes_on(self, scene: Scene, tmp_path: Path) -> None:
        made = scene.search(1, **LONG)
        trial = scene.trial(made)
        worker = self.start(scene, tmp_path)
        try:
            scene.wait_for_epochs(trial, 2)
            (trainer,) = trainers_of(worker.pid)
            environment = Path(f"/proc/{trainer}/environ").read_text()
            names = {entry.partition("=")[0] for entry in environment.split("\0")}
            told = {"HEADSTOCK_BUILDERS", "HEADSTOCK_CODE"}
            assert {name for name in names if name.startswith("HEADSTOCK_")} == told
            assert "do-not-pass-on" not in environment
            assert str(scene.settings.data_dir) not in environment
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(30) == 0
        finally:
            worker.kill()
            worker.wait()
        assert not Path(f"/proc/{trainer}").exists()
        (attempt,) = scene.repository.list_attempts(trial.id)
        assert attempt.state is AttemptState.RELEASED
        assert scene.repository.list_workers() == ()
        done = len(scene.epochs(trial))
        with scene.working():
            (trial,) = scene.wait_for_end(made)
        assert seams(scene.epochs(trial)) == [1] * done + [2] * (40 - done)

    def test_trainer_dies_with_its_worker(self, scene: Scene, tmp_path: Path) -> None:
        made = scene.search(1, fit={"epochs": 5000, "batch_size": 64, "validation_split": 0.2})
        worker = self.start(scene, tmp_path)
        try:
            scene.wait_for_epochs(scene.trial(made), 1)
            (trainer,) = trainers_of(worker.pid)
        finally:
            worker.kill()
            worker.wait()
        wait_until(lambda: not _runs(trainer), timeout_s=5, what="the trainer to die")
        scene.repository.cancel_search(made.id)


def _runs(pid: int) -> bool:
    try:
        # A process that nobody waits for stays as a zombie until its new parent does.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
