"""What a worker does when trials are cancelled, paused or stopped, or are no longer its own. Trainers are scripted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.states import AttemptState, TrialState
from tests.tuners.scripted_trainers import ScriptedLauncher, ScriptedTrainer, complete
from tests.tuners.supervised import Flaky, attempts, search
from tests.tuners.worker_scene import Scene
from tests.waiting import wait_until
from tuners.trainer.protocol import EndTrial, RunTrial


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path / "data")
    yield made
    made.close()


def test_cancel_ends_the_trial_in_the_trainer_and_keeps_it_warm(scene: Scene) -> None:
    first = search(scene, name="first")
    begun = threading.Event()

    def abandon_first(trainer: ScriptedTrainer, job: RunTrial) -> None:
        if job.trial_id != scene.trials(first)[0].id:
            return complete(trainer, job)
        trainer.epoch(job, 0)
        begun.set()
        order = trainer.wait_for_order()
        assert order.how == "abandon"
        trainer.epoch(job, 1)  # said before it heard: nobody wants it any more
        trainer.end(job, "abandoned")
        return None

    launcher = ScriptedLauncher(abandon_first)
    with scene.working(launcher):
        assert begun.wait(30)
        wait_until(lambda: len(scene.epochs(scene.trial(first))) == 1)
        scene.repository.cancel_search(first.id)
        second = search(scene, name="second")
        scene.wait_for_end(second)
    assert scene.trial(first).state is TrialState.CANCELLED
    assert len(scene.epochs(scene.trial(first))) == 1
    assert len(launcher.started) == 1


def test_trainer_that_does_not_hear_a_cancel_is_killed(scene: Scene) -> None:
    made = search(scene)
    begun = threading.Event()

    def deaf(trainer: ScriptedTrainer, job: RunTrial) -> None:
        begun.set()
        trainer.killed.wait(30)

    launcher = ScriptedLauncher(deaf)
    with scene.working(launcher, stop_grace_s=0.3):
        assert begun.wait(30)
        scene.repository.cancel_search(made.id)
        assert launcher.started[0].killed.wait(10)
        wait_until(lambda: len(launcher.started) == 2)
    assert scene.trial(made).state is TrialState.CANCELLED


def test_pause_hands_the_trial_back_and_resume_goes_on(scene: Scene) -> None:
    made = search(scene)
    begun = threading.Event()

    def release(trainer: ScriptedTrainer, job: RunTrial) -> None:
        if job.attempt > 1:
            return complete(trainer, job)
        trainer.epoch(job, 0)
        begun.set()
        assert trainer.wait_for_order() == EndTrial(job.trial_id, 1, "release", None)
        trainer.epoch(job, 1)
        trainer.checkpoint(job, 1)
        trainer.end(job, "released")
        return None

    with scene.working(ScriptedLauncher(release)):
        assert begun.wait(30)
        scene.repository.pause_search(made.id)
        wait_until(lambda: scene.trial(made).state is TrialState.QUEUED)
        assert attempts(scene, scene.trial(made)) == [(AttemptState.RELEASED, None)]
        scene.repository.resume_search(made.id)
        (trial,) = scene.wait_for_end(made)
    assert attempts(scene, trial) == [(AttemptState.RELEASED, None), (AttemptState.COMPLETED, None)]
    assert [(row.epoch, row.attempt) for row in scene.epochs(trial)] == [(0, 1), (1, 1), (2, 2)]
    assert trial.machine_faults == trial.definition_faults == 0


def test_stop_request_ends_the_trial_with_the_score_so_far(scene: Scene) -> None:
    made = search(scene)
    begun = threading.Event()

    def stop(trainer: ScriptedTrainer, job: RunTrial) -> None:
        trainer.epoch(job, 0, score=0.25)
        begun.set()
        assert trainer.wait_for_order().how == "stop"
        trainer.end(job, "stopped")

    with scene.working(ScriptedLauncher(stop)):
        assert begun.wait(30)
        scene.repository.request_stop(scene.trial(made).id)
        (trial,) = scene.wait_for_end(made)
    assert (trial.state, trial.score) == (TrialState.STOPPED, 0.25)


def test_graceful_stop_hands_the_trial_back_uncharged(scene: Scene) -> None:
    made = search(scene)
    begun = threading.Event()

    def release(trainer: ScriptedTrainer, job: RunTrial) -> None:
        begun.set()
        order = trainer.wait_for_order()
        assert order.how == "release"
        assert order.within_s is not None
        trainer.epoch(job, 0)
        trainer.checkpoint(job, 0)
        trainer.end(job, "released")

    with scene.working(ScriptedLauncher(release)):
        assert begun.wait(30)
    trial = scene.trial(made)
    assert trial.state is TrialState.QUEUED
    assert attempts(scene, trial) == [(AttemptState.RELEASED, None)]
    assert [artifact.epoch for artifact in scene.repository.trial_artifacts(trial.id)] == [0]
    assert scene.repository.list_workers() == ()


@pytest.mark.parametrize("twice", [False, True])
def test_stop_does_not_wait_for_ever_for_a_trainer(scene: Scene, twice: bool) -> None:
    """Past its grace (or on a second signal) the trainer is killed; the trial still goes back uncharged."""
    made = search(scene)
    begun = threading.Event()

    def deaf(trainer: ScriptedTrainer, job: RunTrial) -> None:
        begun.set()
        trainer.killed.wait(30)

    launcher = ScriptedLauncher(deaf)
    with scene.working(launcher, stop_grace_s=20.0 if twice else 0.5) as worker:
        assert begun.wait(30)
        if twice:
            worker.stop_now()
    assert launcher.started[0].killed.is_set()
    assert attempts(scene, scene.trial(made)) == [(AttemptState.RELEASED, None)]


def test_zombie_changes_nothing(scene: Scene) -> None:
    """A worker frozen past its lease: its trainer is ended, its results are refused, the next owner is left alone."""
    made = search(scene)
    begun, woken = threading.Event(), threading.Event()

    def slow(trainer: ScriptedTrainer, job: RunTrial) -> None:
        if job.attempt > 1:
            return complete(trainer, job)
        trainer.epoch(job, 0, score=0.9)
        begun.set()
        assert woken.wait(30)
        trainer.epoch(job, 1, score=0.9)
        trainer.end(job, "completed")
        return None

    frozen, other = ScriptedLauncher(slow), ScriptedLauncher(slow)
    cut_off = Flaky(scene.repository, renew_leases=10**6)
    with scene.working(frozen, repository=cut_off, lease_s=1.5):
        assert begun.wait(30)
        assert frozen.started[0].killed.wait(10), "the trainer must be dead before the lease is"
        assert scene.trial(made).state is TrialState.RUNNING
        wait_until(scene.repository.reap_expired, timeout_s=10)
        woken.set()
    with scene.working(other):
        (trial,) = scene.wait_for_end(made)
    assert attempts(scene, trial)[0][0] is AttemptState.LOST
    assert trial.state is TrialState.COMPLETED
    assert trial.score is not None
    assert trial.score < 0.9


def test_results_that_come_after_the_lease_was_taken_are_dropped(scene: Scene) -> None:
    made = search(scene)
    begun, go_on = threading.Event(), threading.Event()

    def late(trainer: ScriptedTrainer, job: RunTrial) -> None:
        trainer.epoch(job, 0)
        begun.set()
        assert go_on.wait(30)
        trainer.epoch(job, 1)
        trainer.checkpoint(job, 1)
        trainer.end(job, "completed")

    with scene.working(ScriptedLauncher(late), renew_s=1.0):
        assert begun.wait(30)
        wait_until(lambda: len(scene.epochs(scene.trial(made))) == 1)
        scene.repository.cancel_search(made.id)
        go_on.set()
    trial = scene.trial(made)
    assert trial.state is TrialState.CANCELLED
    assert len(scene.epochs(trial)) == 1
    assert list(scene.store.keys("trials")) == []
