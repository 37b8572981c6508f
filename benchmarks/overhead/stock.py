"""Stock Keras Tuner, one process: trains the given hyperparameter values as its own RandomSearch would, and times it.

Reads `{"trials": [values, ...], "epochs": n}` on stdin and prints `{"seconds": s, "scores": [...]}` on the last line.
The values are handed over trial by trial through Keras Tuner's own oracle interface, so that both sides train the same
networks; everything else (building, fitting, its checkpoint of every improving epoch, its files) is its own code.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from typing import Any

import keras
import keras_tuner as kt
from sklearn.datasets import load_digits

from benchmarks.overhead.definition import BATCH_SIZE, DROPOUT, LAYERS, LEARNING_RATE, UNITS, VALIDATION_SPLIT


def build(hp: kt.HyperParameters) -> keras.Model:
    model = keras.Sequential([keras.layers.Input((8, 8)), keras.layers.Flatten()])
    layers = hp.Int("num_layers", LAYERS[0], LAYERS[1])
    rate = hp.Float("dropout", DROPOUT[0], DROPOUT[1], step=DROPOUT[2])
    for i in range(layers):
        model.add(keras.layers.Dense(hp.Int(f"units_{i}", UNITS[0], UNITS[1], step=UNITS[2]), activation="relu"))
        model.add(keras.layers.Dropout(rate))
    model.add(keras.layers.Dense(10, activation="softmax"))
    learning_rate = hp.Float("learning_rate", LEARNING_RATE[0], LEARNING_RATE[1], sampling="log")
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


class GivenValues(kt.oracles.RandomSearchOracle):
    """Keras Tuner's random oracle, drawing its values from a list."""

    def __init__(self, values: list[dict[str, Any]], **options: Any) -> None:
        super().__init__(max_trials=len(values), **options)
        self._given = iter(values)

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        values = next(self._given, None)
        return {"status": "STOPPED"} if values is None else {"status": "RUNNING", "values": values}


def main() -> None:
    task = json.load(sys.stdin)
    digits = load_digits()
    x, y = (digits.images / 16.0).astype("float32"), digits.target.astype("int32")
    build(kt.HyperParameters()).fit(x[:64], y[:64], batch_size=BATCH_SIZE, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        oracle = GivenValues(task["trials"], objective=kt.Objective("val_accuracy", "max"), seed=1)
        tuner = kt.Tuner(oracle=oracle, hypermodel=build, directory=folder, project_name="stock")
        began = time.perf_counter()
        tuner.search(x, y, epochs=task["epochs"], batch_size=BATCH_SIZE, validation_split=VALIDATION_SPLIT, verbose=0)
        seconds = time.perf_counter() - began
        scores = [trial.score for trial in oracle.trials.values()]
    print(json.dumps({"seconds": seconds, "scores": scores}))


if __name__ == "__main__":
    main()
