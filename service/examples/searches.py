"""Searches: definitions, what is told of them and what a plan tells."""

from __future__ import annotations

from typing import Any

from service.examples.common import DATASET_ID, SEARCH_ID, TRIAL_ID

DEFINITION: dict[str, Any] = {
    "name": "digits-mlp",
    "dataset": {"name": "digits"},
    "model": {
        "type": "sequential",
        "layers": [
            {"layer": "Flatten"},
            {"layer": "Dense", "units": {"hp": "units"}, "activation": "relu"},
            {"layer": "Dense", "units": {"data": "num_classes"}, "activation": "softmax"},
        ],
    },
    "compile": {
        "optimizer": {"optimizer": "Adam", "learning_rate": {"hp": "learning_rate"}},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
    },
    "fit": {"epochs": 10, "batch_size": 32, "validation_split": 0.2},
    "hyperparameters": [
        {"name": "units", "type": "int", "min_value": 32, "max_value": 256, "step": 32},
        {"name": "learning_rate", "type": "float", "min_value": 0.0001, "max_value": 0.01, "sampling": "log"},
    ],
    "objective": {"name": "val_accuracy", "direction": "max"},
    "tuner": {"type": "random"},
    "limits": {"max_trials": 20},
    "parallelism": 2,
    "seed": 7,
}

SEARCH: dict[str, Any] = {
    "id": SEARCH_ID,
    "name": "digits-mlp",
    "state": "RUNNING",
    "state_reason": None,
    "objective": {"name": "val_accuracy", "direction": "max"},
    "tuner": "random",
    "dataset_id": DATASET_ID,
    "limits": {
        "max_trials": 20,
        "max_seconds": None,
        "max_epochs": None,
        "max_device_seconds": None,
        "target": None,
        "patience_trials": None,
    },
    "parallelism": 2,
    "executions_per_trial": 1,
    "max_retries_per_trial": 1,
    "priority": 0,
    "seed": 7,
    "tags": {"team": "vision"},
    "trials": {"queued": 2, "running": 2, "completed": 5, "stopped": 0, "failed": 0, "cancelled": 0},
    "best": {"trial_id": TRIAL_ID, "score": 0.9722},
    "planned_trials": 20,
    "planned_epochs": 200,
    "epochs_recorded": 61,
    "device_seconds": 11.4,
    "progress": 0.305,
    "elapsed_seconds": 7.9,
    "remaining_seconds": 18.0,
    "workers_busy": 1,
    "created_at": "2026-03-01T12:00:00Z",
    "started_at": "2026-03-01T12:00:00.200000Z",
    "ended_at": None,
}
SEARCH_DETAIL: dict[str, Any] = {
    **SEARCH,
    "definition": DEFINITION,
    "versions": {"headstock-server": "0.1.0", "keras": "3.15.1"},
    "warnings": [],
}
IMPORTED_SEARCH: dict[str, Any] = {
    **SEARCH_DETAIL,
    "name": "last-year",
    "state": "COMPLETED",
    "state_reason": {"code": "imported", "message": "2 trials were imported from last-year.csv."},
    "objective": {"name": "val_loss", "direction": "min"},
    "tuner": "imported",
    "dataset_id": "",
    "limits": dict.fromkeys(SEARCH["limits"]),
    "parallelism": 1,
    "max_retries_per_trial": 0,
    "seed": 0,
    "tags": {},
    "trials": {"queued": 0, "running": 0, "completed": 2, "stopped": 0, "failed": 0, "cancelled": 0},
    "best": {"trial_id": TRIAL_ID, "score": 0.4},
    "planned_trials": 2,
    "planned_epochs": None,
    "epochs_recorded": 2,
    "device_seconds": 0.0,
    "progress": 1.0,
    "elapsed_seconds": 0.0,
    "remaining_seconds": 0.0,
    "workers_busy": 0,
    "ended_at": "2026-03-01T12:00:00.200000Z",
    "definition": {
        "name": "last-year",
        "objective": {"name": "val_loss", "direction": "min"},
        "hyperparameters": [{"name": "units", "type": "int", "default": 32, "min_value": 32, "max_value": 64}],
        "tuner": {"type": "imported"},
        "imported": {"source": "table", "file": "last-year.csv", "sha256": "0" * 64, "options": {}},
    },
}
SEARCH_COUNTS: dict[str, Any] = {
    "states": {"QUEUED": 0, "RUNNING": 2, "PAUSED": 0, "COMPLETED": 31, "FAILED": 1, "CANCELLED": 4},
    "total": 38,
}
PATCH: dict[str, Any] = {"limits": {"max_trials": 40}, "parallelism": 4}

PLAN: dict[str, Any] = {
    "trials": 20,
    "epochs": 200,
    "space_size": None,
    "brackets": [],
    "parameters": {"min": 2410, "max": 19210, "default": 2410},
    "disk_bytes": 6146400,
    "seconds": {"estimate": 31.0, "low": 24.5, "high": 44.0, "measured_trials": 40},
    "warnings": [],
}
