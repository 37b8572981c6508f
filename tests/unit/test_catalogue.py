from __future__ import annotations

import dataclasses
import math
import subprocess
import sys
from pathlib import Path

import pytest

from tuners.catalogue import Argument, Entry, catalogue
from tuners.catalogue.page import page

ROOT = Path(__file__).parents[2]


def entries() -> list[tuple[str, Entry]]:
    known = catalogue()
    return [
        (section, entry)
        for section in ("layers", "optimizers", "losses", "metrics", "callbacks", "tuners")
        for entry in getattr(known, section).values()
    ]


def argument(path: str) -> Argument:
    section, name, field = path.split(".")
    found: Entry = getattr(catalogue(), section)[name]
    return found.arguments[field]


def test_reading_it_needs_no_keras() -> None:
    code = (
        "import sys, time\n"
        "import tuners.planner.client, tuners.codegen\n"
        "from tuners.catalogue import catalogue\n"
        "start = time.process_time()\n"
        "known = catalogue()\n"
        "took = time.process_time() - start\n"
        "assert len(known.layers) > 80 and known is catalogue()\n"
        "heavy = {'keras', 'tensorflow', 'numpy', 'sklearn', 'jax', 'torch'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert took < 0.3, took\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.keras
def test_it_is_what_the_installed_keras_says() -> None:
    """`python -m tuners.catalogue.generate` writes it anew after an upgrade of Keras."""
    done = subprocess.run(
        [sys.executable, "-m", "tuners.catalogue.generate", "-o", "-"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    kept = (ROOT / "tuners/catalogue/keras.json").read_text("utf-8")
    assert done.stdout == kept
    assert len(kept) < 300_000


def test_the_page_shows_what_there_is() -> None:
    """`python -m tuners.catalogue.page > docs/catalogue.md` writes it anew."""
    assert (ROOT / "docs/catalogue.md").read_text("utf-8") == page()


def test_every_default_is_an_allowed_value() -> None:
    wrong = [
        (section, entry.name, each.name)
        for section, entry in entries()
        for each in entry.arguments.values()
        if not each.required and each.fault(each.default) is not None
    ]
    assert wrong == []


def test_every_number_is_bounded_on_both_sides() -> None:
    numeric = {"int", "float", "int_list", "float_list"}
    unbounded = [
        (entry.name, each.name)
        for _, entry in entries()
        for each in entry.arguments.values()
        if numeric & set(each.kinds) and (each.minimum is None or each.maximum is None)
    ]
    assert unbounded == []


@pytest.mark.parametrize(
    "name",
    [
        "Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "Pipeline", "StringLookup",
        "IntegerLookup", "TextVectorization", "Hashing", "EinsumDense", "Wrapper", "Layer", "Input", "InputLayer",
    ],
)  # fmt: skip
def test_layers_that_run_code_or_read_files_do_not_exist(name: str) -> None:
    assert name not in catalogue().layers


@pytest.mark.parametrize("name", ["ModelCheckpoint", "RemoteMonitor", "CSVLogger", "TensorBoard", "LambdaCallback"])
def test_callbacks_that_write_or_connect_do_not_exist(name: str) -> None:
    assert name not in catalogue().callbacks


def test_free_words_are_metric_names_only() -> None:
    free = {(section, each.name) for section, entry in entries() for each in entry.arguments.values()
            if "string" in each.kinds}  # fmt: skip
    assert free == {("callbacks", "monitor"), ("metrics", "name")}


@pytest.mark.parametrize(
    "text", ["/etc/passwd", "../x", "gs://bucket", "a b", "", "x" * 65, "a\n", "{{7*7}}", "1st", "é"]
)
def test_a_free_word_is_never_a_path_or_markup(text: str) -> None:
    fault = argument("callbacks.EarlyStopping.monitor").fault(text)
    assert fault is not None
    assert fault[0] == "invalid_enum"
    assert argument("callbacks.EarlyStopping.monitor").fault("val_loss") is None


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("layers.Dense.units", 0, "out_of_range"),
        ("layers.Dense.units", -1, "out_of_range"),
        ("layers.Dense.units", 10**9, "out_of_range"),
        ("layers.Dense.units", 10**400, "out_of_range"),
        ("layers.Dense.units", 1.5, "invalid_type"),
        ("layers.Dense.units", 32.0, "invalid_type"),
        ("layers.Dense.units", True, "invalid_type"),
        ("layers.Dense.units", "32", "invalid_type"),
        ("layers.Dense.units", None, "invalid_type"),
        ("layers.Dense.units", {}, "invalid_type"),
        ("layers.Dense.activation", "keras.utils.get_file", "invalid_enum"),
        ("layers.Dense.activation", {"class_name": "x", "module": "os"}, "invalid_type"),
        ("layers.Dense.kernel_initializer", "constant", "invalid_enum"),
        ("layers.Dense.use_bias", 1, "invalid_type"),
        ("layers.Dropout.rate", 1.0, "out_of_range"),
        ("layers.Dropout.rate", 2, "out_of_range"),
        ("layers.Dropout.rate", -1, "out_of_range"),
        ("layers.Dropout.rate", "0.5", "invalid_type"),
        ("layers.Dropout.rate", math.nan, "out_of_range"),
        ("layers.Dropout.rate", math.inf, "out_of_range"),
        ("layers.RepeatVector.n", 10**9, "out_of_range"),
        ("layers.UpSampling2D.size", 10**5, "out_of_range"),
        ("layers.ZeroPadding2D.padding", 10**6, "out_of_range"),
        ("layers.Conv2D.kernel_size", 10**6, "out_of_range"),
        ("layers.Conv2D.kernel_size", [3, 10**6], "out_of_range"),
        ("layers.Conv2D.kernel_size", [3, 3, 3], "out_of_range"),
        ("layers.Conv2D.kernel_size", [], "out_of_range"),
        ("layers.Conv2D.kernel_size", [3, "3"], "invalid_type"),
        ("layers.Conv2D.kernel_size", [3, True], "invalid_type"),
        ("layers.Conv2D.kernel_size", [3, 2.5], "invalid_type"),
        ("layers.Conv2D.strides", 0, "out_of_range"),
        ("layers.Conv2D.padding", "evil", "invalid_enum"),
        ("layers.Conv2D.padding", "causal", "invalid_enum"),
        ("layers.Embedding.input_dim", 10**9, "out_of_range"),
        ("layers.Reshape.target_shape", [1] * 9, "out_of_range"),
        ("optimizers.Adam.clipnorm", -1, "out_of_range"),
        ("optimizers.Adam.learning_rate", 0, "out_of_range"),
        ("optimizers.Adam.learning_rate", -1e-3, "out_of_range"),
        ("optimizers.Adam.beta_1", 1, "out_of_range"),
        ("metrics.F1Score.average", None, "invalid_type"),
        ("callbacks.EarlyStopping.patience", -1, "out_of_range"),
        ("callbacks.ReduceLROnPlateau.factor", 1.0, "out_of_range"),
        ("tuners.hyperband.factor", 1, "out_of_range"),
        ("tuners.bayesian.alpha", 0, "out_of_range"),
    ],
)
def test_a_wrong_value_is_refused_with_what_would_be_right(path: str, value: object, code: str) -> None:
    fault = argument(path).fault(value)
    assert fault is not None
    assert fault[0] == code
    assert fault[1] == argument(path).expectation()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("layers.Dense.units", 1),
        ("layers.Dense.activation", None),
        ("layers.Dense.activation", "relu"),
        ("layers.Dense.kernel_regularizer", "l2"),
        ("layers.Dropout.rate", 0),
        ("layers.Dropout.rate", 0.5),
        ("layers.Conv1D.padding", "causal"),
        ("layers.Conv2D.kernel_size", 3),
        ("layers.Conv2D.kernel_size", [3, 5]),
        ("layers.MaxPooling2D.strides", None),
        ("layers.RandomRotation.factor", [-0.2, 0.3]),
        ("optimizers.Adam.learning_rate", 1),
        ("tuners.hyperband.max_epochs", None),
    ],
)
def test_a_right_value_is_allowed(path: str, value: object) -> None:
    assert argument(path).fault(value) is None


