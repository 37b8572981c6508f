"""Makes scikit-learn's estimators and pipelines from resolved definitions. Nothing here needs Keras.

Classes are looked up by their catalogue names only, and arguments are checked against the catalogue once more.
"""

from __future__ import annotations

import importlib
import itertools
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sklearn import feature_selection
from sklearn.pipeline import Pipeline

from tuners.catalogue.estimators import Estimator, estimator_catalogue, step_names
from tuners.failures import BuildFault, ModelTooLarge, without_paths

MOST_COLUMNS = 50_000
"""Columns that the steps may make of the data's own."""

MOST_CELLS = 400_000_000
"""Numbers in any one table or matrix of a training: 3.2 GB of them at eight bytes each."""

_REASON_LENGTH = 400
# Whose fit makes a matrix of rows by rows, or of columns by columns.
_ROWS_BY_ROWS = frozenset({"KernelRidge"})
_COLUMNS_BY_COLUMNS = frozenset({"LinearDiscriminantAnalysis", "QuadraticDiscriminantAnalysis"})
# Their scores are drawn, so they need a seed.
_DRAWN_SCORES = frozenset({"mutual_info_classif", "mutual_info_regression"})


def make_estimator(resolved: Mapping[str, Any], *, seed: int) -> Any:
    """The unfitted estimator, or a Pipeline that ends with it when there are steps before it.

    Args:
        resolved: A definition without holes, as `tuners.definitions.resolve` gives it; of it `model` and
            `layer_pointers` (optional: for each step its place in the definition) are read.
        seed: The `random_state` of everything that draws.

    Raises:
        BuildFault: Something is not in the catalogue, or scikit-learn refuses an argument.
    """
    steps = [
        _made(step, pointer_of(resolved, number), seed=seed) for number, step in enumerate(resolved["model"]["steps"])
    ]
    if len(steps) == 1:
        return steps[0]
    return Pipeline(list(zip(step_names(resolved["model"]["steps"]), steps, strict=True)))


def pointer_of(resolved: Mapping[str, Any], number: int) -> str:
    """The place in the definition of the step with this number."""
    pointers = resolved.get("layer_pointers") or ()
    return str(pointers[number]) if number < len(pointers) else f"/model/steps/{number}"


def check_size(resolved: Mapping[str, Any], *, rows: int, columns: int, max_parameters: int) -> None:
    """Refuses what no machine could hold, before anything is allocated.

    Args:
        rows: Rows that are trained on.
        columns: Numbers in one example.
        max_parameters: Largest number of weights of a neural network.

    Raises:
        ModelTooLarge: A step makes too many columns of the data, or a fit needs too large a matrix.
        BuildFault: A step keeps more components or columns than there are.
    """
    for number, step in enumerate(resolved["model"]["steps"]):
        pointer = pointer_of(resolved, number)
        name = str(step.get("step") or step.get("estimator"))
        if "step" in step:
            columns = _columns_after(step, rows=rows, columns=columns, pointer=pointer)
        cells = max(
            rows * columns,
            rows * rows if name in _ROWS_BY_ROWS else 0,
            columns * columns if name in _COLUMNS_BY_COLUMNS or step.get("svd_solver") == "covariance_eigh" else 0,
        )
        if columns > MOST_COLUMNS and step.get("step") == "PolynomialFeatures":
            raise ModelTooLarge(f"{pointer}/degree", f"makes {columns} columns; at most {MOST_COLUMNS} are allowed")
        if cells > MOST_CELLS:
            detail = f"needs {cells} numbers at once for {rows} rows of {columns} columns; at most {MOST_CELLS}"
            raise ModelTooLarge(pointer, detail)
        if name.startswith("MLP"):
            _check_network(step, columns, max_parameters, pointer)
        neighbors = step.get("n_neighbors", 5 if name.startswith("KNeighbors") else None)
        if neighbors is not None and neighbors > rows:
            raise BuildFault(f"{pointer}/n_neighbors", f"there are only {rows} rows to be neighbors")
        samples = step.get("max_samples")
        if isinstance(samples, int) and samples > rows:
            raise BuildFault(f"{pointer}/max_samples", f"there are only {rows} rows to draw from")


