"""Final trainings with real models: trained on everything, tested once, and taken home."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from storage.artifacts import open_store
from storage.datasets import Dataset
from storage.migrations import upgrade
from storage.settings import Settings
from storage.sql import open_repository
from tests.tuners.trainer_doubles import Line, dataset, job, resolved, resume_from, tiny_arrays
from tuners.datasets.client import DatasetClient
from tuners.datasets.files import dataset_folder
from tuners.datasets.preprocessing.fitted import FittedPreprocessing
from tuners.trainer.checkpoints import Array
from tuners.trainer.control import Control
from tuners.trainer.protocol import EpochDone, FromTrainer, RunTrial, Saved

pytestmark = pytest.mark.keras

SOURCE = {
    "search_id": "s_1",
    "search_name": "tiny",
    "trial_id": "t_9",
    "trial_number": 9,
    "objective": {"name": "val_accuracy", "direction": "max"},
    "score": 0.875,
    "best_epoch": 3,
    "metrics": {"val_accuracy": 0.875},
}
OPTIONS: dict[str, Any] = {"values": {"units": 8}, "epochs": 4, "source": SOURCE}
PLAIN = FittedPreprocessing({"": {"way": "scale", "offset": 0.0, "divisor": 1.0}})


@dataclass
class FinalArrays:
    x_train: Array
    y_train: Array
    x_test: Array | None
    y_test: Array | None
    x_val: None = None
    y_val: None = None
    w_train: Array | None = None
    w_val: None = None
    w_test: Array | None = None
    preprocessing: FittedPreprocessing = PLAIN


def final_arrays(folder: Path, dataset: Dataset, *, request: Any) -> FinalArrays:
    """The same points, those that would validate being the test part."""
    assert request.whole
    assert request.test
    tiny = tiny_arrays(folder, dataset)
    return FinalArrays(tiny.x_train, tiny.y_train, tiny.x_val, tiny.y_val)


@pytest.fixture
def building() -> Iterator[Any]:
    from tuners.trainer.builder import build_model

    yield build_model

    import keras

    keras.utils.clear_session()


def final_job(scratch: Path, **changes: Any) -> RunTrial:
    document = changes.pop("resolved", resolved())
    objective = {"name": "accuracy", "direction": "max"}
    fields = {"task": "finalize", "options": OPTIONS, "resolved": document | {"objective": objective}}
    return job(scratch, **(fields | changes))


def finished(building: Any, order: RunTrial, loading: Any = final_arrays) -> tuple[Line, dict[str, Any]]:
    """What the trainer said, and the report."""
    from tuners.trainer.runner import Runner

    line = Line()
    outcome = Runner(loading, building).run(order, line.control)
    assert outcome == "completed", outcome
    return line, report(line)


def report(line: Line) -> dict[str, Any]:
    (path,) = [saved.path for saved in line.of(Saved) if saved.kind == "report"]
    document: dict[str, Any] = json.loads(Path(path).read_text())
    return document


def test_report_tells_training_test_and_source(building: Any, tmp_path: Path) -> None:
    line, document = finished(building, final_job(tmp_path))
    assert line.epochs() == [(0, epoch) for epoch in range(4)]
    assert [saved.kind for saved in line.of(Saved) if saved.kind not in ("last", "best")] == [
        "report",
        "model",
        "bundle",
    ]
    training, test = document["training"], document["test"]
    assert (training["rows"], training["epochs"], len(training["epoch_seconds"])) == (96, 4, 4)
    assert training["seconds"] == pytest.approx(sum(row.seconds for row in line.of(EpochDone)))
    assert training["metrics"] == line.of(EpochDone)[-1].metrics
    assert (test["rows"], set(test["metrics"])) == (32, {"loss", "accuracy"})
    (output,) = test["outputs"]
    assert output["accuracy"] == pytest.approx(test["metrics"]["accuracy"], abs=1e-6)
    assert np.array(output["confusion_matrix"]).sum() == 32
    assert [row["class"] for row in output["classes"]] == ["no", "yes"]
    assert output["roc_auc"] > 0.5
    assert document["source"] == SOURCE
    assert document["model"]["parameters"] == 90
    assert document["notes"] == []


def test_without_a_test_part_the_report_says_so(building: Any, tmp_path: Path) -> None:
    def untested(folder: Path, dataset: Dataset, *, request: Any) -> FinalArrays:
        return replace(final_arrays(folder, dataset, request=request), x_test=None, y_test=None)

    line, document = finished(building, final_job(tmp_path), untested)
    assert document["test"] is None
    assert [note["code"] for note in document["notes"]] == ["no_test_part"]
    (bundle,) = [saved.path for saved in line.of(Saved) if saved.kind == "bundle"]
    with zipfile.ZipFile(bundle) as files:
        assert "val_accuracy 0.875" in files.read("model-card.md").decode()


def test_callbacks_that_watch_validation_are_left_out_and_named(building: Any, tmp_path: Path) -> None:
    """The EarlyStopping on the loss stays, and ends the training: it can never improve by so much."""
    callbacks = [
        {"callback": "EarlyStopping", "monitor": "val_loss", "patience": 1},
        {"callback": "ReduceLROnPlateau"},
        {"callback": "EarlyStopping", "monitor": "loss", "min_delta": 1e9, "patience": 2},
        {"callback": "TerminateOnNaN"},
    ]
    document = resolved(fit={**resolved()["fit"], "callbacks": callbacks})
    line, told = finished(building, final_job(tmp_path, resolved=document, target_epochs=9))
    assert line.epochs() == [(0, 0), (0, 1), (0, 2)]
    (note,) = told["notes"]
    assert note["code"] == "callbacks_left_out"
    assert note["message"].startswith("EarlyStopping, ReduceLROnPlateau would watch")


def test_attempt_after_the_training_only_tests(building: Any, tmp_path: Path) -> None:
    """With the weights of the best epoch, which EarlyStopping restores at the end of a training."""
    callbacks = [
        {
            "callback": "EarlyStopping",
            "monitor": "loss",
            "min_delta": 1e9,
            "patience": 2,
            "restore_best_weights": True,
        }
    ]
    document = resolved(fit={**resolved()["fit"], "callbacks": callbacks})
    whole, told = finished(building, final_job(tmp_path, resolved=document, target_epochs=9))
    done = [{"epoch": row.epoch, "seconds": row.seconds, "metrics": row.metrics} for row in whole.of(EpochDone)]
    again = final_job(
        tmp_path,
        resolved=document,
        target_epochs=9,
        attempt=2,
        resume=resume_from(whole.last()),
        options={**OPTIONS, "done": done},
    )
    line, second = finished(building, again)
    assert line.of(EpochDone) == []
    assert second["training"]["epoch_seconds"] == told["training"]["epoch_seconds"]
    assert second["test"]["outputs"] == told["test"]["outputs"]


def test_stopped_training_is_tested_with_what_it_has(building: Any, tmp_path: Path) -> None:
    from tuners.trainer.runner import Runner

    def stop(message: FromTrainer, control: Control) -> None:
        if isinstance(message, EpochDone) and message.epoch == 1:
            control.end("stop", None)

    line = Line(orders=stop)
    assert Runner(final_arrays, building).run(final_job(tmp_path, target_epochs=50), line.control) == "stopped"
    document = report(line)
    assert document["training"]["epochs"] == 2
    assert [note["code"] for note in document["notes"]] == ["stopped_early"]


def test_abandoned_training_leaves_nothing(building: Any, tmp_path: Path) -> None:
    from tuners.trainer.runner import Runner

    def abandon(message: FromTrainer, control: Control) -> None:
        if isinstance(message, EpochDone) and message.epoch == 3:
            control.end("abandon", None)

    line = Line(orders=abandon)
    assert Runner(final_arrays, building).run(final_job(tmp_path), line.control) == "abandoned"
    assert [saved for saved in line.of(Saved) if saved.kind in ("report", "model", "bundle")] == []


@pytest.mark.parametrize(
    ("loss", "units", "activation"),
    [
        ({"loss": "SparseCategoricalCrossentropy", "from_logits": True}, 2, None),
        ({"loss": "BinaryCrossentropy", "from_logits": True}, 1, None),
        ("binary_crossentropy", 1, "sigmoid"),
    ],
)
def test_outputs_of_every_kind_are_read_as_keras_reads_them(
    building: Any, tmp_path: Path, loss: Any, units: int, activation: str | None
) -> None:
    document = resolved(compile={**resolved()["compile"], "loss": loss, "optimizer": {"optimizer": "Adam"}})
    document["model"]["layers"][-1] = {"layer": "Dense", "units": units, "activation": activation or "linear"}
    _, told = finished(building, final_job(tmp_path, resolved=document))
    (output,) = told["test"]["outputs"]
    assert output["roc_auc"] is not None
    # Keras' own accuracy of a single output cuts at 0.5, also where the loss takes it for a logit.
    if units > 1 or activation is not None:
        assert output["accuracy"] == pytest.approx(told["test"]["metrics"]["accuracy"], abs=1e-6)


def test_numbers_are_tested_by_their_errors(building: Any, tmp_path: Path) -> None:
    def numbers(folder: Path, dataset: Dataset, *, request: Any) -> FinalArrays:
        found = final_arrays(folder, dataset, request=request)
        assert found.x_test is not None
        return replace(found, y_train=found.x_train[:, 0], y_test=found.x_test[:, 0])

    document = resolved(
        compile={"optimizer": {"optimizer": "Adam"}, "loss": "mean_squared_error", "metrics": ["mean_absolute_error"]}
    )
    document["model"]["layers"] = [{"layer": "Dense", "units": 1}]
    data = dataset(task="regression", num_classes=None, class_names=())
    order = final_job(tmp_path, resolved=document, dataset=data)
    order = replace(order, resolved={**order.resolved, "objective": {"name": "loss", "direction": "min"}})
    _, told = finished(building, order, numbers)
    (output,) = told["test"]["outputs"]
    assert output["mse"] == pytest.approx(told["test"]["metrics"]["loss"], rel=1e-4)
    assert output["rmse"] == pytest.approx(output["mse"] ** 0.5)
    assert [row["quantile"] for row in output["residuals"]] == [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0]


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, Path]:
    """The digits with a test part, as somebody would upload them: their record, and the folder of their arrays."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    folder = tmp_path_factory.mktemp("digits")
    file = folder / "digits.npz"
    x, y = bunch.images.astype(np.uint8), bunch.target
    np.savez(file, x_train=x[:1400], y_train=y[:1400], x_test=x[1400:], y_test=y[1400:])
    settings = Settings(data_dir=folder)
    upgrade(settings.database)
    repository, store = open_repository(settings.database), open_store(settings.artifacts)
    record = DatasetClient(settings, store, repository).upload(file, filename=file.name, name="digits", owner="ada")
    repository.close()
    return record, dataset_folder(store, record)


