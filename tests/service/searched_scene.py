"""A search as searches are: conditional hyperparameters, folds, failures, values that are not finite, open trials."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any, Literal

from starlette.testclient import TestClient

from storage.epochs import EpochRow
from storage.ids import SearchId
from storage.leases import Lease
from storage.records import Failure, NewTrial, Reason
from storage.states import Fault
from storage.workers import Slot
from tests.service.assembled import Service

Document = dict[str, Any]
TRIALS = 30
FOLDS = 3
EPOCHS = 6
OUT_OF_MEMORY = Failure("out_of_memory", "the device's memory is used up", Fault.DEFINITION, retryable=False)
CRASH = Failure("crash", "killed by signal 9", Fault.MACHINE, retryable=True)


def searched(
    service: Service,
    ada: TestClient,
    definition: Document,
    *,
    direction: Literal["min", "max"] = "max",
    folds: int = FOLDS,
    seed: int = 3,
    crashed: Callable[[], object] = lambda: None,
) -> SearchId:
    """30 trials, of which 25 are scored: the rest broke, ran out of memory, still run, or wait.

    The objective is `val_accuracy` or `val_loss`; each trial trains `folds` times (once where it is 1). `crashed` is
    called when an attempt has crashed that is tried again.
    """
    definition["model"]["layers"].insert(
        2, {"if": {"hp": "regular"}, "layers": [{"layer": "Dropout", "rate": {"hp": "regular_rate"}}]}
    )
    definition["model"]["layers"][1]["activation"] = {"hp": "activation"}
    definition["hyperparameters"] += [
        {"name": "regular", "type": "boolean"},
        {"name": "activation", "type": "choice", "values": ["relu", "tanh", "elu"]},
        {"name": "regular_rate", "type": "float", "min_value": 0.0, "max_value": 0.5, "when": [{"hp": "regular"}]},
    ]
    # By name, as Optuna has them: a forest draws by the order of its features.
    definition["hyperparameters"].sort(key=lambda hyperparameter: hyperparameter["name"])
    definition["objective"] = {"name": "val_accuracy" if direction == "max" else "val_loss", "direction": direction}
    definition["limits"] = {"max_trials": TRIALS}
    definition["fit"]["epochs"] = EPOCHS
    if folds > 1:
        del definition["fit"]["validation_split"]
        definition["fit"]["cross_validation"] = {"folds": folds}
    submitted = ada.post("/v1/searches", json=definition)
    assert submitted.status_code == 201, submitted.text
    search_id = SearchId(submitted.json()["id"])
    draw = random.Random(seed)
    points = [_point(draw) for _ in range(TRIALS)]
    repository = service.repository
    repository.start_search(search_id)
    new = [NewTrial(values=values, values_hash=f"{number:032x}") for number, values in enumerate(points)]
    version = repository.get_search(search_id).oracle_version
    repository.add_trials(search_id, new, oracle_state={}, expected_version=version)
    worker = repository.register_worker(
        name="w", host="h", pid=1, backend="tensorflow", slots=[Slot(0, "cpu:0", None)], versions={}
    )
    while repository.get_search(search_id).counts.queued > 1:
        (claim,) = repository.claim_trials(worker.id, count=1, lease_s=60.0)
        trial = claim.trial
        _train(service, claim.lease, trial.number, dict(trial.values), draw, folds=folds)
        if trial.number == 5:
            crashed()
    return search_id


def _train(service: Service, lease: Lease, number: int, values: Document, draw: random.Random, *, folds: int) -> None:
    repository = service.repository
    repository.report_start(lease, parameters=75 * values["units"] + 10, device="cpu:0")
    if number == 7:
        repository.fail_attempt(lease, OUT_OF_MEMORY, seconds=1.0)
        return
    for fold in range(folds):
        rows = [_row(values, number, fold, epoch, draw, folds=folds) for epoch in range(EPOCHS)]
        repository.record_epochs(lease, rows[:3])
        if number == 5 and lease.attempt == 1:
            # Without a checkpoint the next attempt begins anew, and what this one recorded is forgotten.
            repository.fail_attempt(lease, CRASH, seconds=0.5)
            return
        if number == 11:
            repository.stop_trial(lease, seconds=2.0, reason=Reason("stop_requested", "A person asked for it."))
            return
        if number == TRIALS - 2:
            # It goes on: open trials have epochs, and no score.
            return
        repository.record_epochs(lease, rows[3:])
    repository.complete_trial(lease, seconds=values["units"] / 64 + draw.random())


def _row(values: Document, number: int, fold: int, epoch: int, draw: random.Random, *, folds: int) -> EpochRow:
    best = accuracy(values) + 0.02 * draw.uniform(-1, 1)
    far = math.exp(-epoch / 2)
    metrics = {
        "accuracy": best + 0.05 - 0.3 * far,
        "loss": 0.4 + 2.0 * (1 - best) * far,
        "val_accuracy": best - 0.3 * far - 0.01 * max(0, epoch - 4),
        "val_loss": 0.5 + 2.0 * (1 - best) * far + 0.02 * max(0, epoch - 4),
    }
    if number in (13, 19):
        # Two runs that never had a finite objective, of which there is nothing to score.
        metrics |= {"val_accuracy": math.nan, "val_loss": math.inf}
    elif number % 9 == 4 and epoch >= 4:
        metrics |= {"loss": math.nan, "val_loss": math.nan, "val_accuracy": -math.inf}
    return EpochRow(fold, epoch, metrics, 0.1 + draw.random() / 10, fold=fold if folds > 1 else None)


def accuracy(values: Document) -> float:
    """0.2 to 0.95: a peak of the rate, more units are better, dropout and the activation matter a little."""
    found: float = 0.9 - 0.3 * abs(math.log10(values["learning_rate"]) + 3)
    found += 0.05 * math.log2(values["units"] / 256) / 3 - 0.2 * values.get("regular_rate", 0.0)
    return found + {"relu": 0.05, "tanh": 0.0, "elu": 0.02}[values["activation"]]


def _point(draw: random.Random) -> Document:
    point: Document = {
        "units": 32 * draw.randint(1, 8),
        "learning_rate": 10 ** draw.uniform(-4, -2),
        "regular": draw.random() < 0.5,
        "activation": draw.choice(["relu", "tanh", "elu"]),
    }
    if point["regular"]:
        point["regular_rate"] = draw.uniform(0.0, 0.5)
    return point
