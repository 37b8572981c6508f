"""Trials, their attempts and epochs, and the best of them."""

from __future__ import annotations

from typing import Any

from service.examples.common import HEX, SEARCH_ID, TRIAL_ID

TRIAL: dict[str, Any] = {
    "id": TRIAL_ID,
    "search_id": SEARCH_ID,
    "number": 4,
    "state": "COMPLETED",
    "score": 0.9722,
    "best_epoch": 8,
    "epochs": 10,
    "hyperparameters": {"units": 192, "learning_rate": 0.0031},
    "swept": None,
    "metrics": {"accuracy": 0.993, "loss": 0.031, "val_accuracy": 0.9722, "val_loss": 0.104},
    "attempts": 1,
    "failure": None,
    "seconds": 2.1,
    "parameters": 14410,
    "device": "cpu:0",
    "worker_id": f"w_{HEX}",
    "parent_trial_id": None,
    "start_epoch": 0,
    "target_epochs": None,
    "bracket": None,
    "round": None,
    "stop_requested": False,
    "ended_seq": 3,
    "created_at": "2026-03-01T12:00:01Z",
    "started_at": "2026-03-01T12:00:01.300000Z",
    "ended_at": "2026-03-01T12:00:03.400000Z",
}
RUNNING_TRIAL: dict[str, Any] = {
    **TRIAL,
    "state": "RUNNING",
    "score": None,
    "best_epoch": None,
    "metrics": {},
    "ended_at": None,
    "ended_seq": None,
    "stop_requested": True,
}
QUEUED_TRIAL: dict[str, Any] = {
    **TRIAL,
    "state": "QUEUED",
    "score": None,
    "best_epoch": None,
    "metrics": {},
    "epochs": 0,
    "ended_at": None,
}

ATTEMPT: dict[str, Any] = {
    "number": 1,
    "state": "LOST",
    "worker_id": f"w_{HEX}",
    "device": "cpu:0",
    "failure": {
        "code": "lease_lost",
        "message": "the worker stopped renewing its lease",
        "fault": "machine",
        "retryable": True,
        "traceback": None,
    },
    "started_at": "2026-03-01T12:00:01Z",
    "ended_at": "2026-03-01T12:00:33Z",
}
LOG: dict[str, Any] = {"attempt": 1, "log": "epoch 0: loss 0.61\nepoch 1: loss 0.22\n"}

EPOCH: dict[str, Any] = {
    "trial_id": TRIAL_ID,
    "trial_number": None,
    "execution": 0,
    "fold": None,
    "epoch": 0,
    "metrics": {"loss": 0.612, "val_loss": 0.301},
    "seconds": 0.42,
    "recorded_at": "2026-03-01T12:00:02Z",
}
SEARCH_EPOCH: dict[str, Any] = {**EPOCH, "trial_number": 4}

BEST: dict[str, Any] = {
    **TRIAL,
    "definition": {
        "model": {
            "type": "sequential",
            "input_shape": [8, 8],
            "layers": [
                {"layer": "Flatten"},
                {"layer": "Dense", "units": 192, "activation": "relu"},
                {"layer": "Dense", "units": 10, "activation": "softmax"},
            ],
        },
        "compile": {
            "optimizer": {"optimizer": "Adam", "learning_rate": 0.0031},
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
        },
        "fit": {"epochs": 10, "batch_size": 32, "validation_split": 0.2, "shuffle": True, "callbacks": []},
        "objective": {"name": "val_accuracy", "direction": "max"},
        "seed": 7,
    },
    "code": "import keras\n\nmodel = keras.Sequential([...])\n",
}
CODE: dict[str, Any] = {"trial_id": TRIAL["id"], "definition": BEST["definition"], "code": BEST["code"]}
