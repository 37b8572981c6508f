"""Builds a definition's models at the corners of its space and tries them on two examples (runs in the child)."""

from __future__ import annotations

import gc
import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from storage.errors import FieldFault, InvalidDefinition
from storage.records import Scalar
from tuners.catalogue import catalogue
from tuners.definitions import DataFacts, Definition, parse_definition, resolve
from tuners.failures import BuildFault, ModelTooLarge
from tuners.planner.corners import Corner, corners
from tuners.planner.wire import ModelSize, Request
from tuners.trainer.builder import build_model
from tuners.trainer.compiling import make_metrics
from tuners.trainer.making import ShapeMismatch, reason

_MAX_TRIED_PARAMETERS = 20_000_000
_MAX_TRIED_OUTPUTS = 20_000_000
_SHOWN_VALUES = 12


def check(request: Request) -> ModelSize:
    """Parameter counts over the built points.

    Points above the definition's own `parameters` constraint are drawn again by searches, so they are no fault here
    while there are others.

    Raises:
        InvalidDefinition: A point cannot be built or is above `request.max_parameters`, none is within the definition's
            own constraint, or loss and metrics do not fit the outputs and the data.
    """
    definition = parse_definition(request.definition)
    space = definition.space()
    points = corners(space)
    if not points:
        raise _refused("/constraints", "unsatisfiable", "no point that was tried keeps all constraints: loosen them")
    own_limit = space.max_parameters
    limit = min(request.max_parameters, own_limit or request.max_parameters)
    counts: list[int] = []
    default_count: int | None = None
    too_large: tuple[Corner, ModelTooLarge] | None = None
    for corner in points:
        resolved = resolve(definition, corner.values, request.facts)
        try:
            count = _count(resolved, limit)
        except ModelTooLarge as fault:
            if own_limit is None or own_limit > request.max_parameters:
                raise _fault(fault, "model_too_large", corner, _too_large_hint(request.max_parameters)) from fault
            too_large = too_large or (corner, fault)
            continue
        except BuildFault as fault:
            code = "shape_mismatch" if isinstance(fault, ShapeMismatch) else "build_error"
            raise _fault(fault, code, corner) from fault
        finally:
            keras.utils.clear_session(free_memory=False)
        if not counts:
            _try(definition, resolved, corner, request.facts, count)
        counts.append(count)
        default_count = count if corner.label == "the defaults" else default_count
    if not counts:
        assert too_large is not None
        raise _fault(too_large[1], "model_too_large", too_large[0], "; so is every other point that was tried")
    gc.collect()
    return ModelSize(
        min_parameters=min(counts), max_parameters=max(counts), default_parameters=default_count or counts[0]
    )


def _count(resolved: Mapping[str, Any], limit: int) -> int:
    return int(build_model(resolved, max_parameters=limit, allocate=False).count_params())


def _try(definition: Definition, resolved: Mapping[str, Any], corner: Corner, facts: DataFacts, count: int) -> None:
    """Loss, metrics and one step of training on two empty examples, op by op: tracing would take ten times as long."""
    model = build_model(resolved, allocate=False)
    _check_outputs(resolved, tuple(model.output_shape[1:]), facts, corner)
    outputs = sum(math.prod(size or 1 for size in layer.output.shape[1:]) for layer in model.layers)
    keras.utils.clear_session(free_memory=False)
    small = count <= _MAX_TRIED_PARAMETERS and outputs <= _MAX_TRIED_OUTPUTS
    if not small:
        return
    model = build_model(resolved)
    labels = _labels(_loss_name(resolved), model, facts)
    try:
        _check_loss(resolved, model, labels, corner)
        model.run_eagerly = True
        examples = np.zeros((len(labels), *facts.input_shape), dtype="float32")
        try:
            model.train_on_batch(examples, labels)
        except Exception as error:
            raise _refused("/model", "build_error", _located(reason(error), corner)) from error
    finally:
        keras.utils.clear_session(free_memory=False)


def _loss_name(resolved: Mapping[str, Any]) -> str:
    loss = resolved["compile"]["loss"]
    entry = catalogue().loss(loss["loss"] if isinstance(loss, Mapping) else loss)
    assert entry is not None  # Building would have refused it.
    return entry.name


