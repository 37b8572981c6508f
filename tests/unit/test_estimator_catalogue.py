from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tuners.catalogue.estimators import Estimator, estimator_catalogue

ROOT = Path(__file__).parents[2]


def entries() -> list[Estimator]:
    known = estimator_catalogue()
    return [*known.estimators.values(), *known.steps.values()]


def test_reading_it_needs_no_scikit_learn() -> None:
    code = (
        "import sys\n"
        "import tuners.codegen, tuners.definitions\n"
        "from tuners.catalogue.estimators import estimator_catalogue\n"
        "assert len(estimator_catalogue().estimators) >= 40\n"
        "heavy = {'keras', 'tensorflow', 'numpy', 'sklearn', 'scipy', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_it_is_what_the_installed_scikit_learn_says() -> None:
    """`python -m tuners.catalogue.generate_sklearn` writes it anew after an upgrade of scikit-learn."""
    done = subprocess.run(
        [sys.executable, "-m", "tuners.catalogue.generate_sklearn", "-o", "-"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == (ROOT / "tuners/catalogue/sklearn.json").read_text("utf-8")


def test_every_default_is_an_allowed_value() -> None:
    wrong = [
        (entry.name, each.name)
        for entry in entries()
        for each in entry.arguments.values()
        if each.fault(each.default) is not None
    ]
    assert wrong == []


def test_every_number_is_bounded_on_both_sides() -> None:
    numeric = {"int", "float", "int_list", "float_list"}
    unbounded = [
        (entry.name, each.name)
        for entry in entries()
        for each in entry.arguments.values()
        if numeric & set(each.kinds) and (each.minimum is None or each.maximum is None)
    ]
    assert unbounded == []


def test_no_argument_is_free_text_or_the_services_business() -> None:
    ours = {"random_state", "n_jobs", "verbose", "warm_start", "estimator", "cache_size"}
    for entry in entries():
        assert not ours & set(entry.arguments), entry.name
        assert all("string" not in each.kinds for each in entry.arguments.values()), entry.name


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("RandomForestClassifier.n_estimators", 2001, "out_of_range"),
        ("RandomForestClassifier.n_estimators", 0, "out_of_range"),
        ("RandomForestClassifier.n_estimators", 10.0, "invalid_type"),
        ("RandomForestClassifier.max_features", "all", "invalid_enum"),
        ("RandomForestClassifier.min_samples_leaf", 0, "out_of_range"),
        ("SVC.C", 0, "out_of_range"),
        ("SVC.kernel", "precomputed", "invalid_enum"),
        ("SVC.degree", 21, "out_of_range"),
        ("SVC.class_weight", {"0": 2.0}, "invalid_type"),
        ("MLPClassifier.hidden_layer_sizes", [8] * 17, "out_of_range"),
        ("MLPClassifier.hidden_layer_sizes", [0], "out_of_range"),
        ("HistGradientBoostingClassifier.max_iter", 10**6, "out_of_range"),
        ("KNeighborsClassifier.metric", "precomputed", "invalid_enum"),
        ("DummyClassifier.strategy", "constant", "invalid_enum"),
        ("PolynomialFeatures.degree", 6, "out_of_range"),
        ("PCA.n_components", 0, "out_of_range"),
        ("SelectKBest.score_func", "eval", "invalid_enum"),
        ("SimpleImputer.strategy", None, "invalid_type"),
    ],
)
def test_a_wrong_value_is_refused(path: str, value: object, code: str) -> None:
    name, field = path.split(".")
    known = estimator_catalogue()
    fault = {**known.estimators, **known.steps}[name].arguments[field].fault(value)
    assert fault is not None
    assert fault[0] == code


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("RandomForestClassifier.max_features", "sqrt"),
        ("RandomForestClassifier.max_features", 0.5),
        ("RandomForestClassifier.max_features", 3),
        ("RandomForestClassifier.max_features", None),
        ("SVC.gamma", "scale"),
        ("SVC.gamma", 0.1),
        ("SVC.class_weight", "balanced"),
        ("MLPClassifier.hidden_layer_sizes", [64, 32]),
        ("PCA.n_components", 0.95),
        ("PCA.n_components", "mle"),
        ("SelectKBest.k", "all"),
        ("MinMaxScaler.feature_range", [-1, 1]),
    ],
)
def test_a_right_value_is_allowed(path: str, value: object) -> None:
    name, field = path.split(".")
    known = estimator_catalogue()
    assert {**known.estimators, **known.steps}[name].arguments[field].fault(value) is None


@pytest.mark.parametrize(
    "name", ["Pipeline", "FunctionTransformer", "GaussianProcessClassifier", "StackingClassifier", "GridSearchCV"]
)
def test_what_takes_code_or_other_estimators_does_not_exist(name: str) -> None:
    known = estimator_catalogue()
    assert name not in known.estimators
    assert name not in known.steps
