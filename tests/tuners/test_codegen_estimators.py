"""Generated programs of estimators are run as they stand, and must score as the trainer does."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from storage.datasets import Dataset
from storage.ids import DatasetId
from tests.tuners.estimator_scene import Data, digits, iris, order
from tests.tuners.trainer_doubles import Line
from tuners.codegen import keras_code
from tuners.seeds import split_seed
from tuners.trainer.estimators import run_estimator
from tuners.trainer.protocol import EpochDone


def builtin(name: str, data: Data) -> Dataset:
    return Dataset(
        id=DatasetId("d"), owner="o", name=name, task="classification", input_shape=data.x.shape[1:],
        num_classes=data.classes, class_names=(), feature_names=(), train_rows=len(data.x), validation_rows=0,
        test_rows=0, x_dtype="float32", y_dtype="int32", scale="none", source=f"scikit-learn: {name}", builtin=True,
        key="datasets/d", size_bytes=1, fingerprint="0" * 64, created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


def told(code: str, folder: Path) -> dict[str, dict[str, float]]:
    """What the program prints: metrics by what they are of."""
    program = folder / "program.py"
    program.write_text(code, encoding="utf-8")
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr
    lines = (line.partition(": ") for line in done.stdout.splitlines())
    return {what: ast.literal_eval(numbers) for what, _, numbers in lines}


def reported(
    steps: list[dict[str, Any]], data: Data, folder: Path, **options: Any
) -> tuple[Any, list[dict[str, float]]]:
    """The order, and what a trainer reports of it."""
    job = order(folder, data, steps, **options)
    line = Line()
    run_estimator(job, line.control, data.load)
    return job, [dict(message.metrics) for message in line.of(EpochDone)]


def test_folds_and_scores_are_the_trainers(tmp_path: Path) -> None:
    data = digits()
    steps: list[dict[str, Any]] = [
        {"step": "StandardScaler"}, {"step": "SelectKBest", "score_func": "chi2", "k": 40},
        {"step": "PCA", "n_components": 20, "whiten": True}, {"estimator": "SVC", "C": 3.0, "kernel": "poly"},
    ]  # fmt: skip
    steps[0] = {"step": "MinMaxScaler", "feature_range": [0, 2]}
    job, rows = reported(steps, data, tmp_path, metrics=["accuracy", "f1_macro", "score"],
                         fit={"cross_validation": {"folds": 3, "stratified": True}})  # fmt: skip
    # The whole data set is given: PCA at this size draws nothing, so that seeds make no difference.
    code = keras_code(job.resolved, builtin("digits", data), split_seed=split_seed(job.search_seed))
    found = told(code, tmp_path)
    assert [found[f"fold {number}"]["accuracy"] for number in range(3)] == pytest.approx(
        [row["val_accuracy"] for row in rows], abs=0.002
    )
    assert set(found["train"]) == {"accuracy", "f1_macro", "score"}


def test_a_held_out_share_is_the_trainers(tmp_path: Path) -> None:
    data = iris()
    job, (row,) = reported([{"estimator": "LogisticRegression", "C": 0.1}], data, tmp_path,
                           metrics=["accuracy", "log_loss", "roc_auc"], fit={"validation_split": 0.3})  # fmt: skip
    found = told(keras_code(job.resolved, builtin("iris", data), split_seed=split_seed(job.search_seed)), tmp_path)
    for name in ("accuracy", "log_loss", "roc_auc"):
        assert found["validation"][name] == pytest.approx(row[f"val_{name}"], abs=1e-3)
        assert found["train"][name] == pytest.approx(row[name], abs=1e-3)


def test_weights_count_in_the_program_too(tmp_path: Path) -> None:
    weights = np.random.default_rng(1).uniform(0.1, 5.0, 150).astype(np.float32)
    data = iris(weights=weights)
    np.savez(tmp_path / "iris.npz", x=data.x, y=data.y, sample_weight=weights)
    steps: list[dict[str, Any]] = [{"step": "StandardScaler"}, {"estimator": "LogisticRegression", "C": 0.05}]
    job, rows = reported(steps, data, tmp_path, metrics=["accuracy", "log_loss"],
                         fit={"cross_validation": {"folds": 3, "stratified": True}})  # fmt: skip
    uploaded = replace(
        builtin("iris", data), builtin=False, weighted=True, source="upload: iris.npz", class_names=("0", "1", "2")
    )
    found = told(keras_code(job.resolved, uploaded, split_seed=split_seed(job.search_seed)), tmp_path)
    assert [found[f"fold {number}"]["log_loss"] for number in range(3)] == pytest.approx(
        [row["val_log_loss"] for row in rows], abs=1e-3
    )


def test_whatever_draws_gets_the_seed() -> None:
    steps = [
        {"step": "SelectKBest", "score_func": "mutual_info_classif", "k": 3},
        {"estimator": "RandomForestClassifier", "max_features": 0.5},
    ]
    job = order(Path(), iris(), steps, metrics=["accuracy"], fit={"validation_split": 0.3})
    code = keras_code(job.resolved, builtin("iris", iris()))
    compile(code, "program", "exec")
    assert "partial(mutual_info_classif, random_state=SEED)" in code
    assert "RandomForestClassifier(max_features=0.5, random_state=SEED)" in code
    assert "keras" not in code
    assert "SEED = 7\n" in code
