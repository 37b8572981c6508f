"""A search on all of MNIST: upload, ten trials of five epochs, best accuracy and an exact count of epoch rows.

    python -m benchmarks.mnist --data mnist.npz [--slots 2]

The file is an `.npz` with `x_train`, `y_train`, `x_test` and `y_test` (60,000 and 10,000 images of 28x28, uint8).
"""

from __future__ import annotations

import argparse
import sqlite3
import time
from pathlib import Path
from typing import Any

from benchmarks.overhead.running import service

TRIALS, EPOCHS, TARGET = 10, 5, 0.975

DEFINITION: dict[str, Any] = {
    "name": "mnist-mlp",
    "dataset": {"name": "mnist-upload"},
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
            {"layer": "Dense", "units": {"data": "num_classes"}, "activation": "softmax"},
        ],
    },
    "compile": {
        "optimizer": {"optimizer": "Adam", "learning_rate": {"hp": "learning_rate"}},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
    },
    "fit": {"epochs": EPOCHS, "batch_size": {"hp": "batch_size"}, "validation_split": 0.2},
    "hyperparameters": [
        {"name": "num_layers", "type": "int", "min_value": 1, "max_value": 3},
        {"name": "units_{i}", "type": "int", "min_value": 64, "max_value": 512, "step": 64},
        {"name": "dropout", "type": "float", "min_value": 0.0, "max_value": 0.4, "step": 0.1},
        {"name": "learning_rate", "type": "float", "min_value": 1e-4, "max_value": 1e-2, "sampling": "log"},
        {"name": "batch_size", "type": "choice", "values": [64, 128, 256]},
    ],
    "objective": {"name": "val_accuracy", "direction": "max"},
    "tuner": {"type": "bayesian", "num_initial_points": 5},
    "limits": {"max_trials": TRIALS},
    "seed": 7,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="A search on all of MNIST.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--slots", type=int, default=2)
    options = parser.parse_args()
    with service(options.slots) as running:
        began = time.perf_counter()
        dataset = running.client.upload_dataset(options.data, name="mnist-upload")
        print(f"uploaded in {time.perf_counter() - began:.1f} s: {dataset.train_rows} images of {dataset.input_shape}")
        began = time.perf_counter()
        search = running.client.submit({**DEFINITION, "parallelism": options.slots}).wait(timeout=3600)
        seconds = time.perf_counter() - began
        best = search.best()[0]
        with sqlite3.connect(f"file:{running.folder / 'headstock.db'}?mode=ro", uri=True) as database:
            (rows,) = database.execute(
                "select count(*) from epochs e join trials t on t.id = e.trial_id where t.search_id = ?", (search.id,)
            ).fetchone()
        for trial in search.trials():
            print(f"trial {trial.number}: {trial.score:.4f} at epoch {trial.best_epoch}, {dict(trial.hyperparameters)}")
        print(
            f"{search.state} in {seconds:.0f} s; {rows} epoch rows, "
            f"{TRIALS} trials x {EPOCHS} epochs are {TRIALS * EPOCHS}"
        )
        print(f"best validation accuracy {best.score:.4f} (wanted {TARGET}): {dict(best.hyperparameters)}")
        if rows != TRIALS * EPOCHS or best.score < TARGET:
            raise SystemExit(1)


if __name__ == "__main__":
    main()
