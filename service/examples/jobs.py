"""Final trainings and learning-rate range tests."""

from __future__ import annotations

from typing import Any

from service.examples.common import DATASET_ID, HEX, SEARCH_ID, TRIAL_ID
from service.examples.searches import DEFINITION

_JOB: dict[str, Any] = {
    "id": f"s_{HEX[::-1]}",
    "name": "digits-mlp",
    "state": "COMPLETED",
    "state_reason": {"code": "max_trials", "message": "All 1 trials have been run."},
    "hyperparameters": {"units": 192, "learning_rate": 0.0031},
    "seed": 7,
    "dataset_id": DATASET_ID,
    "trial_id": f"t_{HEX[::-1]}",
    "progress": 1.0,
    "elapsed_seconds": 4.1,
    "remaining_seconds": 0.0,
    "failure": None,
    "created_at": "2026-03-01T12:10:00Z",
    "started_at": "2026-03-01T12:10:00.200000Z",
    "ended_at": "2026-03-01T12:10:04.300000Z",
}
_JOB_LINKS: dict[str, Any] = {
    "search": f"/v1/searches/{_JOB['id']}",
    "events": f"/v1/searches/{_JOB['id']}/events",
    "cancel": f"/v1/searches/{_JOB['id']}/cancel",
    "trial": f"/v1/trials/{_JOB['trial_id']}",
    "epochs": f"/v1/trials/{_JOB['trial_id']}/epochs",
}
_SOURCE: dict[str, Any] = {
    "search_id": SEARCH_ID,
    "search_name": "digits-mlp",
    "trial_id": TRIAL_ID,
    "trial_number": 4,
    "objective": {"name": "val_accuracy", "direction": "max"},
    "score": 0.9722,
    "best_epoch": 8,
    "executions": 1,
    "metrics": {"accuracy": 0.993, "loss": 0.031, "val_accuracy": 0.9722, "val_loss": 0.104},
}
FINAL_REPORT: dict[str, Any] = {
    "format": 1,
    "source": _SOURCE,
    "values": {"units": 192, "learning_rate": 0.0031},
    "model": {
        "type": "sequential",
        "kind": "keras",
        "parameters": 14410,
        "file": "model.keras",
        "sha256": "6f1a" + "0" * 60,
        "size_bytes": 195000,
    },
    "dataset": {
        "name": "digits",
        "source": "upload: digits.npz",
        "fingerprint": "6f1a" + "0" * 60,
        "task": "classification",
        "train_rows": 1400,
        "validation_rows": 0,
        "test_rows": 397,
    },
    "training": {
        "rows": 1400,
        "epochs": 9,
        "epoch_seconds": [0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
        "seconds": 1.7,
        "metrics": {"accuracy": 0.994, "loss": 0.029},
        "weighted": False,
        "seed": 7,
        "training_seed": 1216540935,
    },
    "test": {
        "rows": 397,
        "seconds": 0.2,
        "metrics": {"accuracy": 0.9698, "loss": 0.11},
        "outputs": [
            {
                "name": None,
                "task": "classification",
                "rows": 397,
                "accuracy": 0.9698,
                "classes": [{"class": "0", "accuracy": 1.0, "precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 39}],
                "averages": {
                    "macro": {"precision": 0.97, "recall": 0.97, "f1": 0.97},
                    "weighted": {"precision": 0.97, "recall": 0.97, "f1": 0.97},
                },
                "class_names": ["0", "1"],
                "confusion_matrix": [[39, 0], [1, 357]],
            }
        ],
    },
    "environment": {
        "device": "cpu:0",
        "backend": "tensorflow",
        "platform": "Linux x86_64",
        "versions": {"python": "3.12.12", "numpy": "2.4.0", "keras": "3.15.1", "tensorflow": "2.21.0"},
    },
    "notes": [],
    "definition": {"model": {"type": "sequential"}},
}
FINAL_REQUEST: dict[str, Any] = {"epochs": 9, "seed": 7}
FINAL: dict[str, Any] = {
    **_JOB,
    "source": _SOURCE,
    "epochs": 9,
    "links": {"self": f"/v1/final/{_JOB['id']}", **_JOB_LINKS, "report": f"/v1/final/{_JOB['id']}/report"},
    "report": FINAL_REPORT,
}
RANGE_TEST_REQUEST: dict[str, Any] = {
    "definition": DEFINITION,
    "values": {"units": 128},
    "min_rate": 1e-5,
    "max_rate": 1.0,
}
RANGE_TEST: dict[str, Any] = {
    **_JOB,
    "min_rate": 1e-5,
    "max_rate": 1.0,
    "steps": 100,
    "smoothing": 0.98,
    "divergence": 4.0,
    "links": {"self": f"/v1/lr-range-tests/{_JOB['id']}", **_JOB_LINKS},
}
NEW_RANGE_TEST: dict[str, Any] = {
    **RANGE_TEST,
    "state": "QUEUED",
    "state_reason": None,
    "trial_id": None,
    "progress": 0.0,
    "elapsed_seconds": 0.0,
    "remaining_seconds": None,
    "started_at": None,
    "ended_at": None,
    "batch_size": None,
    "diverged": None,
    "rates": [],
    "losses": [],
    "smoothed": [],
    "suggestion": None,
}
RANGE_TEST_DETAIL: dict[str, Any] = {
    **RANGE_TEST,
    "batch_size": 32,
    "diverged": False,
    "rates": [0.00001, 0.0001, 0.001, 0.01, 0.1, 1.0],
    "losses": [2.31, 2.3, 1.7, 0.9, 0.7, 1.4],
    "smoothed": [2.31, 2.3, 2.1, 1.7, 1.4, 1.4],
    "suggestion": {
        "min_rate": 0.001,
        "max_rate": 0.01,
        "steepest": 0.001,
        "minimum": 0.1,
        "method": {"steepest": "the rate at which the smoothed loss falls fastest, against the logarithm of the rate"},
    },
}
