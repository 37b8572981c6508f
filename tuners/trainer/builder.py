"""Builds and compiles Keras models from resolved definitions.

Classes are looked up by their catalogue names only, arguments are checked against the catalogue once more, and nothing
is handed to Keras' own deserializer: its deny-lists have been got round before (CVE-2025-1550, CVE-2025-9906).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import keras

from tuners.catalogue import Entry, catalogue
from tuners.failures import BuildFault, ModelTooLarge, without_paths
from tuners.trainer.limits import ParameterLimitExceeded, parameter_limit

_MAX_LAYERS = 500
_MAX_OUTPUT = 200_000_000
"""Numbers one layer may give for one example: above it, no batch fits any device we know."""

_REASON_LENGTH = 400


class ShapeMismatch(BuildFault):
    """A layer does not fit the output of the one before it."""


def build_model(
    resolved: Mapping[str, Any], *, max_parameters: int | None = None, allocate: bool = True
) -> keras.Model:
    """A built and compiled model; its random numbers follow the caller's `keras.utils.set_random_seed`.

    Logged metrics are named as the catalogue's `metric_log_name` says, in every model of the process alike. Safe for
    threads as far as Keras is.

    Args:
        resolved: A definition without holes, as `tuners.definitions.resolve` gives it; of it `model`, `compile` and
            `layer_pointers` (optional: for each layer its place in the definition) are read.
        max_parameters: Largest number of weights; more are refused before they are allocated. None: no bound.
        allocate: False makes a model for looking at only (shapes, parameter counts): its weights have no values and
            take no memory. Call `keras.utils.clear_session` afterwards.

    Raises:
        ModelTooLarge: More weights than `max_parameters`, or a layer whose output no memory can hold.
        ShapeMismatch: A layer does not fit the output of the one before it.
        BuildFault: Anything else the definition asks for and Keras cannot make.
    """
    with nullcontext() if allocate else keras.StatelessScope(initialize_variables=False):
        model = _sequential(resolved, max_parameters)
    _compile(model, resolved["compile"])
    return model


def layer_pointer(resolved: Mapping[str, Any], number: int) -> str:
    """The place in the definition of the layer with this number."""
    pointers: Sequence[str] = resolved.get("layer_pointers") or ()
    return pointers[number] if number < len(pointers) else f"/model/layers/{number}"


def reason(error: BaseException) -> str:
    """What Keras or its backend says is wrong, in one short line without the machinery around it."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    text = re.sub(r"Exception encountered when calling [\w.]+\(\)\.", "", text)
    text = re.sub(r"\{\{.*?\}\}\s*", "", text)
    text = re.split(r"\n\s*(?:Arguments received|Call arguments received)|Full shape received|\[Op:", text)[0]
    axes = re.search(r"incompatible with the layer: expected (min_|max_)?ndim=(\d+), found ndim=(\d+)", text)
    if axes is not None:
        bound = {"min_": "at least ", "max_": "at most "}.get(axes[1] or "", "")
        return f"the layer takes {bound}{axes[2]} axes, the batch included, and gets {axes[3]}"
    text = re.sub(r"\s*\(?(?:full error|Traceback).*", "", text, flags=re.S)
    text = " ".join(without_paths(text).split()).strip()
    if not text:
        return "Keras gave no reason"
    return text if len(text) <= _REASON_LENGTH else text[:_REASON_LENGTH].rsplit(" ", 1)[0] + " ..."


def _sequential(resolved: Mapping[str, Any], max_parameters: int | None) -> keras.Model:
    document = resolved["model"]
    if document.get("type", "sequential") != "sequential":
        raise BuildFault("/model/type", "this release builds models of type sequential")
    if len(document["layers"]) > _MAX_LAYERS:
        raise ModelTooLarge("/model/layers", f"the model has more than {_MAX_LAYERS} layers")
    shape = tuple(document["input_shape"])
    layers = [_layer(resolved, number) for number in range(len(document["layers"]))]
    try:
        with parameter_limit(max_parameters):
            model = keras.Sequential([keras.Input(shape), *layers], name="model")
    except Exception as error:
        # Keras does not say which layer it was. Only now it is worth adding them one by one.
        raise _culprit(resolved, shape, max_parameters, error) from error
    for number, layer in enumerate(model.layers):
        _check_output(resolved, number, layer.output.shape)
    return model


