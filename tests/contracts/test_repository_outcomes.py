"""How attempts end: scores, budgets, retries, lost leases, stops."""

from __future__ import annotations

import dataclasses
import math

import pytest

from storage.clock import ManualClock
from storage.epochs import EpochRow
from storage.errors import LeaseLost, NotFound, WrongState
from storage.ids import TrialId
from storage.leases import Lease
from storage.records import Failure, Objective, Reason
from storage.sql import open_repository
from storage.states import AttemptState, Fault, SearchState, TrialState
from tests.contracts.scenes import BUILD_ERROR, CRASH, LEASE_S, Scene

FATAL = Failure(
    code="data_error", message="labels out of range", fault=Fault.DEFINITION, retryable=False, ends_search=True
)


def _report(scene: Scene, lease: Lease, *rows: tuple[int, int, dict[str, float]]) -> None:
    scene.repository.record_epochs(lease, [EpochRow(execution, epoch, m, 1.0) for execution, epoch, m in rows])


def test_the_score_is_the_best_finite_value(scene: Scene) -> None:
    claim = scene.running()
    _report(
        scene,
        claim.lease,
        (0, 0, {"val_loss": math.nan, "loss": 4.0}),
        (0, 1, {"val_loss": 2.0, "loss": 3.0}),
        (0, 2, {"val_loss": -math.inf, "loss": 2.0}),
        (0, 3, {"val_loss": 2.0, "loss": math.inf}),
        (0, 4, {"val_loss": math.inf, "loss": 1.0}),
    )
    trial = scene.repository.complete_trial(claim.lease, seconds=12.5, log="done")
    assert (trial.state, trial.score, trial.best_epoch) == (TrialState.COMPLETED, 2.0, 1)
    assert trial.metrics == {"val_loss": 2.0, "loss": 3.0}
    assert trial.last_metrics == {"val_loss": None, "loss": 1.0}
    assert (trial.seconds, trial.ended_seq, trial.ended_at) == (12.5, 0, scene.clock.now())
    assert trial.worker_id is None
    search = scene.repository.get_search(claim.search.id)
    assert (search.best and search.best.trial_id, search.best and search.best.score) == (trial.id, 2.0)
    assert (search.counts.completed, search.counts.running, search.device_seconds) == (1, 0, 12.5)
    (attempt,) = scene.repository.list_attempts(trial.id)
    assert (attempt.state, attempt.log, attempt.ended_at) == (AttemptState.COMPLETED, "done", scene.clock.now())
    event = scene.repository.events_after(0, search_id=search.id)[-1]
    assert (event.kind, event.trial_id, event.payload["score"]) == ("trial.completed", trial.id, 2.0)


def test_the_score_is_the_mean_over_executions(scene: Scene) -> None:
    claim = scene.running(executions_per_trial=3, objective=Objective("val_accuracy", "max"))
    for execution, accuracies in enumerate([(0.5, 0.75), (0.25, 0.125), (0.125, 0.5)]):
        _report(
            scene,
            claim.lease,
            *((execution, epoch, {"val_accuracy": a, "lr": 0.5**epoch}) for epoch, a in enumerate(accuracies)),
        )
    trial = scene.repository.complete_trial(claim.lease, seconds=1)
    assert trial.score == pytest.approx((0.75 + 0.25 + 0.5) / 3)
    assert trial.best_epoch == 1
    assert trial.metrics["lr"] == pytest.approx((0.5 + 1.0 + 0.5) / 3)
    assert trial.metrics["val_accuracy"] == trial.score
    assert trial.last_metrics["val_accuracy"] == pytest.approx((0.75 + 0.125 + 0.5) / 3)


def test_the_score_of_a_cross_validation_is_the_mean_over_its_folds(scene: Scene) -> None:
    """Folds that stop early count as much as those that ran to the end."""
    claim = scene.running(executions_per_trial=3)
    for fold, losses in enumerate([(4.0, 1.0, 2.0), (3.0,), (9.0, 5.0)]):
        rows = [EpochRow(fold, epoch, {"val_loss": loss}, 0.5, fold) for epoch, loss in enumerate(losses)]
        scene.repository.record_epochs(claim.lease, rows)
    trial = scene.repository.complete_trial(claim.lease, seconds=1)
    assert (trial.score, trial.best_epoch) == (3.0, 1)
    stored = scene.repository.list_epochs(trial.id, limit=10).items
    assert [row.fold for row in stored] == [0, 0, 0, 1, 2, 2]


