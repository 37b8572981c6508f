"""Small real searches."""

from __future__ import annotations

from typing import Any


def digits(**changes: Any) -> dict[str, Any]:
    """A dense net on digits: two hyperparameters, two epochs; `changes` replace top-level fields."""
    return {
        "name": "digits",
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
        "fit": {"epochs": 2, "batch_size": 64, "validation_split": 0.2},
        "hyperparameters": [
            {"name": "units", "type": "int", "min_value": 8, "max_value": 64, "step": 8},
            {"name": "learning_rate", "type": "float", "min_value": 1e-3, "max_value": 1e-1, "sampling": "log"},
        ],
        "objective": {"name": "val_accuracy", "direction": "max"},
        "tuner": {"type": "random"},
        "limits": {"max_trials": 3},
        "seed": 3,
    } | changes
