"""One trial of a scikit-learn model inside the trainer: each training is one fit, and one row of metrics."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import skops.io
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from tuners.datasets.request import DataRequest
from tuners.failures import TrialFault
from tuners.seeds import training_seed
from tuners.trainer import checkpoints
from tuners.trainer.control import Control
from tuners.trainer.heartbeat import ENDINGS, Heartbeat
from tuners.trainer.pipelines import check_size, make_estimator
from tuners.trainer.protocol import EpochDone, ExecutionBegun, Notice, Outcome, RunTrial, Saved, SavedKind, Started
from tuners.trainer.scoring import Array, scores

# Trees are grown side by side on threads, each from a seed of its own: how many threads changes nothing but the time.
_THREADED = ("RandomForest", "ExtraTrees")


LOADABLE_TYPES = (
    "numpy.dtype",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.feature_selection._mutual_info.mutual_info_classif",
    "sklearn.feature_selection._mutual_info.mutual_info_regression",
    "sklearn.feature_selection._univariate_selection.chi2",
    "sklearn.feature_selection._univariate_selection.f_classif",
    "sklearn.feature_selection._univariate_selection.f_regression",
    "sklearn.metrics._dist_metrics.BrayCurtisDistance64",
    "sklearn.metrics._dist_metrics.CanberraDistance64",
    "sklearn.metrics._dist_metrics.ChebyshevDistance64",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.metrics._dist_metrics.HammingDistance64",
    "sklearn.metrics._dist_metrics.ManhattanDistance64",
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
)
"""What is in the files of `save` that skops does not load unless it is named in `trusted`: scikit-learn's own parts."""


class TrainingArrays(Protocol):
    """The parts of a data set that a fit needs; `w_...` are weights of rows, None where there are none."""

    @property
    def x_train(self) -> Any: ...

    @property
    def y_train(self) -> Any: ...

    @property
    def w_train(self) -> NDArray[np.float32] | None: ...

    @property
    def x_val(self) -> Any: ...

    @property
    def y_val(self) -> Any: ...

    @property
    def w_val(self) -> NDArray[np.float32] | None: ...


def run_estimator(job: RunTrial, control: Control, load_arrays: Callable[..., TrainingArrays]) -> Outcome:
    """Fit and measure every training that is not on record yet.

    A training is whole or nothing: the fitted estimator as a `.skops` file (the first one's only), its row, and an
    empty checkpoint that says so. A later attempt goes on behind the last checkpoint. Exceptions are raised, with
    `control.phase` saying whose they are when they do not say so themselves.
    """
    first = 0 if job.resume is None else job.resume.execution + 1
    for execution in range(first, job.executions):
        _train(job, control, load_arrays, execution)
        if control.end_after_epoch() and execution + 1 < job.executions:
            return ENDINGS[control.how or "release"]
    return "completed"


def fit_final(resolved: Mapping[str, Any], arrays: TrainingArrays, *, seed: int) -> Any:
    """A new estimator of the resolved definition, fitted to the training part.

    Raises:
        BuildFault: scikit-learn refuses an argument.
        ModelTooLarge: It would need more memory than any machine should give.
    """
    x = flat(arrays.x_train)
    estimator = make_estimator(resolved, seed=seed)
    check_size(resolved, rows=len(x), columns=x.shape[1], max_parameters=2**62)
    return fitted(estimator, x, arrays.y_train, arrays.w_train)


def predict(estimator: Any, x: Any) -> Array:
    """Predictions for examples of any number of axes: classes of shape (rows,), or numbers."""
    found: Array = np.asarray(estimator.predict(flat(x)))
    return found


def save(estimator: Any, path: Path) -> None:
    """Write a `.skops` file: no pickle, so that loading it runs no code. docs/definition.md says how to load it.

    Raises:
        OSError: The disk is full, or the folder is gone; no file of that name is left behind.
    """
    temporary = path.with_name(path.name + ".tmp")
    try:
        skops.io.dump(estimator, temporary)
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def flat(x: Any) -> Array:
    """Examples as rows of numbers: shape (rows, columns), whatever axes they have."""
    if isinstance(x, Mapping):
        raise TrialFault("data_error", "An estimator takes one input, and the data set has several.")
    return np.asarray(x).reshape(len(x), -1)


def takes_weights(estimator: Any) -> bool:
    """Whether rows may have weights in its fit; of a pipeline, in that of its last step."""
    return bool(has_fit_parameter(_last(estimator), "sample_weight"))


