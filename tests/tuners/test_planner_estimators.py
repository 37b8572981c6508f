"""Estimators at the corners of a space: what cannot be fitted or measured is refused with its place and its point."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from storage.errors import InvalidDefinition
from tuners.catalogue.estimators import Estimator, estimator_catalogue
from tuners.definitions import DataFacts, check_against_data, parse_definition
from tuners.planner.corners import corners
from tuners.planner.estimators import check_estimators
from tuners.templates import template

IRIS = DataFacts("classification", (4,), 3, 150, 0, 0, "float32", "int32")
DIGITS = DataFacts("classification", (8, 8), 10, 1437, 0, 360, "float32", "int64")
NUMBERS = DataFacts("regression", (10,), None, 442, 0, 0, "float32", "float32")
PAIRS = DataFacts("regression", (10,), None, 442, 0, 0, "float32", "float32", target_shape=(2,))
LABELS = DataFacts("multilabel", (10,), 4, 442, 0, 0, "float32", "uint8", target_shape=(4,))


def definition(model: dict[str, Any], *hyperparameters: dict[str, Any], metrics: Any = ()) -> dict[str, Any]:
    """A search with these steps. One hyperparameter must vary: the number of neighbours, say, of nobody's."""
    return {
        "name": "search",
        "dataset": {"name": "any"},
        "model": {"type": "sklearn", **model},
        "compile": {"metrics": list(metrics)},
        "fit": {"validation_split": 0.2},
        "hyperparameters": list(hyperparameters),
        "objective": {"name": f"val_{(metrics or ['score'])[0]}"},
        "tuner": {"type": "random"},
    }


def checked(document: dict[str, Any], facts: DataFacts) -> None:
    found = parse_definition(document)
    check_against_data(found, facts)
    size = check_estimators(found, corners(found.space()), facts, max_parameters=1_000_000)
    assert (size.min_parameters, size.max_parameters, size.default_parameters) == (None, None, None)


def refused(document: dict[str, Any], facts: DataFacts) -> tuple[str, str, str]:
    with pytest.raises(InvalidDefinition) as caught:
        checked(document, facts)
    (fault,) = caught.value.faults
    return fault.pointer, fault.code, fault.detail


def scaled(name: str) -> dict[str, Any]:
    """Steps with one hyperparameter, so that there is something to search."""
    return {"steps": [{"step": "StandardScaler", "with_mean": {"hp": "centred"}}, {"estimator": name}]}


CENTRED = {"name": "centred", "type": "boolean"}


@pytest.mark.parametrize("entry", estimator_catalogue().estimators.values(), ids=lambda entry: entry.name)
def test_every_estimator_suits_the_data_it_is_for(entry: Estimator) -> None:
    steps: dict[str, Any] = {"steps": [{"step": "MinMaxScaler", "clip": {"hp": "centred"}}, {"estimator": entry.name}]}
    if "classification" in entry.tasks:
        checked(definition(steps, CENTRED, metrics=["accuracy", "f1_macro"]), DIGITS)
    if "multilabel" in entry.tasks:
        checked(definition(steps, CENTRED, metrics=["accuracy", "f1_weighted"]), LABELS)
    if "regression" in entry.tasks:
        checked(definition(steps, CENTRED, metrics=["r2", "max_error"]), NUMBERS)
    if entry.several_targets and "regression" in entry.tasks:
        checked(definition(steps, CENTRED, metrics=["r2"]), PAIRS)


@pytest.mark.parametrize("name", list(estimator_catalogue().steps))
def test_every_step_can_stand_before_an_estimator(name: str) -> None:
    steps: dict[str, Any] = {"steps": [{"step": name}, {"estimator": "BernoulliNB", "fit_prior": {"hp": "centred"}}]}
    checked(definition(steps, CENTRED), DIGITS)


def test_the_template_can_be_fitted_all_over() -> None:
    checked(template("sklearn"), DIGITS)


COMPONENTS = {"name": "components", "type": "int", "min_value": 2, "max_value": 9}


def test_more_components_than_columns_are_refused_with_the_corner() -> None:
    steps = {"steps": [{"step": "PCA", "n_components": {"hp": "components"}}, {"estimator": "SVC"}]}
    pointer, code, detail = refused(definition(steps, COMPONENTS), IRIS)
    assert (pointer, code) == ("/model/steps/0/n_components", "build_error")
    assert "at most 4 are possible" in detail
    assert "(at the largest point: components=9)" in detail


