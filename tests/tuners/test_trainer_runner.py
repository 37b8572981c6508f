"""Trials in the trainer with real Keras: going on from checkpoints, ending early, and what failures are called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from storage.records import Failure
from tests.tuners.trainer_doubles import Line, TinyArrays, job, resolved, resume_from, tiny_arrays
from tuners.trainer import checkpoints
from tuners.trainer.control import Control
from tuners.trainer.protocol import EpochDone, FromTrainer, Notice, Saved, Started

pytestmark = pytest.mark.keras


@pytest.fixture
def runner() -> Iterator[Any]:
    from tuners.trainer.builder import build_model
    from tuners.trainer.runner import Runner

    yield Runner(tiny_arrays, build_model)

    import keras

    keras.utils.clear_session()


def test_trial_reports_each_epoch_and_saves_its_end(runner: Any, tmp_path: Path) -> None:
    line = Line()
    assert runner.run(job(tmp_path), line.control) == "completed"
    assert line.epochs() == [(0, 0), (0, 1), (0, 2), (0, 3)]
    assert set(line.of(EpochDone)[0].metrics) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    (started,) = line.of(Started)
    # 4*8+8 dense, 4*8 normalization, 8*2+2 dense
    assert started.parameters == 40 + 32 + 18
    last = checkpoints.read(Path(line.last().path))
    assert (last.epoch, last.ended) == (3, True)
    assert {tensor.role for tensor in last.tensors} == {"model", "optimizer"}
    scores = [message.metrics["val_accuracy"] for message in line.of(EpochDone)]
    best = [message for message in line.of(Saved) if message.kind == "best"][-1]
    assert best.epoch == scores.index(max(scores))
    assert {tensor.role for tensor in checkpoints.read(Path(best.path)).tensors} == {"model"}


def test_epochs_are_sent_before_the_checkpoint_that_covers_them(runner: Any, tmp_path: Path) -> None:
    line = Line()
    runner.run(job(tmp_path), line.control)
    covered = -1
    for message in line.messages:
        if isinstance(message, EpochDone):
            covered = message.epoch
        elif isinstance(message, Saved):
            assert message.epoch is not None
            assert message.epoch <= covered


def test_resumed_trial_has_the_same_weights_optimizer_and_epoch_numbers(runner: Any, tmp_path: Path) -> None:
    """Two epochs, then two more in a later attempt: the state at the seam is equal to the bit."""
    first = Line(orders=_release_after_epoch(1))
    assert runner.run(job(tmp_path), first.control) == "released"
    assert first.epochs() == [(0, 0), (0, 1)]
    saved = checkpoints.read(Path(first.last().path))
    iterations = {tensor.name: tensor.value for tensor in saved.of_role("optimizer")}["iteration"]
    assert iterations == 6  # two epochs of three batches

    seen: list[tuple[int, list[np.ndarray[Any, Any]], list[np.ndarray[Any, Any]]]] = []
    second = Line()
    spied = _spy_on_first_batch(runner, seen)
    assert spied.run(job(tmp_path, attempt=2, resume=resume_from(first.last())), second.control) == "completed"
    assert second.epochs() == [(0, 2), (0, 3)]
    ((step, model, optimizer),) = seen
    assert step == 2
    for mine, theirs in ((model, saved.of_role("model")), (optimizer, saved.of_role("optimizer"))):
        assert [value.tobytes() for value in mine] == [tensor.value.tobytes() for tensor in theirs]
    end = checkpoints.read(Path(second.last().path))
    assert {tensor.name: tensor.value for tensor in end.of_role("optimizer")}["iteration"] == 12


def test_promoted_trial_goes_on_where_its_parent_stopped(runner: Any, tmp_path: Path) -> None:
    parent = Line()
    assert runner.run(job(tmp_path, target_epochs=2), parent.control) == "completed"
    child = Line()
    promoted = job(
        tmp_path, trial_id="t_2", trial_number=9, start_epoch=2, target_epochs=4, parent_path=parent.last().path
    )
    assert runner.run(promoted, child.control) == "completed"
    assert child.epochs() == [(0, 2), (0, 3)]
    end = checkpoints.read(Path(child.last().path))
    assert {tensor.name: tensor.value for tensor in end.of_role("optimizer")}["iteration"] == 12
    assert end.best_epoch in {2, 3}


def test_each_execution_begins_anew_and_a_resume_goes_on_in_its_own(runner: Any, tmp_path: Path) -> None:
    whole = Line()
    assert runner.run(job(tmp_path, executions=3, target_epochs=2), whole.control) == "completed"
    assert whole.epochs() == [(execution, epoch) for execution in range(3) for epoch in range(2)]
    losses = [message.metrics["loss"] for message in whole.of(EpochDone)]
    assert len({losses[0], losses[2], losses[4]}) == 3

    broken = Line(orders=_release_after_epoch(0, execution=1))
    assert runner.run(job(tmp_path, executions=3, target_epochs=2), broken.control) == "released"
    rest = Line()
    assert (
        runner.run(
            job(tmp_path, attempt=2, executions=3, target_epochs=2, resume=resume_from(broken.last())), rest.control
        )
        == "completed"
    )
    assert broken.epochs() + rest.epochs() == whole.epochs()


def test_same_seed_same_trial(runner: Any, tmp_path: Path) -> None:
    first, second, other = Line(), Line(), Line()
    runner.run(job(tmp_path), first.control)
    runner.run(job(tmp_path), second.control)
    runner.run(job(tmp_path, trial_number=4), other.control)
    metrics = [[message.metrics for message in line.of(EpochDone)] for line in (first, second, other)]
    assert metrics[0] == metrics[1]
    assert metrics[0] != metrics[2]


def test_trial_whose_epochs_are_all_done_only_finishes(runner: Any, tmp_path: Path) -> None:
    done = Line()
    runner.run(job(tmp_path), done.control)
    again = Line()
    assert runner.run(job(tmp_path, attempt=2, resume=resume_from(done.last())), again.control) == "completed"
    assert again.of(EpochDone) == []
    assert again.of(Started) == []


@pytest.mark.parametrize("harm", ["cut", "missing", "other epoch", "other model"])
def test_damaged_checkpoint_is_made_up_for_without_reporting_epochs_twice(
    runner: Any, tmp_path: Path, harm: str
) -> None:
    first = Line(orders=_release_after_epoch(1))
    runner.run(job(tmp_path), first.control)
    saved = first.last()
    path, point = Path(saved.path), resume_from(saved)
    if harm == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif harm == "missing":
        point = replace(point, path=None)
    elif harm == "other epoch":
        checkpoints.write(replace(checkpoints.read(path), epoch=0), path)
    else:
        snapshot = checkpoints.read(path)
        checkpoints.write(replace(snapshot, tensors=snapshot.tensors[1:]), path)
    second = Line()
    assert runner.run(job(tmp_path, attempt=2, resume=point), second.control) == "completed"
    assert second.epochs() == [(0, 2), (0, 3)]
    assert [notice.code for notice in second.of(Notice)] == ([] if harm == "missing" else ["checkpoint_damaged"])
    end = checkpoints.read(Path(second.last().path))
    # All four epochs have been trained, two of them silently: 12 batches are behind the end's weights.
    assert {tensor.name: tensor.value for tensor in end.of_role("optimizer")}["iteration"] == 12


def test_promoted_trial_without_its_parents_checkpoint_trains_the_missing_epochs(runner: Any, tmp_path: Path) -> None:
    line = Line()
    assert runner.run(job(tmp_path, start_epoch=2, target_epochs=3), line.control) == "completed"
    assert line.epochs() == [(0, 2)]
    end = checkpoints.read(Path(line.last().path))
    assert {tensor.name: tensor.value for tensor in end.of_role("optimizer")}["iteration"] == 9


def test_callbacks_go_on_counting_after_a_resume(runner: Any, tmp_path: Path) -> None:
    """Patience 2 with a monitor that cannot improve: epochs 0, 1 and 2, wherever the seam is."""
    fit = {
        **resolved()["fit"],
        "callbacks": [
            {
                "callback": "EarlyStopping",
                "monitor": "val_loss",
                "min_delta": 1e9,
                "patience": 2,
                "restore_best_weights": True,
            },
            {"callback": "ReduceLROnPlateau", "monitor": "val_loss", "min_delta": 1e9, "patience": 2, "factor": 0.5},
        ],
    }
    document = resolved(fit=fit)
    whole = Line()
    assert runner.run(job(tmp_path, resolved=document, target_epochs=9), whole.control) == "completed"
    assert whole.epochs() == [(0, 0), (0, 1), (0, 2)]
    assert checkpoints.read(Path(whole.last().path)).ended

    first = Line(orders=_release_after_epoch(1))
    runner.run(job(tmp_path, resolved=document, target_epochs=9), first.control)
    snapshot = checkpoints.read(Path(first.last().path))
    assert snapshot.callbacks[0]["wait"] == 1
    # The weights EarlyStopping keeps, which are all variables but Dropout's random state.
    assert len(snapshot.of_role("callback")) == len(snapshot.of_role("model")) - 1
    second = Line()
    runner.run(
        job(tmp_path, attempt=2, resolved=document, target_epochs=9, resume=resume_from(first.last())), second.control
    )
    assert second.epochs() == [(0, 2)]
    rates = [message.metrics["learning_rate"] for message in [*first.of(EpochDone), *second.of(EpochDone)]]
    assert rates == [message.metrics["learning_rate"] for message in whole.of(EpochDone)]


def test_stop_ends_within_the_epoch_with_the_best_weights_kept(runner: Any, tmp_path: Path) -> None:
    def stop(message: FromTrainer, control: Control) -> None:
        if isinstance(message, EpochDone) and message.epoch == 1:
            control.end("stop", None)

    line = Line(orders=stop)
    assert runner.run(job(tmp_path, target_epochs=50), line.control) == "stopped"
    assert line.epochs() == [(0, 0), (0, 1)]
    assert {message.kind for message in line.of(Saved)} == {"best", "last"}
    assert line.last().epoch == 1


def test_stop_before_the_first_epoch_ends_after_one_batch(runner: Any, tmp_path: Path) -> None:
    def stop(message: FromTrainer, control: Control) -> None:
        if isinstance(message, Started):
            control.end("stop", None)

    line = Line(orders=stop)
    assert runner.run(job(tmp_path), line.control) == "stopped"
    assert line.of(EpochDone) == []


def test_abandoned_trial_saves_nothing(runner: Any, tmp_path: Path) -> None:
    def abandon(message: FromTrainer, control: Control) -> None:
        if isinstance(message, EpochDone):
            control.end("abandon", None)

    line = Line(orders=abandon)
    assert runner.run(job(tmp_path), line.control) == "abandoned"
    assert line.of(Saved) == []


def test_release_that_cannot_wait_ends_within_the_epoch(runner: Any, tmp_path: Path) -> None:
    def release(message: FromTrainer, control: Control) -> None:
        if isinstance(message, Started):
            control.end("release", 0.0)

    line = Line(orders=release)
    assert runner.run(job(tmp_path), line.control) == "released"
    assert line.of(EpochDone) == []
    assert line.of(Saved) == []


def test_release_during_the_last_epoch_completes_it(runner: Any, tmp_path: Path) -> None:
    line = Line(orders=_release_after_epoch(0))
    assert runner.run(job(tmp_path, target_epochs=1), line.control) == "completed"


def test_nan_loss_ends_the_execution_with_its_row(tmp_path: Path) -> None:
    from tuners.trainer.builder import build_model
    from tuners.trainer.runner import Runner

    def with_nan(folder: Path, dataset: Any, **options: object) -> TinyArrays:
        arrays = tiny_arrays(folder, dataset)
        arrays.x_train[5, 0] = np.nan
        return arrays

    line = Line()
    document = resolved()
    # A rectified unit would hide it: its value for NaN is 0 on some devices.
    document["model"]["layers"][0]["activation"] = "linear"
    trial = job(tmp_path, resolved=document)
    assert Runner(with_nan, build_model).run(trial, line.control) == "completed"
    (only,) = line.of(EpochDone)
    assert np.isnan(only.metrics["loss"])


@pytest.mark.parametrize(
    ("loss", "outputs", "one_hot"),
    [
        ("categorical_crossentropy", 2, True),
        ("sparse_categorical_crossentropy", 2, False),
        ("binary_crossentropy", 1, False),
    ],
)
def test_targets_have_the_shape_the_loss_compares_with(tmp_path: Path, loss: str, outputs: int, one_hot: bool) -> None:
    from tuners.trainer.builder import build_model
    from tuners.trainer.runner import Runner

    asked: list[object] = []

    def loading(folder: Path, dataset: Any, **options: Any) -> TinyArrays:
        one_hot = options["request"].one_hot
        asked.append(one_hot)
        arrays = tiny_arrays(folder, dataset)
        if not one_hot:
            return arrays
        eye = np.eye(2, dtype=np.float32)
        assert arrays.y_val is not None
        return replace(arrays, y_train=eye[arrays.y_train], y_val=eye[arrays.y_val])

    document = resolved(compile={**resolved()["compile"], "loss": loss})
    document["model"]["layers"][-1] = {"layer": "Dense", "units": outputs, "activation": "sigmoid"}
    document["fit"]["class_weight"] = "balanced"
    line = Line()
    trial = job(tmp_path, resolved=document, target_epochs=1)
    assert Runner(loading, build_model).run(trial, line.control) == "completed"
    assert asked == [one_hot]


def test_each_fold_is_a_training_of_its_own_on_its_own_rows(tmp_path: Path) -> None:
    """Two repeats of three folds: fresh weights and another seed each, rows by the fold."""
    from tuners.trainer.builder import build_model
    from tuners.trainer.runner import Runner

    asked: list[Any] = []

    def loading(folder: Path, dataset: Any, *, request: Any) -> TinyArrays:
        asked.append(request)
        return tiny_arrays(folder, dataset)

    begun: list[bytes] = []

    def building(document: Any, **options: Any) -> Any:
        model = build_model(document, **options)
        begun.append(b"".join(variable.numpy().tobytes() for variable in model.trainable_variables))
        return model

    fit = {**resolved()["fit"], "cross_validation": {"folds": 3, "stratified": False}}
    line = Line()
    trial = job(tmp_path, resolved=resolved(fit=fit), executions=6, target_epochs=1)
    assert Runner(loading, building).run(trial, line.control) == "completed"
    assert line.epochs() == [(execution, 0) for execution in range(6)]
    assert [(request.fold, request.folds, request.stratified) for request in asked] == [
        (fold, 3, False) for fold in (0, 1, 2, 0, 1, 2)
    ]
    assert len({request.seed for request in asked}) == 1
    assert len(set(begun)) == 6


def _weighing(w_train: Any, w_val: Any) -> Any:
    """A loader whose examples have these weights."""

    def loading(folder: Path, dataset: Any, **_: object) -> TinyArrays:
        return replace(tiny_arrays(folder, dataset), w_train=w_train, w_val=w_val)

    return loading


def _first_row(tmp_path: Path, loading: Any, **fit: Any) -> Any:
    from tuners.trainer.builder import build_model
    from tuners.trainer.runner import Runner

    line = Line()
    document = resolved(fit={**resolved()["fit"], "batch_size": 96, **fit})
    assert Runner(loading, build_model).run(job(tmp_path, resolved=document, target_epochs=1), line.control)
    (row,) = line.of(EpochDone)
    return row.metrics


def test_sample_weights_count_in_training_and_in_validation(tmp_path: Path) -> None:
    """One batch an epoch. Rows of weight 0 are as good as not there, and Keras divides by the number of rows."""
    ones, half = np.ones(96, np.float32), np.repeat([1.0, 0.0], 48).astype(np.float32)
    plain = _first_row(tmp_path, tiny_arrays)
    same = _first_row(tmp_path, _weighing(ones, None))
    assert same == pytest.approx(plain, rel=1e-4)
    weighed = _first_row(tmp_path, _weighing(half, None))
    assert weighed["loss"] != pytest.approx(plain["loss"], rel=1e-3)
    validated = _first_row(tmp_path, _weighing(ones, np.full(32, 3.0, np.float32)))
    assert validated["loss"] == pytest.approx(plain["loss"], rel=1e-4)
    assert validated["val_loss"] == pytest.approx(3 * plain["val_loss"], rel=1e-4)


def test_balanced_classes_and_sample_weights_are_multiplied(tmp_path: Path) -> None:
    ones = np.ones(96, np.float32)
    balanced = _first_row(tmp_path, tiny_arrays, class_weight="balanced")
    both = _first_row(tmp_path, _weighing(ones, None), class_weight="balanced")
    assert both == pytest.approx(balanced, rel=1e-4)
    doubled = _first_row(tmp_path, _weighing(2 * ones, None), class_weight="balanced")
    assert doubled["loss"] == pytest.approx(2 * balanced["loss"], rel=1e-4)


def test_full_disk_skips_checkpoints_but_not_the_trial(runner: Any, tmp_path: Path) -> None:
    line = Line()
    assert runner.run(job(tmp_path / "gone"), line.control) == "completed"
    assert len(line.epochs()) == 4
    assert line.of(Saved) == []
    assert {notice.code for notice in line.of(Notice)} == {"checkpoint_skipped"}


class TestFailures:
    def test_model_that_cannot_be_built_ends_the_search(self, runner: Any, tmp_path: Path) -> None:
        document = resolved()
        document["model"]["layers"].insert(0, {"layer": "Conv2D", "filters": 2, "kernel_size": 9})
        failure = _failure(runner, job(tmp_path, resolved=document))
        assert (failure.code, failure.ends_search, failure.retryable) == ("build_error", True, False)
        assert failure.message.startswith("/model/layers/0")

    def test_model_beyond_the_services_limit(self, runner: Any, tmp_path: Path) -> None:
        failure = _failure(runner, job(tmp_path, max_parameters=50))
        assert (failure.code, failure.ends_search, failure.retryable) == ("model_too_large", False, False)

    def test_model_beyond_the_definitions_constraint(self, runner: Any, tmp_path: Path) -> None:
        failure = _failure(runner, job(tmp_path, constraint_parameters=50))
        assert (failure.code, failure.ends_search, failure.retryable) == ("constraint_parameters", False, False)
        assert "90 parameters" in failure.message

    def test_objective_that_is_not_reported(self, runner: Any, tmp_path: Path) -> None:
        line = Line()
        document = resolved(objective={"name": "val_auc", "direction": "max"})
        failure = runner.run(job(tmp_path, resolved=document), line.control)
        assert isinstance(failure, Failure)
        assert (failure.code, failure.ends_search) == ("objective_missing", True)
        assert "accuracy" in failure.message
        assert line.of(Started) == []

    def test_data_that_cannot_be_loaded(self, tmp_path: Path) -> None:
        from tuners.trainer.builder import build_model
        from tuners.trainer.runner import Runner

        def broken(*_: object, **__: object) -> TinyArrays:
            raise ValueError(f"cannot read {tmp_path}/x_train.npy")

        failure = _failure(Runner(broken, build_model), job(tmp_path))
        assert (failure.code, failure.ends_search) == ("data_error", True)
        assert str(tmp_path) not in failure.message
        assert failure.traceback is not None
        assert str(tmp_path) not in failure.traceback

    def test_error_while_training_names_no_path(self, tmp_path: Path) -> None:
        from tuners.trainer.builder import build_model
        from tuners.trainer.runner import Runner

        def mismatched(folder: Path, dataset: Any, **options: object) -> TinyArrays:
            arrays = tiny_arrays(folder, dataset)
            return replace(arrays, x_train=arrays.x_train[:, :3])

        failure = _failure(Runner(mismatched, build_model), job(tmp_path))
        assert (failure.code, failure.ends_search, failure.retryable) == ("training_error", True, False)
        assert failure.traceback is not None
        assert "/site-packages" not in failure.traceback

    def test_unknown_callback_is_no_way_to_keras(self, runner: Any, tmp_path: Path) -> None:
        fit = {**resolved()["fit"], "callbacks": [{"callback": "CSVLogger", "filename": str(tmp_path / "x")}]}
        failure = _failure(runner, job(tmp_path, resolved=resolved(fit=fit)))
        assert failure.code == "build_error"
        assert not (tmp_path / "x").exists()


def _failure(runner: Any, trial: Any) -> Failure:
    outcome = runner.run(trial, Line().control)
    assert isinstance(outcome, Failure), outcome
    return outcome


def _release_after_epoch(epoch: int, *, execution: int = 0) -> Any:
    def order(message: FromTrainer, control: Control) -> None:
        if isinstance(message, EpochDone) and (message.execution, message.epoch) == (execution, epoch):
            control.end("release", None)

    return order


def _spy_on_first_batch(runner: Any, seen: list[Any]) -> Any:
    """A runner whose models show their state when their first epoch begins."""
    from tuners.trainer.builder import build_model
    from tuners.trainer.runner import Runner

    def building(document: Any, **options: Any) -> Any:
        model = build_model(document, **options)
        fit = model.fit

        def spied(*arguments: Any, **keywords: Any) -> Any:
            seen.append(
                (
                    keywords["initial_epoch"],
                    [variable.numpy() for variable in model.variables],
                    [variable.numpy() for variable in model.optimizer.variables],
                )
            )
            return fit(*arguments, **keywords)

        model.fit = spied
        return model

    return Runner(tiny_arrays, building)
