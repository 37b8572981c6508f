"""What is found by comparing trials, or searches, and in a trial's curves."""

from __future__ import annotations

from typing import Any

from service.examples.common import METRIC, SEARCH_ID, TRIAL_ID

IMPORTANCE: dict[str, Any] = {
    "objective": {"name": "val_accuracy", "direction": "max"},
    "metric": METRIC,
    "at": "best",
    "method": "fanova",
    "description": "share of the variance of the score that a hyperparameter explains alone ...",
    "trials": 40,
    "hyperparameters": [
        {"name": "learning_rate", "share": 0.71, "share_where_active": 0.71, "trials": 40, "conditional": False},
        {"name": "units", "share": 0.12, "share_where_active": 0.12, "trials": 40, "conditional": False},
    ],
    "pairs": [{"names": ["units", "learning_rate"], "share": 0.05, "share_where_active": 0.05, "trials": 40}],
    "note": None,
}
TRADEOFF: dict[str, Any] = {
    "objective": {"name": "val_accuracy", "direction": "max"},
    "against": {"name": "seconds", "direction": "min"},
    "trials": 1,
    "points": [{"trial_id": TRIAL_ID, "number": 4, "score": 0.9722, "against": 2.1, "on_front": True}],
    "front": [TRIAL_ID],
}
_AXIS: dict[str, Any] = {
    "name": "units",
    "type": "int",
    "sampling": "linear",
    "ordered": True,
    "low": 32,
    "high": 256,
    "values": [],
    "conditional": False,
}
PARALLEL: dict[str, Any] = {
    "objective": {"name": "val_accuracy", "direction": "max"},
    "metric": METRIC,
    "at": "best",
    "trials": 1,
    "axes": [_AXIS],
    "rows": [{"trial_id": TRIAL_ID, "number": 4, "score": 0.9722, "values": {"units": 192}, "places": [0.714]}],
}
CONTOUR: dict[str, Any] = {
    "objective": {"name": "val_accuracy", "direction": "max"},
    "metric": METRIC,
    "at": "best",
    "x": {**_AXIS, "ticks": [32, 64]},
    "y": {
        **_AXIS,
        "name": "learning_rate",
        "type": "float",
        "sampling": "log",
        "low": 0.0001,
        "high": 0.01,
        "ticks": [0.001, 0.01],
    },
    "trials": 1,
    "points": [{"trial_id": TRIAL_ID, "number": 4, "x": 64, "y": 0.0031, "score": 0.9722}],
    "grid": [[0.91, 0.93], [None, 0.95]],
    "method": "between numbers: linear on the Delaunay triangles of the points ...",
}
_SPENT: dict[str, Any] = {"score": 0.9722, "trials": 5, "epochs": 50, "elapsed_seconds": 8.2, "training_seconds": 10.4}
COMPARISON: dict[str, Any] = {
    "comparable": True,
    "target": 0.9722,
    "searches": [
        {
            "id": SEARCH_ID,
            "name": "digits-mlp",
            "state": "COMPLETED",
            "tuner": "random",
            "objective": {"name": "val_accuracy", "direction": "max"},
            "trials": 20,
            "scored_trials": 20,
            "epochs": 200,
            "elapsed_seconds": 30.5,
            "device_seconds": 41.0,
            "best": {"trial_id": TRIAL_ID, "number": 4, **_SPENT},
            "reached": _SPENT,
            "curve": [
                {"trials": 1, "epochs": 10, "elapsed_seconds": 2.0, "training_seconds": 2.1, "best": 0.93},
                {"trials": 5, "epochs": 50, "elapsed_seconds": 8.2, "training_seconds": 10.4, "best": 0.9722},
            ],
        }
    ],
}
DIAGNOSIS: dict[str, Any] = {
    "trial_id": TRIAL_ID,
    "number": 4,
    "state": "COMPLETED",
    "verdict": "overfitting",
    "metric": {"name": "loss", "direction": "min"},
    "validation_metric": "val_loss",
    "epochs": 30,
    "executions": 1,
    "findings": [
        {
            "code": "overfitting",
            "statement": "the validation part gets worse since epoch 11, while the training part improves",
            "evidence": {"best_epoch": 11, "last_epoch": 29, "validation_best": 0.21, "validation_end": 0.34},
            "try_next": ["stop earlier: EarlyStopping on the validation metric, with restored weights"],
        }
    ],
    "note": None,
}
DIAGNOSES: dict[str, Any] = {
    "items": [DIAGNOSIS],
    "next_page_token": None,
    "summary": {
        "trials": 1,
        "verdicts": {
            "diverged": 0,
            "overfitting": 1,
            "underfitting": 0,
            "oscillating": 0,
            "still_improving": 0,
            "healthy": 0,
            "unknown": 0,
        },
    },
}
