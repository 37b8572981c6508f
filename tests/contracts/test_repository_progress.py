"""Epochs and checkpoints of a running attempt: what `WorkQueue` promises about them."""

from __future__ import annotations

import math

import pytest

from storage.epochs import EpochRow
from storage.errors import ProtocolViolation
from storage.files import NewArtifact
from storage.records import NewTrial
from tests.contracts.scenes import Scene, losses_to_rows


def test_the_first_batch_is_reported_once_for_the_search(scene: Scene) -> None:
    claim = scene.running()
    assert scene.repository.get_search(claim.search.id).checked_at is None
    scene.repository.report_start(claim.lease, parameters=2**40, device="/GPU:0")
    checked = scene.repository.get_search(claim.search.id).checked_at
    assert checked == scene.clock.now()
    scene.clock.advance(1)
    scene.repository.report_start(claim.lease, parameters=2**40, device="/GPU:0")
    assert scene.repository.get_search(claim.search.id).checked_at == checked
    trial = scene.trial(claim.trial.id)
    assert (trial.parameters, trial.device) == (2**40, "/GPU:0")
    assert scene.repository.list_attempts(trial.id)[0].device == "/GPU:0"


def test_epochs_are_read_as_they_were_reported(scene: Scene) -> None:
    claim = scene.running()
    row = EpochRow(0, 0, {"val_loss": 0.1 + 0.2, "loss": 5e-324, 'we"ird\\ \u00e9': -1.5e308}, seconds=1.25, fold=2)
    scene.repository.record_epochs(claim.lease, [row])
    (stored,) = scene.repository.list_epochs(claim.trial.id, limit=5).items
    assert stored.metrics == row.metrics
    assert list(stored.metrics) == list(row.metrics)
    assert (stored.execution, stored.epoch, stored.seconds, stored.fold, stored.attempt) == (0, 0, 1.25, 2, 1)
    assert stored.recorded_at == scene.clock.now()


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("metric", ["val_loss", "loss"])
def test_odd_numbers_survive(scene: Scene, odd: float, metric: str) -> None:
    claim = scene.running()
    metrics = {"loss": 1.0, "val_loss": 2.0} | {metric: odd}
    scene.repository.record_epochs(claim.lease, [EpochRow(0, 0, metrics, seconds=1.0)])
    # Reported again, NaN equals itself.
    scene.repository.record_epochs(claim.lease, [EpochRow(0, 0, metrics, seconds=1.0)])
    (stored,) = scene.repository.list_epochs(claim.trial.id, limit=5).items
    assert {name: repr(value) for name, value in stored.metrics.items()} == {
        name: repr(value) for name, value in metrics.items()
    }
    other = {**metrics, metric: -odd if math.isinf(odd) else 0.0}
    with pytest.raises(ProtocolViolation):
        scene.repository.record_epochs(claim.lease, [EpochRow(0, 0, other, seconds=1.0)])
    event = scene.repository.events_after(0, search_id=claim.search.id)[-1]
    assert event.kind == "trial.epoch"
    assert event.payload["metrics"] == {**metrics, metric: None}


def test_an_execution_beyond_those_asked_for_is_refused(scene: Scene) -> None:
    claim = scene.running(executions_per_trial=2)
    scene.report(claim.lease, 1.0)
    scene.report(claim.lease, 1.0, execution=1)
    with pytest.raises(ProtocolViolation, match="there are only 2"):
        scene.report(claim.lease, 1.0, execution=2)
    assert scene.trial(claim.trial.id).epochs == 2


def test_the_event_of_an_epoch_names_its_fold(scene: Scene) -> None:
    claim = scene.running(executions_per_trial=2)
    scene.repository.record_epochs(claim.lease, [EpochRow(0, 0, {"val_loss": 1.0}, 0.5, fold=0)])
    event = scene.repository.events_after(0, search_id=claim.search.id)[-1]
    assert (event.kind, event.payload["execution"], event.payload["fold"]) == ("trial.epoch", 0, 0)