def test_huge_scores_do_not_overflow(scene: Scene) -> None:
    claim = scene.running(executions_per_trial=2)
    for execution in (0, 1):
        _report(scene, claim.lease, (execution, 0, {"val_loss": 1.5e308}))
    assert scene.repository.complete_trial(claim.lease, seconds=1).score == pytest.approx(1.5e308)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([], id="no epoch"),
        pytest.param([(0, 0, {"val_loss": math.nan}), (0, 1, {"val_loss": math.inf})], id="never finite"),
        pytest.param([(0, 0, {"loss": 1.0})], id="objective missing"),
        pytest.param([(0, 0, {"val_loss": 1.0}), (1, 0, {"val_loss": math.nan})], id="one execution without"),
        pytest.param([(0, 0, {"val_loss": 1.0}), (0, 1, {"val_loss": 2.0})], id="one execution never begun"),
    ],
)
def test_without_a_finite_objective_the_trial_fails(
    scene: Scene, rows: list[tuple[int, int, dict[str, float]]]
) -> None:
    claim = scene.running(executions_per_trial=2, max_retries_per_trial=5)
    _report(scene, claim.lease, *rows)
    trial = scene.repository.complete_trial(claim.lease, seconds=1)
    assert (trial.state, trial.score, trial.best_epoch) == (TrialState.FAILED, None, None)
    assert trial.failure is not None
    assert (trial.failure.code, trial.failure.fault) == ("non_finite_objective", Fault.DEFINITION)
    assert scene.repository.complete_trial(claim.lease, seconds=1) == trial
    search = scene.repository.get_search(claim.search.id)
    assert (search.best, search.counts.failed, search.trials_since_best) == (None, 1, 1)


def test_best_and_patience_follow_the_scores(scene: Scene) -> None:
    search = scene.search()
    expected = [(3.0, 0, 0), (4.0, 0, 1), (2.0, 2, 0), (2.0, 2, 1), (2.5, 2, 2)]
    for loss, best_number, since in expected:
        scene.finished(search.id, loss)
        now = scene.repository.get_search(search.id)
        assert now.best is not None
        assert scene.trial(now.best.trial_id).number == best_number
        assert now.trials_since_best == since


def test_of_equal_scores_the_lower_number_is_best(scene: Scene) -> None:
    search = scene.search(trials=2)
    low, high = scene.claims(2)
    for claim in (high, low):
        scene.report(claim.lease, 1.0)
        scene.repository.complete_trial(claim.lease, seconds=1)
    found = scene.repository.get_search(search.id)
    assert found.best is not None
    assert found.best.trial_id == low.trial.id
    # It is no improvement all the same.
    assert found.trials_since_best == 1


def test_a_stopped_trial_keeps_its_score_so_far(scene: Scene) -> None:
    claim = scene.running(executions_per_trial=3)
    scene.report(claim.lease, 3.0, 1.0)
    scene.report(claim.lease, math.nan, execution=1)
    reason = Reason("median_rule", "worse than the median")
    trial = scene.repository.stop_trial(claim.lease, seconds=2, reason=reason, log="x")
    assert (trial.state, trial.score, trial.best_epoch) == (TrialState.STOPPED, 1.0, 1)
    assert scene.repository.list_attempts(trial.id)[0].state is AttemptState.STOPPED
    search = scene.repository.get_search(claim.search.id)
    assert search.counts.stopped == 1
    assert search.best is not None
    event = scene.repository.events_after(0, search_id=search.id)[-1]
    assert event.payload["reason"] == {"code": "median_rule", "message": "worse than the median"}


