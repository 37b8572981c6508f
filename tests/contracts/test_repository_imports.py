"""Searches that were run elsewhere, on both databases."""

from __future__ import annotations

import dataclasses
import math
from datetime import timedelta
from typing import Any

import pytest

from storage.epochs import EpochRow
from storage.errors import IdempotencyKeyReused, WrongState
from storage.ids import DatasetId
from storage.records import Failure, ImportedTrial, NewSearch, Reason, SearchFilter
from storage.states import Fault, SearchState, TrialState
from tests.contracts.scenes import Scene

REASON = Reason("imported", "5 trials were imported from a.csv.")
FAILED = Failure("failed_elsewhere", "out of memory", Fault.DEFINITION, retryable=False)


def new(scene: Scene, **changes: Any) -> NewSearch:
    made = scene.new_search(dataset_id=DatasetId("d_none"), tuner="imported", planned_trials=None, **changes)
    return dataclasses.replace(made, dataset_id=DatasetId(""))


def trial(units: int, *losses: float, first: int = 0, **changes: Any) -> ImportedTrial:
    rows = [EpochRow(0, first + place, {"val_loss": loss, "lr": 0.1}, 0.5) for place, loss in enumerate(losses)]
    return ImportedTrial({"units": units}, f"h{units}", tuple(rows), **changes)


def test_it_is_stored_whole_and_ended(scene: Scene) -> None:
    start = scene.clock.now() - timedelta(days=30)
    trials = [
        trial(1, 0.9, 0.5, 0.7, seconds=3.0, started_at=start, ended_at=start + timedelta(hours=2)),
        trial(2, 0.4, first=7, ended_at=start + timedelta(hours=1)),
        trial(3, math.nan, math.inf, ended_at=start + timedelta(hours=3)),
        trial(4, 0.4, 0.6, stopped=True, ended_at=start + timedelta(hours=4)),
        trial(5, failure=FAILED, ended_at=start + timedelta(hours=5)),
        trial(6, 0.1, cancelled=True, ended_at=start + timedelta(hours=6)),
    ]
    search, is_new = scene.repository.import_search(new(scene), trials, reason=REASON)
    assert is_new
    assert (search.state, search.state_reason, search.tuner) == (SearchState.COMPLETED, REASON, "imported")
    assert (search.counts.completed, search.counts.stopped, search.counts.failed) == (2, 1, 2)
    assert search.counts.cancelled == 1
    assert (search.started_at, search.ended_at) == (start, start + timedelta(hours=6))
    assert (search.epochs_recorded, search.device_seconds, search.active_seconds) == (9, 3.0, 6 * 3600.0)
    stored = scene.repository.list_trials(search.id, limit=10).items
    assert [each.state for each in stored] == [
        TrialState.COMPLETED, TrialState.COMPLETED, TrialState.FAILED, TrialState.STOPPED, TrialState.FAILED,
        TrialState.CANCELLED,
    ]  # fmt: skip
    assert [(each.score, each.best_epoch, each.ended_seq) for each in stored] == [
        (0.5, 1, 1), (0.4, 7, 0), (None, None, 2), (0.4, 0, 3), (None, None, 4), (None, None, 5),
    ]  # fmt: skip
    assert stored[0].metrics == {"val_loss": 0.5, "lr": 0.1}
    assert stored[0].last_metrics == {"val_loss": 0.7, "lr": 0.1}
    assert stored[2].failure is not None
    assert stored[2].failure.code == "non_finite_objective"
    assert stored[4].failure == FAILED
    # Equal scores: the lower number; it was reached first, and four trials ended since.
    assert search.best is not None
    assert (search.best.trial_id, search.best.score, search.trials_since_best) == (stored[1].id, 0.4, 4)
    epochs = scene.repository.list_epochs(stored[2].id, limit=10).items
    assert math.isnan(epochs[0].metrics["val_loss"])
    assert epochs[1].metrics["val_loss"] == math.inf
    assert list(scene.repository.scored_columns(search.id).numbers) == [1, 0, 3]
    assert scene.repository.check_invariants() == ()


def test_it_is_listed_and_deleted_like_any_other(scene: Scene) -> None:
    search, _ = scene.repository.import_search(new(scene), [trial(1, 0.5)], reason=REASON)
    listed = scene.repository.list_searches(SearchFilter(owner="ada"), limit=10).items
    assert [each.id for each in listed] == [search.id]
    assert scene.repository.active_searches() == ()
    with pytest.raises(WrongState):
        scene.repository.resume_search(search.id)
    kinds = [event.kind for event in scene.repository.events_after(0, search_id=search.id)]
    assert kinds == ["search.created", "search.completed"]
    assert scene.repository.delete_search(search.id) == ()


def test_a_repeat_with_the_same_key_gives_the_first(scene: Scene) -> None:
    asked = new(scene)
    first, _ = scene.repository.import_search(asked, [trial(1, 0.5)], reason=REASON, idempotency_key="k")
    again, is_new = scene.repository.import_search(asked, [trial(1, 0.5)], reason=REASON, idempotency_key="k")
    assert (again.id, is_new) == (first.id, False)
    other = new(scene, definition={"name": "other"})
    with pytest.raises(IdempotencyKeyReused):
        scene.repository.import_search(other, [trial(1, 0.5)], reason=REASON, idempotency_key="k")


def test_epochs_beyond_one_portion_are_all_there(scene: Scene) -> None:
    trials = [trial(number, *[0.5] * 700) for number in range(10)]
    search, _ = scene.repository.import_search(new(scene), trials, reason=REASON)
    assert search.epochs_recorded == 7000
    assert scene.repository.check_invariants() == ()


def test_only_imports_are_imported(scene: Scene) -> None:
    with pytest.raises(ValueError, match="imported"):
        scene.repository.import_search(scene.new_search(), [trial(1, 0.5)], reason=REASON)
