"""What a builder's models log, and whether they take the data: one step of training on two empty examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np

from storage.datasets import DatasetTarget
from tuners.definitions import DataFacts
from tuners.definitions.metrics import usual_direction
from tuners.planner.refusals import refused
from tuners.trainer.builders import example_inputs, said
from tuners.trainer.targets import one_hot_targets

_MAX_TRIED_PARAMETERS = 20_000_000
ROWS = 2


@dataclass(frozen=True)
class Logs:
    """`metrics` as in `Found`; `one_hot` says whether the loss wants classes one-hot."""

    metrics: dict[str, Literal["min", "max"] | None] | None
    one_hot: bool


def logs_of(model: keras.Model, document: Mapping[str, Any], facts: DataFacts, *, own_fit: bool) -> Logs:
    """What the model logs on its training part.

    Labels are tried the way the loss seems to want them, then the other way: what a loss of the builder's own wants
    only trying shows.

    Raises:
        InvalidDefinition: The model is not compiled, or its loss, outputs and the data do not go together. A builder
            that trains its models itself may do either.
    """
    several = facts.task == "classification" and facts.num_classes is not None and facts.num_classes > 1
    guess = bool(one_hot_targets({"model": {}, "compile": {}}, model, facts)) if several else False
    if not getattr(model, "compiled", False):
        if own_fit:
            return Logs(None, guess)
        detail = "the builder returns a model that is not compiled: call `model.compile` before returning it"
        raise refused("/model", "build_error", detail)
    failure: Exception | None = None
    for one_hot in dict.fromkeys((guess, not guess) if several and not facts.targets else (guess,)):
        try:
            names = _tried(model, example_inputs(document, rows=ROWS), targets(facts, one_hot=one_hot))
        except Exception as error:
            failure = failure or error
        else:
            return Logs({name: usual_direction(name) for name in names}, one_hot)
    if own_fit:
        return Logs(None, guess)
    assert failure is not None
    detail = f"its model does not train on data like these: {said(failure)}"
    raise refused("/model", "build_error", detail) from failure


def targets(facts: DataFacts, *, one_hot: bool) -> Any:
    """Targets of two examples: the first class and the last one, or zeros; by name when there are several."""
    if facts.targets:
        return {target.name: _target(target, one_hot=False) for target in facts.targets}
    return _target(facts.target(), one_hot=one_hot)


def _target(target: DatasetTarget, *, one_hot: bool) -> Any:
    if target.task == "classification" and target.num_classes is not None:
        labels = np.array([0, target.num_classes - 1], dtype="int32")
        return np.eye(target.num_classes, dtype="float32")[labels] if one_hot else labels
    shape = (target.num_classes or 1,) if target.task == "multilabel" and not target.shape else tuple(target.shape)
    return np.zeros((ROWS, *shape), dtype="float32")


def _tried(model: keras.Model, x: Any, y: Any) -> list[str]:
    """The names the model logs. Raises whatever Keras does when something does not fit."""
    if model.count_params() > _MAX_TRIED_PARAMETERS:
        logs = model.compute_metrics(x, y, model(x, training=False))
    else:
        eagerly, model.run_eagerly = model.run_eagerly, True
        try:
            logs = model.train_on_batch(x, y, return_dict=True)
        finally:
            model.run_eagerly = eagerly
    return [str(name) for name in logs]
