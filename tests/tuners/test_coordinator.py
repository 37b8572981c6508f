from __future__ import annotations

import dataclasses
import functools
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from storage.clock import ManualClock, SystemClock
from storage.errors import StorageUnavailable
from storage.ids import SearchId
from storage.leases import LeaderLease
from storage.records import Failure, Limits, OracleSnapshot, Reason, Scalar, SearchChanges, Trial
from storage.repository import Repository
from storage.settings import Settings
from storage.sql import open_repository
from storage.states import Fault, SearchState
from tests.databases import SqliteTemplate
from tests.tuners.oracle_driver import NOW
from tests.tuners.simulation import (
    SimulatedWorker,
    add_search,
    all_trials,
    make_coordinator,
    run_search,
    settle,
    smooth,
)
from tuners.coordinator import Coordinator
from tuners.oracles import Accepts, Ask, Oracle, make_oracle
from tuners.space import Hyperparameter, Space

SPACE = Space(
    (
        Hyperparameter(name="rate", type="float", default=1e-2, min_value=1e-5, max_value=1e-1, sampling="log"),
        Hyperparameter(name="dropout", type="float", default=0.0, min_value=0.0, max_value=0.5, step=0.1),
    )
)
FINITE = Space((Hyperparameter(name="units", type="int", default=4, min_value=1, max_value=6),))
RANDOM = {"type": "random"}
TUNERS: dict[str, dict[str, object]] = {
    "random": RANDOM,
    "bayesian": {"type": "bayesian"},
    "hyperband": {"type": "hyperband", "max_epochs": 9, "factor": 3},
    "grid": {"type": "grid"},
}


def let_pass(seconds: float, clock: ManualClock, coordinator: Coordinator) -> None:
    """Time goes by in steps, so that the coordinator renews its lease."""
    for _ in range(int(seconds / 2)):
        clock.advance(2.0)
        settle(coordinator)


def units(values: Mapping[str, Scalar], epoch: int) -> float:
    assert isinstance(values["units"], int)
    return values["units"] / 10 + epoch / 100


def broken(values: Mapping[str, Scalar], epoch: int) -> float:
    raise ValueError


@pytest.fixture
def repository(database_url: str, clock: ManualClock) -> Iterator[Repository]:
    repository = open_repository(database_url, clock=clock, lease_clock=clock)
    yield repository
    assert repository.check_invariants() == ()
    repository.close()


@pytest.mark.parametrize("slots", [1, 4])
@pytest.mark.parametrize("tuner", ["random", "bayesian", "hyperband"])
def test_search_runs_exactly_max_trials(repository: Repository, clock: ManualClock, tuner: str, slots: int) -> None:
    search = add_search(repository, SPACE, TUNERS[tuner], limits=Limits(max_trials=13), parallelism=slots)
    worker = SimulatedWorker(repository, curve=smooth, slots=slots)
    ended = run_search(repository, search.id, make_coordinator(repository, clock), worker)
    assert (ended.state, ended.state_reason and ended.state_reason.code) == (SearchState.COMPLETED, "max_trials")
    assert ended.counts.completed == ended.counts.total == 13
    assert worker.most == slots
    assert ended.best is not None
    assert ended.best.score == max(trial.score or -9.0 for trial in all_trials(repository, search.id))


@pytest.mark.parametrize(
    ("tuner", "reason", "trials"),
    [
        ("random", "space_exhausted", 6),
        ("bayesian", "space_exhausted", 6),
        ("grid", "space_exhausted", 6),
        # Six points where the first bracket has nine places; then two and one are promoted.
        ("hyperband", "space_exhausted", 9),
    ],
)
@pytest.mark.parametrize("slots", [1, 3])
def test_finite_space_is_run_to_its_end(
    repository: Repository, clock: ManualClock, tuner: str, reason: str, trials: int, slots: int
) -> None:
    search = add_search(repository, FINITE, TUNERS[tuner], parallelism=slots)
    worker = SimulatedWorker(repository, curve=units, slots=slots)
    ended = run_search(repository, search.id, make_coordinator(repository, clock), worker)
    assert (ended.state, ended.state_reason and ended.state_reason.code) == (SearchState.COMPLETED, reason)
    assert ended.counts.completed == ended.counts.total == trials
    assert {trial.values["units"] for trial in all_trials(repository, search.id)} == set(range(1, 7))


