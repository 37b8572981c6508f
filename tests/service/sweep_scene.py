"""A finished sweep over units, hidden layers and the learning rate, with curves that can be reckoned by hand."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from storage.epochs import EpochRow
from storage.ids import SearchId
from storage.records import NewTrial
from storage.workers import Slot
from tests.service.assembled import Service

Document = dict[str, Any]
UNITS = (1, 6, 18, 64, 256, 1024)
# Per value: (loss, accuracy) of the first and of the last epoch. Only the first epoch's accuracy is the best of 1024.
CURVES: dict[int, list[tuple[float, float]]] = {
    1: [(2.9, 0.10), (2.80, 0.20)],
    6: [(2.5, 0.20), (1.80, 0.50)],
    18: [(2.0, 0.40), (1.00, 0.70)],
    64: [(1.5, 0.50), (0.52, 0.85)],
    256: [(1.4, 0.60), (0.50, 0.86)],
    1024: [(1.3, 0.95), (0.51, 0.80)],
}


def trained_sweep(service: Service, ada: TestClient, definition: Document) -> SearchId:
    """A sweep over units (baseline 18), hidden layers and the rate, whose trials (but for the rate's) were trained."""
    definition["model"]["layers"][1]["units"] = {"hp": "units"}
    definition["model"]["layers"].insert(
        2, {"repeat": {"hp": "hidden"}, "layers": [{"layer": "Dense", "units": {"item": "hidden"}}]}
    )
    definition["hyperparameters"] = [
        {"name": "units", "type": "choice", "values": list(UNITS), "default": 18},
        {"name": "hidden", "type": "choice", "values": [[18], [18, 18], [9, 9, 9]]},
        {"name": "learning_rate", "type": "float", "min_value": 3e-4, "max_value": 0.1, "sampling": "log"},
    ]
    definition["objective"] = {"name": "accuracy"}
    definition["tuner"] = {"type": "sweep", "points": 3}
    definition["limits"] = {}
    submitted = ada.post("/v1/searches", json=definition)
    assert submitted.status_code == 201, submitted.text
    assert submitted.json()["planned_trials"] == 1 + 5 + 2 + 2
    search_id = SearchId(submitted.json()["id"])
    baseline: dict[str, Any] = {"units": 18, "hidden": "[18]", "learning_rate": 3e-4}
    points = [(baseline, CURVES[18])]
    points += [({**baseline, "units": units}, CURVES[units]) for units in UNITS if units != 18]
    points += [({**baseline, "hidden": "[18, 18]"}, [(2.0, 0.4), (0.9, 0.8)])]
    points += [({**baseline, "hidden": "[9, 9, 9]"}, [(2.0, 0.4), (0.95, 0.75)])]
    _trained(service, search_id, points)
    return search_id


def _trained(service: Service, search_id: SearchId, points: list[tuple[Document, list[tuple[float, float]]]]) -> None:
    repository = service.repository
    repository.start_search(search_id)
    trials = [NewTrial(values=values, values_hash=f"{number:032x}") for number, (values, _) in enumerate(points)]
    version = repository.get_search(search_id).oracle_version
    repository.add_trials(search_id, trials, oracle_state={}, expected_version=version)
    worker = repository.register_worker(
        name="w", host="h", pid=1, backend="tensorflow", slots=[Slot(0, "cpu:0", None)], versions={}
    )
    for _, curve in points:
        (claim,) = repository.claim_trials(worker.id, count=1, lease_s=60.0)
        rows = [
            EpochRow(execution=0, epoch=epoch, metrics={"loss": loss, "accuracy": accuracy}, seconds=0.1)
            for epoch, (loss, accuracy) in enumerate(curve)
        ]
        repository.record_epochs(claim.lease, rows)
        repository.complete_trial(claim.lease, seconds=1.0)
