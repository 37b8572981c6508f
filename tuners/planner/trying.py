"""Tries a model on two examples: whether loss and metrics fit its outputs and the data (runs in the child)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from storage.datasets import DatasetTarget
from tuners.definitions import DataFacts
from tuners.failures import BuildFault
from tuners.planner.corners import Corner
from tuners.planner.refusals import located, refused, refused_at
from tuners.trainer.builder import build_model
from tuners.trainer.compiling import CompiledOutput, compiled_outputs
from tuners.trainer.making import reason
from tuners.trainer.targets import one_hot

_MAX_TRIED_PARAMETERS = 20_000_000
_MAX_TRIED_OUTPUTS = 20_000_000


def try_model(resolved: Mapping[str, Any], corner: Corner, facts: DataFacts, count: int) -> None:
    """Loss, metrics and one step of training on two empty examples, op by op: tracing would take ten times as long.

    Args:
        count: Weights of the model; a large one is only looked at.

    Raises:
        InvalidDefinition: Something does not fit.
    """
    model = build_model(resolved, allocate=False)
    for output in compiled_outputs(resolved["compile"], model):
        _check_width(output, _target(output, facts), corner)
    numbers = sum(math.prod(size or 1 for size in _shape(layer)) for layer in model.layers)
    keras.utils.clear_session(free_memory=False)
    if count > _MAX_TRIED_PARAMETERS or numbers > _MAX_TRIED_OUTPUTS:
        return
    model = build_model(resolved)
    try:
        targets: dict[str | None, Any] = {}
        for output in compiled_outputs(resolved["compile"], model):
            targets[output.name] = _labels(output, _target(output, facts))
            _check_loss(output, targets[output.name], corner)
        model.run_eagerly = True
        try:
            model.train_on_batch(_examples(facts), targets.get(None, targets))
        except Exception as error:
            raise refused("/model", "build_error", located(reason(error), corner)) from error
    finally:
        keras.utils.clear_session(free_memory=False)


def _shape(layer: keras.layers.Layer) -> tuple[int | None, ...]:
    shape = layer.output.shape if hasattr(layer.output, "shape") else ()
    return tuple(shape)[1:]


def _target(output: CompiledOutput, facts: DataFacts) -> DatasetTarget:
    """What the data hold for this output."""
    for target in facts.targets:
        if target.name == output.name:
            return target
    return DatasetTarget("y", facts.task, facts.num_classes, (), facts.target_shape)


def _check_width(output: CompiledOutput, target: DatasetTarget, corner: Corner) -> None:
    """What Keras would let pass: losses that broadcast one target over many outputs, labels without an output."""
    detail = _width_fault(output, target)
    if detail is not None:
        raise refused(f"/compile/loss{output.pointer}", "shape_mismatch", located(detail, corner))


def _width_fault(output: CompiledOutput, target: DatasetTarget) -> str | None:
    who = "the model ends with" if output.name is None else f"the output `{output.name}` has"
    if len(output.shape) != 1:
        return f"{who} outputs of shape {_shown(output.shape)} and the loss needs one axis: flatten or pool them"
    width, loss, classes = output.shape[0] or 0, output.loss_name, target.num_classes
    if target.task == "classification" and classes is not None:
        if loss == "SparseCategoricalCrossentropy":
            if width >= classes:
                return None
            detail = f"{who} {width} outputs and the data have {classes} classes"
            return f'{detail}: end with a Dense layer of {{"data": "num_classes"}} units'
        if (width == 1 and classes == 2) or one_hot(loss, width, target.task, classes):
            return None
        return (
            f"{who} {width} outputs and the data have {classes} classes: end with a Dense layer of {classes} units"
            + (" or of 1" if classes == 2 else "")
        )
    wanted = classes if target.task == "multilabel" else math.prod(target.shape)
    if width == wanted:
        return None
    if target.task == "multilabel":
        return f"{who} {width} outputs and the data have {wanted} labels: end with a Dense layer of {wanted} units"
    if wanted == 1:
        return (
            f"{who} {width} outputs and this loss compares them with one target an example: "
            "end with a Dense layer of 1 unit"
        )
    return f"{who} {width} outputs and the data have {wanted} numbers to predict: end with {wanted} units"


def _labels(output: CompiledOutput, target: DatasetTarget) -> Any:
    """Targets of two examples: the first class and the last one, or zeros."""
    if target.task != "classification" or target.num_classes is None:
        return np.zeros((2, *_target_shape(target)), dtype="float32")
    labels = np.array([0, target.num_classes - 1], dtype="int32")
    if one_hot(output.loss_name, output.shape[-1], target.task, target.num_classes):
        return np.eye(target.num_classes, dtype="float32")[labels]
    return labels


def _target_shape(target: DatasetTarget) -> tuple[int, ...]:
    if target.task == "multilabel" and not target.shape:
        return (target.num_classes or 1,)
    return tuple(target.shape)


def _examples(facts: DataFacts) -> Any:
    """Two examples: zeros, and for tokens also the largest one."""
    first = np.zeros((2, *facts.input_shape), dtype="float32")
    if facts.vocabulary_size is not None:
        first[1] = facts.vocabulary_size - 1
    if not facts.inputs:
        return first
    examples = {name: np.zeros((2, *shape), dtype="float32") for name, shape in facts.inputs.items()}
    return {**examples, next(iter(facts.inputs)): first}


def _check_loss(output: CompiledOutput, labels: Any, corner: Corner) -> None:
    outputs = np.full((len(labels), output.shape[0] or 1), 0.5, dtype="float32")
    y_true, y_pred = keras.ops.convert_to_tensor(labels), keras.ops.convert_to_tensor(outputs)
    try:
        loss, metrics = output.make_loss(), output.make_metrics()
    except BuildFault as fault:
        raise refused_at(fault, "build_error", corner) from fault
    try:
        loss(y_true, y_pred)
    except Exception as error:
        raise refused(f"/compile/loss{output.pointer}", "shape_mismatch", located(reason(error), corner)) from error
    for number, metric in enumerate(metrics):
        pointer = f"/compile/metrics{output.pointer}/{number}"
        try:
            metric.update_state(y_true, y_pred)
            result = metric.result()
        except Exception as error:
            raise refused(pointer, "shape_mismatch", located(reason(error), corner)) from error
        if math.prod(np.shape(result)) != 1:
            raise refused(pointer, "shape_mismatch", "the metric gives several numbers: choose one that gives one")


def _shown(shape: tuple[int | None, ...]) -> str:
    return " x ".join(str(size) for size in shape) or "nothing"