def fitted(estimator: Any, x: Array, y: Array, weights: Array | None) -> Any:
    """The same estimator, fitted. Weights are left out where it takes none."""
    last = _last(estimator)
    threaded = type(last).__name__.startswith(_THREADED)
    if threaded:
        last.set_params(n_jobs=int(os.environ.get("OMP_NUM_THREADS", "1")))
    named: dict[str, Array] = {}
    if weights is not None and takes_weights(estimator):
        prefix = f"{estimator.steps[-1][0]}__" if isinstance(estimator, Pipeline) else ""
        named[f"{prefix}sample_weight"] = weights
    estimator.fit(x, y, **named)
    if threaded:
        # Side by side, sums of predictions would come in any order; and whoever takes the model has other cores.
        last.set_params(n_jobs=None)
    for step in _steps(estimator):
        if isinstance(getattr(step, "score_func", None), partial):
            # The seed has done its work; without it the file holds nothing but scikit-learn's own function.
            step.set_params(score_func=step.score_func.func)
    return estimator


def _steps(estimator: Any) -> list[Any]:
    return [step for _, step in estimator.steps] if isinstance(estimator, Pipeline) else [estimator]


def _last(estimator: Any) -> Any:
    return _steps(estimator)[-1]


def _train(job: RunTrial, control: Control, load_arrays: Callable[..., TrainingArrays], execution: int) -> None:
    control.phase = "build_error"
    control.send(ExecutionBegun(job.trial_id, job.attempt, execution))
    estimator = make_estimator(job.resolved, seed=training_seed(job.search_seed, job.trial_number, execution))
    control.phase = "data_error"
    request = DataRequest.of(job.resolved, search_seed=job.search_seed, execution=execution)
    arrays = load_arrays(Path(job.data_folder), job.dataset, request=request)
    x = flat(arrays.x_train)
    check_size(job.resolved, rows=len(x), columns=x.shape[1], max_parameters=job.max_parameters)
    names = list(job.resolved["compile"].get("metrics") or ["score"])
    _check_objective(job, names, validated=arrays.x_val is not None)
    control.phase = "training_error"
    _start(job, control, weighted=arrays.w_train is not None and not takes_weights(estimator))
    began = time.perf_counter()
    with Heartbeat(job, control, execution):
        fitted(estimator, x, arrays.y_train, arrays.w_train)
        classes = job.dataset.num_classes if job.dataset.task == "classification" else None
        found = scores(estimator, names, x, arrays.y_train, arrays.w_train, classes=classes)
        if arrays.x_val is not None:
            of_rest = scores(estimator, names, flat(arrays.x_val), arrays.y_val, arrays.w_val, classes=classes)
            found |= {f"val_{name}": value for name, value in of_rest.items()}
        seconds = time.perf_counter() - began
        if execution == 0:
            _save_model(job, control, estimator)
        control.send(EpochDone(job.trial_id, job.attempt, execution, 0, found, seconds))
        _save_mark(job, control, execution)


def _start(job: RunTrial, control: Control, *, weighted: bool) -> None:
    """Say once that data and estimator are sound: what goes wrong from here on is the fault of these values alone."""
    if control.trained:
        return
    control.trained = True
    control.send(Started(job.trial_id, job.attempt, None))
    if weighted:
        message = "the estimator takes no sample weights: they count in the metrics only"
        control.send(Notice(job.trial_id, job.attempt, "sample_weight_unused", message))


def _check_objective(job: RunTrial, names: list[str], *, validated: bool) -> None:
    objective = str(job.resolved["objective"]["name"])
    known = [*names, *(f"val_{name}" for name in names if validated)]
    if objective not in known:
        raise TrialFault(
            "objective_missing", f"The objective {objective!r} is not among the metrics: {', '.join(sorted(known))}."
        )


def _save_model(job: RunTrial, control: Control, estimator: Any) -> None:
    path = Path(job.scratch, f"{job.attempt}-0-0-model.skops")
    try:
        save(estimator, path)
        with open(path, "rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        _skipped(job, control, error)
        return
    _saved(job, control, "model", 0, path, sha256, path.stat().st_size)


def _save_mark(job: RunTrial, control: Control, execution: int) -> None:
    """A checkpoint without content: this training is done and reported."""
    mark = checkpoints.Snapshot(kind="last", execution=execution, epoch=0, ended=True, tensors=())
    try:
        written = checkpoints.write(mark, Path(job.scratch, f"{job.attempt}-{execution}-0-last.npz"))
    except OSError as error:
        _skipped(job, control, error)
        return
    _saved(job, control, "last", execution, written.path, written.sha256, written.size_bytes)


def _saved(
    job: RunTrial, control: Control, kind: SavedKind, execution: int, path: Path, sha256: str, size_bytes: int
) -> None:
    control.send(Saved(job.trial_id, job.attempt, kind, execution, 0, str(path), sha256, size_bytes))


def _skipped(job: RunTrial, control: Control, error: OSError) -> None:
    # A trial without this file is better than no trial.
    message = f"could not be written: {error.strerror}"
    control.send(Notice(job.trial_id, job.attempt, "checkpoint_skipped", message))