def _columns_after(step: Mapping[str, Any], *, rows: int, columns: int, pointer: str) -> int:
    name = step["step"]
    if name == "PolynomialFeatures":
        degree, bias = step.get("degree", 2), step.get("include_bias", True)
        if step.get("interaction_only", False):
            terms = sum(math.comb(columns, power) for power in range(min(degree, columns) + 1))
        else:
            terms = math.comb(columns + degree, degree)
        return terms if bias else terms - 1
    if name in ("PCA", "TruncatedSVD"):
        wanted = step.get("n_components", 2 if name == "TruncatedSVD" else None)
        most = min(rows, columns) if name == "PCA" else columns
        if isinstance(wanted, int) and wanted > most:
            detail = f"keeps {wanted} components of {rows} rows of {columns} columns: at most {most} are possible"
            raise BuildFault(f"{pointer}/n_components", detail)
        return wanted if isinstance(wanted, int) else most
    if name == "SelectKBest":
        wanted = step.get("k", 10)
        if isinstance(wanted, int) and wanted > columns:
            raise BuildFault(f"{pointer}/k", f"keeps {wanted} columns, and there are only {columns} here")
        return wanted if isinstance(wanted, int) else columns
    if name == "SimpleImputer" and step.get("add_indicator", False):
        return 2 * columns
    return columns


def _check_network(step: Mapping[str, Any], columns: int, max_parameters: int, pointer: str) -> None:
    hidden = step.get("hidden_layer_sizes", [100])
    sizes = [columns, *(hidden if isinstance(hidden, list | tuple) else [hidden])]
    weights = sum((before + 1) * after for before, after in itertools.pairwise(sizes))
    if weights > max_parameters:
        detail = f"the network has more than the {max_parameters} parameters that are allowed"
        raise ModelTooLarge(f"{pointer}/hidden_layer_sizes", detail)


def _made(document: Mapping[str, Any], pointer: str, *, seed: int) -> Any:
    own = "step" if "step" in document else "estimator"
    known = estimator_catalogue().steps if own == "step" else estimator_catalogue().estimators
    entry = known.get(str(document.get(own)))
    if entry is None:
        raise BuildFault(f"{pointer}/{own}", f"no {own} of the catalogue")
    arguments = _arguments(entry, document, own=own, pointer=pointer)
    if "score_func" in entry.arguments:
        arguments["score_func"] = _score_function(str(document.get("score_func", "f_classif")), seed)
    try:
        made = getattr(importlib.import_module(entry.module), entry.name)(**arguments)
        if entry.seeded:
            made.set_params(random_state=seed)
        # What `fit` would do first: a share above 1, or a count of half a thing.
        made._validate_params()
    except Exception as error:
        raise BuildFault(pointer, reason(error)) from error
    return made


def _arguments(entry: Estimator, document: Mapping[str, Any], *, own: str, pointer: str) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    for name, value in document.items():
        if name == own:
            continue
        argument = entry.arguments.get(name)
        if argument is None:
            raise BuildFault(f"{pointer}/{name}", f"{entry.name} has no such argument")
        fault = argument.fault(value)
        if fault is not None:
            raise BuildFault(f"{pointer}/{name}", fault[1])
        arguments[name] = tuple(value) if isinstance(value, list) else value
    return arguments


def _score_function(name: str, seed: int) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(feature_selection, name)
    return partial(function, random_state=seed) if name in _DRAWN_SCORES else function


def reason(error: BaseException) -> str:
    """What scikit-learn says is wrong, in one short line."""
    text = " ".join(without_paths(str(error)).split()) or type(error).__name__
    return text if len(text) <= _REASON_LENGTH else text[:_REASON_LENGTH].rsplit(" ", 1)[0] + " ..."
