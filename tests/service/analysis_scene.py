"""A finished random search with a conditional hyperparameter, whose scores are known functions of the values."""

from __future__ import annotations

import math
import random
from typing import Any

from starlette.testclient import TestClient

from storage.epochs import EpochRow
from storage.ids import SearchId
from storage.records import NewTrial
from storage.workers import Slot
from tests.service.assembled import Service

Document = dict[str, Any]


def trained_search(
    service: Service, ada: TestClient, definition: Document, *, trials: int = 24, seed: int = 5, name: str = "digits"
) -> SearchId:
    """The rate decides; the dropout acts only where `regular` is true; the loss and the sizes are known, too."""
    definition["name"] = name
    definition["model"]["layers"].insert(
        2, {"if": {"hp": "regular"}, "layers": [{"layer": "Dropout", "rate": {"hp": "dropout"}}]}
    )
    definition["hyperparameters"] += [
        {"name": "regular", "type": "boolean"},
        {"name": "dropout", "type": "float", "min_value": 0.0, "max_value": 0.5, "when": [{"hp": "regular"}]},
    ]
    definition["tuner"] = {"type": "random"}
    definition["limits"] = {"max_trials": trials}
    submitted = ada.post("/v1/searches", json=definition)
    assert submitted.status_code == 201, submitted.text
    search_id = SearchId(submitted.json()["id"])
    draw = random.Random(seed)
    points: list[Document] = []
    for _ in range(trials):
        point: Document = {
            "units": 32 * draw.randint(1, 8),
            "learning_rate": 10 ** draw.uniform(-4, -2),
            "regular": draw.random() < 0.5,
        }
        if point["regular"]:
            point["dropout"] = draw.uniform(0.0, 0.5)
        points.append(point)
    _trained(service, search_id, points)
    return search_id


def accuracy(point: Document) -> float:
    """0.3 to 0.9: a peak of the rate, and a little off for dropout."""
    rate, dropout = float(point["learning_rate"]), float(point.get("dropout", 0.0))
    return 0.9 - 0.3 * abs(math.log10(rate) + 3) - 0.2 * dropout


def _trained(service: Service, search_id: SearchId, points: list[Document]) -> None:
    repository = service.repository
    repository.start_search(search_id)
    new = [NewTrial(values=values, values_hash=f"{number:032x}") for number, values in enumerate(points)]
    version = repository.get_search(search_id).oracle_version
    repository.add_trials(search_id, new, oracle_state={}, expected_version=version)
    worker = repository.register_worker(
        name="w", host="h", pid=1, backend="tensorflow", slots=[Slot(0, "cpu:0", None)], versions={}
    )
    for values in points:
        (claim,) = repository.claim_trials(worker.id, count=1, lease_s=60.0)
        best = accuracy(values)
        repository.report_start(claim.lease, parameters=75 * values["units"] + 10, device="cpu:0")
        repository.record_epochs(
            claim.lease,
            [
                EpochRow(0, epoch, {"loss": 2.0 - best - epoch / 10, "val_accuracy": best - (1 - epoch) / 10}, 0.5)
                for epoch in range(2)
            ],
        )
        repository.complete_trial(claim.lease, seconds=values["units"] / 64)
