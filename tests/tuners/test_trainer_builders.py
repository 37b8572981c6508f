"""Trials of builders in the trainer: plain ones train like any model, a `fit` of its own is reported all the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from storage.datasets import Dataset
from storage.records import Failure
from tests.tuners.trainer_doubles import Line, TinyArrays, job, resume_from
from tuners.trainer import checkpoints
from tuners.trainer.control import Control
from tuners.trainer.protocol import EpochDone, FromTrainer, RunTrial, Saved, Started

pytestmark = pytest.mark.keras

NAMES = (
    "build_model", "picky", "nothing", "huge", "Tuned", "Scored", "Loop", "Number", "Silent", "Twice", "Quitter",
    "Forgetful",
)  # fmt: skip
REGISTERED = {name.lower(): f"tests.tuners.builder_examples:{name}" for name in NAMES}
CNN = {"model_type": "cnn", "conv/filters": 4, "pooled": True, "pool size": 2, "dropout": False, "lr": 0.005}


def images(folder: Path, dataset: Dataset, **_: object) -> TinyArrays:
    """64 + 32 images of 8 x 8 in ten classes."""
    generator = np.random.default_rng(3)
    x = generator.random(size=(96, 8, 8)).astype(np.float32)
    y = np.arange(96) % 10
    return TinyArrays(x[:64], y[:64], x[64:], y[64:])


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from tuners.trainer.builder import build_model
    from tuners.trainer.runner import Runner

    monkeypatch.setenv("HEADSTOCK_BUILDERS", json.dumps(REGISTERED))
    yield Runner(images, build_model)

    import keras

    keras.utils.clear_session()


def order(scratch: Path, builder: str, values: dict[str, Any] | None = None, **changes: Any) -> RunTrial:
    objective = changes.pop("objective", {"name": "val_accuracy", "direction": "max"})
    document = {
        "model": {
            "type": "builder",
            "builder": builder.lower(),
            "values": values or {},
            "input_shape": [8, 8],
            "x_dtype": "float32",
            "found": {"one_hot": False, "fit": True, "overrides": changes.pop("overrides", [])},
        },
        "compile": {"metrics": []},
        "fit": {"epochs": 4, "batch_size": 32, "shuffle": True, "callbacks": []},
        "objective": objective,
        "seed": 7,
    }
    return job(scratch, resolved=document, **changes)


MINE = {"name": "my_metric", "direction": "min"}


def test_an_unmodified_build_function_is_trained_like_any_model(runner: Any, tmp_path: Path) -> None:
    line = Line()
    assert runner.run(order(tmp_path, "build_model", CNN), line.control) == "completed"
    assert line.epochs() == [(0, 0), (0, 1), (0, 2), (0, 3)]
    assert set(line.of(EpochDone)[0].metrics) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    (started,) = line.of(Started)
    # 3 x 3 x 4 + 4 of the convolution; 6 x 6 pooled to 3 x 3, 4 filters, 10 classes
    assert started.parameters == 40 + 9 * 4 * 10 + 10
    last = checkpoints.read(Path(line.last().path))
    assert {tensor.role for tensor in last.tensors} == {"model", "optimizer"}


def test_a_resumed_trial_goes_on_where_it_stopped(runner: Any, tmp_path: Path) -> None:
    first = Line(orders=release_after(1))
    assert runner.run(order(tmp_path, "build_model", CNN), first.control) == "released"
    second = Line()
    again = order(tmp_path, "build_model", CNN, attempt=2, resume=resume_from(first.last()))
    assert runner.run(again, second.control) == "completed"
    assert first.epochs() + second.epochs() == [(0, 0), (0, 1), (0, 2), (0, 3)]
    end = checkpoints.read(Path(second.last().path))
    # Two batches an epoch.
    assert {tensor.name: tensor.value for tensor in end.of_role("optimizer")}["iteration"] == 8


def test_a_model_is_exported_with_the_weights_of_its_best_epoch(runner: Any, tmp_path: Path) -> None:
    import keras

    from tuners.trainer.export import export

    line = Line()
    given = order(tmp_path, "build_model", CNN)
    assert runner.run(given, line.control) == "completed"
    best = [message for message in line.of(Saved) if message.kind == "best"][-1]
    export(given.resolved, Path(best.path), tmp_path / "best.keras")
    model = keras.models.load_model(tmp_path / "best.keras")
    arrays = images(tmp_path, given.dataset)
    _, accuracy = model.evaluate(arrays.x_val, arrays.y_val, verbose=0)
    assert best.epoch is not None
    assert accuracy == pytest.approx(line.of(EpochDone)[best.epoch].metrics["val_accuracy"])


def test_an_invalid_point_fails_its_trial_and_not_the_search(runner: Any, tmp_path: Path) -> None:
    failure = failed(runner.run(order(tmp_path, "picky", {"units": 1000}), Line().control))
    assert failure.code == "invalid_model"
    assert failure.message == "1000 units are too slow."
    assert not failure.ends_search
    assert not failure.retryable
    assert failure.traceback is not None
    assert "FailedTrialError" in failure.traceback
    assert runner.run(order(tmp_path, "picky", {"units": 8}), Line().control) == "completed"


def test_what_no_point_can_mend_ends_the_search(runner: Any, tmp_path: Path) -> None:
    failure = failed(runner.run(order(tmp_path, "nothing"), Line().control))
    assert (failure.code, failure.ends_search) == ("build_error", True)
    assert "returned nothing" in failure.message


def test_too_many_weights_are_refused_before_they_are_made(runner: Any, tmp_path: Path) -> None:
    failure = failed(runner.run(order(tmp_path, "huge", {"units": 10**9}), Line().control))
    assert failure.code == "model_too_large"


def test_a_builder_that_is_registered_elsewhere_only_is_named(runner: Any, tmp_path: Path) -> None:
    failure = failed(runner.run(order(tmp_path, "elsewhere"), Line().control))
    assert failure.code == "build_error"
    assert "`elsewhere` is registered on this machine" in failure.message


def test_fit_may_give_the_arguments_that_are_tuned_in_it(runner: Any, tmp_path: Path) -> None:
    line = Line()
    values = {"units": 4, "batch_size": 16, "epochs": 2, "shuffle": False}
    given = order(tmp_path, "Tuned", values, overrides=["batch_size", "epochs", "shuffle"])
    assert runner.run(given, line.control) == "completed"
    # Two epochs are the builder's own wish; four would be the definition's.
    assert line.epochs() == [(0, 0), (0, 1)]
    end = checkpoints.read(Path(line.last().path))
    assert end.ended
    # Batches of 16 of 64 rows, twice.
    assert {tensor.name: tensor.value for tensor in end.of_role("optimizer")}["iteration"] == 8


def test_no_own_wish_trains_longer_than_the_tuner_says(runner: Any, tmp_path: Path) -> None:
    line = Line()
    values = {"units": 4, "batch_size": 16, "epochs": 3, "shuffle": False}
    given = order(tmp_path, "Tuned", values, overrides=["batch_size", "epochs", "shuffle"], target_epochs=2)
    assert runner.run(given, line.control) == "completed"
    assert line.epochs() == [(0, 0), (0, 1)]


def test_a_returned_metric_joins_the_last_epoch(runner: Any, tmp_path: Path) -> None:
    line = Line()
    assert runner.run(order(tmp_path, "Scored", {"units": 4}, objective=MINE), line.control) == "completed"
    rows = [message.metrics for message in line.of(EpochDone)]
    assert line.epochs() == [(0, 0), (0, 1), (0, 2), (0, 3)]
    assert all("my_metric" not in row for row in rows[:-1])
    assert (rows[-1]["my_metric"], rows[-1]["other"]) == (0.5, 1.5)
    assert "val_accuracy" in rows[-1]
    assert [message.epoch for message in line.of(Saved) if message.kind == "best"] == [3]


def test_a_loop_of_its_own_reports_through_the_callbacks(runner: Any, tmp_path: Path) -> None:
    line = Line()
    assert runner.run(order(tmp_path, "Loop", {"units": 4}, objective=MINE), line.control) == "completed"
    assert line.epochs() == [(0, 0), (0, 1), (0, 2)]
    losses = [message.metrics["my_metric"] for message in line.of(EpochDone)]
    assert losses[2] < losses[0]
    assert checkpoints.read(Path(line.last().path)).ended


def test_a_number_is_an_epoch_when_none_was_reported(runner: Any, tmp_path: Path) -> None:
    line = Line()
    assert runner.run(order(tmp_path, "Number", {"units": 4}, objective=MINE), line.control) == "completed"
    assert [message.metrics for message in line.of(EpochDone)] == [{"my_metric": 0.25}]
    assert len(line.of(Started)) == 1
    assert [message.kind for message in line.of(Saved)] == ["best", "last"]


def test_a_history_stands_for_its_epochs_when_the_callbacks_were_left_out(runner: Any, tmp_path: Path) -> None:
    line = Line()
    objective = {"name": "loss", "direction": "min"}
    assert runner.run(order(tmp_path, "Silent", {"units": 4}, objective=objective), line.control) == "completed"
    assert line.epochs() == [(0, 0), (0, 1)]
    assert set(line.of(EpochDone)[0].metrics) == {"loss", "accuracy"}


def test_epochs_of_a_second_training_go_on_counting(runner: Any, tmp_path: Path) -> None:
    line = Line()
    assert runner.run(order(tmp_path, "Twice", {"units": 4}), line.control) == "completed"
    assert line.epochs() == [(0, 0), (0, 1), (0, 2), (0, 3)]


def test_fit_may_give_a_trial_up(runner: Any, tmp_path: Path) -> None:
    failure = failed(runner.run(order(tmp_path, "Quitter", {"units": 4}), Line().control))
    assert (failure.code, failure.message, failure.ends_search) == ("invalid_model", "This one is hopeless.", False)


def test_a_fit_that_tells_nothing_is_told_so(runner: Any, tmp_path: Path) -> None:
    failure = failed(runner.run(order(tmp_path, "Forgetful", {"units": 4}), Line().control))
    assert failure.code == "objective_missing"


def failed(outcome: object) -> Failure:
    assert isinstance(outcome, Failure)
    return outcome


def release_after(epoch: int) -> Any:
    def orders(message: FromTrainer, control: Control) -> None:
        if isinstance(message, EpochDone) and message.epoch == epoch - 1:
            control.end("release", None)

    return orders
