"""Packed curves say what the rows of epochs say, whoever wrote them, and bands are read from them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine, text

from storage.clock import ManualClock
from storage.epochs import EpochBand, EpochRow
from storage.ids import SearchId, TrialId
from storage.records import Reason
from storage.repository import Repository
from storage.sql import open_repository
from storage.sql.curves import curve_rows, values_by_epoch
from storage.sql.engine import open_migration_engine, parse_url
from tests.contracts.scenes import BUILD_ERROR, Scene
from tests.contracts.test_repository_trends import METRICS, assert_bands_are_true

SHARES = (0.0, 0.25, 0.5, 1.0)
LONG_NAME = "m" * 1200


@dataclass
class Watched:
    """A database, a repository on it, and what lies in its tables."""

    address: str
    clock: ManualClock
    engine: Engine
    scene: Scene

    def run(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement))

    def count(self, table: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())

    def afresh(self, look: Callable[[Repository], object]) -> object:
        """What a repository that keeps nothing yet says."""
        repository = open_repository(self.address, clock=self.clock, lease_clock=self.clock)
        try:
            return look(repository)
        finally:
            repository.close()

    def bands(self, search_id: SearchId) -> object:
        def look(repository: Repository) -> list[tuple[EpochBand, ...]]:
            return [repository.epoch_bands(search_id, name, quantiles=SHARES) for name in (*METRICS, LONG_NAME)]

        return self.afresh(look)


@pytest.fixture
def watched(database_url: str, clock: ManualClock) -> Iterator[Watched]:
    repository = open_repository(database_url, clock=clock, lease_clock=clock)
    engine = open_migration_engine(parse_url(database_url))
    yield Watched(database_url, clock, engine, Scene(repository, clock))
    assert repository.check_invariants() == ()
    repository.close()
    engine.dispose()


def _rows(*losses: float, execution: int = 0, long_name: bool = False) -> list[EpochRow]:
    names = (*METRICS, LONG_NAME) if long_name else METRICS
    return [
        EpochRow(execution, epoch, {name: loss + place for place, name in enumerate(names)}, seconds=0.5)
        for epoch, loss in enumerate(losses)
    ]


def _every_end(scene: Scene) -> SearchId:
    """A search with a trial that completed, one that stopped, one that failed, one cancelled while it ran."""
    search = scene.search(trials=5, parallelism=5, executions_per_trial=2, max_retries_per_trial=0)
    completed, stopped, failed, cancelled, silent = scene.claims(5)
    scene.repository.record_epochs(completed.lease, [*_rows(3.0, math.nan, 1.0), *_rows(5.0, 4.0, 3.0, execution=1)])
    scene.repository.record_epochs(stopped.lease, _rows(2.0, math.inf, 1.5, 1.25, long_name=True))
    scene.repository.record_epochs(failed.lease, _rows(9.0))
    scene.repository.record_epochs(cancelled.lease, _rows(7.0, 8.0))
    scene.repository.complete_trial(completed.lease, seconds=1)
    scene.repository.stop_trial(stopped.lease, seconds=1, reason=Reason("median", "below the median"))
    scene.repository.fail_attempt(failed.lease, BUILD_ERROR, seconds=1)
    scene.repository.fail_attempt(silent.lease, BUILD_ERROR, seconds=1)
    scene.repository.cancel_search(search.id)
    return search.id


def test_bands_of_ended_trials_are_read_from_packed_curves_alone(watched: Watched) -> None:
    search_id = _every_end(watched.scene)
    watched.afresh(lambda repository: assert_bands_are_true(repository, search_id))
    packed = watched.bands(search_id)
    watched.run("DELETE FROM epochs WHERE trial_id IN (SELECT id FROM trials WHERE number <> 1)")
    assert watched.bands(search_id) == packed
    watched.scene.repository.delete_search(search_id)


def test_curves_that_an_older_version_left_in_epochs_alone_are_read_there(watched: Watched) -> None:
    search_id = _every_end(watched.scene)
    packed = watched.bands(search_id)
    watched.run("DELETE FROM curves WHERE ended_seq IN (0, 2)")
    watched.run("UPDATE trials SET curves_seq = NULL WHERE ended_seq = 0")
    watched.run("UPDATE trials SET curves_seq = -1 WHERE ended_seq = 2")
    assert watched.bands(search_id) == packed
    watched.run("DELETE FROM curves")
    watched.run("UPDATE trials SET curves_seq = NULL")
    assert watched.bands(search_id) == packed


def test_a_curve_whose_number_no_trial_has_is_nobodys(watched: Watched) -> None:
    """An older version that tries a failed trial again does not know of its curves."""
    search_id = _every_end(watched.scene)
    packed = watched.bands(search_id)
    watched.run(
        "INSERT INTO curves (search_id, metric, ended_seq, first, epochs, content)"
        " SELECT search_id, metric, 99, first, epochs, content FROM curves WHERE ended_seq = 0"
    )
    assert watched.bands(search_id) == packed


def test_a_failed_trial_that_is_tried_again_leaves_no_curves_behind(watched: Watched) -> None:
    scene = watched.scene
    search = scene.search(trials=1, max_retries_per_trial=0)
    claim = scene.claim()
    scene.repository.record_epochs(claim.lease, _rows(1.0, 2.0))
    failed = scene.repository.fail_attempt(claim.lease, BUILD_ERROR, seconds=1)
    assert watched.count("curves") == len(METRICS)
    scene.repository.retry_trial(failed.id)
    assert watched.count("curves") == 0
    watched.afresh(lambda repository: assert_bands_are_true(repository, search.id))


def test_curves_go_with_their_search(watched: Watched) -> None:
    search_id = _every_end(watched.scene)
    other = watched.scene.search()
    watched.scene.finished(other.id, 1.0, 2.0)
    kept = 2
    assert watched.count("curves") > kept
    watched.scene.repository.delete_search(search_id)
    assert watched.count("curves") == kept


def test_curves_are_whole_where_nothing_is_hidden(watched: Watched) -> None:
    """What is left out is told by the rows of epochs: whoever asks reads those."""
    scene, asked = watched.scene, ("loss", "val_loss", "accuracy")
    scene.search(trials=7, parallelism=7)
    claims = scene.claims(7)
    finite, gap, broken, alone, long, older, runs = (claim.trial.id for claim in claims)
    reports: dict[TrialId, list[dict[str, float]]] = {
        finite: [{"loss": 2.0, "other": math.nan}, {"loss": 1.0, "other": 1.0}],
        gap: [{"loss": 2.0, "val_loss": 2.0, "accuracy": 0.1}, {"loss": 1.0, "val_loss": 1.0}],
        broken: [{"loss": 2.0, "val_loss": math.inf, "accuracy": 0.1}],
        alone: [{"loss": 2.0, "val_loss": 3.0, "accuracy": 0.1, "other": math.nan}],
        long: [{"loss": 2.0, LONG_NAME: 1.0}],
        older: [{"loss": 5.0, "val_loss": 5.0}],
        runs: [{"loss": 4.0, "val_loss": 4.0}],
    }
    for claim, metrics in zip(claims, reports.values(), strict=True):
        rows = [EpochRow(0, epoch, {"val_loss": 9.0, **each}, seconds=0.5) for epoch, each in enumerate(metrics)]
        scene.repository.record_epochs(claim.lease, rows)
        if claim.trial.id != runs:
            scene.repository.complete_trial(claim.lease, seconds=1)
    watched.run(f"UPDATE trials SET curves_seq = NULL WHERE id = '{older}'")
    found = scene.repository.whole_curves([*reports], asked)
    assert {trial_id: curves.values for trial_id, curves in found.items()} == {
        alone: {"loss": (2.0,), "val_loss": (3.0,), "accuracy": (0.1,)},
        long: {"loss": (2.0,), "val_loss": (9.0,)},
    }
    # Another metric that was not finite matters only where one that is asked about may be hidden behind it.
    assert set(scene.repository.whole_curves([*reports], ("loss", "val_loss"))) == {finite, gap, alone, long}
    assert scene.repository.whole_curves([*reports], ("loss", LONG_NAME)) == {}
    assert scene.repository.whole_curves([], asked) == {}


def test_packed_values_are_the_same_after_unpacking() -> None:
    epochs: list[tuple[int, dict[str, float | None]]] = [
        (4, {"a": 1.0, "b": None}),
        (5, {"a": 2.0, "b": 0.1}),
        (4, {"a": 4.0}),
        (9, {"b": 1e308}),
        (9, {"b": 1e308}),
    ]
    rows = {row["metric"]: row for row in curve_rows("s", 3, epochs)}
    assert {name: (row["ended_seq"], row["first"], row["epochs"] is None) for name, row in rows.items()} == {
        "a": (3, 4, True),
        "b": (3, 5, False),
    }
    found = {name: _unpacked(row) for name, row in rows.items()}
    assert found == {"a": {4: [2.5], 5: [2.0]}, "b": {5: [0.1], 9: [1e308]}}


def _unpacked(row: dict[str, Any]) -> dict[int, list[float]]:
    return {
        epoch: list(values)
        for epoch, values in values_by_epoch([(row["first"], row["epochs"], row["content"])]).items()
    }
