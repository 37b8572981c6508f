"""Measures fitted estimators: the metrics of a definition, by the names under which they are logged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

Array = NDArray[Any]

_BY_AVERAGE: Mapping[str, Callable[..., Any]] = {
    "f1": metrics.f1_score,
    "precision": metrics.precision_score,
    "recall": metrics.recall_score,
}
_PLAIN: Mapping[str, Callable[..., Any]] = {
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "matthews_corrcoef": metrics.matthews_corrcoef,
    "r2": metrics.r2_score,
    "explained_variance": metrics.explained_variance_score,
    "mean_squared_error": metrics.mean_squared_error,
    "root_mean_squared_error": metrics.root_mean_squared_error,
    "mean_absolute_error": metrics.mean_absolute_error,
    "median_absolute_error": metrics.median_absolute_error,
    "mean_absolute_percentage_error": metrics.mean_absolute_percentage_error,
}


def scores(
    estimator: Any, names: list[str], x: Array, y: Array, weights: Array | None, *, classes: int | None
) -> dict[str, float]:
    """Each metric of the fitted estimator on these rows.

    Args:
        names: Names of the catalogue's metrics.
        x: Examples, shape (rows, columns).
        y: Targets, shape (rows,), or (rows, k) for k labels or numbers.
        weights: Of the rows, shape (rows,), or None. All metrics but `max_error` count with them.
        classes: How many the data set has; None for numbers.

    Raises:
        AttributeError: The estimator gives no probabilities, and a metric needs them.
    """
    predicted: Array | None = None
    found: dict[str, float] = {}
    for name in names:
        if name == "score":
            value = estimator.score(x, y, sample_weight=weights)
        elif name == "log_loss":
            shares = _probabilities(estimator, x, classes or 2)
            value = metrics.log_loss(y, shares, labels=np.arange(classes or 2), sample_weight=weights)
        elif name == "roc_auc":
            value = _roc_auc(estimator, x, y, weights, classes or 2)
        else:
            predicted = estimator.predict(x) if predicted is None else predicted
            value = _of_predictions(name, y, predicted, weights)
        found[name] = float(value)
    return found


def _of_predictions(name: str, y: Array, predicted: Array, weights: Array | None) -> Any:
    if name == "max_error":
        return metrics.max_error(y, predicted)
    family, _, average = name.rpartition("_")
    if family in _BY_AVERAGE:
        return _BY_AVERAGE[family](y, predicted, average=average, sample_weight=weights, zero_division=0)
    return _PLAIN[name](y, predicted, sample_weight=weights)


def _probabilities(estimator: Any, x: Array, classes: int) -> Array:
    """Shape (rows, classes): one column for each class of the data set, also those that no training row had."""
    shares = np.asarray(estimator.predict_proba(x), dtype=np.float64)
    # In 64 bits, sums of 32-bit shares are off one.
    shares /= shares.sum(axis=1, keepdims=True)
    whole = np.zeros((len(shares), classes))
    whole[:, np.asarray(estimator.classes_, dtype=np.int64)] = shares
    return whole


def _roc_auc(estimator: Any, x: Array, y: Array, weights: Array | None, classes: int) -> Any:
    """Of two classes, of the second one; of several the mean over classes, each against the rest."""
    if classes > 2:
        shares = _probabilities(estimator, x, classes)
        return metrics.roc_auc_score(y, shares, multi_class="ovr", labels=np.arange(classes), sample_weight=weights)
    if hasattr(estimator, "predict_proba"):
        ranked = _probabilities(estimator, x, classes)[:, 1]
    else:
        ranked = estimator.decision_function(x)
    return metrics.roc_auc_score(y, ranked, sample_weight=weights)