def test_hyperband_ends_when_its_schedule_is_done(repository: Repository, clock: ManualClock) -> None:
    search = add_search(repository, SPACE, TUNERS["hyperband"], parallelism=3)
    worker = SimulatedWorker(repository, curve=smooth, slots=3)
    ended = run_search(repository, search.id, make_coordinator(repository, clock), worker)
    assert (ended.state, ended.state_reason and ended.state_reason.code) == (SearchState.COMPLETED, "tuner_finished")
    trials = {trial.id: trial for trial in all_trials(repository, search.id)}
    promoted = [trial for trial in trials.values() if trial.parent_trial_id is not None]
    assert promoted
    for trial in promoted:
        assert trial.parent_trial_id is not None
        parent = trials[trial.parent_trial_id]
        assert parent.target_epochs == trial.start_epoch
        assert parent.bracket == trial.bracket


@pytest.mark.parametrize("tuner", sorted(TUNERS))
def test_coordinator_killed_and_started_anew_makes_the_same_trials(
    tmp_path: Path, sqlite_template: SqliteTemplate, clock: ManualClock, tuner: str
) -> None:
    """A new coordinator after every trial, which has nothing but the database, against one that lives throughout."""
    runs = []
    for restarts in (False, True):
        folder = tmp_path / str(restarts)
        folder.mkdir()
        repository = open_repository(sqlite_template.copy(folder), clock=clock)
        space, curve = (FINITE, units) if tuner == "grid" else (SPACE, smooth)
        search = add_search(repository, space, TUNERS[tuner], limits=Limits(max_trials=16))
        # The id is part of the seed, so the two searches' oracles are given one.
        oracles = _with_search_id(SearchId("s_same"))

        made = functools.partial(make_coordinator, repository, clock, oracles=oracles)
        ended = run_search(
            repository,
            search.id,
            made(),
            SimulatedWorker(repository, curve=curve, slots=1),
            each=functools.partial(_successor, clock, made) if restarts else lambda number: None,
        )
        assert ended.state is SearchState.COMPLETED
        runs.append([(t.number, t.values, t.start_epoch, t.score) for t in all_trials(repository, search.id)])
        repository.close()
    assert runs[0] == runs[1]
    assert len(runs[0]) >= 6


def test_queue_is_kept_ahead_of_the_workers_and_never_beyond_max_trials(
    repository: Repository, clock: ManualClock
) -> None:
    search = add_search(repository, SPACE, RANDOM, limits=Limits(max_trials=5), parallelism=2)
    coordinator = make_coordinator(repository, clock)
    settle(coordinator)
    assert repository.get_search(search.id).counts.queued == 4
    worker = SimulatedWorker(repository, curve=smooth, slots=2)
    worker.claim()
    worker.finish()
    settle(coordinator)
    counts = repository.get_search(search.id).counts
    assert (counts.queued, counts.running, counts.total) == (3, 1, 5)


def test_search_of_great_parallelism_is_fed_to_the_brim(repository: Repository, clock: ManualClock) -> None:
    search = add_search(repository, SPACE, RANDOM, parallelism=100)
    settle(make_coordinator(repository, clock))
    assert repository.get_search(search.id).counts.queued == 102


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


def test_paused_search_gets_no_trials_and_goes_on_as_if_nothing_had_happened(
    repository: Repository, clock: ManualClock
) -> None:
    search = add_search(repository, SPACE, RANDOM, limits=Limits(max_trials=8))
    coordinator = make_coordinator(repository, clock)
    worker = SimulatedWorker(repository, curve=smooth, slots=1)
    settle(coordinator)
    worker.claim()
    repository.pause_search(search.id)
    worker.finish()
    clock.advance(20.0)
    settle(coordinator)
    assert repository.get_search(search.id).counts.total == 3
    repository.resume_search(search.id)
    ended = run_search(repository, search.id, coordinator, worker)
    assert (ended.state, ended.counts.completed) == (SearchState.COMPLETED, 8)