def test_a_trial_stopped_before_its_first_score_fails(scene: Scene) -> None:
    claim = scene.running()
    trial = scene.repository.stop_trial(claim.lease, seconds=2, reason=Reason("a", "a"))
    assert trial.state is TrialState.FAILED
    assert trial.failure is not None
    assert trial.failure.code == "non_finite_objective"


def test_every_ending_may_be_repeated_by_its_token(scene: Scene) -> None:
    completed = scene.running()
    scene.report(completed.lease, 1.0)
    first = scene.repository.complete_trial(completed.lease, seconds=5)
    scene.clock.advance(LEASE_S * 10)
    assert scene.repository.complete_trial(completed.lease, seconds=5) == first

    stopped = scene.running()
    scene.report(stopped.lease, 1.0)
    assert scene.repository.stop_trial(stopped.lease, seconds=5, reason=Reason("a", "a")) == (
        scene.repository.stop_trial(stopped.lease, seconds=5, reason=Reason("a", "a"))
    )
    failed = scene.running(max_retries_per_trial=0)
    assert scene.repository.fail_attempt(failed.lease, BUILD_ERROR, seconds=5) == (
        scene.repository.fail_attempt(failed.lease, BUILD_ERROR, seconds=5)
    )
    released = scene.running()
    assert scene.repository.release_trial(released.lease, seconds=5) == (
        scene.repository.release_trial(released.lease, seconds=5)
    )
    assert scene.repository.get_search(released.search.id).device_seconds == 5
    for lease in (stopped.lease, failed.lease, released.lease):
        with pytest.raises(LeaseLost):
            scene.repository.complete_trial(lease, seconds=5)
    with pytest.raises(LeaseLost):
        scene.repository.complete_trial(dataclasses.replace(completed.lease, token="0" * 32), seconds=5)


def test_definition_faults_have_their_own_budget(scene: Scene) -> None:
    scene.search(trials=1, max_retries_per_trial=2)
    states = []
    for _ in range(3):
        claim = scene.claim()
        scene.repository.report_start(claim.lease, parameters=1, device="cpu")
        trial = scene.repository.fail_attempt(claim.lease, BUILD_ERROR, seconds=1, log="log")
        states.append((trial.state, trial.definition_faults, trial.machine_faults))
    assert states == [(TrialState.QUEUED, 1, 0), (TrialState.QUEUED, 2, 0), (TrialState.FAILED, 3, 0)]
    assert trial.failure == BUILD_ERROR
    assert trial.seconds == 3
    attempts = scene.repository.list_attempts(trial.id)
    assert [(attempt.number, attempt.state, attempt.failure) for attempt in attempts] == [
        (number, AttemptState.FAILED, BUILD_ERROR) for number in (1, 2, 3)
    ]


def test_a_fault_that_trying_cannot_help_is_not_retried(scene: Scene) -> None:
    claim = scene.running(max_retries_per_trial=5)
    hopeless = dataclasses.replace(BUILD_ERROR, retryable=False)
    assert scene.repository.fail_attempt(claim.lease, hopeless, seconds=1).state is TrialState.FAILED


def test_machine_faults_do_not_use_up_the_users_retries(scene: Scene) -> None:
    scene.search(trials=1, max_retries_per_trial=1)
    for faults in (1, 2, 3):
        trial = scene.repository.fail_attempt(scene.claim().lease, CRASH, seconds=1)
        assert (trial.state, trial.machine_faults) == (TrialState.QUEUED, faults)
    trial = scene.repository.fail_attempt(scene.claim().lease, BUILD_ERROR, seconds=1)
    assert (trial.state, trial.definition_faults, trial.machine_faults) == (TrialState.QUEUED, 1, 3)
    trial = scene.repository.fail_attempt(scene.claim().lease, CRASH, seconds=1)
    assert (trial.state, trial.machine_faults, trial.attempt) == (TrialState.FAILED, 4, 5)
    assert trial.failure == CRASH


def test_the_machines_budget_is_a_setting(database_url: str, clock: ManualClock) -> None:
    repository = open_repository(database_url, clock=clock, lease_clock=clock, machine_retries=0)
    scene = Scene(repository, clock)
    claim = scene.running(max_retries_per_trial=5)
    assert repository.fail_attempt(claim.lease, CRASH, seconds=1).state is TrialState.FAILED
    repository.close()


