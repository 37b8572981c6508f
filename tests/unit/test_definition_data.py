"""A definition against its data set: what shapes, counts and labels can tell without Keras."""

from __future__ import annotations

import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from storage.errors import InvalidDefinition
from tuners.definitions import DataFacts, check_against_data, parse_definition

GOOD: dict[str, Any] = json.loads((Path(__file__).parent / "good_definition.json").read_text("utf-8"))
DIGITS = DataFacts("classification", (8, 8), 10, 1437, 0, 360, "float32", "int64")
TWO_CLASSES = dataclasses.replace(DIGITS, num_classes=2)
DIABETES = DataFacts("regression", (10,), None, 353, 0, 89, "float64", "float64")
TOKENS = dataclasses.replace(DIGITS, x_dtype="int64")


def with_output(units: object, activation: str, loss: object, metrics: list[Any], **more: Any) -> dict[str, Any]:
    document = copy.deepcopy(GOOD)
    document["model"]["layers"][-1] = {"layer": "Dense", "units": units, "activation": activation}
    document["compile"]["loss"] = loss
    document["compile"]["metrics"] = metrics
    document["objective"] = {"name": "val_loss"}
    return {**document, **more}


def faults(document: dict[str, Any], data: DataFacts) -> set[tuple[str, str]]:
    definition = parse_definition(document)
    with pytest.raises(InvalidDefinition) as refused:
        check_against_data(definition, data)
    assert all(fault.detail for fault in refused.value.faults)
    return {(fault.pointer, fault.code) for fault in refused.value.faults}


SPARSE = "sparse_categorical_crossentropy"


@pytest.mark.parametrize(
    ("document", "data"),
    [
        pytest.param(GOOD, DIGITS, id="digits"),
        pytest.param(with_output(1, "linear", "mse", ["mae"]), DIABETES, id="regression"),
        pytest.param(with_output(1, "sigmoid", "binary_crossentropy", ["AUC"]), TWO_CLASSES, id="two classes"),
        pytest.param(with_output(2, "softmax", SPARSE, ["accuracy"]), TWO_CLASSES, id="two classes, two units"),
        pytest.param(with_output(1, "sigmoid", "mse", []), TWO_CLASSES, id="squared error of a probability"),
        pytest.param(with_output(10, "softmax", {"loss": "SparseCategoricalCrossentropy"}, []), DIGITS, id="object"),
        pytest.param(with_output(10, "softmax", "categorical_crossentropy", ["accuracy"]), DIGITS, id="one-hot loss"),
        pytest.param(
            with_output(
                10,
                "softmax",
                {"loss": "CategoricalCrossentropy", "label_smoothing": 0.1},
                [{"metric": "F1Score", "average": "macro"}, "AUC", "precision", "categorical_accuracy"],
            ),
            DIGITS,
            id="metrics of one-hot rows",
        ),
        pytest.param(with_output(10, "softmax", "mse", ["accuracy"]), DIGITS, id="squared error of ten classes"),
        pytest.param(with_output(2, "softmax", "binary_crossentropy", []), TWO_CLASSES, id="two units, binary loss"),
    ],
)
def test_what_suits(document: dict[str, Any], data: DataFacts) -> None:
    check_against_data(parse_definition(document), data)