def test_lost_trials_go_back_to_the_queue(repository: Repository, clock: ManualClock) -> None:
    search = add_search(repository, FINITE, RANDOM)
    coordinator = make_coordinator(repository, clock)
    settle(coordinator)
    SimulatedWorker(repository, curve=units, slots=1).claim()
    assert repository.get_search(search.id).counts.running == 1
    clock.advance(31.0)
    settle(coordinator)
    assert repository.get_search(search.id).counts.running == 0
    ended = run_search(repository, search.id, coordinator, SimulatedWorker(repository, curve=units, slots=1))
    assert ended.counts.completed == 6


def test_second_coordinator_waits_until_the_first_is_gone(repository: Repository, clock: ManualClock) -> None:
    first, second = (make_coordinator(repository, clock, holder=holder) for holder in ("first", "second"))
    first.step()
    search = add_search(repository, SPACE, RANDOM)
    second.step()
    assert (first.leading, second.leading) == (True, False)
    assert repository.get_search(search.id).state is SearchState.QUEUED
    clock.advance(10.5)
    settle(second)
    assert second.leading
    assert repository.get_search(search.id).state is SearchState.RUNNING
    first.step()
    assert not first.leading


def test_lease_given_back_is_free_at_once(repository: Repository, clock: ManualClock) -> None:
    first, second = (make_coordinator(repository, clock, holder=holder) for holder in ("first", "second"))
    first.step()
    first.close()
    second.step()
    assert second.leading


def test_two_coordinators_that_both_believe_to_lead_make_no_trial_twice(
    repository: Repository, clock: ManualClock
) -> None:
    """The database's fence holds even when the leader's lease does not."""
    search = add_search(repository, FINITE, RANDOM)
    worker = SimulatedWorker(repository, curve=units, slots=1)
    rivals = [make_coordinator(_everyone_leads(repository), clock, holder=name) for name in ("a", "b")]
    for _ in range(20):
        for rival in rivals:
            settle(rival)
        worker.claim()
        worker.finish()
    trials = all_trials(repository, search.id)
    assert sorted(str(trial.values["units"]) for trial in trials) == ["1", "2", "3", "4", "5", "6"]
    assert repository.get_search(search.id).state is SearchState.COMPLETED


class FaultyOracle:
    """Raises at the n-th ask."""

    lookahead = 0

    def __init__(self, inner: Oracle, *, asks: int) -> None:
        self._inner = inner
        self._asks = asks

    def ask(self, count: int) -> Ask:
        self._asks -= 1
        if self._asks < 0:
            raise ZeroDivisionError("lost its mind")
        return self._inner.ask(count)

    def tell(self, trial: Trial) -> None:
        self._inner.tell(trial)

    def state(self) -> Mapping[str, object]:
        return self._inner.state()


def test_oracle_that_raises_fails_its_own_search_only(repository: Repository, clock: ManualClock) -> None:
    bad = add_search(repository, SPACE, RANDOM, name="bad", limits=Limits(max_trials=4))
    good = add_search(repository, SPACE, RANDOM, name="good", limits=Limits(max_trials=4))

    def oracles(snapshot: OracleSnapshot, accepts: Accepts | None) -> Oracle:
        inner = make_oracle(snapshot, accepts)
        return FaultyOracle(inner, asks=1) if snapshot.search.name == "bad" else inner

    worker = SimulatedWorker(repository, curve=smooth, slots=2)
    ended = run_search(repository, good.id, make_coordinator(repository, clock, oracles=oracles), worker)
    assert ended.state is SearchState.COMPLETED
    failed = repository.get_search(bad.id)
    assert failed.state is SearchState.FAILED
    assert failed.state_reason is not None
    assert failed.state_reason.code == "oracle_error"
    assert "lost its mind" in failed.state_reason.message


def test_search_with_an_unknown_tuner_fails(repository: Repository, clock: ManualClock) -> None:
    search = add_search(repository, SPACE, {"type": "alchemy"})
    settle(make_coordinator(repository, clock))
    ended = repository.get_search(search.id)
    assert ended.state is SearchState.FAILED
    assert ended.state_reason is not None
    assert ended.state_reason.code == "oracle_error"
    assert "alchemy" in ended.state_reason.message


