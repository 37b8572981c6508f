"""The study that the benchmark of reads writes in bulk is one that the repository could have left behind."""

from __future__ import annotations

from benchmarks.reads.made import METRICS
from benchmarks.reads.study import fill
from storage.clock import ManualClock
from storage.records import Objective
from storage.sql import open_repository
from tests.contracts.scenes import Scene
from tests.contracts.test_repository_trends import assert_columns_are_true

TRIALS, EPOCHS = 12, 4
# The study has no history: nobody reads events of what ended long ago.
_NO_EVENTS = "log_complete"


def test_a_study_written_in_bulk_is_like_one_that_was_run(database_url: str, clock: ManualClock) -> None:
    repository = open_repository(database_url, clock=clock, lease_clock=clock)
    scene = Scene(repository, clock)
    search = scene.search(started=False, objective=Objective("val_accuracy", "max"))
    fill(database_url, search.id, trials=TRIALS, epochs=EPOCHS)
    assert [found for found in repository.check_invariants() if found.invariant != _NO_EVENTS] == []
    assert_columns_are_true(repository, search.id)
    for metric in METRICS:
        bands = repository.epoch_bands(search.id, metric, quantiles=[0.5])
        assert [(band.epoch, band.count) for band in bands] == [(epoch, TRIALS) for epoch in range(EPOCHS)]
    repository.close()
