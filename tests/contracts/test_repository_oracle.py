"""Proposals and oracle state: what `OracleStore` promises."""

from __future__ import annotations

import threading

import pytest

from storage.errors import StaleOracle, WrongState
from storage.records import Limits, NewTrial
from storage.states import SearchState, TrialState
from tests.contracts.scenes import Scene


def _new(count: int) -> list[NewTrial]:
    return [NewTrial({"units": place, "act": "relu", "bn": True, "lr": 1e-3}, f"h{place}") for place in range(count)]


def test_trials_are_numbered_and_stored_with_the_state(scene: Scene) -> None:
    search = scene.search()
    first = scene.repository.add_trials(search.id, _new(2), oracle_state={"seed": [1, 2]}, expected_version=0)
    second = scene.repository.add_trials(search.id, _new(1), oracle_state={"seed": None}, expected_version=1)
    assert [trial.number for trial in (*first, *second)] == [0, 1, 2]
    assert first[0].values == {"units": 0, "act": "relu", "bn": True, "lr": 1e-3}
    assert first[0].state is TrialState.QUEUED
    snapshot = scene.repository.load_oracle(search.id)
    assert (snapshot.version, snapshot.state) == (2, {"seed": None})
    assert snapshot.trials == (*first, *second)
    assert snapshot.search.counts.queued == 3
    assert scene.kinds(search.id).count("trial.queued") == 3


def test_a_new_search_has_no_oracle_state(scene: Scene) -> None:
    snapshot = scene.repository.load_oracle(scene.search().id)
    assert (snapshot.version, snapshot.state, snapshot.trials) == (0, None, ())


def test_a_stale_oracle_changes_nothing(scene: Scene) -> None:
    search = scene.search()
    scene.repository.add_trials(search.id, _new(1), oracle_state={"a": 1}, expected_version=0)
    for version in (0, 2):
        with pytest.raises(StaleOracle):
            scene.repository.add_trials(search.id, _new(1), oracle_state={"a": 2}, expected_version=version)
    snapshot = scene.repository.load_oracle(search.id)
    assert (snapshot.version, snapshot.state, len(snapshot.trials)) == (1, {"a": 1}, 1)


def test_state_can_be_saved_without_trials(scene: Scene) -> None:
    search = scene.search()
    assert scene.repository.add_trials(search.id, [], oracle_state={"a": 1}, expected_version=0) == ()
    assert scene.repository.load_oracle(search.id).state == {"a": 1}
    assert scene.repository.get_search(search.id).oracle_version == 1


@pytest.mark.parametrize("state", [SearchState.QUEUED, SearchState.PAUSED, SearchState.CANCELLED])
def test_only_a_running_search_takes_trials(scene: Scene, state: SearchState) -> None:
    search = scene.search(started=False)
    if state is SearchState.PAUSED:
        scene.repository.pause_search(search.id)
    if state is SearchState.CANCELLED:
        scene.repository.cancel_search(search.id)
    with pytest.raises(WrongState):
        scene.repository.add_trials(search.id, _new(1), oracle_state={}, expected_version=0)


def test_max_trials_is_never_exceeded(scene: Scene) -> None:
    search = scene.search(limits=Limits(max_trials=3))
    assert len(scene.repository.add_trials(search.id, _new(2), oracle_state={}, expected_version=0)) == 2
    assert len(scene.repository.add_trials(search.id, _new(2), oracle_state={}, expected_version=1)) == 1
    assert scene.repository.add_trials(search.id, _new(2), oracle_state={}, expected_version=2) == ()
    assert scene.repository.get_search(search.id).counts.total == 3


def test_two_coordinators_cannot_both_ask(scene: Scene) -> None:
    search = scene.search()
    barrier = threading.Barrier(4)
    results: list[str] = []

    def ask() -> None:
        barrier.wait()
        try:
            scene.repository.add_trials(search.id, _new(2), oracle_state={}, expected_version=0)
            results.append("stored")
        except StaleOracle:
            results.append("stale")

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["stale", "stale", "stale", "stored"]
    assert scene.repository.get_search(search.id).counts.total == 2


def test_ended_trials_come_in_order_of_ending(scene: Scene) -> None:
    search = scene.search(trials=3, parallelism=3)
    claims = scene.claims(3)
    for place in (2, 0, 1):
        scene.report(claims[place].lease, 1.0 + place)
        scene.repository.complete_trial(claims[place].lease, seconds=1)
    ended = scene.repository.ended_trials(search.id, from_seq=0)
    assert [(trial.number, trial.ended_seq) for trial in ended] == [(2, 0), (0, 1), (1, 2)]
    assert [trial.number for trial in scene.repository.ended_trials(search.id, from_seq=2)] == [1]
    assert scene.repository.ended_trials(search.id, from_seq=3) == ()