def test_what_would_be_right_reads_as_a_sentence() -> None:
    assert argument("layers.Dense.units").expectation() == "must be an integer at least 1 and at most 1000000"
    assert argument("layers.Dropout.rate").expectation() == "must be a number at least 0 and below 1"
    assert argument("layers.Conv2D.kernel_size").expectation() == (
        "must be an integer at least 1 and at most 1024, or a list of 2 integers"
    )
    assert argument("layers.Conv2D.padding").expectation() == "must be one of valid, same"
    assert argument("optimizers.Adam.clipnorm").expectation() == (
        "must be a number above 0 and at most 1000000, or null"
    )


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        ("accuracy", "accuracy"),
        ("acc", "acc"),
        ("mse", "mse"),
        ("AUC", "auc"),
        ("sparse_top_k_categorical_accuracy", "sparse_top_k_categorical_accuracy"),
        ({"metric": "AUC"}, "auc"),
        ({"metric": "AUC", "curve": "PR", "name": "auc_pr"}, "auc_pr"),
        ({"metric": "F1Score", "average": "macro"}, "f1_score"),
        ({"metric": "NoSuch"}, None),
        ("no_such", None),
        (7, None),
        ({"metric": ["AUC"]}, None),
    ],
)
def test_names_under_which_metrics_are_logged(metric: object, name: str | None) -> None:
    assert catalogue().metric_log_name(metric) == name


def test_words_for_the_same_thing() -> None:
    known = catalogue()
    assert known.loss("mse") is known.losses["MeanSquaredError"]
    assert known.loss("sparse_categorical_crossentropy") is known.losses["SparseCategoricalCrossentropy"]
    assert known.optimizer("adam") is known.optimizer("Adam")
    assert known.optimizer("keras.optimizers.Adam") is None


def test_nobody_can_change_it() -> None:
    known = catalogue()
    with pytest.raises(TypeError):
        known.layers["Lambda"] = known.layers["Dense"]  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        known.layers["Dense"].arguments["units"].maximum = None  # type: ignore[misc]
