"""Whether a definition suits its data set: what can be told from shapes and counts, without Keras."""

from __future__ import annotations

from collections.abc import Mapping

from tuners.catalogue import catalogue
from tuners.definitions.analysis import analysed
from tuners.definitions.data import check_data
from tuners.definitions.document import Definition
from tuners.definitions.facts import DataFacts
from tuners.definitions.faults import Faults
from tuners.definitions.resolution import resolve
from tuners.definitions.tasks import check_task


def check_against_data(definition: Definition, data: DataFacts) -> None:
    """Returns when the definition suits the data set.

    Raises:
        InvalidDefinition: A data hole the set cannot fill, a loss or metric for another task, a batch larger than the
            data, no validation part for a `val_` objective, an output of the wrong width, ...
    """
    faults = Faults()
    analysed(definition.to_json(), faults, facts=data)
    check_data(definition, data, faults)
    loss = _class_name(definition.compile.loss, "loss")
    check_task(loss, "/compile/loss", data.target(), faults)
    for index, metric in enumerate(definition.compile.metrics):
        check_task(_class_name(metric, "metric"), f"/compile/metrics/{index}", data.target(), faults)
    if definition.fit.class_weight is not None and (data.task != "classification" or data.targets):
        detail = "only a classification data set with one target has classes to weigh"
        faults.add("/fit/class_weight", "task_mismatch", detail)
    if len(faults) == 0:
        _check_output(definition, loss, data, faults)
    faults.raise_if_any()


def _class_name(value: object, own: str) -> str:
    word = value.get(own) if isinstance(value, Mapping) else value
    entry = catalogue().loss(str(word)) if own == "loss" else catalogue().metric(str(word))
    return "" if entry is None else entry.name


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
    elif data.task in ("regression", "multilabel") and units != data.target_size:
        what = "numbers to predict" if data.task == "regression" else "labels"
        detail = f'must be {data.target_size}, the {what} of each row: write {{"data": "target_size"}}'
        faults.add(place, "shape_mismatch", detail)
    elif data.task == "classification" and loss == "SparseCategoricalCrossentropy" and units != data.num_classes:
        detail = f'must be {data.num_classes}, the number of classes: write {{"data": "num_classes"}}'
        faults.add(place, "shape_mismatch", detail)
    elif data.task == "classification" and loss in ("BinaryCrossentropy", "BinaryFocalCrossentropy") and units != 1:
        faults.add(place, "shape_mismatch", f"must be 1 with `{loss}` and integer labels")
