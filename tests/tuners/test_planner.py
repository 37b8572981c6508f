"""The planner on real Keras: what is accepted, what is refused and where, and how its child lives and dies."""

from __future__ import annotations

import copy
import itertools
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.clock import Clock, ManualClock, SystemClock
from storage.errors import HeadstockError, InvalidDefinition
from storage.settings import Settings
from tests.waiting import wait_until
from tuners.definitions import DataFacts, parse_definition
from tuners.planner.client import Planner
from tuners.planner.corners import corners

Document = dict[str, Any]

DIGITS = DataFacts("classification", (8, 8), 10, 1797, 0, 0, "uint8", "int32")
TABLE = DataFacts("regression", (10,), None, 442, 0, 0, "float32", "float64")

MLP: Document = {
    "name": "digits-mlp",
    "dataset": {"name": "digits"},
    "model": {
        "type": "sequential",
        "layers": [
            {"layer": "Flatten"},
            {
                "repeat": {"hp": "num_layers"},
                "layers": [
                    {"layer": "Dense", "units": {"hp": "units_{i}"}, "activation": "relu"},
                    {"if": {"hp": "batch_norm"}, "layers": [{"layer": "BatchNormalization"}]},
                ],
            },
            {"layer": "Dense", "units": {"data": "num_classes"}, "activation": "softmax"},
        ],
    },
    "compile": {
        "optimizer": {"optimizer": "Adam", "learning_rate": {"hp": "learning_rate"}},
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
    },
    "fit": {"epochs": 3, "batch_size": 32, "validation_split": 0.2},
    "hyperparameters": [
        {"name": "num_layers", "type": "int", "min_value": 1, "max_value": 3},
        {"name": "units_{i}", "type": "int", "min_value": 32, "max_value": 512, "step": 32},
        {"name": "batch_norm", "type": "boolean"},
        {"name": "learning_rate", "type": "float", "min_value": 1e-4, "max_value": 1e-2, "sampling": "log"},
    ],
    "objective": {"name": "val_accuracy", "direction": "max"},
    "tuner": {"type": "random"},
    "limits": {"max_trials": 5},
}

CONVNET_LAYERS: list[Document] = [
    {"layer": "Reshape", "target_shape": {"data": "image_shape"}},
    {
        "repeat": {"hp": "num_layers"},
        "layers": [
            {"layer": "Conv2D", "filters": {"hp": "units_{i}"}, "kernel_size": 3},
            {"if": {"hp": "batch_norm"}, "layers": [{"layer": "BatchNormalization"}]},
            {"layer": "MaxPooling2D"},
        ],
    },
    {"layer": "Flatten"},
    {"layer": "Dense", "units": 10, "activation": "softmax"},
]


def dense_count(*widths: int, normalized: bool = False) -> int:
    """Parameters of dense layers between these widths; `normalized` adds four for each hidden unit."""
    weights = sum((before + 1) * after for before, after in itertools.pairwise(widths))
    return weights + (4 * sum(widths[1:-1]) if normalized else 0)


def canonical(change: Callable[[Document], object] | None = None) -> Document:
    document = copy.deepcopy(MLP)
    if change is not None:
        change(document)
    return parse_definition(document).to_json()


def set_layers(document: Document, layers: list[Document]) -> None:
    document["model"]["layers"] = layers


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planner]:
    made = Planner(Settings(data_dir=tmp_path_factory.mktemp("data")), SystemClock())
    yield made
    made.close()


@pytest.mark.keras
def test_sizes_are_those_of_the_corners(planner: Planner) -> None:
    size = planner.check(canonical(), DIGITS)
    assert size.min_parameters == dense_count(64, 32, 10)
    assert size.max_parameters == dense_count(64, 512, 512, 512, 10, normalized=True)
    assert size.default_parameters == dense_count(64, 32, 10)


@pytest.mark.keras
def test_points_above_the_definitions_own_limit_are_not_counted(planner: Planner) -> None:
    limited = canonical(lambda document: document.update(constraints=[{"parameters": {"max": 20_000}}]))
    size = planner.check(limited, DIGITS)
    assert size.min_parameters == dense_count(64, 32, 10)
    assert size.max_parameters is not None
    assert size.max_parameters <= 20_000


