"""Whether a definition suits its data set: what can be told from shapes and counts, without Keras."""

from __future__ import annotations

from collections.abc import Mapping

from tuners.catalogue import catalogue
from tuners.definitions.analysis import analysed
from tuners.definitions.document import Definition
from tuners.definitions.facts import DataFacts
from tuners.definitions.faults import Faults
from tuners.definitions.resolution import resolve
from tuners.definitions.walking import Scope, Walk

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


def check_against_data(definition: Definition, data: DataFacts) -> None:
    """Returns when the definition suits the data set.

    Raises:
        InvalidDefinition: A data hole the set cannot fill, a loss or metric for another task, a batch larger than the
            data, no validation part for a `val_` objective, an output of the wrong width, ...
    """
    faults = Faults()
    analysed(definition.to_json(), faults, facts=data)
    _check_validation(definition, data, faults)
    _check_batch(definition, data, faults)
    loss = _class_name(definition.compile.loss, "loss")
    _check_task(loss, "/compile/loss", data, faults)
    for index, metric in enumerate(definition.compile.metrics):
        _check_task(_class_name(metric, "metric"), f"/compile/metrics/{index}", data, faults)
    if definition.fit.class_weight is not None and data.task != "classification":
        faults.add("/fit/class_weight", "task_mismatch", "only a classification data set has classes to weigh")
    if len(faults) == 0:
        _check_output(definition, loss, data, faults)
    faults.raise_if_any()


def _class_name(value: object, own: str) -> str:
    word = value.get(own) if isinstance(value, Mapping) else value
    entry = catalogue().loss(str(word)) if own == "loss" else catalogue().metric(str(word))
    return "" if entry is None else entry.name


def _highest(definition: Definition, value: object, data: DataFacts) -> object:
    """The largest number that a plain number or a hole of `fit` can become; None when there is none."""
    if not isinstance(value, Mapping):
        return value
    if "hp" not in value:
        span = Walk(definition.analysis.declarations, Faults(), data).span(value, "", Scope())
        return None if span is None else span.high
    hyperparameter = definition.space().by_name[value["hp"]]
    return max(hyperparameter.values) if hyperparameter.values else hyperparameter.highest


def _check_validation(definition: Definition, data: DataFacts, faults: Faults) -> None:
    split = _highest(definition, definition.fit.validation_split, data)
    if definition.fit.validation_split is not None:
        if isinstance(split, float) and not 1 <= int(data.train_rows * split) < data.train_rows:
            detail = f"leaves no rows to train on, or none to validate with: the data set has {data.train_rows} rows"
            faults.add("/fit/validation_split", "out_of_range", detail)
        return
    if data.validation_rows:
        return
    detail = "there is no validation part: give `fit.validation_split`, or name a metric of the training part"
    if definition.objective.name.startswith("val_"):
        faults.add("/objective/name", "unknown_metric", detail)
    for index, callback in enumerate(definition.fit.callbacks):
        entry = catalogue().callbacks[callback["callback"]]
        if "monitor" in entry.arguments:
            monitor = callback.get("monitor", entry.arguments["monitor"].default)
            if str(monitor).startswith("val_"):
                faults.add(f"/fit/callbacks/{index}/monitor", "unknown_metric", detail)


def _check_batch(definition: Definition, data: DataFacts, faults: Faults) -> None:
    largest = _highest(definition, definition.fit.batch_size, data)
    if isinstance(largest, int) and largest > data.train_rows:
        detail = f"must not be greater than the number of training rows, {data.train_rows}"
        faults.add("/fit/batch_size", "out_of_range", detail)


def _check_task(name: str, pointer: str, data: DataFacts, faults: Faults) -> None:
    known = catalogue()
    entry = known.losses.get(name) or known.metrics.get(name)
    if entry is None:
        return
    if data.task == "regression":
        if entry.group == "classification":
            detail = f"`{name}` is for classes, and the data set is for regression: take `mean_squared_error`, say"
            faults.add(pointer, "task_mismatch", detail)
        return
    classes = data.num_classes or 0
    if entry.group == "regression" and classes > 2:
        detail = f"`{name}` is for numbers, and the data set has {classes} classes: take {_for_classes(pointer)}"
        faults.add(pointer, "task_mismatch", detail)
    elif name in _ONE_HOT and "int" in data.y_dtype:
        detail = f"`{name}` wants one-hot rows, and the labels are integers: take {_for_classes(pointer)}"
        faults.add(pointer, "task_mismatch", detail)
    elif name in _TWO_CLASSES and classes > 2:
        detail = f"`{name}` is for two classes, and the data set has {classes}: take {_for_classes(pointer)}"
        faults.add(pointer, "task_mismatch", detail)
    elif name in _SPARSE and "int" not in data.y_dtype:
        faults.add(pointer, "task_mismatch", f"`{name}` wants integer labels, and these are not")


def _for_classes(pointer: str) -> str:
    return "`accuracy`" if pointer.startswith("/compile/metrics") else "`sparse_categorical_crossentropy`"


def _check_output(definition: Definition, loss: str, data: DataFacts, faults: Faults) -> None:
    """Compares the width of a closing Dense layer, at the defaults, with what the loss expects."""
    resolved = resolve(definition, definition.space().defaults(), data)
    model = resolved["model"]
    pointers = resolved["layer_pointers"]
    assert isinstance(model, dict)
    assert isinstance(pointers, list)
    layers = list(zip(model["layers"], pointers, strict=True))
    # Activations and dropout at the end do not change the width.
    while layers and layers[-1][0]["layer"] in ("Activation", "Softmax", "Dropout", "ReLU", "LeakyReLU"):
        layers.pop()
    if not layers or layers[-1][0]["layer"] != "Dense":
        return
    layer, pointer = layers[-1]
    units = layer["units"]
    softmax = layer.get("activation") == "softmax" or any(
        each["layer"] == "Softmax" or each.get("activation") == "softmax" for each in model["layers"][len(layers) :]
    )
    place = f"{pointer}/units"
    if softmax and units == 1:
        faults.add(place, "shape_mismatch", "a softmax over one unit is always 1: use `sigmoid`, or more units")
    elif data.task == "regression" and units != 1:
        faults.add(place, "shape_mismatch", "must be 1: the data set has one number to predict per row")
    elif data.task == "classification" and loss == "SparseCategoricalCrossentropy" and units != data.num_classes:
        detail = f'must be {data.num_classes}, the number of classes: write {{"data": "num_classes"}}'
        faults.add(place, "shape_mismatch", detail)
    elif data.task == "classification" and loss in ("BinaryCrossentropy", "BinaryFocalCrossentropy") and units != 1:
        faults.add(place, "shape_mismatch", f"must be 1 with `{loss}` and integer labels")
