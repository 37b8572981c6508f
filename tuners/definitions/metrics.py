"""The names under which a compiled model logs, and which way each is better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from tuners.catalogue import catalogue

# Everything else Keras offers as a metric or loss is an error or a distance: smaller is better.
_LARGER_IS_BETTER = frozenset({
    "Accuracy", "SparseCategoricalAccuracy", "CategoricalAccuracy", "BinaryAccuracy", "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy", "AUC", "Precision", "Recall", "F1Score", "FBetaScore", "PrecisionAtRecall",
    "RecallAtPrecision", "SensitivityAtSpecificity", "SpecificityAtSensitivity", "TruePositives", "TrueNegatives",
    "R2Score", "CosineSimilarity",
})  # fmt: skip


def logged_metrics(metrics: object) -> dict[str, Literal["min", "max"]]:
    """`loss` and the name of each compiled metric, with its better direction; what is unknown is left out."""
    names: dict[str, Literal["min", "max"]] = {"loss": "min"}
    for metric in metrics if isinstance(metrics, list | tuple) else ():
        word = metric.get("metric") if isinstance(metric, Mapping) else metric
        entry = catalogue().metric(word) if isinstance(word, str) else None
        name = catalogue().metric_log_name(metric)
        if entry is not None and name is not None:
            names[name] = "max" if entry.name in _LARGER_IS_BETTER else "min"
    return names


def with_validation(names: Mapping[str, Literal["min", "max"]]) -> dict[str, Literal["min", "max"]]:
    """The same names, and each again as measured on the validation part."""
    return {**names, **{f"val_{name}": direction for name, direction in names.items()}}
