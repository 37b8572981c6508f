"""Which losses and metrics are for which task."""

from __future__ import annotations

from storage.records import DatasetTarget
from tuners.catalogue import catalogue
from tuners.definitions.faults import Faults

# Losses and metrics that compare with one-hot rows; our classification sets hold one integer per row.
_ONE_HOT = frozenset({
    "CategoricalCrossentropy", "CategoricalFocalCrossentropy", "CategoricalHinge", "CategoricalAccuracy",
    "TopKCategoricalAccuracy", "KLDivergence", "Dice", "Tversky",
})  # fmt: skip
_TWO_CLASSES = frozenset({
    "BinaryCrossentropy", "BinaryFocalCrossentropy", "Hinge", "SquaredHinge", "BinaryAccuracy", "AUC", "Precision",
    "Recall", "PrecisionAtRecall", "RecallAtPrecision", "SensitivityAtSpecificity", "SpecificityAtSensitivity",
    "TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives", "F1Score", "FBetaScore",
})  # fmt: skip
_SPARSE = frozenset({"SparseCategoricalCrossentropy", "SparseCategoricalAccuracy", "SparseTopKCategoricalAccuracy"})
# Of these Keras takes the one class with the largest output; `accuracy` becomes such a one where outputs are several.
_ONE_OF_SEVERAL = (_ONE_HOT | _SPARSE | {"Accuracy"}) - {"Dice", "Tversky"}


def check_task(name: str, pointer: str, target: DatasetTarget, faults: Faults) -> None:
    """Adds `task_mismatch` when a loss or metric (by Keras' class name) is for other targets than these."""
    known = catalogue()
    entry = known.losses.get(name) or known.metrics.get(name)
    if entry is None:
        return
    metric = "/metrics" in pointer
    if target.task == "regression":
        if entry.group == "classification":
            detail = f"`{name}` is for classes, and the data set is for regression: take `mean_squared_error`, say"
            faults.add(pointer, "task_mismatch", detail)
        return
    if target.task == "multilabel":
        if name in _ONE_OF_SEVERAL:
            instead = "`binary_accuracy`" if metric else "`binary_crossentropy`"
            detail = f"`{name}` is for one class of several, and each label here is yes or no: take {instead}"
            faults.add(pointer, "task_mismatch", detail)
        return
    classes = target.num_classes or 0
    instead = "`accuracy`" if metric else "`sparse_categorical_crossentropy`"
    if entry.group == "regression" and classes > 2:
        detail = f"`{name}` is for numbers, and the data set has {classes} classes: take {instead}"
        faults.add(pointer, "task_mismatch", detail)
    elif name in _ONE_HOT:
        detail = f"`{name}` wants one-hot rows, and the labels are integers: take {instead}"
        faults.add(pointer, "task_mismatch", detail)
    elif name in _TWO_CLASSES and classes > 2:
        detail = f"`{name}` is for two classes, and the data set has {classes}: take {instead}"
        faults.add(pointer, "task_mismatch", detail)
