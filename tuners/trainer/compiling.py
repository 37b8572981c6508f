"""Optimizer, loss and metrics: the `compile` part of a resolved definition, for one output or for several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from tuners.catalogue import Entry, catalogue
from tuners.failures import BuildFault
from tuners.trainer.making import checked_arguments, made


@dataclass(frozen=True)
class CompiledOutput:
    """One output of a model, and what it is compared by.

    Attributes:
        name: None when it is the only one.
        shape: Of one example, without the batch axis.
        loss: As the resolved definition has it.
        pointer: What follows `/compile/loss` and `/compile/metrics` in the places of its loss and metrics.
    """

    name: str | None
    shape: tuple[int | None, ...]
    loss: Any
    metrics: Sequence[Any]
    pointer: str

    @property
    def loss_name(self) -> str:
        """The class name of its loss; "" when it is not in the catalogue."""
        word = self.loss.get("loss") if isinstance(self.loss, Mapping) else self.loss
        entry = catalogue().loss(word) if isinstance(word, str) else None
        return "" if entry is None else entry.name

    def make_loss(self) -> keras.losses.Loss:
        """A new loss object; raises BuildFault when it is not in the catalogue, or has wrong arguments."""
        pointer = f"/compile/loss{self.pointer}"
        entry, arguments = _named(self.loss, key="loss", pointer=pointer)
        return made(getattr(keras.losses, entry.name), arguments, pointer)

    def make_metrics(self) -> list[keras.metrics.Metric]:
        """New metric objects in order, each under the name it has in the logs (behind the output's own name).

        Raises:
            BuildFault: One is not in the catalogue, or has wrong arguments.
        """
        return [
            self._metric(metric, f"/compile/metrics{self.pointer}/{number}")
            for number, metric in enumerate(self.metrics)
        ]

    def _metric(self, document: Any, pointer: str) -> keras.metrics.Metric:
        entry, arguments = _named(document, key="metric", pointer=pointer)
        cls = entry.name
        if cls == "Accuracy":
            # As Keras does for the word "accuracy": the class itself compares for equality, which no probability
            # reaches.
            if self.shape[-1] == 1:
                cls = "BinaryAccuracy"
            else:
                cls = "SparseCategoricalAccuracy" if self.loss_name.startswith("Sparse") else "CategoricalAccuracy"
        name = catalogue().metric_log_name(document)
        return made(getattr(keras.metrics, cls), {**arguments, "name": name}, pointer)


def compiled_outputs(document: Mapping[str, Any], model: keras.Model) -> list[CompiledOutput]:
    """The outputs of a model with their losses and metrics, as the `compile` part gives them."""
    shapes = [tuple(tensor.shape)[1:] for tensor in model.outputs]
    loss, metrics = document["loss"], document.get("metrics") or ()
    if not (isinstance(loss, Mapping) and "outputs" in loss):
        return [CompiledOutput(None, shapes[0], loss, metrics, "")]
    of_outputs = metrics["outputs"] if isinstance(metrics, Mapping) else {}
    return [
        CompiledOutput(name, shape, loss["outputs"].get(name), of_outputs.get(name) or (), f"/outputs/{name}")
        for name, shape in zip(model.output_names, shapes, strict=True)
    ]


def compile_model(model: keras.Model, document: Mapping[str, Any]) -> None:
    """Compile the model as the `compile` part says.

    Raises:
        BuildFault: Something is not in the catalogue, or Keras refuses its arguments.
    """
    entry, arguments = _named(document["optimizer"], key="optimizer", pointer="/compile/optimizer")
    outputs = compiled_outputs(document, model)
    losses: Any = {each.name: each.make_loss() for each in outputs}
    metrics: Any = {each.name: each.make_metrics() for each in outputs}
    if len(outputs) == 1:
        losses, metrics = losses[outputs[0].name], metrics[outputs[0].name]
    model.compile(
        optimizer=made(getattr(keras.optimizers, entry.name), arguments, "/compile/optimizer"),
        loss=losses,
        loss_weights=document.get("loss_weights"),
        metrics=metrics,
        jit_compile=_jit_compile(),
    )


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
