"""Optimizer, loss and metrics: the `compile` part of a resolved definition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from tuners.catalogue import Entry, catalogue
from tuners.failures import BuildFault
from tuners.trainer.making import checked_arguments, made


def compile_model(model: keras.Model, document: Mapping[str, Any]) -> None:
    """Compile the model as the `compile` part says.

    Raises:
        BuildFault: Something is not in the catalogue, or Keras refuses its arguments.
    """
    loss_entry, loss_arguments = _named(document["loss"], key="loss", pointer="/compile/loss")
    optimizer_entry, optimizer_arguments = _named(document["optimizer"], key="optimizer", pointer="/compile/optimizer")
    model.compile(
        optimizer=made(getattr(keras.optimizers, optimizer_entry.name), optimizer_arguments, "/compile/optimizer"),
        loss=made(getattr(keras.losses, loss_entry.name), loss_arguments, "/compile/loss"),
        metrics=make_metrics(document, model),
        jit_compile=_jit_compile(),
    )


def make_metrics(document: Mapping[str, Any], model: keras.Model) -> list[keras.metrics.Metric]:
    """New metric objects for the `compile` part, in its order, each under the name it has in the logs.

    Raises:
        BuildFault: One is not in the catalogue, or has wrong arguments.
    """
    loss, _ = _named(document["loss"], key="loss", pointer="/compile/loss")
    return [
        _metric(metric, model, loss.name, f"/compile/metrics/{number}")
        for number, metric in enumerate(document.get("metrics") or ())
    ]


def _metric(document: Any, model: keras.Model, loss: str, pointer: str) -> keras.metrics.Metric:
    entry, arguments = _named(document, key="metric", pointer=pointer)
    cls = entry.name
    if cls == "Accuracy":
        # As Keras does for the word "accuracy": the class itself compares for equality, which no probability reaches.
        if model.output_shape[-1] == 1:
            cls = "BinaryAccuracy"
        else:
            cls = "SparseCategoricalAccuracy" if loss.startswith("Sparse") else "CategoricalAccuracy"
    name = catalogue().metric_log_name(document)
    return made(getattr(keras.metrics, cls), {**arguments, "name": name}, pointer)


def _named(document: Any, *, key: str, pointer: str) -> tuple[Entry, dict[str, Any]]:
    """The catalogue entry and arguments of `"mse"` or `{"loss": "MeanSquaredError", ...}`."""
    find = {"optimizer": catalogue().optimizer, "loss": catalogue().loss, "metric": catalogue().metric}[key]
    word = document.get(key) if isinstance(document, Mapping) else document
    entry = find(word) if isinstance(word, str) else None
    if entry is None:
        raise BuildFault(pointer, f"no {key} of the catalogue")
    given = document if isinstance(document, Mapping) else {}
    return entry, checked_arguments(entry, given, key=key, pointer=pointer)


def _jit_compile() -> bool | str:
    """XLA helps where it is at home; on TensorFlow's CPU it makes a small trial three times slower."""
    if keras.config.backend() != "tensorflow":
        return "auto"
    import tensorflow

    return "auto" if tensorflow.config.list_logical_devices("GPU") else False
