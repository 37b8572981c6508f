"""What tests of estimators share: scikit-learn's own small data sets, cut as trainers cut them, and orders to train."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from storage.datasets import Dataset
from tests.tuners.trainer_doubles import dataset, job
from tuners.datasets.request import DataRequest
from tuners.datasets.splits import fold_rows, split_rows
from tuners.trainer.checkpoints import Array
from tuners.trainer.protocol import RunTrial


@dataclass
class Parts:
    x_train: Array
    y_train: Array
    w_train: Array | None
    x_val: Array | None = None
    y_val: Array | None = None
    w_val: Array | None = None


@dataclass
class Data:
    """A whole data set in memory that answers as `load_arrays` does."""

    x: Array
    y: Array
    weights: Array | None = None
    classes: int | None = None

    @property
    def record(self) -> Dataset:
        return dataset(
            task="regression" if self.classes is None else "classification",
            input_shape=self.x.shape[1:],
            num_classes=self.classes,
            train_rows=len(self.x),
            validation_rows=0,
        )

    def rows(self, request: DataRequest) -> tuple[Array, Array]:
        stratified = self.classes is not None and request.stratified
        if request.folds is not None:
            return fold_rows(self.y, folds=request.folds, fold=request.fold, seed=request.seed, stratified=stratified)
        assert request.validation_split is not None
        return split_rows(self.y, validation_split=request.validation_split, seed=request.seed, stratified=stratified)

    def load(self, folder: Path, record: Dataset, *, request: DataRequest) -> Parts:
        weights = self.weights if request.sample_weight else None
        if not request.splits:
            return Parts(self.x, self.y, weights)
        train, aside = self.rows(request)
        weighted = (None, None) if weights is None else (weights[train], weights[aside])
        return Parts(self.x[train], self.y[train], weighted[0], self.x[aside], self.y[aside], weighted[1])


def iris(*, weights: Array | None = None) -> Data:
    from sklearn.datasets import load_iris

    x, y = load_iris(return_X_y=True)
    return Data(x.astype(np.float32), y.astype(np.int32), weights, 3)


def digits() -> Data:
    """Images: examples with two axes."""
    from sklearn.datasets import load_digits

    found = load_digits()
    return Data(found.images.astype(np.float32), found.target.astype(np.int32), None, 10)


def diabetes(*, weights: Array | None = None) -> Data:
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True)
    return Data(x.astype(np.float32), y.astype(np.float32), weights)


def order(
    scratch: Path,
    data: Data,
    steps: list[dict[str, Any]],
    *,
    metrics: list[str],
    fit: dict[str, Any],
    objective: str | None = None,
    **changes: Any,
) -> RunTrial:
    """An order to train these steps."""
    folding = fit.get("cross_validation")
    resolved = {
        "model": {"type": "sklearn", "input_shape": list(data.x.shape[1:]), "steps": steps},
        "compile": {"metrics": metrics},
        "fit": {"epochs": 1, "split_by": "rows", "sample_weight": True, **fit},
        "objective": {"name": objective or f"val_{(metrics or ['score'])[0]}", "direction": "max"},
        "seed": 7,
        "dataset": {"name": "made"},
    }
    fields = {"executions": folding["folds"] if folding else 1, "target_epochs": 1} | changes
    return job(scratch, resolved=resolved, dataset=data.record, **fields)