def test_a_definition_that_cannot_run_ends_the_search(scene: Scene) -> None:
    search = scene.search(trials=3)
    one, _ = scene.claims(2)
    trial = scene.repository.fail_attempt(one.lease, FATAL, seconds=1)
    assert (trial.state, trial.failure) == (TrialState.FAILED, FATAL)
    ended = scene.repository.get_search(search.id)
    assert ended.state is SearchState.FAILED
    assert ended.state_reason == Reason("data_error", "labels out of range")
    assert (ended.counts.failed, ended.counts.cancelled) == (1, 2)
    assert scene.repository.fail_attempt(one.lease, FATAL, seconds=1) == trial


def test_a_checked_search_does_not_end_by_one_trial(scene: Scene) -> None:
    search = scene.search(trials=2)
    one, two = scene.claims(2)
    scene.repository.report_start(two.lease, parameters=1, device="cpu")
    assert scene.repository.fail_attempt(one.lease, FATAL, seconds=1).state is TrialState.FAILED
    assert scene.repository.get_search(search.id).state is SearchState.RUNNING


def test_a_paused_search_is_not_ended_by_a_trial(scene: Scene) -> None:
    claim = scene.running()
    scene.repository.pause_search(claim.search.id)
    assert scene.repository.fail_attempt(claim.lease, FATAL, seconds=1).state is TrialState.FAILED
    assert scene.repository.get_search(claim.search.id).state is SearchState.PAUSED


def test_a_released_trial_is_charged_to_nobody(scene: Scene) -> None:
    claim = scene.running(max_retries_per_trial=0)
    scene.report(claim.lease, 2.0)
    scene.checkpoint(claim.lease, epoch=0)
    trial = scene.repository.release_trial(claim.lease, seconds=3)
    assert (trial.state, trial.definition_faults, trial.machine_faults) == (TrialState.QUEUED, 0, 0)
    assert scene.repository.list_attempts(trial.id)[0].state is AttemptState.RELEASED
    again = scene.claim()
    assert again.lease.attempt == 2
    assert again.resume is not None
    assert scene.kinds(claim.search.id)[-2:] == ["trial.released", "trial.started"]


def test_an_expired_lease_is_a_machine_fault(scene: Scene) -> None:
    claim = scene.running(max_retries_per_trial=0)
    scene.clock.advance(LEASE_S - 0.5)
    assert scene.repository.reap_expired() == ()
    scene.clock.advance(0.5)
    (trial,) = scene.repository.reap_expired()
    assert trial == scene.trial(claim.trial.id)
    assert (trial.state, trial.machine_faults, trial.seconds) == (TrialState.QUEUED, 1, LEASE_S)
    (attempt,) = scene.repository.list_attempts(trial.id)
    assert attempt.state is AttemptState.LOST
    assert attempt.failure is not None
    assert attempt.failure.code == "lease_lost"
    assert scene.repository.reap_expired() == ()
    assert scene.kinds(claim.search.id)[-1] == "trial.lost"


def test_a_trial_lost_too_often_fails(scene: Scene) -> None:
    scene.search(trials=1)
    for _ in range(4):
        scene.claim()
        scene.clock.advance(LEASE_S)
        (trial,) = scene.repository.reap_expired()
    assert trial.state is TrialState.FAILED
    assert trial.failure is not None
    assert (trial.failure.code, trial.failure.fault) == ("lease_lost", Fault.MACHINE)


def test_reaping_leaves_the_living_alone(scene: Scene) -> None:
    scene.search(trials=3, parallelism=3)
    dead, alive, done = scene.claims(3)
    scene.clock.advance(LEASE_S - 1)
    scene.repository.renew_leases([alive.lease], lease_s=LEASE_S)
    scene.report(done.lease, 1.0)
    scene.repository.complete_trial(done.lease, seconds=1)
    scene.clock.advance(2)
    assert [trial.id for trial in scene.repository.reap_expired()] == [dead.trial.id]


