"""Generated programs are run as they stand, and must do what a trainer does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

from storage.datasets import Dataset
from storage.ids import DatasetId
from tuners.codegen import keras_code
from tuners.codegen_loading import NPZ_NAMES
from tuners.codegen_text import literal
from tuners.datasets import parse_npz
from tuners.datasets.builtin_names import BUILTINS
from tuners.datasets.scaling import fit_scale
from tuners.datasets.scaling_rule import scale_axis
from tuners.datasets.splits import split_rows
from tuners.definitions import DataFacts, parse_definition, resolve
from tuners.templates import template
from tuners.trainer.builder import build_model

DIGITS = Dataset(
    id=DatasetId("d"), owner="o", name="digits", task="classification", input_shape=(8, 8), num_classes=10,
    class_names=(), feature_names=(), train_rows=1797, validation_rows=0, test_rows=0, x_dtype="uint8",
    y_dtype="int32", scale="0-1", source="scikit-learn: digits", builtin=True, key="datasets/d", size_bytes=1,
    fingerprint="0" * 64, created_at=datetime(2026, 1, 1, tzinfo=UTC),
)  # fmt: skip

TELL = """

import json, sys
told = {"layers": [layer.get_config() for layer in model.layers], "loss": history.history["loss"]}
json.dump(told, open(sys.argv[1] + ".json", "w"))
np.savez(sys.argv[1], **{name: value for name, value in globals().items() if name[:2] in ("x_", "y_")})
"""


def changed(**fields: Any) -> Dataset:
    return Dataset(**{**{name: getattr(DIGITS, name) for name in DIGITS.__dataclass_fields__}, **fields})


def point(name: str, dataset: Dataset, *, epochs: int = 1) -> dict[str, Any]:
    definition = parse_definition(template(name))
    resolved: dict[str, Any] = resolve(definition, definition.space().defaults(), DataFacts.of(dataset), seed=5)
    resolved["fit"]["epochs"] = epochs
    return resolved


def run(code: str, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the program says of itself, and its arrays."""
    program = folder / "program.py"
    program.write_text(code + TELL, "utf-8")
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": keras.config.backend()}
    done = subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", str(program), str(folder / "out")],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert "validation:" in done.stdout
    with np.load(folder / "out.npz") as arrays:
        return json.loads((folder / "out.json").read_text()), dict(arrays)


def without_names(config: Any) -> Any:
    if isinstance(config, dict):
        return {key: without_names(value) for key, value in config.items() if key not in ("name", "build_config")}
    return list(map(without_names, config)) if isinstance(config, list | tuple) else config


@pytest.mark.keras
@pytest.mark.parametrize("name", ["mlp", "convnet"])
def test_the_program_trains_the_same_model_on_the_same_rows(name: str, tmp_path: Path) -> None:
    resolved = point(name, DIGITS, epochs=2)
    told, arrays = run(keras_code(resolved, DIGITS, split_seed=3), tmp_path)

    bunch = load_digits()
    x, y = bunch.images.astype("uint8"), bunch.target.astype("int32")
    train, aside = split_rows(y, validation_split=0.2, seed=3, stratified=True)
    scale = fit_scale(x[train], "0-1", scale_axis((8, 8), "uint8"))
    x_train, x_validation = scale.apply(x, train), scale.apply(x, aside)
    np.testing.assert_array_equal(arrays["x_train"], x_train)
    np.testing.assert_array_equal(arrays["y_train"], y[train])
    np.testing.assert_array_equal(arrays["x_validation"], x_validation)
    np.testing.assert_array_equal(arrays["y_validation"], y[aside])

    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(5)
    model = build_model(resolved)
    ours = json.loads(json.dumps([layer.get_config() for layer in model.layers]))
    assert without_names(told["layers"]) == without_names(ours)
    history = model.fit(x_train, y[train], epochs=2, batch_size=resolved["fit"]["batch_size"], verbose=0)
    np.testing.assert_allclose(told["loss"], history.history["loss"], rtol=1e-3)


