"""Makes a definition's estimators at the corners of its space and fits them to a few made-up rows (in the child)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from tuners.definitions import DataFacts, Definition, resolve
from tuners.failures import BuildFault, ModelTooLarge
from tuners.planner.corners import Corner
from tuners.planner.refusals import refused_at
from tuners.planner.wire import ModelSize
from tuners.trainer.pipelines import check_size, make_estimator, pointer_of, reason
from tuners.trainer.scoring import scores

Array = NDArray[Any]

_FEWEST_ROWS = 64
_ROWS_A_CLASS = 8
_MOST_ROWS = 4000
_MOST_COLUMNS = 5000
_MOST_HIDDEN = 1000

# How much of each is enough to see whether a fit works at all.
_LIGHTENED = {"n_estimators": 2, "max_iter": 2, "max_fun": 20, "n_iter": 2}


def check_estimators(
    definition: Definition, points: Sequence[Corner], facts: DataFacts, *, max_parameters: int
) -> ModelSize:
    """Returns when every point gives an estimator that can be fitted and measured; sizes are not counted.

    Raises:
        InvalidDefinition: One cannot (`build_error`) or would need too much memory (`model_too_large`), with the place
            and the point.
    """
    for corner in points:
        resolved = resolve(definition, corner.values, facts)
        try:
            check_size(
                resolved,
                rows=_training_rows(resolved, facts),
                columns=math.prod(facts.input_shape),
                max_parameters=max_parameters,
            )
            with warnings.catch_warnings():
                # Fits cut short, and rows made up, are nothing to wonder about.
                warnings.simplefilter("ignore")
                _try(resolved, facts)
        except ModelTooLarge as fault:
            raise refused_at(fault, "model_too_large", corner) from fault
        except BuildFault as fault:
            raise refused_at(fault, "build_error", corner) from fault
    return ModelSize(min_parameters=None, max_parameters=None, default_parameters=None)


def _training_rows(resolved: Mapping[str, Any], facts: DataFacts) -> int:
    """Rows of one training: without those that are set aside."""
    fit = resolved["fit"]
    folding = fit.get("cross_validation")
    aside = 1.0 / folding["folds"] if folding else fit.get("validation_split") or 0.0
    return max(1, facts.train_rows - math.ceil(facts.train_rows * aside))


def _try(resolved: Mapping[str, Any], facts: DataFacts) -> None:
    estimator = make_estimator(resolved, seed=1)
    documents = resolved["model"]["steps"]
    rows = _rows(documents, facts)
    if rows > _MOST_ROWS:
        return
    x, y = _examples(rows, resolved, facts), _targets(rows, facts)
    steps = [step for _, step in estimator.steps] if isinstance(estimator, Pipeline) else [estimator]
    for number, step in enumerate(steps):
        if x.shape[1] > _MOST_COLUMNS:
            return
        if not _lighten(step, rows=rows, columns=x.shape[1]):
            return
        pointer = pointer_of(resolved, number)
        try:
            if number < len(steps) - 1:
                x = np.asarray(step.fit_transform(x, y))
            else:
                step.fit(x, y)
        except Exception as error:
            raise BuildFault(pointer, reason(error)) from error
        if x.shape[1] == 0:
            raise BuildFault(pointer, "leaves no column of the data")
    classes = facts.num_classes if facts.task == "classification" else None
    for number, name in enumerate(resolved["compile"].get("metrics") or ["score"]):
        try:
            scores(steps[-1], [name], x, y, None, classes=classes)
        except Exception as error:
            detail = f"{type(steps[-1]).__name__} cannot be measured so: {reason(error)}"
            raise BuildFault(f"/compile/metrics/{number}", detail) from error


def _rows(documents: Sequence[Mapping[str, Any]], facts: DataFacts) -> int:
    """How many rows it takes for a fit to be sound, whatever the data."""
    classes, columns = facts.num_classes or 1, math.prod(facts.input_shape)
    needed = [_FEWEST_ROWS, _ROWS_A_CLASS * classes]
    for document in documents:
        if isinstance(document.get("n_components"), int):
            needed.append(document["n_components"] + 1)
        # Their covariances must have full rank.
        if document.get("estimator") == "QuadraticDiscriminantAnalysis":
            needed.append(classes * (2 * columns + 2))
        if document.get("estimator") == "LinearDiscriminantAnalysis":
            needed.append(classes + columns + 2)
    return max(needed)


def _examples(rows: int, resolved: Mapping[str, Any], facts: DataFacts) -> Array:
    generator = np.random.default_rng(1)
    shape = (rows, math.prod(facts.input_shape))
    if "int" in facts.x_dtype:
        return generator.integers(0, 100, size=shape, dtype=np.int32)
    if resolved["dataset"].get("scale") == "standard":
        return generator.normal(size=shape).astype(np.float32)
    return generator.uniform(0.01, 1.0, size=shape).astype(np.float32)


def _targets(rows: int, facts: DataFacts) -> Array:
    generator = np.random.default_rng(2)
    if facts.task == "classification":
        labels: Array = np.arange(rows, dtype=np.int32) % (facts.num_classes or 2)
        return labels
    if facts.task == "multilabel":
        return generator.integers(0, 2, size=(rows, facts.target_size)).astype(np.float32)
    shape = (rows, *facts.target_shape)
    return generator.uniform(1.0, 2.0, size=shape).astype(np.float32)


def _lighten(step: Any, *, rows: int, columns: int) -> bool:
    """Make the fit a short one; False when that cannot be done."""
    given = step.get_params(deep=False)
    hidden = given.get("hidden_layer_sizes")
    if hidden is not None and max(hidden if isinstance(hidden, tuple) else (hidden,)) > _MOST_HIDDEN:
        return False
    changes = {
        name: most for name, most in _LIGHTENED.items() if isinstance(given.get(name), int) and given[name] > most
    }
    if isinstance(given.get("n_neighbors"), int):
        changes["n_neighbors"] = min(given["n_neighbors"], rows // 2)
    if isinstance(given.get("max_samples"), int):
        changes["max_samples"] = min(given["max_samples"], rows)
    if isinstance(given.get("n_components"), int) and type(step).__name__ in ("PCA", "TruncatedSVD"):
        changes["n_components"] = min(given["n_components"], rows, columns)
    step.set_params(**changes)
    return True
