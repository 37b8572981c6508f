"""What a worker does about trainers that die, hang, talk nonsense, or have to be stopped. Trainers are scripted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.datasets import Dataset
from storage.errors import StorageUnavailable
from storage.ids import TrialId, new_dataset_id
from storage.records import Search, Trial
from storage.states import AttemptState, SearchState, TrialState
from tests.tuners.scripted_trainers import ScriptedLauncher, ScriptedTrainer, complete
from tests.tuners.trainer_doubles import dataset
from tests.tuners.worker_scene import Scene
from tests.waiting import wait_until
from tuners.datasets.wire import META_NAME, Meta
from tuners.failures import failure
from tuners.launchers.base import TrainerGarbled
from tuners.trainer.protocol import Ended, EndTrial, Failed, Notice, RunTrial, Saved


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path / "data")
    yield made
    made.close()


def stored_dataset(scene: Scene) -> Dataset:
    """A record with files that scripted trainers never read."""
    dataset_id = new_dataset_id()
    record = dataset(
        id=dataset_id, owner="ada", name=dataset_id, input_shape=(8, 8), num_classes=10, validation_rows=0,
        key=f"datasets/{dataset_id}",
    )  # fmt: skip
    facts = {"dtype": "float32", "sha256": "0" * 64}
    rows = record.train_rows
    meta = Meta.model_validate(
        {
            "task": record.task,
            "input_shape": record.input_shape,
            "num_classes": record.num_classes,
            "class_names": record.class_names,
            "feature_names": record.feature_names,
            "scale": record.scale,
            "arrays": {"x_train": {**facts, "shape": (rows, 8, 8)}, "y_train": {**facts, "shape": (rows,)}},
        }
    )
    file = scene.settings.data_dir / "file"
    file.write_text(meta.model_dump_json(), encoding="utf-8")
    for name in ("x_train.npy", "y_train.npy", META_NAME):
        scene.store.put(f"{record.key}/{name}", file)
    return scene.repository.add_dataset(record)


def search(scene: Scene, trials: int = 1, **changes: Any) -> Search:
    return scene.search(trials, dataset=stored_dataset(scene), **changes)


def attempts(scene: Scene, trial: Trial) -> list[tuple[AttemptState, str | None]]:
    return [
        (attempt.state, None if attempt.failure is None else attempt.failure.code)
        for attempt in scene.repository.list_attempts(trial.id)
    ]


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


class Flaky:
    """A repository whose answers to the first calls of some kinds are lost: the second, fourth ... after the commit."""

    def __init__(self, repository: Any, **fails: int) -> None:
        self._repository = repository
        self._fails = fails
        self.refused = dict.fromkeys(fails, 0)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._repository, name)
        if name not in self.refused:
            return method

        def call(*arguments: Any, **keywords: Any) -> Any:
            if self.refused[name] >= self._fails[name]:
                return method(*arguments, **keywords)
            self.refused[name] += 1
            if self.refused[name] % 2 == 0 and name not in {"claim_trials", "renew_leases"}:
                method(*arguments, **keywords)
            raise StorageUnavailable("the answer was lost")

        return call


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