def test_more_neighbours_than_a_fold_has_rows_are_refused() -> None:
    many = {"name": "k", "type": "int", "min_value": 1, "max_value": 130}
    document = definition({"estimator": "KNeighborsClassifier", "n_neighbors": {"hp": "k"}}, many)
    assert refused(document, IRIS)[:2] == ("/model/n_neighbors", "build_error")
    document["fit"] = {"cross_validation": {"folds": 10}}
    checked(document, IRIS)


def test_a_step_that_makes_too_many_columns_is_too_large() -> None:
    degree = {"name": "degree", "type": "int", "min_value": 1, "max_value": 5}
    steps = {"steps": [{"step": "PolynomialFeatures", "degree": {"hp": "degree"}}, {"estimator": "SVC"}]}
    pointer, code, detail = refused(definition(steps, degree), DIGITS)
    assert (pointer, code) == ("/model/steps/0/degree", "model_too_large")
    assert "degree=5" in detail


def test_arguments_that_do_not_go_together_are_refused_in_scikit_learns_words() -> None:
    solver = {"name": "solver", "type": "choice", "values": ["lbfgs", "liblinear"]}
    model = {"estimator": "LogisticRegression", "solver": {"hp": "solver"}, "l1_ratio": 1.0}
    pointer, code, detail = refused(definition(model, solver), IRIS)
    assert (pointer, code) == ("/model", "build_error")
    assert "lbfgs" in detail


def test_a_share_above_one_is_refused() -> None:
    share = {"name": "share", "type": "float", "min_value": 0.5, "max_value": 1.5}
    model = {"estimator": "RandomForestClassifier", "max_features": {"hp": "share"}}
    pointer, code, detail = refused(definition(model, share), IRIS)
    assert (pointer, code) == ("/model", "build_error")
    assert "max_features" in detail


def test_negative_numbers_before_a_model_of_counts_are_refused() -> None:
    assert refused(definition(scaled("MultinomialNB"), CENTRED), IRIS)[:2] == ("/model/steps/1", "build_error")


def test_a_metric_that_needs_probabilities_is_refused_where_there_are_none() -> None:
    document = definition(scaled("LinearSVC"), CENTRED, metrics=["accuracy", "log_loss"])
    pointer, code, detail = refused(document, IRIS)
    assert (pointer, code) == ("/compile/metrics/1", "build_error")
    assert "predict_proba" in detail


@pytest.mark.parametrize(
    ("model", "metrics", "facts", "pointer"),
    [
        (scaled("Ridge"), [], IRIS, "/model/steps/1/estimator"),
        (scaled("SVC"), [], NUMBERS, "/model/steps/1/estimator"),
        (scaled("SVR"), [], PAIRS, "/model/steps/1/estimator"),
        (scaled("GaussianNB"), [], LABELS, "/model/steps/1/estimator"),
        (scaled("SVC"), ["r2"], IRIS, "/compile/metrics/0"),
        (scaled("SVR"), ["accuracy"], NUMBERS, "/compile/metrics/0"),
        (scaled("KNeighborsRegressor"), ["max_error"], PAIRS, "/compile/metrics/0"),
        (scaled("KNeighborsClassifier"), ["roc_auc"], LABELS, "/compile/metrics/0"),
    ],
)
def test_what_is_for_other_data_is_refused(
    model: dict[str, Any], metrics: list[str], facts: DataFacts, pointer: str
) -> None:
    assert refused(definition(copy.deepcopy(model), CENTRED, metrics=metrics), facts)[:2] == (pointer, "task_mismatch")


def test_every_estimator_that_can_be_chosen_must_suit_the_data() -> None:
    kind = {"name": "kind", "type": "choice", "values": ["Ridge", "SVR"]}
    place, code, detail = refused(definition({"estimator": {"hp": "kind"}}, kind), PAIRS)
    assert (place, code) == ("/model/estimator", "task_mismatch")
    assert "`SVR`" in detail


def test_several_inputs_are_not_for_estimators() -> None:
    facts = DataFacts("classification", (4,), 3, 150, 0, 0, "float32", "int32", inputs={"a": (4,), "b": (2,)})
    document = definition(scaled("SVC"), CENTRED)
    assert refused(document, facts)[:2] == ("/model/type", "unsupported_combination")
