"""Builds and compiles Keras models from resolved definitions: one builder for each type of model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

import keras

from tuners.failures import BuildFault, ModelTooLarge
from tuners.trainer.compiling import compile_model
from tuners.trainer.limits import ParameterLimitExceeded, parameter_limit
from tuners.trainer.making import ShapeMismatch, check_output, layer_pointer, make_layer, reason

_MAX_LAYERS = 500


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
    compile_model(model, resolved["compile"])
    return model


def _sequential(resolved: Mapping[str, Any], max_parameters: int | None) -> keras.Model:
    document = resolved["model"]
    if len(document["layers"]) > _MAX_LAYERS:
        raise ModelTooLarge("/model/layers", f"the model has more than {_MAX_LAYERS} layers")
    shape = tuple(document["input_shape"])
    layers = [make_layer(resolved, number) for number in range(len(document["layers"]))]
    try:
        with parameter_limit(max_parameters):
            model = keras.Sequential([keras.Input(shape), *layers], name="model")
    except Exception as error:
        # Keras does not say which layer it was. Only now it is worth adding them one by one.
        raise _culprit(resolved, shape, max_parameters, error) from error
    for number, layer in enumerate(model.layers):
        check_output(resolved, number, layer.output.shape)
    return model


def _culprit(
    resolved: Mapping[str, Any], shape: tuple[int, ...], max_parameters: int | None, error: Exception
) -> BuildFault:
    number = 0
    try:
        with parameter_limit(max_parameters):
            tensor = keras.Input(shape)
            for number in range(len(resolved["model"]["layers"])):
                tensor = make_layer(resolved, number)(tensor)
                check_output(resolved, number, tensor.shape)
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


_BUILDERS: Mapping[str, Callable[[Mapping[str, Any], int | None], keras.Model]] = {"sequential": _sequential}
"""What builds each type of model from its resolved definition, within the limit on parameters."""