KERAS = resolved(
    model={
        "type": "sequential",
        "input_shape": [8, 8],
        "layers": [
            {"layer": "Flatten"},
            {"layer": "Dense", "units": 32, "activation": "relu"},
            {"layer": "Dense", "units": 10, "activation": "softmax"},
        ],
    },
    fit={"epochs": 4, "batch_size": 32, "validation_split": 0.2, "callbacks": []},
    dataset={"name": "digits"},
)
FOREST = {
    "model": {"type": "sklearn", "steps": [{"estimator": "RandomForestClassifier", "n_estimators": 20}]},
    "compile": {"metrics": ["accuracy"]},
    "fit": {"epochs": 1, "validation_split": 0.2},
    "dataset": {"name": "digits"},
    "seed": 7,
}


@pytest.mark.parametrize(("document", "kind"), [(KERAS, "keras"), (FOREST, "skops")], ids=["keras", "sklearn"])
def test_bundle_reproduces_the_tested_accuracy_far_from_here(
    building: Any, tmp_path: Path, digits: tuple[Dataset, Path], document: dict[str, Any], kind: str
) -> None:
    """`predict.py` in a process of its own, in another folder, with nothing of ours to import."""
    from tuners.datasets.arrays import load_arrays

    record, folder = digits
    document["model"]["input_shape"] = list(record.input_shape)
    scratch, home = tmp_path / "scratch", tmp_path / "home"
    scratch.mkdir()
    epochs = 1 if kind == "skops" else 4
    order = final_job(
        scratch, resolved=document, dataset=record, data_folder=str(folder), target_epochs=epochs, max_parameters=10**6
    )
    line, told = finished(building, order, load_arrays)
    assert told["training"]["rows"] == record.train_rows
    reported = told["test"]["outputs"][0]["accuracy"]
    assert reported > 0.8
    (bundle,) = [saved.path for saved in line.of(Saved) if saved.kind == "bundle"]
    with zipfile.ZipFile(bundle) as files:
        assert sorted(files.namelist()) == sorted(
            ["preprocessing.json", "predict.py", "report.json", "model-card.md", "requirements.txt", f"model.{kind}"]
        )
        files.extractall(home)
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONSAFEPATH": "1"}
    subprocess.run(
        [sys.executable, str(home / "predict.py"), str(folder / "x_test.npy"), "-o", "answers.csv"],
        cwd=home,
        env=environment,
        check=True,
        timeout=300,
    )
    with open(home / "answers.csv", newline="") as file:
        answers = [row["prediction"] for row in csv.DictReader(file)]
    names = record.class_names or tuple(str(number) for number in range(10))
    truth = [names[number] for number in np.load(folder / "y_test.npy")]
    assert np.mean([said == true for said, true in zip(answers, truth, strict=True)]) == pytest.approx(reported)
    assert "import tuners" not in (home / "predict.py").read_text()
    assert "from tuners" not in (home / "predict.py").read_text()
    card = (home / "model-card.md").read_text()
    assert record.fingerprint in card
    assert all(line.count("==") == 1 for line in (home / "requirements.txt").read_text().splitlines()[1:])
