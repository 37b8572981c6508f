"""Builds models of type `graph` from their resolved definition, node by node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from tuners.failures import ModelTooLarge
from tuners.trainer.limits import ParameterLimitExceeded, parameter_limit
from tuners.trainer.making import ShapeMismatch, Step, check_output, layer_pointer, make_step, reason

MAX_LAYERS = 500


def build_graph(resolved: Mapping[str, Any], max_parameters: int | None) -> keras.Model:
    """A functional model that takes all inputs of the data set: one array, or a mapping by name when there are several.

    With several outputs it gives a mapping too; the layer that makes each has the output's name, so that Keras logs
    `digit_accuracy` and the like.

    Raises:
        ModelTooLarge: More weights than `max_parameters`, or a layer whose output no memory can hold.
        ShapeMismatch: A node does not fit what it takes.
        BuildFault: Anything else Keras cannot make.
    """
    document = resolved["model"]
    if len(document["nodes"]) > MAX_LAYERS:
        raise ModelTooLarge("/model/nodes", f"the model has more than {MAX_LAYERS} layers")
    inputs = {each["name"]: keras.Input(tuple(each["shape"]), name=each["name"]) for each in document["inputs"]}
    tensors = dict(inputs)
    for each in document["slices"]:
        tensors[each["name"]] = keras.ops.take(inputs[each["of"]], each["columns"], axis=-1)
    with parameter_limit(max_parameters):
        for number, node in enumerate(document["nodes"]):
            pointer = layer_pointer(resolved, number)
            step = make_step(node["layer"], node["name"], pointer)
            tensors[node["name"]] = called(step, [tensors[name] for name in node["inputs"]], pointer, max_parameters)
    ends = document["outputs"]
    if isinstance(ends, str):
        outputs = tensors[ends]
    else:
        outputs = {name: _named(tensors[end], end, name) for name, end in ends.items()}
    return keras.Model(inputs if len(inputs) > 1 else next(iter(inputs.values())), outputs, name="model")


def called(step: Step, tensors: Sequence[Any], pointer: str, max_parameters: int | None) -> Any:
    """The output of the step at `pointer`, of a shape that memory can hold.

    Raises:
        ModelTooLarge: It needs more weights than are left of `max_parameters`, or its output is too large.
        ShapeMismatch: It does not fit what it takes.
    """
    try:
        tensor = step(*tensors)
    except ParameterLimitExceeded as error:
        raise ModelTooLarge(
            pointer,
            f"the model has more than the {max_parameters} parameters that are allowed: this layer goes over it",
        ) from error
    except Exception as error:
        raise ShapeMismatch(pointer, reason(error)) from error
    check_output(pointer, tensor.shape)
    return tensor


def _named(tensor: Any, end: str, name: str) -> Any:
    # Keras names an output after the layer that makes it.
    return tensor if end == name else keras.layers.Identity(name=name)(tensor)