@pytest.mark.keras
@pytest.mark.parametrize(
    ("change", "pointer", "code", "says"),
    [
        pytest.param(
            lambda document: set_layers(document, CONVNET_LAYERS),
            "/model/layers/1/layers/2", "shape_mismatch", "num_layers=3", id="pooling eats the image in deep models",
        ),
        pytest.param(
            lambda document: document["model"]["layers"].insert(
                0, {"layer": "Conv2D", "filters": 8, "kernel_size": 3}
            ),
            "/model/layers/0", "shape_mismatch", "at least 4 axes", id="convolution without a channel axis",
        ),
        pytest.param(
            lambda document: document["model"]["layers"].pop(0),
            "/compile/loss", "shape_mismatch", "flatten or pool", id="outputs with two axes",
        ),
        pytest.param(
            lambda document: document["model"]["layers"][2].update(units=5),
            "/compile/loss", "shape_mismatch", "10 classes", id="fewer outputs than classes",
        ),
        pytest.param(
            lambda document: document["compile"].update(loss="mse"),
            None, None, "", id="one output for each class also suits other losses",
        ),
        pytest.param(
            lambda document: document["compile"].update(metrics=["accuracy", "AUC"]),
            "/compile/metrics/1", "shape_mismatch", "", id="metric of other shapes",
        ),
        pytest.param(
            lambda document: document["hyperparameters"][1].update(max_value=320_000),
            "/model/layers/1/layers/0", "model_too_large", '"parameters": {"max"', id="the largest point is a bomb",
        ),
        pytest.param(
            lambda document: document.update(constraints=[{"parameters": {"max": 20}}]),
            "/model/layers/1/layers/0", "model_too_large", "every other point", id="no point is small enough",
        ),
        pytest.param(
            lambda document: document["model"]["layers"].insert(0, {"layer": "Softmax", "axis": 7}),
            "/model", "build_error", "", id="only a step of training shows it",
        ),
    ],
)  # fmt: skip
def test_what_only_keras_knows_is_refused_at_its_place(
    planner: Planner, change: Callable[[Document], object], pointer: str | None, code: str | None, says: str
) -> None:
    if pointer is None:
        assert (planner.check(canonical(change), DIGITS).min_parameters or 0) > 0
        return
    with pytest.raises(InvalidDefinition) as caught:
        planner.check(canonical(change), DIGITS)
    (fault,) = caught.value.faults
    assert (fault.pointer, fault.code) == (pointer, code)
    assert says in fault.detail
    assert "learning_rate=" in fault.detail
    assert "/site-packages/" not in fault.detail


@pytest.mark.keras
def test_a_regression_with_several_outputs_is_refused(planner: Planner) -> None:
    def change(document: Document) -> None:
        document["model"]["layers"][2] = {"layer": "Dense", "units": 3}
        document["compile"].update(loss="mse", metrics=["mae"])
        document["objective"] = {"name": "val_mae", "direction": "min"}

    with pytest.raises(InvalidDefinition) as caught:
        planner.check(canonical(change), TABLE)
    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [("/compile/loss", "shape_mismatch")]


@pytest.mark.keras
def test_a_repeated_check_asks_nobody(planner: Planner) -> None:
    first = planner.check(canonical(), DIGITS)
    planner.close()
    renamed = canonical(lambda document: document.update(name="another", tags={"a": "b"}, limits={"max_trials": 9}))
    assert planner.check(renamed, DIGITS) == first
    assert planner.child_pid is None


@pytest.mark.keras
def test_the_child_has_no_secrets_and_is_replaced_when_it_dies(
    planner: Planner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADSTOCK_TOKEN", "secret")
    monkeypatch.setenv("HEADSTOCK_DATABASE_URL", "postgresql://user:secret@host/db")
    planner.close()
    planner.check(canonical(lambda document: document["hyperparameters"][0].update(max_value=2)), DIGITS)
    pid = planner.child_pid
    assert pid is not None
    environment = Path(f"/proc/{pid}/environ").read_bytes()
    assert b"secret" not in environment
    assert b"CUDA_VISIBLE_DEVICES=\0" in environment
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: planner.child_pid is None, what="the child's end")
    size = planner.check(canonical(lambda document: document["hyperparameters"][1].update(max_value=64)), DIGITS)
    assert size.max_parameters == dense_count(64, 64, 64, 64, 10, normalized=True)
    assert planner.child_pid not in (None, pid)