@pytest.mark.keras
def test_an_uploaded_table_is_read_from_its_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [f"{a:.6f};{'ab'[int(a > 0.5)]};{str(b > 0.5).lower()}" for a, b in rng.random((60, 2))]
    (tmp_path / "my table.csv").write_text("\ufeffone; kind ;two\n" + "\n".join(rows) + "\n", "utf-8")
    table = changed(
        name="my-table", input_shape=(2,), num_classes=2, feature_names=("one", "two"), x_dtype="float64",
        scale="standard", source="upload: my table.csv", builtin=False, train_rows=60,
    )  # fmt: skip
    resolved = point("mlp", table)
    resolved["fit"]["class_weight"] = "balanced"
    _, arrays = run(keras_code(resolved, table), tmp_path)
    assert arrays["x_train"].shape == (48, 2)
    assert arrays["x_validation"].shape == (12, 2)
    np.testing.assert_allclose(arrays["x_train"].mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(arrays["x_train"].std(axis=0), 1, atol=1e-5)
    assert set(np.unique(arrays["y_train"])) == {0, 1}


@pytest.mark.keras
def test_an_uploaded_archive_with_its_own_parts_is_used_as_it_is(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "sine.npz",
        X=rng.random((40, 3)), y=rng.random((40, 1)), x_val=rng.random((8, 3)), y_val=rng.random(8),
        x_test=rng.random((6, 3)), y_test=rng.random(6),
    )  # fmt: skip
    sine = changed(
        name="sine.npz", task="regression", input_shape=(3,), num_classes=None, x_dtype="float64", y_dtype="float64",
        scale="none", source="upload: sine.npz", builtin=False, train_rows=40, validation_rows=8, test_rows=6,
    )  # fmt: skip
    resolved = point("mlp", DIGITS)
    resolved["model"]["input_shape"] = [3]
    resolved["model"]["layers"] = [{"layer": "Dense", "units": 4, "activation": "relu"}, {"layer": "Dense", "units": 1}]
    resolved["compile"] = {
        "optimizer": {"optimizer": "SGD", "momentum": 0.9},
        "loss": {"loss": "Huber", "delta": 0.5},
        "metrics": ["mae", {"metric": "RootMeanSquaredError", "name": "error"}],
    }
    del resolved["fit"]["validation_split"]
    _, arrays = run(keras_code(resolved, sine), tmp_path)
    assert {name: value.shape for name, value in arrays.items()} == {
        "x_train": (40, 3), "y_train": (40,), "x_validation": (8, 3), "y_validation": (8,), "x_test": (6, 3),
        "y_test": (6,),
    }  # fmt: skip
    assert arrays["x_train"].dtype == np.float32


def test_what_keras_does_by_itself_is_not_written() -> None:
    resolved = point("mlp", DIGITS)
    resolved["model"]["layers"] = [
        {"layer": "Flatten"},
        {"layer": "Dense", "units": 10, "activation": None, "use_bias": True, "kernel_initializer": "he_normal"},
    ]
    code = keras_code(resolved, DIGITS)
    assert 'keras.layers.Dense(units=10, kernel_initializer="he_normal"),' in code
    assert 'loss="sparse_categorical_crossentropy"' in code
    assert 'metrics=["accuracy"]' in code


@pytest.mark.parametrize("builtin", BUILTINS, ids=lambda builtin: builtin.name)
def test_every_built_in_set_has_a_program_that_python_can_read(builtin: Any) -> None:
    dataset = changed(
        name=builtin.name, task=builtin.task, input_shape=builtin.input_shape, num_classes=builtin.num_classes,
        test_rows=builtin.test_rows, scale=builtin.scale, source=f"{builtin.library}: {builtin.name}",
    )  # fmt: skip
    resolved = point("mlp", DIGITS)
    resolved["model"]["input_shape"] = list(builtin.input_shape)
    code = keras_code(resolved, dataset)
    compile(code, "program.py", "exec")
    assert (f"load_{builtin.name}()" in code) or (f"keras.datasets.{builtin.name}.load_data()" in code)


@pytest.mark.parametrize(
    "name", ["a\"b'c", "x\n__import__('os')", "\\", "'''", '"""', "é\u2028", "{0}", "__import__('os').system('true')"]
)
def test_a_data_sets_name_is_never_code(name: str) -> None:
    dataset = changed(name=name, source=f"upload: {name}.csv", builtin=False, feature_names=(name, "b"))
    code = keras_code(point("mlp", DIGITS), dataset)
    tree = compile(code, "program.py", "exec")
    assert f"{name}.csv" in tree.co_consts
    assert "__import__" not in tree.co_names


def test_uploads_are_found_under_all_the_names_they_may_have() -> None:
    texts = ("class_names", "feature_names")
    known = {name: {name, *aliases} for name, aliases in parse_npz._ALIASES.items() if name not in texts}
    assert {name: set(names) for name, names in NPZ_NAMES.items()} == known


@pytest.mark.parametrize("value", [None, True, 3, 0.1, 1e-7, "a'b", 'a"b', "a\\'b\"", [1, 2], [1], [[1, 2], [3]], "\n"])
def test_literals_are_read_back_as_they_were(value: object) -> None:
    def tuples(item: object) -> object:
        return tuple(map(tuples, item)) if isinstance(item, list) else item

    assert eval(literal(value), {}) == tuples(value)
