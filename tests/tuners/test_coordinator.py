"""Searches under one coordinator: run whole, fed in time, the same after a restart."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.clock import ManualClock
from storage.ids import SearchId
from storage.records import Limits, OracleSnapshot, Search
from storage.repository import Repository
from storage.sql import open_repository
from storage.states import SearchState
from tests.databases import SqliteTemplate
from tests.tuners.coordinated import FINITE, RANDOM, SPACE, units
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
from tuners.oracles import Accepts, Oracle, make_oracle

TUNERS: dict[str, dict[str, object]] = {
    "random": RANDOM,
    "bayesian": {"type": "bayesian"},
    "hyperband": {"type": "hyperband", "max_epochs": 9, "factor": 3},
    "grid": {"type": "grid"},
}


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


def test_a_pause_that_comes_just_before_the_start_is_kept(
    repository: Repository, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = add_search(repository, SPACE, RANDOM, limits=Limits(max_trials=2))
    read = repository.get_search

    def read_and_paused(search_id: SearchId, **given: Any) -> Search:
        found = read(search_id, **given)
        if found.state is SearchState.QUEUED:
            repository.pause_search(search_id)
        return found

    coordinator = make_coordinator(repository, clock)
    monkeypatch.setattr(repository, "get_search", read_and_paused)
    settle(coordinator)
    assert read(search.id).state is SearchState.PAUSED
    assert read(search.id).counts.total == 0
    monkeypatch.undo()
    repository.resume_search(search.id)
    worker = SimulatedWorker(repository, curve=smooth, slots=1)
    assert run_search(repository, search.id, coordinator, worker).counts.completed == 2


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


def _successor(clock: ManualClock, made: Callable[..., Coordinator], number: int) -> Coordinator:
    # The one before is gone without a word; its lease has to run out.
    clock.advance(11.0)
    return made(holder=f"number {number}")


def _with_search_id(search_id: SearchId) -> Any:
    def oracles(snapshot: OracleSnapshot, accepts: Accepts | None) -> Oracle:
        search = dataclasses.replace(snapshot.search, id=search_id)
        return make_oracle(dataclasses.replace(snapshot, search=search), accepts)

    return oracles