def test_epochs_may_come_in_any_portions(scene: Scene) -> None:
    claim = scene.running(executions_per_trial=2)
    rows = losses_to_rows([5.0, 4.0, 3.0])
    scene.repository.record_epochs(claim.lease, [])
    scene.repository.record_epochs(claim.lease, rows[:1])
    scene.repository.record_epochs(claim.lease, [rows[2], rows[1], rows[0]])
    scene.repository.record_epochs(claim.lease, rows)
    scene.repository.record_epochs(claim.lease, [*rows[1:], *losses_to_rows([9.0, 8.0], execution=1)])
    stored = scene.repository.list_epochs(claim.trial.id, limit=10).items
    assert [(row.execution, row.epoch) for row in stored] == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]
    assert scene.trial(claim.trial.id).epochs == 5
    assert scene.repository.get_search(claim.search.id).epochs_recorded == 5
    assert scene.kinds(claim.search.id).count("trial.epoch") == 5


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(losses_to_rows([1.0], first=3), id="a hole"),
        pytest.param([*losses_to_rows([1.0], first=2), *losses_to_rows([1.0], first=4)], id="a hole within"),
        pytest.param(losses_to_rows([9.9], first=1), id="other values"),
        pytest.param([EpochRow(0, 1, {"val_loss": 4.0}, 0.5)], id="a metric less"),
        pytest.param([EpochRow(0, 2, {"val_loss": 1.0}, 1), EpochRow(0, 2, {"val_loss": 2.0}, 1)], id="twice at once"),
        pytest.param(losses_to_rows([1.0], first=1, execution=1), id="an execution begun late"),
        pytest.param(losses_to_rows([1.0], execution=2), id="an execution skipped"),
        pytest.param(losses_to_rows([1.0], execution=-1), id="no such execution"),
        pytest.param(losses_to_rows([1.0], first=-1), id="no such epoch"),
        pytest.param(losses_to_rows([3.0, 2.0, 1.0], first=2), id="beyond the target"),
    ],
)
def test_what_cannot_be_is_refused_whole(scene: Scene, rows: list[EpochRow]) -> None:
    search = scene.search()
    scene.queue(search.id, 1, target_epochs=4)
    claim = scene.claim()
    scene.report(claim.lease, 5.0, 4.0)
    before = scene.repository.list_epochs(claim.trial.id, limit=10)
    seq = scene.repository.last_event_seq()
    with pytest.raises(ProtocolViolation):
        scene.repository.record_epochs(claim.lease, rows)
    assert scene.repository.list_epochs(claim.trial.id, limit=10) == before
    assert scene.repository.last_event_seq() == seq


def test_a_promoted_trial_begins_where_its_parent_stopped(scene: Scene) -> None:
    search = scene.search()
    new = NewTrial(values={}, values_hash="h", start_epoch=3, target_epochs=9)
    scene.repository.add_trials(search.id, [new], oracle_state={}, expected_version=0)
    claim = scene.claim()
    for first in (0, 2, 4):
        with pytest.raises(ProtocolViolation):
            scene.report(claim.lease, 1.0, first=first)
    scene.report(claim.lease, 1.0, first=3)


def test_a_checkpoint_replaces_the_ones_before_it(scene: Scene) -> None:
    claim = scene.running(executions_per_trial=2)
    scene.report(claim.lease, 5.0, 4.0)
    scene.report(claim.lease, 5.0, execution=1)
    scene.checkpoint(claim.lease, epoch=0)
    scene.checkpoint(claim.lease, epoch=1, kind="best")
    scene.checkpoint(claim.lease, epoch=0, kind="best", execution=1)
    new = NewArtifact("k", "last", "ee" * 32, 5_000_000_000, execution=1, epoch=0)
    stored, replaced = scene.repository.record_checkpoint(claim.lease, new)
    assert [(old.kind, old.execution, old.epoch) for old in replaced] == [("last", 0, 0)]
    assert (stored.key, stored.size_bytes, stored.attempt, stored.trial_id) == ("k", 5_000_000_000, 1, claim.trial.id)
    assert scene.repository.get_artifact(stored.id) == stored
    best, replaced = scene.repository.record_checkpoint(
        claim.lease, NewArtifact("b", "best", "ff" * 32, 1, execution=0, epoch=0)
    )
    assert [(old.kind, old.execution, old.epoch) for old in replaced] == [("best", 0, 1)]
    kept = scene.repository.trial_artifacts(claim.trial.id)
    assert [(one.kind, one.execution) for one in kept] == [("best", 0), ("best", 1), ("last", 1)]
    assert set(scene.repository.all_artifacts()) == set(kept)
    assert best in kept


def test_a_checkpoint_recorded_twice_is_one(scene: Scene) -> None:
    claim = scene.running()
    scene.report(claim.lease, 5.0)
    new = NewArtifact("k", "last", "ee" * 32, 5, execution=0, epoch=0)
    first, _ = scene.repository.record_checkpoint(claim.lease, new)
    assert scene.repository.record_checkpoint(claim.lease, new) == (first, ())
    # Written over in place: the row is new, but there is no older file to remove.
    scene.report(claim.lease, 4.0, first=1)
    over = NewArtifact("k", "last", "aa" * 32, 5, execution=0, epoch=1)
    second, replaced = scene.repository.record_checkpoint(claim.lease, over)
    assert replaced == ()
    assert scene.repository.trial_artifacts(claim.trial.id) == (second,)


def test_a_checkpoint_cannot_run_ahead_of_its_epoch(scene: Scene) -> None:
    claim = scene.running()
    with pytest.raises(ProtocolViolation):
        scene.checkpoint(claim.lease, epoch=0)
    scene.report(claim.lease, 5.0)
    scene.checkpoint(claim.lease, epoch=0)
    with pytest.raises(ProtocolViolation):
        scene.checkpoint(claim.lease, epoch=1)
