"""The names under which a model logs, and which way each is better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from tuners.catalogue import catalogue
from tuners.catalogue.estimators import estimator_catalogue

Better = dict[str, Literal["min", "max"] | None]
"""Logged names, each with the direction in which it is better; None where that is not known."""


# Everything else Keras offers as a metric or loss is an error or a distance: smaller is better.
_LARGER_IS_BETTER = frozenset({
    "Accuracy", "SparseCategoricalAccuracy", "CategoricalAccuracy", "BinaryAccuracy", "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy", "AUC", "Precision", "Recall", "F1Score", "FBetaScore", "PrecisionAtRecall",
    "RecallAtPrecision", "SensitivityAtSpecificity", "SpecificityAtSensitivity", "TruePositives", "TrueNegatives",
    "R2Score", "CosineSimilarity",
})  # fmt: skip


def per_output(value: object) -> Mapping[str, object] | None:
    """What `{"outputs": {name: ...}}` gives for each output; None when the value is for a single output."""
    outputs = value.get("outputs") if isinstance(value, Mapping) else None
    return outputs if isinstance(outputs, Mapping) else None


def logged_metrics(compiled: object, model: object = None) -> Better | None:
    """`loss` and the name of each compiled metric, with its better direction; what is unknown is left out.

    With several outputs each has its own loss and metrics: `digit_loss`, `digit_accuracy`. Estimators have no loss;
    without metrics they log their own `score`. What a builder's models log was found by looking at one; None when it
    has not been looked at, or trains by a `fit` of its own, which may log whatever it likes.

    Args:
        compiled: The definition's `compile` part.
        model: Its `model` part.
    """
    part = compiled if isinstance(compiled, Mapping) else {}
    if isinstance(model, Mapping) and model.get("type") == "sklearn":
        return _of_estimators(part.get("metrics"))
    if isinstance(model, Mapping) and model.get("type") == "builder":
        return _of_builder(model.get("found"))
    names: Better = {"loss": "min"}
    losses, metrics = per_output(part.get("loss")), part.get("metrics")
    if losses is None:
        return names | _named(metrics)
    of_outputs = per_output(metrics) or {}
    for output in losses:
        names[f"{output}_loss"] = "min"
        names |= {f"{output}_{name}": better for name, better in _named(of_outputs.get(output)).items()}
    return names


def _of_builder(found: object) -> Better | None:
    metrics = found.get("metrics") if isinstance(found, Mapping) and not found.get("fit") else None
    return dict(metrics) if isinstance(metrics, Mapping) else None


def usual_direction(name: str) -> Literal["min", "max"] | None:
    """Which way a logged name is better, as far as the name alone tells: `loss`, `val_accuracy`, `head_loss`, `auc`."""
    bare = name.removeprefix("val_")
    if bare == "loss" or bare.endswith("_loss"):
        return "min"
    entry = catalogue().metric(bare)
    entry = entry or next((each for each in catalogue().metrics.values() if each.logged_as == bare), None)
    return None if entry is None else ("max" if entry.name in _LARGER_IS_BETTER else "min")


def _of_estimators(metrics: object) -> Better:
    known = estimator_catalogue().metrics
    words = metrics if isinstance(metrics, list | tuple) and metrics else ["score"]
    return {word: known[word].direction for word in words if isinstance(word, str) and word in known}


def _named(metrics: object) -> Better:
    names: Better = {}
    for metric in metrics if isinstance(metrics, list | tuple) else ():
        word = metric.get("metric") if isinstance(metric, Mapping) else metric
        entry = catalogue().metric(word) if isinstance(word, str) else None
        name = catalogue().metric_log_name(metric)
        if entry is not None and name is not None:
            names[name] = "max" if entry.name in _LARGER_IS_BETTER else "min"
    return names


def with_validation(names: Better) -> Better:
    """The same names, and each again as measured on the validation part."""
    return {**names, **{f"val_{name}": direction for name, direction in names.items()}}
