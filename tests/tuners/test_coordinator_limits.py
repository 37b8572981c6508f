"""Searches that end: at their targets and limits, or because nothing of them works."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage.clock import ManualClock
from storage.records import Failure, Limits, Reason, SearchChanges
from storage.repository import Repository
from storage.sql import open_repository
from storage.states import Fault, SearchState
from tests.tuners.coordinated import FINITE, RANDOM, SPACE, broken, let_pass, units
from tests.tuners.simulation import SimulatedWorker, add_search, make_coordinator, run_search, settle, smooth


@pytest.fixture
def repository(database_url: str, clock: ManualClock) -> Iterator[Repository]:
    repository = open_repository(database_url, clock=clock, lease_clock=clock)
    yield repository
    assert repository.check_invariants() == ()
    repository.close()


def test_target_stops_running_trials_with_their_score_and_ends_the_search(
    repository: Repository, clock: ManualClock
) -> None:
    search = add_search(repository, FINITE, RANDOM, limits=Limits(target=0.05), parallelism=2)
    coordinator = make_coordinator(repository, clock)
    worker = SimulatedWorker(repository, curve=units, slots=2)
    settle(coordinator)
    worker.claim()
    other = worker.claims[1]
    worker.report(other, epochs=1)
    worker.finish()
    settle(coordinator)
    assert repository.get_search(search.id).state is SearchState.RUNNING
    assert repository.renew_leases([other.lease], lease_s=30.0)[0].directive == "stop"
    repository.stop_trial(other.lease, seconds=1.0, reason=Reason("stop_requested", "Asked to stop."))
    clock.advance(1.0)
    settle(coordinator)
    ended = repository.get_search(search.id)
    assert (ended.state, ended.state_reason and ended.state_reason.code) == (SearchState.COMPLETED, "target_reached")
    assert (ended.counts.completed, ended.counts.stopped) == (1, 1)
    assert ended.counts.cancelled == ended.counts.total - 2


def test_running_trials_are_not_waited_for_beyond_the_grace(repository: Repository, clock: ManualClock) -> None:
    search = add_search(repository, FINITE, RANDOM, limits=Limits(max_seconds=60.0))
    coordinator = make_coordinator(repository, clock)
    worker = SimulatedWorker(repository, curve=units, slots=1)
    settle(coordinator)
    worker.claim()
    worker.report(worker.claims[0], epochs=1)
    repository.renew_leases([worker.claims[0].lease], lease_s=600.0)
    let_pass(70.0, clock, coordinator)
    assert repository.get_search(search.id).state is SearchState.RUNNING
    let_pass(10.0, clock, coordinator)
    ended = repository.get_search(search.id)
    assert (ended.state, ended.state_reason and ended.state_reason.code) == (SearchState.COMPLETED, "max_seconds")
    assert ended.counts.cancelled == ended.counts.total


def test_trial_without_an_epoch_is_cancelled_at_a_limit_and_not_failed(
    repository: Repository, clock: ManualClock
) -> None:
    search = add_search(repository, FINITE, RANDOM, limits=Limits(max_seconds=5.0))
    coordinator = make_coordinator(repository, clock)
    settle(coordinator)
    SimulatedWorker(repository, curve=units, slots=1).claim()
    clock.advance(6.0)
    settle(coordinator)
    ended = repository.get_search(search.id)
    assert (ended.state, ended.state_reason and ended.state_reason.code) == (SearchState.COMPLETED, "max_seconds")
    assert ended.counts.cancelled == ended.counts.total


@pytest.mark.parametrize(
    ("limits", "code", "completed"),
    [
        (Limits(max_epochs=7), "max_epochs", 4),
        (Limits(max_device_seconds=3.0), "max_device_seconds", 3),
        (Limits(max_trials=3, max_epochs=100), "max_trials", 3),
    ],
)
def test_limits_end_the_search(
    repository: Repository, clock: ManualClock, limits: Limits, code: str, completed: int
) -> None:
    search = add_search(repository, FINITE, RANDOM, limits=limits)
    worker = SimulatedWorker(repository, curve=units, slots=1)
    ended = run_search(repository, search.id, make_coordinator(repository, clock), worker)
    assert (ended.state, ended.state_reason and ended.state_reason.code) == (SearchState.COMPLETED, code)
    assert ended.counts.completed == completed


def test_patience_ends_a_search_that_does_not_improve(repository: Repository, clock: ManualClock) -> None:
    search = add_search(repository, SPACE, RANDOM, limits=Limits(patience_trials=3))
    worker = SimulatedWorker(repository, curve=lambda values, epoch: 0.5, slots=1)
    ended = run_search(repository, search.id, make_coordinator(repository, clock), worker)
    assert (ended.state, ended.state_reason and ended.state_reason.code) == (SearchState.COMPLETED, "patience_trials")
    assert ended.counts.completed == 4


def test_raised_limit_lets_the_search_go_on(repository: Repository, clock: ManualClock) -> None:
    search = add_search(repository, SPACE, RANDOM, limits=Limits(max_trials=2))
    coordinator = make_coordinator(repository, clock)
    worker = SimulatedWorker(repository, curve=smooth, slots=1)
    settle(coordinator)
    worker.claim()
    worker.finish()
    repository.change_search(search.id, SearchChanges(limits=Limits(max_trials=4)))
    ended = run_search(repository, search.id, coordinator, worker)
    assert ended.counts.completed == 4


def test_first_trials_all_failing_end_the_search_with_the_reason(repository: Repository, clock: ManualClock) -> None:
    search = add_search(repository, SPACE, RANDOM, limits=Limits(max_trials=50))
    worker = SimulatedWorker(repository, curve=broken, slots=1)
    ended = run_search(repository, search.id, make_coordinator(repository, clock), worker)
    assert ended.state is SearchState.FAILED
    assert ended.state_reason is not None
    assert ended.state_reason.code == "too_many_failures"
    assert "It cannot be trained." in ended.state_reason.message
    assert ended.counts.failed == 5


def test_failures_of_the_machine_do_not_make_a_search_hopeless(repository: Repository, clock: ManualClock) -> None:
    search = add_search(repository, SPACE, RANDOM, limits=Limits(max_trials=6))
    coordinator = make_coordinator(repository, clock)
    worker = SimulatedWorker(repository, curve=smooth, slots=1)
    crash = Failure("crash", "The trainer died.", Fault.MACHINE, retryable=True)
    while repository.get_search(search.id).counts.failed < 5:
        settle(coordinator)
        worker.claim()
        repository.fail_attempt(worker.claims.pop().lease, crash, seconds=1.0)
    ended = run_search(repository, search.id, coordinator, worker)
    assert (ended.state, ended.counts.failed, ended.counts.completed) == (SearchState.COMPLETED, 5, 1)


def test_search_in_which_nothing_completed_has_failed(repository: Repository, clock: ManualClock) -> None:
    search = add_search(repository, SPACE, RANDOM, limits=Limits(max_trials=3))
    worker = SimulatedWorker(repository, curve=broken, slots=1)
    ended = run_search(repository, search.id, make_coordinator(repository, clock), worker)
    assert ended.state is SearchState.FAILED
    assert ended.state_reason is not None
    assert ended.state_reason.code == "no_trial_completed"
    assert "It cannot be trained." in ended.state_reason.message
