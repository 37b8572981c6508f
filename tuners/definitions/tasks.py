"""Which losses and metrics are for which targets."""

from __future__ import annotations

from collections.abc import Collection

from storage.datasets import DatasetTarget
from tuners.catalogue import catalogue
from tuners.definitions.faults import Faults, listed

# Losses and metrics that compare with one-hot rows. Trainers give classes so when the loss is no sparse one.
_ONE_HOT = frozenset({
    "CategoricalCrossentropy", "CategoricalFocalCrossentropy", "CategoricalGeneralizedCrossEntropy", "CategoricalHinge",
    "CategoricalAccuracy", "TopKCategoricalAccuracy", "KLDivergence", "Dice", "Tversky",
})  # fmt: skip
# Metrics of a yes or no, or of one-hot rows.
_YES_OR_NO = frozenset({
    "BinaryCrossentropy", "Hinge", "SquaredHinge", "BinaryAccuracy", "AUC", "Precision", "Recall", "PrecisionAtRecall",
    "RecallAtPrecision", "SensitivityAtSpecificity", "SpecificityAtSensitivity", "TruePositives", "TrueNegatives",
    "FalsePositives", "FalseNegatives", "F1Score", "FBetaScore",
})  # fmt: skip
_SPARSE = frozenset({"SparseCategoricalCrossentropy", "SparseCategoricalAccuracy", "SparseTopKCategoricalAccuracy"})
# Of these Keras takes the one class with the largest output; `accuracy` becomes such a one where outputs are several.
_ONE_OF_SEVERAL = (_ONE_HOT | _SPARSE | {"Accuracy"}) - {"Dice", "Tversky"}


def is_sparse(name: str) -> bool:
    """Whether a loss (by Keras' class name) compares with classes by number."""
    return name in _SPARSE


def is_one_hot(name: str) -> bool:
    """Whether a loss makes sense over one-hot rows only."""
    return name in _ONE_HOT


def check_loss(name: str, pointer: str, target: DatasetTarget, faults: Faults) -> None:
    """Adds `task_mismatch` when a loss (by Keras' class name) is for other targets than these."""
    entry = catalogue().losses.get(name)
    if entry is None:
        return
    if target.task == "regression" and entry.group == "classification":
        detail = f"`{name}` is for classes, and the data set is for regression: take `mean_squared_error`, say"
        faults.add(pointer, "task_mismatch", detail)
    elif target.task == "multilabel" and name in _ONE_OF_SEVERAL:
        detail = f"`{name}` is for one class of several, and each label here is yes or no: take `binary_crossentropy`"
        faults.add(pointer, "task_mismatch", detail)


def check_metric(name: str, pointer: str, target: DatasetTarget, losses: Collection[str], faults: Faults) -> None:
    """Adds `task_mismatch` when a metric is for other targets than these.

    Args:
        name: Keras' class name.
        losses: Those that may be compiled with it: they decide how classes are given. Empty when that is not known.
    """
    entry = catalogue().metrics.get(name)
    if entry is None:
        return
    detail = None
    if target.task == "regression":
        if entry.group == "classification":
            detail = f"`{name}` is for classes, and the data set is for regression: take `mean_absolute_error`, say"
    elif target.task == "multilabel":
        if name in _ONE_OF_SEVERAL:
            detail = f"`{name}` is for one class of several, and each label here is yes or no: take `binary_accuracy`"
    else:
        detail = _of_classes(name, entry.group, target.num_classes or 0, losses)
    if detail is not None:
        faults.add(pointer, "task_mismatch", detail)


def _of_classes(name: str, group: str, classes: int, losses: Collection[str]) -> str | None:
    by_number = [loss for loss in losses if is_sparse(loss)]
    if name in _SPARSE:
        one_hot = [loss for loss in losses if not is_sparse(loss)]
        if one_hot and classes > 1:
            return f"`{name}` wants classes by number, and {listed(one_hot)} gets them one-hot: take `accuracy`"
        return None
    if not by_number:
        return None
    if name in _ONE_HOT:
        return f"`{name}` wants classes one-hot, and {listed(by_number)} gets them by number: take `accuracy`"
    if classes > 2 and (name in _YES_OR_NO or group == "regression"):
        return (
            f"`{name}` compares {classes} classes one-hot, and {listed(by_number)} gets them by number: take "
            "`accuracy`, or the loss `categorical_crossentropy`"
        )
    return None
