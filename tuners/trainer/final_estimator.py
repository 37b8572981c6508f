"""Final trainings of scikit-learn models: one fit on all training rows, tested and saved."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import skops.io

from tuners.datasets.arrays import Arrays
from tuners.datasets.request import DataRequest
from tuners.seeds import training_seed
from tuners.trainer.control import Control
from tuners.trainer.estimators import fit_final, flat, predict, save
from tuners.trainer.final import FinalOrder, named_targets, row_count, tables, training_of
from tuners.trainer.heartbeat import Heartbeat
from tuners.trainer.protocol import EpochDone, ExecutionBegun, Outcome, RunTrial, Started
from tuners.trainer.results.bundle import SKOPS_FILE, ModelFile, save_results
from tuners.trainer.results.evaluation import finite
from tuners.trainer.results.report import Tested, report_of
from tuners.trainer.scoring import scores


def finalize_estimator(job: RunTrial, control: Control, *, load_arrays: Callable[..., Any]) -> Outcome:
    """Fit, test, and save model, report and bundle. A fit is whole or nothing: a later attempt fits anew."""
    control.phase = "data_error"
    control.send(ExecutionBegun(job.trial_id, job.attempt, 0))
    request = DataRequest.of(job.resolved, search_seed=job.search_seed, test=True, whole=True)
    arrays: Arrays = load_arrays(Path(job.data_folder), job.dataset, request=request)
    control.phase = "training_error"
    control.trained = True
    control.send(Started(job.trial_id, job.attempt, None))
    names = list(job.resolved["compile"].get("metrics") or ["score"])
    classes = job.dataset.num_classes if job.dataset.task == "classification" else None
    with Heartbeat(job, control, 0):
        began = time.perf_counter()
        seed = training_seed(job.search_seed, job.trial_number, 0)
        estimator = fit_final(job.resolved, arrays, seed=seed)
        seconds = time.perf_counter() - began
        x, y = flat(arrays.x_train), np.asarray(arrays.y_train)
        found = scores(estimator, names, x, y, arrays.w_train, classes=classes)
        tested = _test(estimator, names, job, arrays, classes=classes)
        path = Path(job.scratch, SKOPS_FILE)
        save(estimator, path)
    control.send(EpochDone(job.trial_id, job.attempt, 0, 0, found, seconds))
    document = report_of(
        job,
        training=training_of(FinalOrder(job, ()), control, arrays, stopped=False),
        tested=tested,
        model={"kind": "sklearn", "parameters": None},
    )
    outputs = {
        name: {"task": target.task, "class_names": list(target.class_names)}
        for name, target in named_targets(job).items()
    }
    # Read from the file just written: what it holds that skops does not know of itself are scikit-learn's own types.
    model = ModelFile(path, "sklearn", trusted=tuple(skops.io.get_untrusted_types(file=path)))
    save_results(job, control, document, model, arrays.preprocessing, outputs=outputs)
    return "completed"


def _test(estimator: Any, names: list[str], job: RunTrial, arrays: Arrays, *, classes: int | None) -> Tested | None:
    if arrays.x_test is None or arrays.y_test is None:
        return None
    began = time.perf_counter()
    x = flat(arrays.x_test)
    y = np.asarray(arrays.y_test)
    measured = scores(estimator, names, x, y, arrays.w_test, classes=classes)
    answers = {"": (predict(estimator, x), _ranking(estimator, x))}
    return Tested(
        rows=row_count(arrays.y_test),
        metrics=finite(measured),
        outputs=tables(job, arrays.y_test, answers),
        seconds=time.perf_counter() - began,
    )


def _ranking(estimator: Any, x: Any) -> Any:
    """Probabilities of shape (rows, classes), else decisions; None where the estimator gives neither as one array."""
    for method in ("predict_proba", "decision_function"):
        if hasattr(estimator, method):
            found = getattr(estimator, method)(x)
            return found if isinstance(found, np.ndarray) else None
    return None