def test_a_queued_trial_asked_to_stop_is_cancelled(scene: Scene) -> None:
    search = scene.search(trials=1)
    (trial,) = scene.repository.list_trials(search.id, limit=1).items
    stopped = scene.repository.request_stop(trial.id)
    assert (stopped.state, stopped.ended_seq) == (TrialState.CANCELLED, 0)
    with pytest.raises(WrongState):
        scene.repository.request_stop(trial.id)
    assert scene.repository.get_search(search.id).trials_since_best == 0


def test_ended_trials_stay_when_asked_to_stop(scene: Scene) -> None:
    search = scene.search()
    trial = scene.finished(search.id, 1.0)
    assert scene.repository.request_stop(trial.id) == trial
    with pytest.raises(NotFound):
        scene.repository.request_stop(TrialId("t_none"))


def test_who_was_asked_to_stop_does_not_start_again(scene: Scene) -> None:
    """The worker was lost before it could stop: the score so far stands, without another attempt."""
    scored, unscored = scene.running(), scene.running()
    scene.report(scored.lease, 3.0, 2.0)
    for claim in (scored, unscored):
        assert scene.repository.request_stop(claim.trial.id).stop_requested
    scene.clock.advance(LEASE_S)
    scene.repository.reap_expired()
    assert (scene.trial(scored.trial.id).state, scene.trial(scored.trial.id).score) == (TrialState.STOPPED, 2.0)
    assert scene.trial(unscored.trial.id).state is TrialState.CANCELLED
    assert scene.claims(5) == ()


def test_a_failed_trial_can_be_tried_again_by_hand(scene: Scene) -> None:
    search = scene.search(trials=1, max_retries_per_trial=1)
    for _ in range(2):
        claim = scene.claim()
        scene.repository.report_start(claim.lease, parameters=1, device="cpu")
        failed = scene.repository.fail_attempt(claim.lease, BUILD_ERROR, seconds=1)
    assert failed.state is TrialState.FAILED
    again = scene.repository.retry_trial(failed.id)
    assert (again.state, again.definition_faults, again.ended_seq, again.failure) == (TrialState.QUEUED, 0, None, None)
    with pytest.raises(WrongState):
        scene.repository.retry_trial(failed.id)
    claim = scene.claim()
    assert claim.lease.attempt == 3
    assert scene.repository.fail_attempt(claim.lease, BUILD_ERROR, seconds=1).state is TrialState.QUEUED
    claim = scene.claim()
    scene.report(claim.lease, 1.0)
    done = scene.repository.complete_trial(claim.lease, seconds=1)
    # Its first place in the order of ending stays empty: who has seen that ending must see this one as another.
    assert done.ended_seq == 1
    assert scene.repository.get_search(search.id).counts.completed == 1


def test_only_failed_trials_of_open_searches_are_tried_again(scene: Scene) -> None:
    search = scene.search(max_retries_per_trial=0)
    done = scene.finished(search.id, 1.0)
    scene.queue(search.id, 1)
    failed = scene.repository.fail_attempt(scene.claim().lease, BUILD_ERROR, seconds=1)
    with pytest.raises(WrongState):
        scene.repository.retry_trial(done.id)
    scene.repository.end_search(search.id, SearchState.COMPLETED, Reason("a", "a"))
    with pytest.raises(WrongState):
        scene.repository.retry_trial(failed.id)


def test_what_a_model_says_when_it_dies_can_be_stored(scene: Scene) -> None:
    claim = scene.running(max_retries_per_trial=0)
    failure = Failure(
        code="crash", message="bad \0 byte \ud800", fault=Fault.DEFINITION, retryable=False, traceback="\0\udfff\u00e9"
    )
    trial = scene.repository.fail_attempt(claim.lease, failure, seconds=math.nan, log="\0log\ud800")
    assert trial.failure is not None
    trial.failure.message.encode()
    assert trial.failure.message.startswith("bad ")
    assert trial.seconds == 0
    log = scene.repository.list_attempts(trial.id)[0].log
    assert log is not None
    assert "log" in log.encode().decode()
