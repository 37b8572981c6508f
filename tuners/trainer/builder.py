"""Builds and compiles Keras models from resolved definitions: one builder for each type of model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

import keras

from tuners.failures import BuildFault, ModelTooLarge
from tuners.trainer.applications import build_application
from tuners.trainer.builders import build_by_builder
from tuners.trainer.compiling import compile_model
from tuners.trainer.graphs import MAX_LAYERS, build_graph, called
from tuners.trainer.limits import parameter_limit
from tuners.trainer.making import check_output, layer_pointer, make_layer, reason


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
        model = _BUILDERS[resolved["model"].get("type", "sequential")](resolved, max_parameters)
    if "loss" in resolved["compile"]:
        compile_model(model, resolved["compile"])
    return model


def _sequential(resolved: Mapping[str, Any], max_parameters: int | None) -> keras.Model:
    document = resolved["model"]
    if len(document["layers"]) > MAX_LAYERS:
        raise ModelTooLarge("/model/layers", f"the model has more than {MAX_LAYERS} layers")
    shape = tuple(document["input_shape"])
    steps = [make_layer(resolved, number) for number in range(len(document["layers"]))]
    if any(step.entry.inputs[1] > 1 for step in steps):
        # What attends to itself is called with its input twice, which Keras' Sequential does not do.
        return _one_by_one(resolved, shape, max_parameters)
    try:
        with parameter_limit(max_parameters):
            model = keras.Sequential([keras.Input(shape), *(step.layer for step in steps)], name="model")
    except Exception as error:
        # Keras does not say which layer it was. Only now it is worth adding them one by one.
        _one_by_one(resolved, shape, max_parameters)
        raise BuildFault("/model/layers", reason(error)) from error
    for number, layer in enumerate(model.layers):
        check_output(layer_pointer(resolved, number), layer.output.shape)
    return model


def _one_by_one(resolved: Mapping[str, Any], shape: tuple[int, ...], max_parameters: int | None) -> keras.Model:
    start = tensor = keras.Input(shape)
    with parameter_limit(max_parameters):
        for number in range(len(resolved["model"]["layers"])):
            pointer = layer_pointer(resolved, number)
            tensor = called(make_layer(resolved, number), (tensor,), pointer, max_parameters)
    return keras.Model(start, tensor, name="model")


_BUILDERS: Mapping[str, Callable[[Mapping[str, Any], int | None], keras.Model]] = {
    "sequential": _sequential,
    "application": build_application,
    "builder": build_by_builder,
    "graph": build_graph,
}
"""What builds each type of model from its resolved definition, within the limit on parameters."""
