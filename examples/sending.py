"""Tune a function of your own from Python: it travels as source to a server that allows code.

HEADSTOCK_CODE=true headstock up --slots 2      # the operator's decision
python examples/sending.py                      # from any machine that reaches it
"""

from __future__ import annotations

from typing import Any

import headstock
import keras


def build(hp: Any) -> keras.Model:
    model = keras.Sequential([keras.Input((8, 8)), keras.layers.Flatten()])
    for i in range(hp.Int("num_layers", 1, 3)):
        model.add(keras.layers.Dense(hp.Int(f"units_{i}", 32, 256, step=32), activation="relu"))
        if hp.Boolean(f"dropout_{i}"):
            model.add(keras.layers.Dropout(0.25))
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile(
        optimizer=keras.optimizers.Adam(hp.Float("learning_rate", 1e-4, 1e-2, sampling="log")),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def digits() -> tuple[Any, Any]:
    """1,797 images, shape (rows, 8, 8) with values 0 to 1, and the digits they show."""
    from sklearn.datasets import load_digits

    data = load_digits()
    return data.images.astype("float32") / 16, data.target


def main() -> None:
    x, y = digits()
    client = headstock.Client()
    search = client.tune(build, x, y, tuner="hyperband", max_epochs=9, validation_split=0.2, seed=7)
    best = search.best()[0]
    print(f"best {search.objective.name} {best.score:.4f} with {best.hyperparameters}")


if __name__ == "__main__":
    main()
