"""Backbones and learning-rate schedules in definitions: what holes become, and what must suit the data set."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from storage.errors import InvalidDefinition
from tuners.catalogue.applications import applications
from tuners.definitions import DataFacts, check_against_data, parse_definition, resolve

IMAGES = DataFacts("classification", (64, 64, 3), 3, 60, 0, 0, "float32", "int64", kind="image")
GOOD: dict[str, Any] = {
    "name": "fine",
    "dataset": {"name": "images"},
    "model": {
        "type": "application",
        "application": {"hp": "application"},
        "trainable": {"from": {"hp": "first"}},
        "head": [{"layer": "Dense", "units": {"data": "num_classes"}, "activation": "softmax"}],
    },
    "compile": {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
    "fit": {
        "epochs": 12,
        "batch_size": 8,
        "validation_split": 0.25,
        "callbacks": [
            {"callback": "LearningRateSchedule", "schedule": {"hp": "schedule"}, "drop": 0.25, "alpha": {"hp": "floor"}}
        ],
    },
    "hyperparameters": [
        {"name": "application", "type": "choice", "values": ["VGG16", "VGG19"]},
        {"name": "first", "type": "choice", "values": ["block4_conv1", "block5_conv1"]},
        {"name": "schedule", "type": "choice", "values": ["cosine", "step"]},
        {
            "name": "floor",
            "type": "float",
            "min_value": 0,
            "max_value": 0.5,
            "when": [{"hp": "schedule", "in": ["cosine"]}],
        },
    ],
    "objective": {"name": "val_accuracy"},
    "tuner": {"type": "random"},
    "limits": {"max_trials": 2},
}


def changed(**model: Any) -> dict[str, Any]:
    document = copy.deepcopy(GOOD)
    document["model"] |= model
    return document


def place(document: dict[str, Any], facts: DataFacts = IMAGES) -> list[tuple[str, str]]:
    with pytest.raises(InvalidDefinition) as refused:
        check_against_data(parse_definition(document), facts)
    return [(fault.pointer, fault.code) for fault in refused.value.faults]


def test_holes_are_filled_and_defaults_follow_from_the_weights() -> None:
    definition = parse_definition(GOOD)
    check_against_data(definition, IMAGES)
    model = resolve(definition, definition.space().defaults(), IMAGES)["model"]
    assert model == {
        "type": "application",
        "input_shape": [64, 64, 3],
        "application": "VGG16",
        "arguments": {},
        "weights": None,
        "trainable": {"from": "block4_conv1"},
        "pooling": "avg",
        "preprocess": True,
        "in_front": 0,
        "layers": [{"layer": "Dense", "units": 3, "activation": "softmax"}],
    }
    document = changed(application="VGG16", weights="imagenet")
    del document["model"]["trainable"]
    document["hyperparameters"] = document["hyperparameters"][2:]
    for weights, trainable in (("imagenet", False), (None, True)):
        document["model"]["weights"] = weights
        frozen = parse_definition(document)
        resolved: Any = resolve(frozen, frozen.space().defaults(), IMAGES)
        assert resolved["model"]["trainable"] is trainable


def test_pixels_are_left_to_the_preprocessing() -> None:
    assert parse_definition(GOOD).dataset.scale == "none"
    document = changed(preprocess=False)
    assert parse_definition(document).dataset.scale is None
    document["dataset"]["scale"] = "standard"
    assert parse_definition(document).dataset.scale == "standard"


def test_a_schedule_has_what_it_needs_at_each_point() -> None:
    definition = parse_definition(GOOD)
    space = definition.space()

    def callback(**values: Any) -> Any:
        point = space.active({**space.defaults(), **values})
        resolved: Any = resolve(definition, point, IMAGES)
        return resolved["fit"]["callbacks"][0]

    assert callback(floor=0.125) == {
        "callback": "LearningRateSchedule", "schedule": "cosine", "alpha": 0.125, "decay_epochs": 12,
        "warmup_epochs": 0, "learning_rate": 0.001,
    }  # fmt: skip
    assert callback(schedule="step") == {
        "callback": "LearningRateSchedule", "schedule": "step", "drop": 0.25, "epochs_drop": 10, "warmup_epochs": 0,
        "learning_rate": 0.001,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        (replace(IMAGES, input_shape=(20, 64)), ("/model/image_size", "missing_field")),
        (replace(IMAGES, input_shape=(784,)), ("/model/application", "task_mismatch")),
        (replace(IMAGES, input_shape=(64, 64, 4)), ("/model/application", "task_mismatch")),
        (replace(IMAGES, inputs={"left": (64, 64, 3), "right": (64, 64, 3)}), ("/model/application", "task_mismatch")),
    ],
    ids=["too small", "rows", "four channels", "two images"],
)
def test_examples_that_are_no_images_for_the_backbone_are_refused(facts: DataFacts, fault: tuple[str, str]) -> None:
    assert fault in place(GOOD, facts)


def test_a_layer_must_be_one_of_every_backbone_it_can_meet() -> None:
    document = changed()
    document["hyperparameters"][0]["values"] = ["VGG16", "ResNet50"]
    assert place(document) == [("/model/trainable/from", "invalid_enum")]


def test_weights_from_a_file_need_one_backbone() -> None:
    assert place(changed(weights={"weights": "mine"})) == [("/model/application", "unsupported_combination")]


def test_the_file_of_imagenets_weights_depends_on_width_and_size() -> None:
    small = applications()["MobileNetV2"]
    names = [
        small.files.get(small.file_key({"alpha": alpha}, shape))
        for alpha, shape in ((0.35, (96, 96)), (1, (96, 128)), (0.6, (96, 96)))
    ]
    assert names == [
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_96_no_top.h5",
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        None,
    ]
    assert all(application.files for application in applications().values())
