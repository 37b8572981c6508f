"""The main job through the front door: post a search, train it, read the best and the trends."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import headstock
import keras
import numpy as np
import pytest
from pysqlite3 import dbapi2 as sqlite
from sklearn.datasets import load_digits

from tests.end_to_end.conftest import Service
from tests.end_to_end.definitions import digits

pytestmark = pytest.mark.keras
SEARCH_S = 240.0


@pytest.fixture(scope="module")
def search(service: Service) -> headstock.Search:
    return service.client.submit(digits()).wait(timeout=SEARCH_S)


def test_a_search_completes_with_exactly_its_trials(search: headstock.Search) -> None:
    trials = list(search.trials())
    assert search.state == "COMPLETED"
    assert [trial.number for trial in trials] == [0, 1, 2]
    assert all(trial.state == "COMPLETED" and trial.score is not None for trial in trials)


def test_every_epoch_is_a_row_in_the_database(service: Service, search: headstock.Search) -> None:
    with sqlite.connect(service.folder / "headstock.db") as database:
        rows = database.execute(
            "select t.number, e.execution, e.epoch from epochs e join trials t on t.id = e.trial_id "
            "where t.search_id = ? order by 1, 2, 3",
            (search.id,),
        ).fetchall()
    assert rows == [(trial, 0, epoch) for trial in range(3) for epoch in range(2)]
    assert search.refresh().record.epochs_recorded == 6


def test_the_best_is_the_best_of_the_rows(search: headstock.Search) -> None:
    rows = list(search.epochs())
    assert search.best()[0].score == max(row.metrics["val_accuracy"] or 0.0 for row in rows)
    assert set(rows[0].metrics) == {"loss", "accuracy", "val_loss", "val_accuracy"}


def test_the_best_trains_again_as_plain_keras_code(search: headstock.Search, tmp_path: Path) -> None:
    script = tmp_path / "best.py"
    code = search.best()[0].code
    assert code is not None
    script.write_text(code)
    done = subprocess.run([sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_downloaded_model_predicts_digits(search: headstock.Search, tmp_path: Path) -> None:
    best = search.best()[0]
    model = keras.models.load_model(best.download_model(tmp_path / "best.keras"))
    data = load_digits()
    predicted = np.argmax(model.predict(data.images / 16.0, verbose=0), axis=1)
    assert best.score is not None
    assert np.mean(predicted == data.target) > best.score - 0.1 > 0.4


def test_trends_tell_of_every_trial(search: headstock.Search) -> None:
    objective = search.objective_trend()
    assert [point.best for point in objective.points] == sorted(point.best for point in objective.points)
    assert len(search.trend("units").points) == 3
    assert [band.epoch for band in search.epoch_trend("val_loss").bands] == [0, 1]


def test_the_export_is_what_the_api_answers(search: headstock.Search, tmp_path: Path) -> None:
    with search.export(tmp_path / "epochs.csv", table="epochs", format="csv").open() as file:
        assert len(list(csv.DictReader(file))) == 6


def test_events_tell_the_whole_story_in_order(search: headstock.Search) -> None:
    kinds = [event.kind for event in search.events()]
    assert kinds[0] == "search.created"
    assert kinds[-1] == "search.completed"
    assert kinds.count("trial.epoch") == 6
    assert kinds.count("trial.completed") == 3


def test_a_definition_that_cannot_be_built_stores_nothing(service: Service) -> None:
    definition = digits(name="unbuildable")
    definition["model"]["layers"].insert(0, {"layer": "Conv2D", "filters": 4, "kernel_size": 20})
    with pytest.raises(headstock.InvalidDefinition) as refused:
        service.client.submit(definition)
    assert refused.value.errors[0].pointer.startswith("/model/layers/0")
    assert "unbuildable" not in [search.name for search in service.client.searches()]


def test_hyperband_promotions_go_on_where_the_parent_stopped(service: Service) -> None:
    search = service.client.submit(
        digits(name="halving", tuner={"type": "hyperband", "max_epochs": 3, "factor": 3}, limits={})
    ).wait(timeout=SEARCH_S)
    trials = {trial.id: trial for trial in search.trials()}
    promoted = [trial for trial in trials.values() if trial.record.parent_trial_id]
    assert search.state == "COMPLETED"
    assert promoted
    for trial in promoted:
        parent = trials[trial.record.parent_trial_id or ""]
        epochs = [row.epoch for row in trial.epochs()]
        assert trial.hyperparameters == parent.hyperparameters
        assert epochs == list(range(parent.record.target_epochs or 0, trial.record.target_epochs or 0))
        # Fresh weights would start near chance again.
        losses = [next(iter(each.epochs())).metrics["loss"] for each in (trial, parent)]
        first, parents = (loss for loss in losses if loss is not None)
        assert first < parents
