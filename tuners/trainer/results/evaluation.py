"""Tables of how good predictions are, by scikit-learn's functions; JSON throughout, null for what is not finite."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics
from sklearn.exceptions import UndefinedMetricWarning

from storage.datasets import DatasetTarget

Array = NDArray[Any]

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
MOST_CLASSES = 1_000
"""Above it a confusion matrix is left out: it would have more than a million cells."""


def evaluation(target: DatasetTarget, y: Array, answers: Array, scores: Array | None) -> dict[str, Any]:
    """The tables that suit the target's task. Each row counts once, whatever its sample weight.

    Args:
        y: True targets: classes of shape (rows,) or one-hot (rows, classes); labels (rows, k); numbers (rows,) or
            (rows, k).
        answers: Predictions of shape (rows,) or (rows, k).
        scores: As `decoding.decoded` gives them; None where the model gives none.

    Raises:
        ValueError: The predictions are not one for each example, so that there is nothing to compare.
    """
    if answers.shape[0] != len(y) or answers.ndim > 2:
        raise ValueError(f"predictions of shape {answers.shape} cannot be compared with targets of shape {y.shape}")
    with warnings.catch_warnings():
        # What has no value (a class that is never predicted, R2 of one row) becomes 0 or null, and is told as that.
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        if target.task == "classification":
            truth = y.argmax(axis=1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(len(y))
            return _classification(target, truth.astype(np.int64), answers, scores)
        if target.task == "multilabel":
            return _multilabel(target, y.astype(np.int64), answers, scores)
        return _regression(target, y, answers)


def _classification(target: DatasetTarget, y: Array, answers: Array, scores: Array | None) -> dict[str, Any]:
    count = max(target.num_classes or 0, int(y.max(initial=0)) + 1, int(answers.max(initial=0)) + 1)
    labels = np.arange(count)
    names = _names(target.class_names, count)
    matrix = metrics.confusion_matrix(y, answers, labels=labels)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        y, answers, labels=labels, average=None, zero_division=0
    )
    rows = matrix.sum(axis=1)
    found: dict[str, Any] = {
        "task": "classification",
        "rows": len(y),
        "accuracy": _number(metrics.accuracy_score(y, answers)),
        "classes": [
            {
                "class": names[place],
                "accuracy": _number(matrix[place, place] / rows[place]) if rows[place] else None,
                "precision": _number(precision[place]),
                "recall": _number(recall[place]),
                "f1": _number(f1[place]),
                "support": int(support[place]),
            }
            for place in range(count)
        ],
        "averages": {kind: _averages(y, answers, labels, kind) for kind in ("macro", "weighted")},
        "class_names": names,
        "confusion_matrix": matrix.tolist() if count <= MOST_CLASSES else None,
    }
    if count == 2:
        ranked = scores[:, 1] if scores is not None and scores.ndim == 2 else scores
        found["roc_auc"] = _roc_auc(y, ranked)
    return found


def _multilabel(target: DatasetTarget, y: Array, answers: Array, scores: Array | None) -> dict[str, Any]:
    count = y.shape[1]
    names = _names(target.class_names, count)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(y, answers, average=None, zero_division=0)
    return {
        "task": "multilabel",
        "rows": len(y),
        "accuracy": _number(metrics.accuracy_score(y, answers)),
        "hamming_loss": _number(metrics.hamming_loss(y, answers)),
        "labels": [
            {
                "label": names[place],
                "accuracy": _number(metrics.accuracy_score(y[:, place], answers[:, place])),
                "precision": _number(precision[place]),
                "recall": _number(recall[place]),
                "f1": _number(f1[place]),
                "support": int(support[place]),
                "roc_auc": _roc_auc(y[:, place], None if scores is None else scores[:, place]),
            }
            for place in range(count)
        ],
        "averages": {kind: _averages(y, answers, None, kind) for kind in ("micro", "macro", "weighted")},
    }


def _regression(target: DatasetTarget, y: Array, answers: Array) -> dict[str, Any]:
    truth, said = y.reshape(len(y), -1).astype(np.float64), answers.reshape(len(y), -1).astype(np.float64)
    if truth.shape != said.shape:
        raise ValueError(f"predictions of shape {answers.shape} cannot be compared with targets of shape {y.shape}")
    found: dict[str, Any] = {"task": "regression", "rows": len(y), **_errors(truth, said)}
    if truth.shape[1] > 1:
        names = _names(target.class_names, truth.shape[1])
        found["numbers"] = [
            {"number": names[place], **_errors(truth[:, place : place + 1], said[:, place : place + 1])}
            for place in range(truth.shape[1])
        ]
    return found


def _errors(y: Array, answers: Array) -> dict[str, Any]:
    if not np.isfinite(answers).all():
        return dict.fromkeys(("mse", "rmse", "mae", "r2", "mape", "residuals"))
    residuals = np.quantile(y - answers, QUANTILES)
    return {
        "mse": _number(metrics.mean_squared_error(y, answers)),
        "rmse": _number(metrics.root_mean_squared_error(y, answers)),
        "mae": _number(metrics.mean_absolute_error(y, answers)),
        "r2": _number(metrics.r2_score(y, answers)) if len(y) > 1 else None,
        "mape": _number(metrics.mean_absolute_percentage_error(y, answers)),
        "residuals": [
            {"quantile": share, "value": _number(value)} for share, value in zip(QUANTILES, residuals, strict=True)
        ],
    }


def _averages(y: Array, answers: Array, labels: Array | None, kind: str) -> dict[str, float | None]:
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        y, answers, labels=labels, average=kind, zero_division=0
    )
    return {"precision": _number(precision), "recall": _number(recall), "f1": _number(f1)}


def _roc_auc(y: Array, ranked: Array | None) -> float | None:
    """Null where there is no score to rank by, or only one of the two classes occurs."""
    if ranked is None or len(np.unique(y)) != 2 or not np.isfinite(ranked).all():
        return None
    return _number(metrics.roc_auc_score(y, ranked))


def _names(given: Sequence[str], count: int) -> list[str]:
    return [given[place] if place < len(given) else str(place) for place in range(count)]


def finite(values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Metrics as JSON has them."""
    return {name: None if value is None else _number(value) for name, value in values.items()}


def _number(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None
