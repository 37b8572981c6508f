"""What a worker does about trainers that die, hang or talk nonsense. Trainers are scripted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.ids import TrialId
from storage.states import AttemptState, SearchState, TrialState
from tests.tuners.scripted_trainers import ScriptedLauncher, ScriptedTrainer, complete
from tests.tuners.supervised import attempts, search
from tests.tuners.worker_scene import Scene
from tests.waiting import wait_until
from tuners.failures import failure
from tuners.launchers.base import TrainerGarbled
from tuners.trainer.protocol import Ended, Failed, RunTrial, Saved


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path / "data")
    yield made
    made.close()


def test_trials_are_run_on_all_slots_and_recorded(scene: Scene) -> None:
    made = search(scene, 6)
    launcher = ScriptedLauncher(complete, slots=3)
    with scene.working(launcher) as worker:
        trials = scene.wait_for_end(made)
        (row,) = [w for w in scene.repository.list_workers() if w.id == worker.worker_id]
        assert len(row.slots) == 3
    assert {trial.state for trial in trials} == {TrialState.COMPLETED}
    assert {trial.parameters for trial in trials} == {1234}
    for trial in trials:
        assert [(row.execution, row.epoch) for row in scene.epochs(trial)] == [(0, 0), (0, 1), (0, 2)]
        assert {artifact.kind for artifact in scene.repository.trial_artifacts(trial.id)} == {"last", "best"}
        (attempt,) = scene.repository.list_attempts(trial.id)
        assert attempt.log is not None
        assert attempt.log.startswith("printed by trainer")
    assert len(launcher.started) == 3
    assert scene.repository.list_workers() == ()


def test_replaced_checkpoints_are_removed_from_the_store(scene: Scene) -> None:
    def three_checkpoints(trainer: ScriptedTrainer, job: RunTrial) -> None:
        for number in range(3):
            trainer.epoch(job, number)
            trainer.checkpoint(job, number)
        trainer.end(job, "completed")

    made = search(scene)
    with scene.working(ScriptedLauncher(three_checkpoints)):
        (trial,) = scene.wait_for_end(made)
    (artifact,) = scene.repository.trial_artifacts(trial.id)
    assert artifact.epoch == 2
    assert list(scene.store.keys("trials")) == [artifact.key]


def test_trainer_that_dies_costs_one_attempt_and_the_next_goes_on(scene: Scene) -> None:
    def die_once(trainer: ScriptedTrainer, job: RunTrial) -> None:
        if job.attempt > 1:
            assert job.resume is not None
            assert job.resume.epoch == 0
            return complete(trainer, job)
        trainer.start(job)
        trainer.epoch(job, 0)
        trainer.checkpoint(job, 0)
        trainer.epoch(job, 1)
        trainer.exit(-11)
        return None

    made = search(scene)
    launcher = ScriptedLauncher(die_once)
    with scene.working(launcher):
        (trial,) = scene.wait_for_end(made)
    assert trial.state is TrialState.COMPLETED
    assert attempts(scene, trial) == [(AttemptState.FAILED, "crash"), (AttemptState.COMPLETED, None)]
    first = scene.repository.list_attempts(trial.id)[0]
    assert first.failure is not None
    assert "SIGSEGV" in first.failure.message
    assert [(row.epoch, row.attempt) for row in scene.epochs(trial)] == [(0, 1), (1, 2), (2, 2)]
    assert len(launcher.started) == 2


def test_trainer_that_always_dies_fails_its_trial_and_nothing_else(scene: Scene) -> None:
    poisonous = search(scene, name="poison")
    healthy = search(scene, 3, name="healthy")

    def die(trainer: ScriptedTrainer, job: RunTrial) -> None:
        if job.trial_id == scene.trials(poisonous)[0].id:
            trainer.exit(-6)
        else:
            complete(trainer, job)

    with scene.working(ScriptedLauncher(die)):
        (trial,) = scene.wait_for_end(poisonous)
        others = scene.wait_for_end(healthy)
    assert trial.state is TrialState.FAILED
    assert attempts(scene, trial) == [(AttemptState.FAILED, "crash")] * (scene.settings.machine_retries + 1)
    assert {other.state for other in others} == {TrialState.COMPLETED}


def test_hang_is_noticed_by_the_progress_clock_while_the_lease_is_renewed(scene: Scene) -> None:
    def hang_once(trainer: ScriptedTrainer, job: RunTrial) -> None:
        if job.attempt > 1:
            return complete(trainer, job)
        trainer.start(job)
        trainer.epoch(job, 0)
        trainer.checkpoint(job, 0)
        return None

    made = search(scene)
    launcher = ScriptedLauncher(hang_once)
    with scene.working(launcher, progress_timeout_s=0.4, lease_s=1.0):
        (trial,) = scene.wait_for_end(made)
    assert attempts(scene, trial) == [(AttemptState.FAILED, "no_progress"), (AttemptState.COMPLETED, None)]
    assert trial.machine_faults == 1
    assert launcher.started[0].killed.is_set()


def test_trial_that_never_reaches_a_batch_times_out(scene: Scene) -> None:
    def never(trainer: ScriptedTrainer, job: RunTrial) -> None:
        if job.attempt > 1:
            complete(trainer, job)

    made = search(scene)
    with scene.working(ScriptedLauncher(never), start_timeout_s=0.4):
        (trial,) = scene.wait_for_end(made)
    assert attempts(scene, trial) == [(AttemptState.FAILED, "timeout"), (AttemptState.COMPLETED, None)]


def test_failures_of_the_definition_keep_the_trainer_warm(scene: Scene) -> None:
    def fail(trainer: ScriptedTrainer, job: RunTrial) -> None:
        trainer.say(
            Failed(job.trial_id, job.attempt, failure("build_error", "no such shape", before_first_batch=True), 1.0)
        )

    made = search(scene, 3)
    launcher = ScriptedLauncher(fail)
    with scene.working(launcher):
        scene.wait_for_end(made)
    ended = scene.repository.get_search(made.id)
    assert ended.state is SearchState.FAILED
    assert ended.state_reason is not None
    assert ended.state_reason.code == "build_error"
    assert len(launcher.started) == 1


def test_nonsense_ends_the_attempt_and_the_trainer(scene: Scene) -> None:
    def babble(trainer: ScriptedTrainer, job: RunTrial) -> None:
        if job.attempt == 1:
            trainer._deliver(TrainerGarbled("line: Invalid JSON"))
        else:
            complete(trainer, job)

    made = search(scene)
    launcher = ScriptedLauncher(babble)
    with scene.working(launcher):
        (trial,) = scene.wait_for_end(made)
    assert attempts(scene, trial) == [(AttemptState.FAILED, "protocol_error"), (AttemptState.COMPLETED, None)]
    assert launcher.started[0].killed.is_set()


@pytest.mark.parametrize("offence", ["epoch hole", "foreign file"])
def test_reports_that_cannot_be_are_refused(scene: Scene, offence: str, tmp_path: Path) -> None:
    def offend(trainer: ScriptedTrainer, job: RunTrial) -> None:
        if job.attempt > 1:
            return complete(trainer, job)
        trainer.epoch(job, 0)
        if offence == "epoch hole":
            trainer.epoch(job, 2)
        else:
            secret = tmp_path / "secret"
            secret.write_bytes(b"x")
            trainer.say(Saved(job.trial_id, job.attempt, "best", 0, 0, str(secret), "0" * 64, 1))
        return None

    made = search(scene)
    with scene.working(ScriptedLauncher(offend)):
        (trial,) = scene.wait_for_end(made)
    assert attempts(scene, trial) == [(AttemptState.FAILED, "protocol_error"), (AttemptState.COMPLETED, None)]
    assert (tmp_path / "secret").exists() == (offence == "foreign file")


@pytest.mark.parametrize(
    ("settings", "trainers"),
    [({}, 1), ({"isolation": "trial"}, 5), ({"trainer_max_trials": 2}, 3)],
)
def test_trainers_are_kept_warm_or_replaced_as_the_settings_say(
    scene: Scene, settings: dict[str, Any], trainers: int
) -> None:
    made = search(scene, 4)
    launcher = ScriptedLauncher(complete)
    with scene.working(launcher, **settings):
        scene.wait_for_end(made)
        wait_until(lambda: len(launcher.started) == trainers)


def test_idle_trainer_that_dies_is_replaced_before_the_next_claim(scene: Scene) -> None:
    launcher = ScriptedLauncher(complete)
    with scene.working(launcher):
        wait_until(lambda: launcher.started)
        launcher.started[0].exit(1)
        wait_until(lambda: len(launcher.started) == 2)
        made = search(scene)
        (trial,) = scene.wait_for_end(made)
    assert trial.state is TrialState.COMPLETED
    assert len(attempts(scene, trial)) == 1


def test_trainer_that_leaves_with_its_trial_is_given_nothing_more(scene: Scene) -> None:
    made = search(scene, 2)
    begun = threading.Event()
    stuck: list[str] = []

    def script(trainer: ScriptedTrainer, job: RunTrial) -> None:
        if job.trial_number > 0:
            complete(trainer, job)
            return
        trainer.epoch(job, 0, score=0.25)
        stuck.append(job.trial_id)
        begun.set()
        assert trainer.wait_for_order().how == "stop"
        # In the middle of something that cannot be interrupted; its process goes a moment later.
        trainer.say(Ended(job.trial_id, job.attempt, "stopped", 100.0, leaves=True))

    launcher = ScriptedLauncher(script)
    with scene.working(launcher):
        assert begun.wait(30)
        scene.repository.request_stop(TrialId(stuck[0]))
        first, second = scene.wait_for_end(made)
    assert (first.state, first.score) == (TrialState.STOPPED, 0.25)
    assert second.state is TrialState.COMPLETED
    assert [len(attempts(scene, trial)) for trial in (first, second)] == [1, 1]
    assert len(launcher.started) == 2
    assert launcher.started[0].killed.is_set()


def test_machine_where_no_trainer_starts_claims_nothing(scene: Scene) -> None:
    class Broken(ScriptedLauncher):
        def start(self, place: Any, deliver: Any) -> Any:
            self.started.append(None)  # type: ignore[arg-type]
            raise OSError("no such program")

    made = search(scene)
    launcher = Broken(complete)
    with scene.working(launcher):
        wait_until(lambda: len(launcher.started) >= 2, timeout_s=10)
        assert scene.trial(made).state is TrialState.QUEUED
