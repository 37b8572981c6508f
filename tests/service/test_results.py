"""Trials, epochs, best, trends, exports and models over HTTP."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.schemas.base import Page
from service.schemas.trials import BestOut, TrialOut
from storage.epochs import EpochRow
from storage.files import NewArtifact
from storage.ids import SearchId
from storage.records import Failure, Trial
from storage.states import Fault
from storage.workers import Slot
from tests.service.assembled import Service
from tests.service.scenes import start_trials, train

Document = dict[str, Any]
CURVES = [[0.5, 0.6, 0.65], [0.6, 0.8, 0.7], [0.7, 0.75, 0.9], [0.4, 0.3, 0.2]]
UNITS = (32, 64, 128, 256)


@pytest.fixture
def search_id(ada: TestClient, definition: Document) -> SearchId:
    return SearchId(ada.post("/v1/searches", json=definition).json()["id"])


@pytest.fixture
def trials(service: Service, search_id: SearchId, tmp_path: Path) -> tuple[Trial, ...]:
    """Four scored trials: the third is best (0.9 at epoch 2)."""
    start_trials(service.repository, search_id, [{"units": units, "learning_rate": 0.001} for units in UNITS])
    return train(service.repository, service.store, tmp_path, CURVES)


def test_a_trial_has_the_promised_keys(ada: TestClient, search_id: SearchId, trials: tuple[Trial, ...]) -> None:
    items = ada.get(f"/v1/searches/{search_id}/trials").json()["items"]
    assert [item["number"] for item in items] == [0, 1, 2, 3]
    promised = (
        "id search_id number state score best_epoch epochs hyperparameters attempts failure seconds parameters device "
        "parent_trial_id started_at ended_at"
    )
    assert set(promised.split()) <= set(items[1])
    assert (items[1]["score"], items[1]["best_epoch"], items[1]["epochs"]) == (0.8, 1, 3)
    assert items[1]["hyperparameters"] == {"units": 64, "learning_rate": 0.001}
    assert ada.get(f"/v1/trials/{trials[1].id}").json() == items[1]
    assert ada.get(f"/v1/searches/{search_id}/trials?state=FAILED").json()["items"] == []


def test_pages_written_straight_are_what_their_models_write(
    service: Service, ada: TestClient, search_id: SearchId, trials: tuple[Trial, ...]
) -> None:
    start_trials(service.repository, search_id, [{"units": 96, "learning_rate": 0.002}] * 2)
    worker = service.repository.register_worker(
        name="w", host="h", pid=1, backend="tensorflow", slots=[Slot(0, "cpu:0", None)], versions={}
    )
    (claim,) = service.repository.claim_trials(worker.id, count=1, lease_s=60.0)
    failure = Failure("build_error", "no such shape", Fault.DEFINITION, retryable=False, traceback="line 1\nline 2")
    service.repository.fail_attempt(claim.lease, failure, seconds=0.25)
    for path, model in ((f"{search_id}/trials", Page[TrialOut]), (f"{search_id}/best?count=4", Page[BestOut])):
        answer = ada.get(f"/v1/searches/{path}")
        assert answer.headers["content-type"] == "application/json"
        assert len(answer.json()["items"]) == (6 if model is Page[TrialOut] else 4)
        assert model.model_validate(answer.json()).model_dump(mode="json") == answer.json()


def test_attempts_and_logs(ada: TestClient, trials: tuple[Trial, ...]) -> None:
    (attempt,) = ada.get(f"/v1/trials/{trials[0].id}/attempts").json()["items"]
    assert (attempt["number"], attempt["state"], attempt["failure"]) == (1, "COMPLETED", None)
    assert ada.get(f"/v1/trials/{trials[0].id}/logs").json()["items"] == [{"attempt": 1, "log": "epoch 0\n"}]


def test_epochs_choose_metrics_and_points(ada: TestClient, search_id: SearchId, trials: tuple[Trial, ...]) -> None:
    path = f"/v1/trials/{trials[2].id}/epochs"
    items = ada.get(path, params={"metrics": "val_accuracy"}).json()["items"]
    assert [item["metrics"] for item in items] == [{"val_accuracy": value} for value in CURVES[2]]
    assert {"epoch", "execution", "fold", "metrics", "seconds", "recorded_at"} <= set(items[0])
    thinned = ada.get(path, params={"max_points": 2}).json()["items"]
    assert [item["epoch"] for item in thinned] == [0, 2]
    over_search = ada.get(f"/v1/searches/{search_id}/epochs", params={"limit": 7}).json()
    assert [(item["trial_number"], item["epoch"]) for item in over_search["items"][:4]] == [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 0),
    ]
    rest = ada.get(
        f"/v1/searches/{search_id}/epochs", params={"limit": 7, "page_token": over_search["next_page_token"]}
    ).json()
    assert len(over_search["items"]) + len(rest["items"]) == 12


def test_values_that_are_not_finite_are_null(service: Service, ada: TestClient, search_id: SearchId) -> None:
    start_trials(service.repository, search_id, [{"units": 32, "learning_rate": 0.001}])
    worker = service.repository.register_worker(
        name="w", host="h", pid=1, backend="tensorflow", slots=[Slot(0, "cpu:0", None)], versions={}
    )
    (claim,) = service.repository.claim_trials(worker.id, count=1, lease_s=60.0)
    metrics = {"val_accuracy": math.nan, "loss": math.inf}
    service.repository.record_epochs(claim.lease, [EpochRow(execution=0, epoch=0, metrics=metrics, seconds=0.1)])
    (item,) = ada.get(f"/v1/trials/{claim.trial.id}/epochs").json()["items"]
    assert item["metrics"] == {"val_accuracy": None, "loss": None}
    lines = ada.get(f"/v1/searches/{search_id}/export?table=epochs&format=jsonl").text.splitlines()
    assert json.loads(lines[0])["metrics"] == {"val_accuracy": None, "loss": None}


def test_best_brings_definition_and_code(ada: TestClient, search_id: SearchId, trials: tuple[Trial, ...]) -> None:
    items = ada.get(f"/v1/searches/{search_id}/best", params={"count": 2}).json()["items"]
    assert [item["score"] for item in items] == [0.9, 0.8]
    assert items[0]["metrics"]["val_accuracy"] == 0.9
    resolved = items[0]["definition"]
    assert resolved["model"]["layers"][1]["units"] == 128
    assert "hp" not in json.dumps(resolved["model"])
    compile(items[0]["code"], "best.py", "exec")
    assert "128" in items[0]["code"]


def test_every_trial_has_its_code(ada: TestClient, search_id: SearchId, trials: tuple[Trial, ...]) -> None:
    best = ada.get(f"/v1/searches/{search_id}/best").json()["items"][0]
    found = ada.get(f"/v1/trials/{best['id']}/code").json()
    assert found == {"trial_id": best["id"], "definition": best["definition"], "code": best["code"]}
    worst = ada.get(f"/v1/trials/{trials[3].id}/code").json()
    assert worst["definition"]["model"]["layers"][1]["units"] == UNITS[3]
    compile(worst["code"], "worst.py", "exec")


def test_best_of_a_search_without_scores_is_empty(ada: TestClient, search_id: SearchId) -> None:
    assert ada.get(f"/v1/searches/{search_id}/best").json() == {"items": [], "next_page_token": None}


def test_objective_trend_adds_up(ada: TestClient, search_id: SearchId, trials: tuple[Trial, ...]) -> None:
    points = ada.get(f"/v1/searches/{search_id}/trends/objective").json()["points"]
    assert [point["score"] for point in points] == [0.65, 0.8, 0.9, 0.4]
    assert [point["best"] for point in points] == [0.65, 0.8, 0.9, 0.9]
    assert [point["epochs_spent"] for point in points] == [3, 6, 9, 12]
    assert [point["seconds_spent"] for point in points] == [1.5, 3.0, 4.5, 6.0]


def test_hyperparameter_trend_over_http(ada: TestClient, search_id: SearchId, trials: tuple[Trial, ...]) -> None:
    trend = ada.get(f"/v1/searches/{search_id}/trends/hyperparameters/units").json()
    assert [value["value"] for value in trend["values"]] == list(UNITS)
    assert trend["best_value"] == 128
    assert trend["verdict"] == "peak"
    assert "Spearman" in trend["method"]["verdict"]
    assert ada.get(f"/v1/searches/{search_id}/trends/hyperparameters/nope").status_code == 404


def test_epoch_trend_is_quantile_bands(ada: TestClient, search_id: SearchId, trials: tuple[Trial, ...]) -> None:
    trend = ada.get(f"/v1/searches/{search_id}/trends/epochs").json()
    assert (trend["metric"], trend["quantiles"]) == ("val_accuracy", [0.1, 0.25, 0.5, 0.75, 0.9])
    assert [band["epoch"] for band in trend["bands"]] == [0, 1, 2]
    assert trend["bands"][0]["quantiles"][2] == pytest.approx(0.55)
    assert ada.get(f"/v1/searches/{search_id}/trends/epochs?metric=loss").json()["bands"][0]["count"] == 4


def test_exports_have_every_row(ada: TestClient, search_id: SearchId, trials: tuple[Trial, ...]) -> None:
    answer = ada.get(f"/v1/searches/{search_id}/export?table=trials&format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["hp:units"] for row in rows] == ["32", "64", "128", "256"]
    assert rows[2]["metric:val_accuracy"] == "0.9"
    assert answer.headers["content-disposition"].startswith("attachment")
    epochs = list(csv.DictReader(io.StringIO(ada.get(f"/v1/searches/{search_id}/export?table=epochs").text)))
    assert len(epochs) == 12
    assert epochs[-1]["metric:val_accuracy"] == "0.2"
    lines = ada.get(f"/v1/searches/{search_id}/export?table=trials&format=jsonl").text.splitlines()
    assert [json.loads(line)["number"] for line in lines] == [0, 1, 2, 3]


def test_a_model_is_made_of_the_best_weights(service: Service, ada: TestClient, trials: tuple[Trial, ...]) -> None:
    answer = ada.get(f"/v1/trials/{trials[2].id}/model")
    assert answer.content == f"model of weights {trials[2].id}".encode()
    assert answer.headers["content-disposition"] == 'attachment; filename="trial-2.keras"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    resolved, _ = service.exporter.asked[0]
    assert resolved["model"]["layers"][1]["units"] == 128


def test_an_estimators_file_is_handed_out_as_it_is(
    service: Service, ada: TestClient, search_id: SearchId, tmp_path: Path
) -> None:
    repository = service.repository
    start_trials(repository, search_id, [{"units": 32, "learning_rate": 0.001}])
    worker = repository.register_worker(
        name="w", host="h", pid=1, backend="tensorflow", slots=[Slot(0, "cpu:0", None)], versions={}
    )
    (claim,) = repository.claim_trials(worker.id, count=1, lease_s=60.0)
    made = tmp_path / "made"
    made.write_bytes(b"an estimator")
    stored = service.store.put(f"trials/{claim.trial.id}/1-0-0-model.skops", made)
    repository.record_checkpoint(
        claim.lease, NewArtifact(stored.key, "model", stored.sha256, stored.size_bytes, epoch=0)
    )
    answer = ada.get(f"/v1/trials/{claim.trial.id}/model")
    assert answer.content == b"an estimator"
    assert answer.headers["content-disposition"] == 'attachment; filename="trial-0.skops"'
    assert service.exporter.asked == []


def test_damaged_weights_are_not_handed_out(
    service: Service, ada: TestClient, trials: tuple[Trial, ...], tmp_path: Path
) -> None:
    forged = tmp_path / "forged"
    forged.write_bytes(b"something else")
    service.store.put(f"trials/{trials[2].id}/best.npz", forged)
    answer = ada.get(f"/v1/trials/{trials[2].id}/model")
    assert (answer.status_code, answer.json()["code"]) == (410, "artifact_damaged")
    assert service.exporter.asked == []


def test_a_model_that_is_not_there_yet(service: Service, ada: TestClient, search_id: SearchId) -> None:
    (trial,) = start_trials(service.repository, search_id, [{"units": 32, "learning_rate": 0.001}])
    answer = ada.get(f"/v1/trials/{trial.id}/model")
    assert (answer.status_code, answer.json()["code"]) == (409, "model_not_ready")


def test_stop_and_retry(service: Service, ada: TestClient, search_id: SearchId) -> None:
    first, second = start_trials(
        service.repository, search_id, [{"units": units, "learning_rate": 0.001} for units in (32, 64)]
    )
    worker = service.repository.register_worker(
        name="w", host="h", pid=1, backend="tensorflow", slots=[Slot(0, "cpu:0", None)], versions={}
    )
    (claim,) = service.repository.claim_trials(worker.id, count=1, lease_s=60.0)
    assert claim.trial.id == first.id
    assert ada.post(f"/v1/trials/{first.id}/stop").json()["stop_requested"] is True
    assert ada.post(f"/v1/trials/{second.id}/stop").json()["state"] == "CANCELLED"
    assert ada.post(f"/v1/trials/{second.id}/retry").json()["code"] == "wrong_state"
    failure = Failure("crash", "it crashed", Fault.DEFINITION, retryable=False)
    service.repository.fail_attempt(claim.lease, failure, seconds=1.0)
    shown = ada.get(f"/v1/trials/{first.id}").json()
    assert (shown["state"], shown["failure"]["code"]) == ("FAILED", "crash")
    assert ada.post(f"/v1/trials/{first.id}/retry").json()["state"] == "QUEUED"


def test_results_outlive_their_data_set(
    service: Service, ada: TestClient, definition: Document, tmp_path: Path
) -> None:
    upload = {"file": ("a.csv", b"a,b\n1,2\n")}
    dataset = ada.post("/v1/datasets", files=upload, data={"name": "mine", "target": "b"}).json()
    definition["dataset"] = {"name": "mine"}
    search_id = SearchId(ada.post("/v1/searches", json=definition).json()["id"])
    start_trials(service.repository, search_id, [{"units": 32, "learning_rate": 0.001}])
    (trial,) = train(service.repository, service.store, tmp_path, [[0.5]])
    assert ada.delete(f"/v1/datasets/{dataset['id']}").json()["code"] == "dataset_in_use"
    ada.post(f"/v1/searches/{search_id}/cancel")
    assert ada.delete(f"/v1/datasets/{dataset['id']}").status_code == 204
    assert not list(service.store.keys("datasets"))
    (best,) = ada.get(f"/v1/searches/{search_id}/best").json()["items"]
    assert (best["score"], best["definition"], best["code"]) == (0.5, None, None)
    assert ada.get(f"/v1/trials/{trial.id}/model").json()["code"] == "model_not_ready"