@pytest.mark.parametrize(
    ("document", "data", "pointer", "code"),
    [
        pytest.param(GOOD, DIABETES, "/compile/loss", "task_mismatch", id="classes wanted, numbers there"),
        pytest.param(GOOD, DIABETES, "/model/layers/2/units/data", "data_unavailable", id="no classes"),
        pytest.param(GOOD, DIABETES, "/compile/metrics/0", "task_mismatch", id="accuracy of numbers"),
        pytest.param(
            with_output(1, "softmax", "mse", []), DIGITS, "/model/layers/2/units", "shape_mismatch", id="mse of ten",
        ),
        pytest.param(
            with_output(1, "sigmoid", "categorical_crossentropy", []), DIGITS, "/model/layers/2/units",
            "shape_mismatch", id="one-hot loss of one unit",
        ),
        pytest.param(
            with_output(10, "softmax", "categorical_crossentropy", ["sparse_categorical_accuracy"]), DIGITS,
            "/compile/metrics/0", "task_mismatch", id="metric by number, loss one-hot",
        ),
        pytest.param(
            with_output(10, "softmax", SPARSE, ["mae"]), DIGITS, "/compile/metrics/0", "task_mismatch",
            id="numbers for classes",
        ),
        pytest.param(
            with_output(10, "softmax", SPARSE, ["categorical_accuracy"]), DIGITS, "/compile/metrics/0",
            "task_mismatch", id="one-hot metric",
        ),
        pytest.param(
            with_output(1, "sigmoid", "binary_crossentropy", []), DIGITS, "/model/layers/2/units", "shape_mismatch",
            id="binary loss of ten classes",
        ),
        pytest.param(
            with_output(10, "softmax", SPARSE, ["precision"]), DIGITS, "/compile/metrics/0", "task_mismatch",
            id="precision of ten classes",
        ),
        pytest.param(
            with_output(9, "softmax", SPARSE, []), DIGITS, "/model/layers/2/units", "shape_mismatch", id="nine units",
        ),
        pytest.param(
            with_output({"hp": "num_layers"}, "softmax", SPARSE, []), DIGITS, "/model/layers/2/units",
            "shape_mismatch", id="varying units",
        ),
        pytest.param(
            with_output(1, "softmax", SPARSE, []), DIGITS, "/model/layers/2/units", "shape_mismatch",
            id="softmax over one",
        ),
        pytest.param(
            with_output(3, "sigmoid", "binary_crossentropy", []), TWO_CLASSES, "/model/layers/2/units",
            "shape_mismatch", id="three units for two classes",
        ),
        pytest.param(
            with_output(3, "linear", "mse", []), DIABETES, "/model/layers/2/units", "shape_mismatch",
            id="three numbers for one",
        ),
        pytest.param(
            {**GOOD, "fit": {**GOOD["fit"], "class_weight": "balanced"}}, DIABETES, "/fit/class_weight",
            "task_mismatch", id="class weights of numbers",
        ),
        pytest.param(
            {**GOOD, "fit": {**GOOD["fit"], "batch_size": {"mul": [{"hp": "batch_size"}, 100]}}}, DIGITS,
            "/fit/batch_size", "out_of_range", id="computed batch size beyond the data",
        ),
        pytest.param(
            GOOD, dataclasses.replace(DIGITS, train_rows=50), "/fit/batch_size", "out_of_range",
            id="batch size beyond the data",
        ),
        pytest.param(
            {**GOOD, "fit": {**GOOD["fit"], "validation_split": 0.001}}, dataclasses.replace(DIGITS, train_rows=100),
            "/fit/validation_split", "out_of_range", id="no row to validate with",
        ),
        pytest.param(
            {**GOOD, "fit": {"epochs": 1, "batch_size": {"hp": "batch_size"}}}, DIGITS, "/objective/name",
            "unknown_metric", id="no validation part",
        ),
        pytest.param(
            with_output({"data": "vocabulary_size"}, "softmax", SPARSE, []), DIGITS, "/model/layers/2/units/data",
            "data_unavailable", id="no vocabulary",
        ),
        pytest.param(
            with_output({"mul": [{"data": "input_size"}, 1_000_000]}, "softmax", SPARSE, []), DIGITS,
            "/model/layers/2/units", "out_of_range", id="too wide once the data are known",
        ),
    ],
)  # fmt: skip
def test_what_does_not_suit(document: dict[str, Any], data: DataFacts, pointer: str, code: str) -> None:
    assert (pointer, code) in faults(document, data)


def test_a_validation_part_of_the_data_is_enough() -> None:
    document = {**GOOD, "fit": {"epochs": 1, "batch_size": {"hp": "batch_size"}}}
    check_against_data(parse_definition(document), dataclasses.replace(DIGITS, validation_rows=100))


def test_images_need_two_or_three_axes() -> None:
    document = copy.deepcopy(GOOD)
    document["model"]["layers"][0] = {"layer": "Reshape", "target_shape": {"data": "image_shape"}}
    check_against_data(parse_definition(document), DIGITS)
    flat = dataclasses.replace(DIGITS, input_shape=(64,))
    assert faults(document, flat) == {("/model/layers/0/target_shape/data", "data_unavailable")}