def test_deleted_search_is_forgotten(repository: Repository, clock: ManualClock) -> None:
    gone = add_search(repository, SPACE, RANDOM)
    coordinator = make_coordinator(repository, clock)
    settle(coordinator)
    repository.cancel_search(gone.id)
    repository.delete_search(gone.id)
    settle(coordinator)
    kept = add_search(repository, FINITE, RANDOM)
    ended = run_search(repository, kept.id, coordinator, SimulatedWorker(repository, curve=units, slots=1))
    assert ended.state is SearchState.COMPLETED


def test_hundred_searches_are_all_fed(repository: Repository, clock: ManualClock) -> None:
    searches = [add_search(repository, FINITE, RANDOM, name=f"n{number}") for number in range(100)]
    settle(make_coordinator(repository, clock))
    assert all(repository.get_search(search.id).counts.queued == 3 for search in searches)


class Unreliable:
    """A repository whose database is away for a share of the calls, half of them after the work has been done."""

    def __init__(self, repository: Repository, *, share: float) -> None:
        self._repository = repository
        self._share = share
        self._chance = random.Random(1)
        self.refused = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._repository, name)

        def called(*arguments: Any, **named: Any) -> Any:
            away = self._chance.random() < self._share
            self.refused += away
            if away and self._chance.random() < 0.5:
                raise StorageUnavailable("away")
            result = method(*arguments, **named)
            if away:
                raise StorageUnavailable("gone while answering")
            return result

        return called


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_database_that_goes_away_costs_nothing_but_time(
    repository: Repository, clock: ManualClock, share: float
) -> None:
    search = add_search(repository, FINITE, RANDOM)
    unreliable = Unreliable(repository, share=share)
    coordinator = make_coordinator(unreliable, clock)  # type: ignore[arg-type]
    worker = SimulatedWorker(repository, curve=units, slots=1)
    for _ in range(200):
        try:
            settle(coordinator)
        except StorageUnavailable:
            clock.advance(1.0)
        worker.claim()
        worker.finish()
        if repository.get_search(search.id).state is SearchState.COMPLETED:
            break
    assert unreliable.refused > 5
    assert repository.get_search(search.id).state is SearchState.COMPLETED
    assert {trial.values["units"] for trial in all_trials(repository, search.id)} == set(range(1, 7))
    assert len(all_trials(repository, search.id)) == 6


def test_run_goes_on_through_failures_until_it_is_stopped(sqlite_url: str) -> None:
    clock = SystemClock()
    repository = open_repository(sqlite_url, clock=clock)
    search = add_search(repository, FINITE, {"type": "grid"}, parallelism=2)
    unreliable = Unreliable(repository, share=0.1)
    settings = Settings(coordinate_s=0.01)
    coordinator = Coordinator(unreliable, settings, clock, holder="one")  # type: ignore[arg-type]
    stop, done = threading.Event(), threading.Event()
    worker = SimulatedWorker(repository, curve=units, slots=2)

    def work() -> None:
        while not stop.is_set() and repository.get_search(search.id).state is not SearchState.COMPLETED:
            worker.claim()
            if not worker.finish():
                stop.wait(0.01)
        done.set()

    threads = [threading.Thread(target=coordinator.run, args=(stop,)), threading.Thread(target=work)]
    for thread in threads:
        thread.start()
    finished = done.wait(60.0)
    stop.set()
    for thread in threads:
        thread.join(20.0)
        assert not thread.is_alive()
    assert finished
    assert repository.get_search(search.id).state is SearchState.COMPLETED
    assert not coordinator.leading
    repository.close()


def _successor(clock: ManualClock, made: Callable[..., Coordinator], number: int) -> Coordinator:
    # The one before is gone without a word; its lease has to run out.
    clock.advance(11.0)
    return made(holder=f"number {number}")


def _with_search_id(search_id: SearchId) -> Any:
    def oracles(snapshot: OracleSnapshot, accepts: Accepts | None) -> Oracle:
        search = dataclasses.replace(snapshot.search, id=search_id)
        return make_oracle(dataclasses.replace(snapshot, search=search), accepts)

    return oracles


def _everyone_leads(repository: Repository) -> Repository:
    """The repository, with a leader's lease for whoever asks."""

    class Generous:
        def __getattr__(self, name: str) -> Any:
            return getattr(repository, name)

        def acquire_leader(self, name: str, *, holder: str, lease_s: float) -> LeaderLease:
            return LeaderLease(name, 1, holder, NOW)

    return Generous()  # type: ignore[return-value]
