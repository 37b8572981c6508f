"""Our own functions as text: whole, alone, and doing what they do here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from storage.datasets import DatasetInput
from tests.tuners.stored_datasets import joined_texts, stored_dataset, table_columns
from tuners.codegen_source import pieces
from tuners.datasets.arrays import ArraysCache, DataRequest, load_arrays
from tuners.datasets.splits import fold_rows

PROGRAM = """
import json, pathlib, sys
import numpy as np
from preprocessing import preprocess
fitted = json.loads(pathlib.Path("preprocessing.json").read_text())
rows = json.loads(pathlib.Path("rows.json").read_text())
made = preprocess(rows, fitted)
np.savez("out.npz", **(made if isinstance(made, dict) else {"x": made}))
assert not [name for name in sys.modules if name.partition(".")[0] in ("tuners", "storage", "keras")]
"""
Y = np.arange(6, dtype=np.int32) % 2


def preprocessing() -> str:
    found = pieces("standalone.preprocess")
    return "\n".join([*found.standard, *found.others, found.code])


def taken_home(folder: Path, dataset: Any, rows: Any, **options: Any) -> tuple[Any, dict[str, Any]]:
    """What the trainer has, and what the file makes of raw rows in a process that has nothing of ours."""
    request = DataRequest(preprocessing=options)
    arrays = load_arrays(folder, dataset, request=request, cache=ArraysCache())
    (folder / "preprocessing.json").write_text(json.dumps(arrays.preprocessing.to_json()))
    (folder / "preprocessing.py").write_text(preprocessing())
    (folder / "rows.json").write_text(json.dumps(rows))
    (folder / "main.py").write_text(PROGRAM)
    subprocess.run([sys.executable, "main.py"], cwd=folder, check=True, timeout=60, env={"PYTHONPATH": str(folder)})
    with np.load(folder / "out.npz") as found:
        return arrays, dict(found)


class TestPreprocessing:
    def test_a_table_of_rows_by_name(self, tmp_path: Path) -> None:
        x = np.array([[1.0, 0], [np.nan, 1], [3, np.nan], [4, 1], [5, 0], [6, 1]])
        columns = table_columns(x, {1: ("Bern", "Oslo")})
        dataset = stored_dataset(
            tmp_path, {"x_train": x, "y_train": Y}, kind="table", columns=columns, scale="standard"
        )
        names = {0.0: "Bern", 1.0: "Oslo"}
        rows = [{"a": None if np.isnan(a) else a, "b": names.get(b)} for a, b in x.tolist()]
        arrays, made = taken_home(tmp_path, dataset, rows, numbers={"indicator": True})
        np.testing.assert_array_equal(made["x"], arrays.x_train)

    def test_texts(self, tmp_path: Path) -> None:
        texts = ["a b", "b, c!", "", "Zoë", "c c", "a"]
        dataset = stored_dataset(tmp_path, {**joined_texts(texts), "y_train": Y}, kind="text", input_shape=())
        arrays, made = taken_home(tmp_path, dataset, texts, text={"max_tokens": 5, "output": "tf_idf"})
        np.testing.assert_array_equal(made["x"], arrays.x_train)

    def test_windows(self, tmp_path: Path) -> None:
        x = np.arange(12.0).reshape(6, 2)
        dataset = stored_dataset(tmp_path, {"x_train": x, "y_train": Y}, scale="0-1")
        arrays, made = taken_home(tmp_path, dataset, x.tolist(), window={"length": 3})
        assert made["x"].shape == (4, 3, 2)
        np.testing.assert_array_equal(made["x"][:3], arrays.x_train)

    def test_several_inputs(self, tmp_path: Path) -> None:
        tokens, numbers = np.arange(12).reshape(6, 2), np.linspace(0, 1, 6).reshape(6, 1)
        dataset = stored_dataset(
            tmp_path, {"x.tokens_train": tokens, "x.numbers_train": numbers, "y_train": Y}, input_shape=(2,),
            max_token=11,
            inputs=(DatasetInput("tokens", (2,), "int64"), DatasetInput("numbers", (1,), "float64")),
        )  # fmt: skip
        arrays, made = taken_home(tmp_path, dataset, {"tokens": tokens.tolist(), "numbers": numbers.tolist()})
        for name in ("tokens", "numbers"):
            np.testing.assert_array_equal(made[name], arrays.x_train[name])
            assert made[name].dtype == arrays.x_train[name].dtype


def test_the_file_speaks_of_nothing_it_does_not_have() -> None:
    source = preprocessing()
    assert "tuners" not in source
    assert "def fit_" not in source
    assert max(map(len, source.splitlines())) <= 120


@pytest.mark.parametrize(
    "name",
    ["split_rows", "fold_rows", "dealt_groups", "split_times", "fold_times"],
)
def test_each_split_brings_what_it_needs_and_no_more(name: str) -> None:
    found = pieces(f"splits.{name}")
    scope: dict[str, Any] = {}
    exec("\n".join([*found.standard, *found.others, found.code]), scope)
    assert callable(scope[name])
    assert "def split(" not in found.code
    if name == "fold_rows":
        y = np.arange(30) % 3
        ours = fold_rows(y, folds=4, fold=1, seed=2, stratified=True)
        np.testing.assert_array_equal(scope[name](y, folds=4, fold=1, seed=2, stratified=True)[1], ours[1])


def test_what_is_wanted_twice_is_there_once() -> None:
    found = pieces("windows.window_rows", "splits.fold_times", "splits.split_times")
    assert found.code.count("Indices = ") == 1
    assert found.code.count("def time_borders") == 1
    assert len(set(found.standard + found.others)) == len(found.standard + found.others)


def test_there_is_no_such_function() -> None:
    with pytest.raises(KeyError):
        pieces("splits.nothing")