@pytest.mark.keras
def test_callers_wait_for_each_other_and_all_get_an_answer(planner: Planner) -> None:
    sizes: dict[int, int | None] = {}

    def ask(units: int) -> None:
        document = canonical(lambda document: document["hyperparameters"][1].update(min_value=units))
        sizes[units] = planner.check(document, DIGITS).min_parameters

    threads = [threading.Thread(target=ask, args=(units,)) for units in (64, 96, 128)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sizes == {units: dense_count(64, units, 10) for units in (64, 96, 128)}


@pytest.mark.keras
def test_an_idle_child_ends_by_itself(tmp_path: Path) -> None:
    planner = Planner(Settings(data_dir=tmp_path, planner_idle_s=0.2), SystemClock())
    planner.check(canonical(), DIGITS)
    wait_until(lambda: planner.child_pid is None, what="the idle child's end")
    planner.close()


class JumpingClock(ManualClock):
    """Every look at the clock finds it a minute later."""

    def monotonic(self) -> float:
        self.advance(60.0)
        return super().monotonic()


def acting(tmp_path: Path, act: str, *, clock: Clock | None = None, timeout_s: float = 30.0) -> Planner:
    """A planner whose child starts at once, leaves a mark in `starts`, and answers its first line by `act`."""
    code = (
        "import os, sys\n"
        f"open({str(tmp_path / 'starts')!r}, 'a').write('x')\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        f"{act}\n"
    )
    settings = Settings(data_dir=tmp_path, planner_memory_mb=512, planner_timeout_s=timeout_s)
    return Planner(settings, clock or SystemClock(), command=(sys.executable, "-c", code))


def starts(tmp_path: Path) -> int:
    return len((tmp_path / "starts").read_text())


def refused(planner: Planner) -> tuple[str, str]:
    with pytest.raises(InvalidDefinition) as caught:
        planner.check(canonical(), DIGITS)
    (fault,) = caught.value.faults
    return fault.pointer, fault.code


def test_a_check_over_its_time_is_refused_and_its_child_killed(tmp_path: Path) -> None:
    planner = acting(tmp_path, "sys.stdin.readline()", timeout_s=0.2)
    assert refused(planner) == ("/model", "model_too_large")
    assert planner.child_pid is None
    assert starts(tmp_path) == 1


def test_a_check_over_its_memory_is_refused_and_its_child_killed(tmp_path: Path) -> None:
    planner = acting(tmp_path, "hoard = b'x' * (700 << 20)\nsys.stdin.readline()")
    assert refused(planner) == ("/model", "model_too_large")
    assert planner.child_pid is None
    assert starts(tmp_path) == 1


def test_a_definition_that_ends_the_child_twice_is_refused(tmp_path: Path) -> None:
    planner = acting(tmp_path, "os.abort()")
    assert refused(planner) == ("/model", "build_error")
    assert starts(tmp_path) == 2
    assert refused(planner) == ("/model", "build_error")
    assert starts(tmp_path) == 4, "an answer that says nothing about the definition was remembered"
    planner.close()


@pytest.mark.parametrize("answer", ["nonsense", '{"size": {"min_parameters": "many"}}', '{"error": "no Keras"}', "{}"])
def test_an_answer_that_is_none_is_an_error_of_ours(tmp_path: Path, answer: str) -> None:
    planner = acting(tmp_path, f"print({answer!r}, flush=True)\nsys.stdin.readline()")
    with pytest.raises(HeadstockError) as caught:
        planner.check(canonical(), DIGITS)
    assert not isinstance(caught.value, InvalidDefinition)
    planner.close()


def test_closing_does_not_wait_for_the_check_that_runs(tmp_path: Path) -> None:
    planner = acting(tmp_path, "sys.stdin.readline()")
    failed: list[HeadstockError] = []

    def ask() -> None:
        try:
            planner.check(canonical(), DIGITS)
        except HeadstockError as error:
            failed.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    wait_until(lambda: (tmp_path / "starts").exists() and starts(tmp_path) == 1, what="the child's start")
    planner.close()
    thread.join(20)
    assert not thread.is_alive()
    assert len(failed) == 1
    assert starts(tmp_path) == 1


@pytest.mark.parametrize("act", ["slow", "missing"])
def test_a_child_that_cannot_start_is_an_error_of_ours(tmp_path: Path, act: str) -> None:
    settings = Settings(data_dir=tmp_path)
    if act == "slow":
        wait = (sys.executable, "-c", "import sys; sys.stdin.readline()")
        planner = Planner(settings, JumpingClock(), command=wait)
    else:
        planner = Planner(settings, SystemClock(), command=(sys.executable, "-P", "-m", "no_such_module"))
    with pytest.raises(HeadstockError) as caught:
        planner.check(canonical(), DIGITS)
    assert not isinstance(caught.value, InvalidDefinition)
    assert planner.child_pid is None


def test_corners_hold_every_end_and_keep_constraints() -> None:
    space = parse_definition(copy.deepcopy(MLP)).space()
    points = [corner.values for corner in corners(space)]
    assert points[0] == space.defaults()
    assert all(space.contains(point) and space.satisfies(point) for point in points)
    assert {point["num_layers"] for point in points} >= {1, 3}
    assert {point["batch_norm"] for point in points} == {False, True}
    assert {point["units_2"] for point in points if "units_2" in point} >= {32, 512}
    assert len({space.hash_values(point) for point in points}) == len(points) <= 32
    assert [corner.values for corner in corners(space)] == points


def test_corners_that_break_a_constraint_are_left_out() -> None:
    document = copy.deepcopy(MLP)
    document["constraints"] = [{"product": ["units_0", "units_1"], "max": 65_536}]
    space = parse_definition(document).space()
    for corner in corners(space):
        assert corner.values["units_0"] * corner.values.get("units_1", 1) <= 65_536  # type: ignore[operator]
