"""Builders as Keras Tuner users write them. The first is the convnet of Keras Tuner's own guide, on 8 x 8 images."""

from __future__ import annotations

from typing import Any

import keras
import keras_tuner
import numpy as np
from keras import layers


def build_model(hp: Any) -> keras.Model:
    """A convolutional or dense net for small images."""
    model = keras.Sequential([keras.Input((8, 8))])
    model_type = hp.Choice("model_type", ["mlp", "cnn"])
    with hp.conditional_scope("model_type", ["mlp"]):
        if model_type == "mlp":
            model.add(layers.Flatten())
            model.add(layers.Dense(hp.Int("units", 8, 32, step=8), activation="relu"))
    with hp.conditional_scope("model_type", ["cnn"]):
        if model_type == "cnn":
            model.add(layers.Reshape((8, 8, 1)))
            model.add(layers.Conv2D(hp.Int("conv/filters", 4, 8, step=4), 3, activation="relu"))
            pooled = hp.Boolean("pooled")
            with hp.conditional_scope("pooled", [True]):
                if pooled:
                    model.add(layers.MaxPooling2D(hp.Choice("pool size", [2, 3])))
            model.add(layers.Flatten())
    if hp.Boolean("dropout"):
        model.add(layers.Dropout(rate=0.25))
    model.add(layers.Dense(10, activation="softmax"))
    learning_rate = hp.Float("lr", min_value=1e-4, max_value=1e-2, sampling="log")
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def loops(hp: Any) -> keras.Model:
    """A space that grows by a plain loop and a plain branch."""
    model = keras.Sequential([keras.Input((8, 8)), layers.Flatten()])
    for number in range(hp.Int("num_layers", 1, 3)):
        model.add(layers.Dense(hp.Int(f"units_{number}", 4, 8), activation="relu"))
    if hp.Choice("ending", ["plain", "dropout"]) == "dropout":
        model.add(layers.Dropout(hp.Float("rate", 0.0, 0.5, step=0.25)))
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(optimizer="adam", loss=keras.losses.CategoricalCrossentropy(), metrics=["accuracy"])
    return model


def restless(hp: Any) -> keras.Model:
    """A scope that closes by being opened: Keras Tuner's own discovery never ends on it."""
    kind = hp.Choice("kind", ["a", "b"])
    if kind == "a":
        with hp.conditional_scope("kind", ["b"]):
            hp.Int("never", 1, 2)
    return small(hp)


def twins(hp: Any) -> keras.Model:
    """One name under two conditions."""
    kind = hp.Choice("kind", ["a", "b"])
    for each in ("a", "b"):
        with hp.conditional_scope("kind", [each]):
            if kind == each:
                hp.Int("units", 4, 8)
    return small(hp)


def alike(hp: Any) -> keras.Model:
    """Two names that would become one."""
    hp.Int("a b", 1, 2)
    hp.Int("a_b", 1, 2)
    return small(hp)


def picky(hp: Any) -> keras.Model:
    """Some of its points cannot be built."""
    units = hp.Choice("units", [8, 16, 1000])
    if units == 1000:
        raise keras_tuner.errors.FailedTrialError("1000 units are too slow.")
    return small(hp, units)


def nothing(hp: Any) -> None:
    """Forgets to return its model."""
    hp.Int("units", 1, 2)


def uncompiled(hp: Any) -> keras.Model:
    """Forgets to compile."""
    return keras.Sequential([keras.Input((8, 8)), layers.Flatten(), layers.Dense(hp.Int("units", 10, 11))])


def constant(hp: Any) -> keras.Model:
    """Asks for nothing."""
    return small(hp)


def huge(hp: Any) -> keras.Model:
    """More weights than any machine has."""
    return small(hp, hp.Int("units", 10**9, 10**9 + 5))


def wrong_data(hp: Any) -> keras.Model:
    """Made for other images."""
    model = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), layers.Dense(hp.Int("units", 10, 11))])
    model.compile(optimizer="adam", loss="mse")
    return model


def small(hp: Any, units: int = 4) -> keras.Model:
    model = keras.Sequential([keras.Input((8, 8)), layers.Flatten(), layers.Dense(units)])
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class Tuned(keras_tuner.HyperModel):  # type: ignore[misc]  # Keras Tuner is untyped
    """Batch size, epochs and shuffling are tuned in `fit`."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.width = width

    def build(self, hp: Any) -> keras.Model:
        return small(hp, hp.Int("units", 4, self.width))

    def fit(self, hp: Any, model: keras.Model, *args: Any, **kwargs: Any) -> Any:
        return model.fit(
            *args,
            batch_size=hp.Choice("batch_size", [16, 32]),
            epochs=hp.Int("epochs", 2, 3),
            shuffle=hp.Boolean("shuffle"),
            **kwargs,
        )


class Scored(Tuned):
    """Trains with `model.fit` and returns a metric of its own."""

    def fit(self, hp: Any, model: keras.Model, x: Any, y: Any, validation_data: Any = None, **kwargs: Any) -> Any:
        model.fit(x, y, validation_data=validation_data, **kwargs)
        return {"my_metric": 0.5, "other": np.float32(1.5)}


class Loop(Tuned):
    """The loop of Keras Tuner's guide to custom training: it calls the callbacks itself."""

    def fit(self, hp: Any, model: keras.Model, x: Any, y: Any, callbacks: Any = None, **kwargs: Any) -> Any:
        for callback in callbacks:
            callback.set_model(model)
        best = float("inf")
        for epoch in range(3):
            loss = float(model.train_on_batch(x[:32], y[:32], return_dict=True)["loss"])
            for callback in callbacks:
                callback.on_epoch_end(epoch, logs={"my_metric": loss})
            best = min(best, loss)
        return best


class Number(Tuned):
    """Reports nothing and returns the objective."""

    def fit(self, hp: Any, model: keras.Model, x: Any, y: Any, **kwargs: Any) -> Any:
        return 0.25


class Silent(Tuned):
    """Keeps the callbacks to itself and returns Keras' History."""

    def fit(self, hp: Any, model: keras.Model, x: Any, y: Any, **kwargs: Any) -> Any:
        return model.fit(x, y, epochs=2, verbose=0)


class Twice(Tuned):
    """Trains twice, as in fine-tuning: Keras counts the epochs from 0 again."""

    def fit(self, hp: Any, model: keras.Model, x: Any, y: Any, **kwargs: Any) -> Any:
        kwargs["epochs"] = 2
        model.fit(x, y, **kwargs)
        return model.fit(x, y, **kwargs)


class Quitter(Tuned):
    """Gives its trials up."""

    def fit(self, hp: Any, model: keras.Model, x: Any, y: Any, **kwargs: Any) -> Any:
        raise keras_tuner.errors.FailedTrialError("This one is hopeless.")


class Forgetful(Tuned):
    """Returns nothing and reports nothing."""

    def fit(self, hp: Any, model: keras.Model, x: Any, y: Any, **kwargs: Any) -> None:
        model.train_on_batch(x[:8], y[:8])


instance = Tuned(width=6)


def factory(width: int = 8) -> Tuned:
    """Makes the HyperModel."""
    return Tuned(width)