def _check_outputs(
    resolved: Mapping[str, Any], shape: tuple[int | None, ...], facts: DataFacts, corner: Corner
) -> None:
    """What Keras would let pass: losses that broadcast one target over many outputs, labels without an output."""
    loss = _loss_name(resolved)
    if len(shape) != 1:
        detail = (
            f"the model ends with outputs of shape {_shown(shape)} and the loss needs one axis: flatten or pool them"
        )
    elif loss == "SparseCategoricalCrossentropy":
        if facts.num_classes is None or (shape[0] or 0) >= facts.num_classes:
            return
        detail = (
            f"the model ends with {shape[0]} outputs and the data have {facts.num_classes} classes: "
            'end with a Dense layer of {"data": "num_classes"} units'
        )
    elif shape[0] == 1 or _one_hot(loss, shape, facts):
        return
    else:
        detail = (
            f"the model ends with {shape[0]} outputs and this loss compares them with one target an example: "
            "end with a Dense layer of 1 unit"
        )
        if facts.task == "classification":
            detail += ", or take the loss sparse_categorical_crossentropy"
    raise _refused("/compile/loss", "shape_mismatch", _located(detail, corner))


def _check_loss(resolved: Mapping[str, Any], model: keras.Model, labels: Any, corner: Corner) -> None:
    outputs = np.full((len(labels), *model.output_shape[1:]), 0.5, dtype="float32")
    y_true, y_pred = keras.ops.convert_to_tensor(labels), keras.ops.convert_to_tensor(outputs)
    try:
        model.compute_loss(y=y_true, y_pred=y_pred)
    except Exception as error:
        raise _refused("/compile/loss", "shape_mismatch", _located(reason(error), corner)) from error
    for number, metric in enumerate(make_metrics(resolved["compile"], model)):
        pointer = f"/compile/metrics/{number}"
        try:
            metric.update_state(y_true, y_pred)
            result = metric.result()
        except Exception as error:
            raise _refused(pointer, "shape_mismatch", _located(reason(error), corner)) from error
        if math.prod(np.shape(result)) != 1:
            raise _refused(pointer, "shape_mismatch", "the metric gives several numbers: choose one that gives one")


def _one_hot(loss: str, shape: tuple[int | None, ...], facts: DataFacts) -> bool:
    """Whether trainers will give the labels one-hot: when a loss that is not a sparse one gets an output per class."""
    several = facts.num_classes is not None and facts.num_classes > 1
    return several and shape == (facts.num_classes,) and not loss.startswith("Sparse")


def _labels(loss: str, model: keras.Model, facts: DataFacts) -> Any:
    """Targets of two examples: the first class and the last one, or zeros."""
    if facts.task == "regression" or facts.num_classes is None:
        return np.zeros(2, dtype="float32")
    labels = np.array([0, facts.num_classes - 1], dtype="int32")
    if _one_hot(loss, tuple(model.output_shape[1:]), facts):
        return np.eye(facts.num_classes, dtype="float32")[labels]
    return labels


def _too_large_hint(limit: int) -> str:
    return f': lower the ranges, or add {{"parameters": {{"max": {limit}}}}} to constraints'


def _fault(fault: BuildFault, code: str, corner: Corner, more: str = "") -> InvalidDefinition:
    return _refused(fault.pointer, code, _located(fault.message, corner) + more)


def _refused(pointer: str, code: str, detail: str) -> InvalidDefinition:
    return InvalidDefinition("the model cannot be built", (FieldFault(pointer, code, detail),))


def _located(message: str, corner: Corner) -> str:
    if not corner.values:
        return message
    shown = [f"{name}={_value(value)}" for name, value in list(corner.values.items())[:_SHOWN_VALUES]]
    if len(corner.values) > _SHOWN_VALUES:
        shown.append("...")
    return f"{message} (at {corner.label}: {', '.join(shown)})"


def _value(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _shown(shape: tuple[int | None, ...]) -> str:
    return " x ".join(str(size) for size in shape) or "nothing"
