"""Scores and curves against time, hyperparameters and epochs."""

from __future__ import annotations

from typing import Any

from service.examples.common import METRIC, TRIAL_ID

OBJECTIVE_TREND: dict[str, Any] = {
    "objective": {"name": "val_accuracy", "direction": "max"},
    "trials": 1,
    "points": [
        {
            "trial_id": TRIAL_ID,
            "number": 4,
            "score": 0.9722,
            "best": 0.9722,
            "ended_at": "2026-03-01T12:00:03.400000Z",
            "elapsed_seconds": 3.2,
            "epochs_spent": 10,
            "seconds_spent": 2.1,
        }
    ],
}
_SHAPE: dict[str, Any] = {
    "values": [
        {
            "value": 192,
            "low": None,
            "high": None,
            "count": 1,
            "mean": 0.9722,
            "median": 0.9722,
            "q25": 0.9722,
            "q75": 0.9722,
            "best": 0.9722,
        }
    ],
    "best_value": 192,
    "verdict": "unclear",
    "diminishing_returns_at": None,
    "method": {
        "grouping": "by value",
        "verdict": "monotone when Spearman's rank correlation is 0.8 or more either way",
        "diminishing_returns": "first value beyond which less than 5% of the gain remains",
        "spearman": None,
    },
}

HYPERPARAMETER_TREND: dict[str, Any] = {
    "name": "units",
    "objective": {"name": "val_accuracy", "direction": "max"},
    "metric": METRIC,
    "at": "best",
    "baseline": "all",
    "trials": 1,
    "points": [{"trial_id": TRIAL_ID, "number": 4, "value": 192, "score": 0.9722, "metrics": {"val_accuracy": 0.9722}}],
    **_SHAPE,
    "metrics": [{**METRIC, **_SHAPE}],
}

EPOCH_TREND: dict[str, Any] = {
    "metric": "val_accuracy",
    "quantiles": [0.1, 0.25, 0.5, 0.75, 0.9],
    "bands": [{"epoch": 0, "count": 20, "quantiles": [0.71, 0.8, 0.86, 0.9, 0.92]}],
}
