"""An ordinary Keras Tuner model: nothing in this file knows of Headstock."""

from __future__ import annotations

from typing import Any

import keras
import keras_tuner


def build(hp: Any) -> keras.Model:
    """A small net for 8 x 8 grey images of ten classes: convolutional or dense, as the tuner likes."""
    model = keras.Sequential([keras.Input((8, 8))])
    if hp.Choice("kind", ["cnn", "mlp"]) == "cnn":
        with hp.conditional_scope("kind", ["cnn"]):
            model.add(keras.layers.Reshape((8, 8, 1)))
            for i in range(hp.Int("conv_layers", 1, 2)):
                model.add(
                    keras.layers.Conv2D(hp.Int(f"filters_{i}", 8, 32, step=8), 3, padding="same", activation="relu")
                )
            model.add(keras.layers.MaxPooling2D())
            model.add(keras.layers.Flatten())
    else:
        with hp.conditional_scope("kind", ["mlp"]):
            model.add(keras.layers.Flatten())
            model.add(keras.layers.Dense(hp.Int("units", 32, 256, step=32), activation="relu"))
    model.add(keras.layers.Dropout(hp.Float("dropout", 0.0, 0.5, step=0.1)))
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile(
        optimizer=keras.optimizers.Adam(hp.Float("learning_rate", 1e-4, 1e-2, sampling="log")),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


class DigitsHyperModel(keras_tuner.HyperModel):  # type: ignore[misc]  # Keras Tuner has no types
    """The same with a `fit` of its own that tunes the batch size, as Keras Tuner's guide shows."""

    def build(self, hp: Any) -> keras.Model:
        return build(hp)

    def fit(self, hp: Any, model: keras.Model, *args: Any, **kwargs: Any) -> Any:
        kwargs["batch_size"] = hp.Choice("batch_size", [16, 32, 64])
        return model.fit(*args, **kwargs)
