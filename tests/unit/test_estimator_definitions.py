"""Definitions of type `sklearn`: what they may say, and what they become at a point."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from storage.errors import InvalidDefinition
from tuners.definitions import DataFacts, Definition, parse_definition, resolve
from tuners.plan import plan

IRIS = DataFacts("classification", (4,), 3, 150, 0, 0, "float32", "int32")

GOOD: dict[str, Any] = {
    "name": "iris",
    "dataset": {"name": "iris"},
    "model": {
        "type": "sklearn",
        "steps": [
            {"step": {"hp": "scaler"}},
            {"if": {"hp": "pca"}, "step": "PCA", "n_components": {"hp": "components"}},
            {
                "if": {"hp": "family", "in": ["trees"]},
                "estimator": {"hp": "trees"},
                "n_estimators": {"hp": "n_estimators"},
                "max_depth": {"hp": "max_depth"},
                "learning_rate": {"hp": "learning_rate"},
            },
            {
                "if": {"hp": "family", "in": ["svc"]},
                "estimator": "SVC",
                "C": 10,
                "kernel": {"hp": "kernel"},
                "degree": {"hp": "degree"},
            },
        ],
    },
    "compile": {"metrics": ["balanced_accuracy", "log_loss"]},
    "fit": {"validation_split": 0.2},
    "hyperparameters": [
        {"name": "scaler", "type": "choice", "values": ["StandardScaler", "MinMaxScaler"]},
        {"name": "pca", "type": "boolean"},
        {"name": "components", "type": "int", "min_value": 1, "max_value": 4, "when": [{"hp": "pca"}]},
        {"name": "family", "type": "choice", "values": ["trees", "svc"]},
        {
            "name": "trees",
            "type": "choice",
            "values": ["RandomForestClassifier", "GradientBoostingClassifier"],
            "when": [{"hp": "family", "in": ["trees"]}],
        },
        {
            "name": "n_estimators",
            "type": "int",
            "min_value": 10,
            "max_value": 200,
            "when": [{"hp": "family", "in": ["trees"]}],
        },
        {"name": "max_depth", "type": "choice", "values": [2, 4, 8], "when": [{"hp": "family", "in": ["trees"]}]},
        {
            "name": "learning_rate",
            "type": "float",
            "min_value": 0.01,
            "max_value": 1.0,
            "sampling": "log",
            "when": [{"hp": "trees", "in": ["GradientBoostingClassifier"]}],
        },
        {"name": "kernel", "type": "choice", "values": ["rbf", "poly"], "when": [{"hp": "family", "in": ["svc"]}]},
        {"name": "degree", "type": "int", "min_value": 2, "max_value": 4, "when": [{"hp": "kernel", "in": ["poly"]}]},
    ],
    "objective": {"name": "val_balanced_accuracy"},
    "tuner": {"type": "bayesian"},
    "seed": 7,
}


def at(definition: Definition, **values: Any) -> list[dict[str, Any]]:
    """The steps at the defaults with these values."""
    space = definition.space()
    point = space.active({each.name: each.default for each in space.hyperparameters} | values)
    resolved: Any = resolve(definition, point, IRIS)
    steps: list[dict[str, Any]] = resolved["model"]["steps"]
    return steps


def refusal(change: dict[str, Any], *, without: str = "") -> set[tuple[str, str]]:
    document = copy.deepcopy(GOOD) | copy.deepcopy(change)
    document.pop(without, None)
    with pytest.raises(InvalidDefinition) as caught:
        parse_definition(document)
    return {(fault.pointer, fault.code) for fault in caught.value.faults}


def single(model: dict[str, Any], *hyperparameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"model": {"type": "sklearn", **model}, "hyperparameters": list(hyperparameters), **more}


C = {"name": "C", "type": "float", "min_value": 0.1, "max_value": 10.0}
KIND = {"name": "kind", "type": "choice", "values": ["SVC", "GaussianNB"]}


def test_it_is_kept_whole() -> None:
    definition = parse_definition(copy.deepcopy(GOOD))
    assert parse_definition(definition.to_json()).to_json() == definition.to_json()
    assert not {"epochs", "batch_size", "callbacks", "shuffle"} & set(definition.to_json()["fit"])
    assert definition.metric_names() == (
        "balanced_accuracy", "log_loss", "val_balanced_accuracy", "val_log_loss",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("metrics", "objective", "direction"),
    [
        (["log_loss"], "val_log_loss", "min"),
        (["roc_auc"], "val_roc_auc", "max"),
        (["max_error"], "max_error", "min"),
        ([], "val_score", "max"),
    ],
)
def test_the_direction_follows_from_the_metric(metrics: list[str], objective: str, direction: str) -> None:
    document = copy.deepcopy(GOOD) | {"compile": {"metrics": metrics}, "objective": {"name": objective}}
    assert parse_definition(document).objective.direction == direction


def test_neither_compile_nor_fit_is_needed() -> None:
    document = copy.deepcopy(GOOD) | {"objective": {"name": "score"}}
    del document["compile"], document["fit"]
    assert parse_definition(document).objective.direction == "max"


def test_what_is_there_at_a_point() -> None:
    definition = parse_definition(copy.deepcopy(GOOD))
    assert at(definition) == [
        {"step": "StandardScaler"},
        {"estimator": "RandomForestClassifier", "n_estimators": 10, "max_depth": 2},
    ]
    assert at(definition, scaler="MinMaxScaler", pca=True, trees="GradientBoostingClassifier", learning_rate=0.5) == [
        {"step": "MinMaxScaler"},
        {"step": "PCA", "n_components": 1},
        {"estimator": "GradientBoostingClassifier", "n_estimators": 10, "max_depth": 2, "learning_rate": 0.5},
    ]
    assert at(definition, family="svc")[-1] == {"estimator": "SVC", "C": 10, "kernel": "rbf"}
    assert at(definition, family="svc", kernel="poly")[-1] == {
        "estimator": "SVC", "C": 10, "kernel": "poly", "degree": 2,
    }  # fmt: skip


def test_a_single_estimator_needs_no_list() -> None:
    document = copy.deepcopy(GOOD) | single({"estimator": "SVC", "C": {"hp": "C"}}, C)
    resolved: Any = resolve(parse_definition(document), {"C": 2.0}, IRIS)
    assert resolved["model"] == {
        "type": "sklearn", "input_shape": [4], "steps": [{"estimator": "SVC", "C": 2.0}],
    }  # fmt: skip
    assert resolved["layer_pointers"] == ["/model"]


def test_layers_of_a_network_can_be_a_choice_of_lists() -> None:
    sizes = {"name": "sizes", "type": "choice", "values": [[8], [16, 8]]}
    model = {"estimator": "MLPClassifier", "hidden_layer_sizes": {"hp": "sizes"}}
    definition = parse_definition(copy.deepcopy(GOOD) | single(model, sizes))
    assert at(definition)[0]["hidden_layer_sizes"] == [8]


def test_each_training_is_one_row_in_the_plan() -> None:
    document = copy.deepcopy(GOOD) | {
        "fit": {"cross_validation": {"folds": 4}}, "limits": {"max_trials": 6}, "executions_per_trial": 2,
    }  # fmt: skip
    definition = parse_definition(document)
    found = plan(definition, definition.space(), IRIS)
    assert (found.trials, found.epochs) == (6, 48)


STEPS: list[Any] = GOOD["model"]["steps"]
BARE = {"estimator": "GaussianNB"}


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"model": {"type": "sklearn"}}, "/model/estimator", "missing_field"),
        ({"model": {"type": "sklearn", "steps": {}}}, "/model/steps", "invalid_type"),
        ({"model": {"type": "sklearn", "steps": [{"step": "PCA"}]}}, "/model/steps", "missing_field"),
        ({"model": {"type": "sklearn", "steps": []}}, "/model/steps", "missing_field"),
        ({"model": {"type": "sklearn", "steps": [BARE] * 21}}, "/model/steps", "too_many"),
        ({"model": {"type": "sklearn", "steps": ["PCA", BARE]}}, "/model/steps/0", "invalid_type"),
        ({"model": {"type": "sklearn", "steps": [{"C": 1.0}, BARE]}}, "/model/steps/0/step", "missing_field"),
        ({"model": {"type": "sklearn", "steps": [{**BARE, "step": "PCA"}]}}, "/model/steps/0/step", "unknown_field"),
        ({"model": {"type": "sklearn", "steps": [BARE, {"step": "PCA"}]}}, "/model/steps/1", "invalid_type"),
        ({"model": {"type": "sklearn", "steps": [BARE], "estimator": "SVC"}}, "/model/estimator", "unknown_field"),
        ({"model": {"type": "sklearn", "steps": [BARE, BARE]}}, "/model/steps/0/if", "invalid_condition"),
        (single({"estimator": "SVM"}), "/model/estimator", "invalid_enum"),
        (single({"estimator": "PCA"}), "/model/estimator", "invalid_enum"),
        (single({"estimator": ["SVC"]}), "/model/estimator", "invalid_type"),
        (single({"estimator": "GaussianProcessClassifier"}), "/model/estimator", "invalid_enum"),
        (single({"estimator": "SVC", "n_jobs": 4}), "/model/n_jobs", "unknown_argument"),
        (single({"estimator": "SVC", "random_state": 4}), "/model/random_state", "unknown_argument"),
        (single({"estimator": "SVC", "kernel": "precomputed"}), "/model/kernel", "invalid_enum"),
        (single({"estimator": "SVC", "C": {"hp": "kind"}}, KIND), "/model/C", "hyperparameter_type_mismatch"),
        (single({"estimator": {"hp": "C"}}, C), "/model/estimator", "hyperparameter_type_mismatch"),
        (single({"estimator": {"hp": "kind"}, "C": {"hp": "C"}}, KIND, C), "/model/C", "unknown_argument"),
        (single({"estimator": {"hp": "kind"}, "alpha": 1.0}, KIND), "/model/alpha", "unknown_argument"),
        (
            {"model": {"type": "sklearn", "steps": [*STEPS[:3]]}},
            "/model/steps", "invalid_condition",
        ),
        (
            {"model": {"type": "sklearn", "steps": [*STEPS, {**STEPS[3]}]}},
            "/model/steps/4/if", "invalid_condition",
        ),
        (
            {"model": {"type": "sklearn", "steps": [*STEPS[:3], {**STEPS[3], "if": {"hp": "pca"}}]}},
            "/model/steps/3/if", "invalid_condition",
        ),
        ({"compile": {"optimizer": "adam"}}, "/compile/optimizer", "unknown_field"),
        ({"compile": {"loss": "mse"}}, "/compile/loss", "unknown_field"),
        ({"compile": {"metrics": ["acc"]}}, "/compile/metrics/0", "unknown_metric"),
        ({"compile": {"metrics": [{"metric": "accuracy"}]}}, "/compile/metrics/0", "invalid_type"),
        ({"compile": {"metrics": ["accuracy", "accuracy"]}}, "/compile/metrics/1", "duplicate_name"),
        ({"objective": {"name": "val_loss"}}, "/objective/name", "unknown_metric"),
        ({"fit": {"epochs": 3}}, "/fit/epochs", "unknown_field"),
        ({"fit": {"batch_size": 3}}, "/fit/batch_size", "unknown_field"),
        ({"fit": {"callbacks": []}}, "/fit/callbacks", "unknown_field"),
        ({"fit": {"class_weight": "balanced"}}, "/fit/class_weight", "unknown_field"),
        ({"tuner": {"type": "hyperband", "max_epochs": 9}}, "/tuner/type", "unsupported_combination"),
        ({"constraints": [{"parameters": {"max": 10}}]}, "/constraints", "unsupported_combination"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_at_its_place(change: dict[str, Any], pointer: str, code: str) -> None:
    assert (pointer, code) in refusal(change)
