"""Searches that have ended, with curves made from their values: stored at once, the way imports are."""

from __future__ import annotations

import math
import random
from typing import Any

from storage.epochs import EpochRow
from storage.ids import DatasetId, SearchId
from storage.records import IMPORTED, ImportedTrial, Limits, NewSearch, Objective, Reason, Scalar
from tests.service.assembled import Service
from tuners.space import Space

SPACE: dict[str, Any] = {
    "hyperparameters": [
        {"name": "units", "type": "int", "min_value": 16, "max_value": 256, "step": 16, "default": 16},
        {
            "name": "learning_rate",
            "type": "float",
            "min_value": 1e-4,
            "max_value": 1e-1,
            "sampling": "log",
            "default": 1e-3,
        },
        {"name": "activation", "type": "choice", "values": ["relu", "tanh", "gelu"], "default": "relu"},
        {"name": "layers", "type": "int", "min_value": 1, "max_value": 4, "default": 1},
        {"name": "regular", "type": "boolean", "default": False},
        {
            "name": "dropout",
            "type": "float",
            "min_value": 0.0,
            "max_value": 0.5,
            "default": 0.0,
            "conditions": [{"hp": "regular", "in": [True]}],
        },
    ]
}


def finished_search(
    service: Service,
    *,
    trials: int = 40,
    epochs: int = 12,
    seed: int = 5,
    name: str = "digits",
    optimum: float = -2.5,
) -> SearchId:
    """A random search. The rate matters most (best at 10 ** `optimum`), then the units; small nets underfit, large ones
    without dropout overfit, and the highest rates diverge.
    """
    space = Space.from_json(SPACE)
    draw = random.Random(seed)
    new = []
    for _ in range(trials):
        values: dict[str, Scalar] = {
            "units": 16 * draw.randint(1, 16),
            "learning_rate": 10 ** draw.uniform(-4, -1),
            "activation": draw.choice(["relu", "tanh", "gelu"]),
            "layers": draw.randint(1, 4),
            "regular": draw.random() < 0.5,
        }
        if values["regular"]:
            values["dropout"] = draw.uniform(0.0, 0.5)
        new.append(
            ImportedTrial(
                values=values,
                values_hash=space.hash_values(values),
                epochs=tuple(_curve(values, epochs, optimum, draw)),
                seconds=epochs * (0.5 + float(values["units"]) * float(values["layers"]) / 200),
            )
        )
    search, _ = service.repository.import_search(
        _new(name, DatasetId(""), seed=seed, trials=trials), new, reason=Reason("imported", f"{trials} trials.")
    )
    return search.id


def waiting_search(service: Service, name: str, dataset_id: DatasetId) -> SearchId:
    """A search that nothing has been done for, quickly made."""
    return service.repository.create_search(_new(name, dataset_id, seed=1, trials=1))[0].id


def _new(name: str, dataset_id: DatasetId, *, seed: int, trials: int) -> NewSearch:
    objective = Objective("val_accuracy", "max")
    return NewSearch(
        owner="ada",
        name=name,
        definition={
            "name": name,
            "objective": {"name": objective.name, "direction": objective.direction},
            "hyperparameters": SPACE["hyperparameters"],
            "tuner": {"type": IMPORTED},
        },
        space=SPACE,
        dataset_id=dataset_id,
        objective=objective,
        tuner=IMPORTED,
        limits=Limits(),
        parallelism=1,
        executions_per_trial=1,
        max_retries_per_trial=0,
        priority=0,
        seed=seed,
        tags={},
        planned_trials=trials,
        planned_epochs=None,
        versions={},
    )


def _curve(values: dict[str, Scalar], epochs: int, optimum: float, draw: random.Random) -> list[EpochRow]:
    rate, units = float(values["learning_rate"]), float(values["units"])
    off = abs(math.log10(rate) - optimum)
    diverges = rate > 10 ** (optimum + 1.3)
    depth = 0.1 + 0.5 * off + 0.9 * max(0.0, 1 - units / 96) + draw.uniform(0.0, 0.05)
    spoils = units > 128 and not values["regular"]
    rows = []
    for epoch in range(epochs):
        done = 1 - math.exp(-epoch * (1.2 if units > 96 else 0.6) / 2)
        loss = 2.3 * (1 + epoch / 4) if diverges else 2.3 - (2.3 - depth) * done
        gap = 0.03 + (0.6 * epoch / epochs if spoils else 0.0) + draw.uniform(0.0, 0.02)
        shares = [max(0.05, 0.98 - each / 2.6) for each in (loss, loss + gap)]
        metrics = {"loss": loss, "val_loss": loss + gap, "accuracy": shares[0], "val_accuracy": shares[1]}
        rows.append(EpochRow(0, epoch, metrics, 0.5 + units / 200))
    return rows
