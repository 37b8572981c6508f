"""The search that is timed: dense nets on scikit-learn's digits."""

from __future__ import annotations

from typing import Any

LAYERS = (1, 3)
UNITS = (32, 256, 32)
DROPOUT = (0.0, 0.5, 0.1)
LEARNING_RATE = (1e-4, 1e-2)
BATCH_SIZE = 32
VALIDATION_SPLIT = 0.2


def definition(*, trials: int, epochs: int, seed: int, parallelism: int, name: str = "overhead") -> dict[str, Any]:
    """The search as Headstock's JSON."""
    return {
        "name": name,
        "dataset": {"name": "digits"},
        "model": {
            "type": "sequential",
            "layers": [
                {"layer": "Flatten"},
                {
                    "repeat": {"hp": "num_layers"},
                    "layers": [
                        {"layer": "Dense", "units": {"hp": "units_{i}"}, "activation": "relu"},
                        {"layer": "Dropout", "rate": {"hp": "dropout"}},
                    ],
                },
                {"layer": "Dense", "units": 10, "activation": "softmax"},
            ],
        },
        "compile": {
            "optimizer": {"optimizer": "Adam", "learning_rate": {"hp": "learning_rate"}},
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["accuracy"],
        },
        "fit": {"epochs": epochs, "batch_size": BATCH_SIZE, "validation_split": VALIDATION_SPLIT},
        "hyperparameters": [
            {"name": "num_layers", "type": "int", "min_value": LAYERS[0], "max_value": LAYERS[1]},
            {"name": "units_{i}", "type": "int", "min_value": UNITS[0], "max_value": UNITS[1], "step": UNITS[2]},
            {"name": "dropout", "type": "float", "min_value": DROPOUT[0], "max_value": DROPOUT[1], "step": DROPOUT[2]},
            {
                "name": "learning_rate",
                "type": "float",
                "min_value": LEARNING_RATE[0],
                "max_value": LEARNING_RATE[1],
                "sampling": "log",
            },
        ],
        "objective": {"name": "val_accuracy", "direction": "max"},
        "tuner": {"type": "random"},
        "limits": {"max_trials": trials},
        "parallelism": parallelism,
        "seed": seed,
    }
