"""Coordinators beside others, over a database that goes away, and with oracles that raise."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from storage.clock import ManualClock, SystemClock
from storage.errors import StorageUnavailable
from storage.leases import LeaderLease
from storage.records import Limits, OracleSnapshot, Trial
from storage.repository import Repository
from storage.settings import Settings
from storage.sql import open_repository
from storage.states import SearchState
from tests.tuners.coordinated import FINITE, RANDOM, SPACE, units
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


@pytest.fixture
def repository(database_url: str, clock: ManualClock) -> Iterator[Repository]:
    repository = open_repository(database_url, clock=clock, lease_clock=clock)
    yield repository
    assert repository.check_invariants() == ()
    repository.close()


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
    coordinator = make_coordinator(unreliable, clock)
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
    coordinator = Coordinator(unreliable, settings, clock, holder="one")
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


def _everyone_leads(repository: Repository) -> Repository:
    """The repository, with a leader's lease for whoever asks."""

    class Generous:
        def __getattr__(self, name: str) -> Any:
            return getattr(repository, name)

        def acquire_leader(self, name: str, *, holder: str, lease_s: float) -> LeaderLease:
            return LeaderLease(name, 1, holder, NOW)

    return Generous()
