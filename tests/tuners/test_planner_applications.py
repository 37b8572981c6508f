"""Backbones at the door: built at the corners of the space without their weights, refused with the place."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from storage.errors import InvalidDefinition
from tuners.definitions import DataFacts, check_against_data, parse_definition, resolve
from tuners.planner.applications import lightened
from tuners.planner.check import check
from tuners.planner.wire import Request
from tuners.trainer.builder import build_model

pytestmark = pytest.mark.keras

IMAGES = DataFacts("classification", (40, 40, 3), 3, 60, 0, 0, "float32", "int64", kind="image")
DEFINITION: dict[str, Any] = {
    "name": "fine",
    "dataset": {"name": "images"},
    "model": {
        "type": "application",
        "application": "MobileNetV2",
        "alpha": 0.35,
        "trainable": {"last": {"hp": "last"}},
        "augmentation": [
            {"layer": "RandomFlip", "mode": {"hp": "mode"}},
            {"if": {"hp": "rotate"}, "layers": [{"layer": "RandomRotation", "factor": {"hp": "factor"}}]},
        ],
        "head": [
            {"layer": "Dense", "units": {"hp": "units"}, "activation": "relu"},
            {"layer": "Dense", "units": {"data": "num_classes"}, "activation": "softmax"},
        ],
    },
    "compile": {"optimizer": "Adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
    "fit": {"epochs": 2, "batch_size": 8, "validation_split": 0.25},
    "hyperparameters": [
        {"name": "last", "type": "int", "min_value": 0, "max_value": 40, "step": 20},
        {"name": "mode", "type": "choice", "values": ["horizontal", "vertical"]},
        {"name": "rotate", "type": "boolean"},
        {"name": "factor", "type": "float", "min_value": 0.0, "max_value": 0.25, "when": [{"hp": "rotate"}]},
        {"name": "units", "type": "int", "min_value": 4, "max_value": 8},
    ],
    "objective": {"name": "val_accuracy"},
    "tuner": {"type": "random"},
    "limits": {"max_trials": 2},
}


def asked(facts: DataFacts = IMAGES, **model: Any) -> Request:
    document = copy.deepcopy(DEFINITION)
    document["model"] |= model
    definition = parse_definition(document)
    return Request(definition=definition.to_json(), facts=facts, max_parameters=10_000_000)


def refusal(request: Request) -> tuple[str, str, str]:
    with pytest.raises(InvalidDefinition) as refused:
        check(request)
    (fault,) = refused.value.faults
    return fault.pointer, fault.code, fault.detail


def test_augmentation_with_holes_is_tried_and_parameters_are_counted() -> None:
    size = check(asked())
    backbone = 410_208
    assert size.min_parameters == backbone + 1281 * 4 + 5 * 3
    assert size.max_parameters == backbone + 1281 * 8 + 9 * 3


def test_the_stand_in_has_the_backbones_shape_and_none_of_its_weights() -> None:
    definition = parse_definition(DEFINITION)
    whole = resolve(definition, definition.space().defaults(), IMAGES)
    light, backbone = lightened(whole, 10_000_000)
    counts = [build_model(each, allocate=False).count_params() for each in (whole, light)]
    assert counts[0] - counts[1] == backbone
    assert light["model"]["stand_in"] == [1280]


def test_images_too_small_for_the_backbone_are_refused_with_the_place() -> None:
    small = replace(IMAGES, input_shape=(20, 20, 3))
    assert refusal(asked(small))[:2] == ("/model/application", "shape_mismatch")
    # Only what is done to the images shows that they get too small.
    cropped = [{"layer": "RandomCrop", "height": 16, "width": 16}, {"layer": "RandomFlip", "mode": {"hp": "mode"}}]
    document = copy.deepcopy(DEFINITION)
    document["model"]["augmentation"] = cropped
    unused = ("rotate", "factor")
    document["hyperparameters"] = [each for each in document["hyperparameters"] if each["name"] not in unused]
    definition = parse_definition(document).to_json()
    pointer, code, detail = refusal(Request(definition=definition, facts=IMAGES, max_parameters=10_000_000))
    assert (pointer, code) == ("/model/application", "shape_mismatch")
    assert "MobileNetV2 takes images of at least 32 x 32, not 16 x 16" in detail


def test_a_backbone_larger_than_is_allowed_is_refused_with_the_place() -> None:
    request = asked().model_copy(update={"max_parameters": 100_000})
    assert refusal(request)[:2] == ("/model/application", "model_too_large")


def test_a_head_that_does_not_fit_is_refused_with_the_place() -> None:
    head = [{"layer": "Conv2D", "filters": {"hp": "units"}, "kernel_size": 2}, {"layer": "Dense", "units": 3}]
    assert refusal(asked(head=head))[:2] == ("/model/head/0", "shape_mismatch")
    whole = asked(head=[{"layer": "Flatten"}, {"layer": "Dense", "units": {"hp": "units"}}, head[-1]], pooling=None)
    assert (check(whole).min_parameters or 0) > 0


def test_weights_are_never_looked_for() -> None:
    assert (check(asked(weights={"weights": "nowhere"})).min_parameters or 0) > 410_208


def test_each_backbone_of_a_choice_is_built() -> None:
    document = copy.deepcopy(DEFINITION)
    del document["model"]["alpha"]
    document["model"]["application"] = {"hp": "application"}
    choice = {"name": "application", "type": "choice", "values": ["MobileNetV2", "MobileNetV3Small"]}
    document["hyperparameters"] = [choice, *document["hyperparameters"]]
    definition = parse_definition(document)
    check_against_data(definition, IMAGES)
    size = check(Request(definition=definition.to_json(), facts=IMAGES, max_parameters=10_000_000))
    assert size.min_parameters is not None
    assert size.max_parameters is not None
    assert size.min_parameters < 1_000_000 < 2_000_000 < size.max_parameters