def _culprit(
    resolved: Mapping[str, Any], shape: tuple[int, ...], max_parameters: int | None, error: Exception
) -> BuildFault:
    number = 0
    try:
        with parameter_limit(max_parameters):
            tensor = keras.Input(shape)
            for number in range(len(resolved["model"]["layers"])):
                tensor = _layer(resolved, number)(tensor)
                _check_output(resolved, number, tensor.shape)
    except BuildFault as fault:
        return fault
    except ParameterLimitExceeded:
        return ModelTooLarge(
            layer_pointer(resolved, number),
            f"the model has more than the {max_parameters} parameters that are allowed: this layer goes over it",
        )
    except Exception as again:
        return ShapeMismatch(layer_pointer(resolved, number), reason(again))
    return BuildFault("/model/layers", reason(error))


def _check_output(resolved: Mapping[str, Any], number: int, shape: Any) -> None:
    sizes = [int(size) for size in tuple(shape)[1:] if size is not None]
    if any(size < 1 for size in sizes):
        raise ShapeMismatch(layer_pointer(resolved, number), "nothing is left of its input: the output is empty")
    if math.prod(sizes) > _MAX_OUTPUT:
        raise ModelTooLarge(
            layer_pointer(resolved, number),
            f"its output has more than {_MAX_OUTPUT} numbers for one example",
        )


def _layer(resolved: Mapping[str, Any], number: int) -> keras.layers.Layer:
    document = resolved["model"]["layers"][number]
    pointer = layer_pointer(resolved, number)
    entry = catalogue().layers.get(document.get("layer"))
    if entry is None:
        raise BuildFault(f"{pointer}/layer", "no layer of the catalogue")
    arguments = _arguments(entry, document, key="layer", pointer=pointer)
    # Keras' own numbering goes on through the life of the process; ours is the same in each model.
    name = f"{re.sub(r'(?<=[a-z])(?=[A-Z][a-z])', '_', entry.name).lower()}_{number}"
    return _made(getattr(keras.layers, entry.name), {**arguments, "name": name}, pointer)


def _compile(model: keras.Model, document: Mapping[str, Any]) -> None:
    loss_entry, loss_arguments = _named(document["loss"], key="loss", pointer="/compile/loss")
    optimizer_entry, optimizer_arguments = _named(document["optimizer"], key="optimizer", pointer="/compile/optimizer")
    model.compile(
        optimizer=_made(getattr(keras.optimizers, optimizer_entry.name), optimizer_arguments, "/compile/optimizer"),
        loss=_made(getattr(keras.losses, loss_entry.name), loss_arguments, "/compile/loss"),
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
    return _made(getattr(keras.metrics, cls), {**arguments, "name": name}, pointer)


def _named(document: Any, *, key: str, pointer: str) -> tuple[Entry, dict[str, Any]]:
    """The catalogue entry and arguments of `"mse"` or `{"loss": "MeanSquaredError", ...}`."""
    find = {"optimizer": catalogue().optimizer, "loss": catalogue().loss, "metric": catalogue().metric}[key]
    word = document.get(key) if isinstance(document, Mapping) else document
    entry = find(word) if isinstance(word, str) else None
    if entry is None:
        raise BuildFault(pointer, f"no {key} of the catalogue")
    given = document if isinstance(document, Mapping) else {}
    return entry, _arguments(entry, given, key=key, pointer=pointer)


def _arguments(entry: Entry, document: Mapping[str, Any], *, key: str, pointer: str) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    for name, value in document.items():
        if name == key:
            continue
        argument = entry.arguments.get(name)
        if argument is None:
            raise BuildFault(f"{pointer}/{name}", f"{entry.name} has no such argument")
        fault = argument.fault(value)
        if fault is not None:
            raise BuildFault(f"{pointer}/{name}", fault[1])
        arguments[name] = tuple(value) if isinstance(value, list) else value
    missing = [name for name, argument in entry.arguments.items() if argument.required and name not in arguments]
    if missing:
        raise BuildFault(pointer, f"{entry.name} needs {', '.join(missing)}")
    return arguments


def _made(cls: Any, arguments: dict[str, Any], pointer: str) -> Any:
    try:
        return cls(**arguments)
    except Exception as error:
        raise BuildFault(pointer, reason(error)) from error


def _jit_compile() -> bool | str:
    """XLA helps where it is at home; on TensorFlow's CPU it makes a small trial three times slower."""
    if keras.config.backend() != "tensorflow":
        return "auto"
    import tensorflow

    return "auto" if tensorflow.config.list_logical_devices("GPU") else False
