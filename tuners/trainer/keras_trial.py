"""The trainings of one Keras trial: data, model, executions, epochs. Scoring is storage's business."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np

from tuners.datasets.arrays import Tensors, balanced_class_weights
from tuners.datasets.request import DataRequest
from tuners.failures import TrialFault
from tuners.seeds import training_seed
from tuners.trainer import checkpoints
from tuners.trainer.callbacks import Interrupted, Reporter, definition_callbacks
from tuners.trainer.checkpoints import Array, CheckpointDamaged, Snapshot
from tuners.trainer.control import Control
from tuners.trainer.own_fit import FitReporter, own_fit_of, run_own_fit
from tuners.trainer.pace import CheckpointPace
from tuners.trainer.protocol import ExecutionBegun, Notice, Outcome, RunTrial
from tuners.trainer.targets import one_hot_targets


class TrainingArrays(Protocol):
    """The parts of a data set a training needs: preprocessed, and split as the definition says (`arrays.Arrays`)."""

    @property
    def x_train(self) -> Tensors: ...

    @property
    def y_train(self) -> Tensors: ...

    @property
    def w_train(self) -> Array | None: ...

    @property
    def x_val(self) -> Tensors | None: ...

    @property
    def y_val(self) -> Tensors | None: ...

    @property
    def w_val(self) -> Array | None: ...


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where one execution begins.

    Attributes:
        initial_epoch: First epoch to train.
        first_reported: First epoch to report; those before it are stored already, or belong to a parent.
        own: Whether `snapshot` is this very execution's (and not a parent's).
    """

    initial_epoch: int
    first_reported: int
    snapshot: Snapshot | None
    own: bool

    @property
    def over(self) -> bool:
        """Whether the execution has been trained to its end already."""
        return self.own and self.snapshot is not None and self.snapshot.ended


class KerasTrial:
    """One trial of a Keras model: its executions, one after the other, each from weights of its own.

    Args:
        load_arrays: `tuners.datasets.arrays.load_arrays`.
        build_model: `tuners.trainer.builder.build_model`.
    """

    def __init__(
        self,
        job: RunTrial,
        control: Control,
        *,
        load_arrays: Callable[..., TrainingArrays],
        build_model: Callable[..., Any],
    ) -> None:
        self.job = job
        self.control = control
        self._load_arrays = load_arrays
        self._build_model = build_model
        self._pace = CheckpointPace()
        self._parent = self._read(job.parent_path)
        self._resumed = self._resume()

    def run(self) -> Outcome:
        """Train all executions; what came of it. Epochs and checkpoints have been sent by then."""
        job = self.job
        for execution in range(job.resume.execution if job.resume is not None else 0, job.executions):
            begin = self.beginning(execution)
            if begin.over or begin.first_reported >= job.target_epochs:
                continue
            model, begin = self.model(execution, begin)
            outcome = self.fit(model, self.arrays(model, execution), begin=begin, execution=execution)
            del model
            if outcome is not None:
                return outcome
        return "completed"

    def beginning(self, execution: int) -> Beginning:
        """Where `execution` begins: at the attempt's own checkpoint, at the parent's, or anew.

        Without the checkpoint it should have begun with, the epochs up to there are trained again from the best
        beginning that is left, silently: their rows are on record.
        """
        job, parent = self.job, self._parent
        first = _first_epoch(job, parent=parent)
        if job.resume is None or execution > job.resume.execution:
            return Beginning(first, job.start_epoch, parent, False)
        if self._resumed is not None:
            return Beginning(self._resumed.epoch + 1, self._resumed.epoch + 1, self._resumed, True)
        return Beginning(first, job.resume.epoch + 1, parent, False)

    def model(self, execution: int, begin: Beginning) -> tuple[Any, Beginning]:
        """The execution's model with its beginning state, and where it then begins."""
        job, control = self.job, self.control
        control.phase = "build_error"
        control.send(ExecutionBegun(job.trial_id, job.attempt, execution))
        keras.utils.clear_session(free_memory=False)
        gc.collect()
        seed = training_seed(job.search_seed, job.trial_number, execution)
        # The order of examples after a beginning in mid-trial must not repeat that of the first epochs.
        keras.utils.set_random_seed((seed + begin.initial_epoch) % (2**31 - 1) + 1 if begin.initial_epoch else seed)
        model = self._build_model(job.resolved, max_parameters=job.max_parameters)
        limit = job.constraint_parameters
        if limit is not None and model.count_params() > limit:
            raise TrialFault(
                "constraint_parameters",
                f"The model has {model.count_params()} parameters; the definition's constraint allows {limit}.",
            )
        # Made now and not while `fit` traces its graph, which would make each variable inside the graph: that takes a
        # quarter of a small trial's time, and leaks.
        if getattr(model, "optimizer", None) is not None:
            model.optimizer.build(model.trainable_variables)
        if begin.snapshot is not None:
            try:
                _restore(model, begin.snapshot, keep_seeds=not begin.own and execution > 0)
            except CheckpointDamaged as error:
                self._damaged(str(error))
                begin = Beginning(_first_epoch(job, parent=None), begin.first_reported, None, False)
        return model, begin

    def arrays(self, model: Any, execution: int) -> TrainingArrays:
        """The data of an execution (kept by the loader from one trial of a search to the next)."""
        job = self.job
        final = job.task == "finalize"
        self.control.phase = "data_error"
        return self._load_arrays(
            Path(job.data_folder),
            job.dataset,
            request=DataRequest.of(
                job.resolved,
                search_seed=job.search_seed,
                execution=execution,
                one_hot=one_hot_targets(job.resolved, model, job.dataset),
                test=final,
                whole=final,
            ),
        )

    def fit(self, model: Any, arrays: TrainingArrays, *, begin: Beginning, execution: int) -> Outcome | None:
        """Train one execution; None when it ran to its end."""
        job, control = self.job, self.control
        control.phase = "training_error"
        fit = job.resolved["fit"]
        others = definition_callbacks(fit.get("callbacks") or ())
        made = own_fit_of(model)
        reporter = (Reporter if made is None else partial(FitReporter, first_epoch=begin.initial_epoch))(
            job,
            control,
            execution=execution,
            first_reported=begin.first_reported,
            others=others,
            pace=self._pace,
            snapshot=begin.snapshot,
            # A best whose weights are not in the store is none: the next good epoch takes its place.
            carry_best=begin.own
            and begin.snapshot is not None
            and job.resume is not None
            and begin.snapshot.best_epoch == job.resume.best_epoch,
        )
        _make_metrics(model, arrays)
        weights, class_weight = example_weights(job, arrays)
        arguments = {
            "batch_size": fit.get("batch_size"),
            "epochs": job.target_epochs,
            "initial_epoch": begin.initial_epoch,
            "sample_weight": weights,
            "validation_data": _validation(arrays),
            "shuffle": fit.get("shuffle", True),
            "class_weight": class_weight,
            "callbacks": [*others, reporter],
            "verbose": 0,
        }
        try:
            if made is None:
                model.fit(arrays.x_train, arrays.y_train, **arguments)
            else:
                run_own_fit(made, model, reporter, arrays.x_train, arrays.y_train, arguments, job.resolved["model"])
        except Interrupted:
            if control.how == "abandon":
                return "abandoned"
            if control.how == "stop":
                reporter.save_best()
                return "stopped"
            return "released"
        return None

    def _read(self, path: str | None) -> Snapshot | None:
        if path is None:
            return None
        try:
            return checkpoints.read(Path(path))
        except CheckpointDamaged as error:
            self._damaged(str(error))
            return None

    def _resume(self) -> Snapshot | None:
        point = self.job.resume
        if point is None:
            return None
        snapshot = self._read(point.path)
        if snapshot is None or (snapshot.execution, snapshot.epoch) == (point.execution, point.epoch):
            return snapshot
        self._damaged("it is of another epoch than recorded")
        return None

    def _damaged(self, message: str) -> None:
        self.control.send(Notice(self.job.trial_id, self.job.attempt, "checkpoint_damaged", message))


def example_weights(job: RunTrial, arrays: TrainingArrays) -> tuple[Array | None, dict[int, float] | None]:
    """Keras' `sample_weight` and `class_weight` for the training part; None for what the definition does not ask for.

    Keras takes only one of the two. When the data set has weights and the definition wants balanced classes, each
    example gets the product.
    """
    weights = arrays.w_train
    classes = job.dataset.num_classes
    if job.resolved["fit"].get("class_weight") != "balanced" or classes is None or isinstance(arrays.y_train, Mapping):
        return weights, None
    balanced = balanced_class_weights(arrays.y_train, classes)
    if weights is None:
        return None, balanced
    labels = arrays.y_train.argmax(axis=1) if arrays.y_train.ndim == 2 else arrays.y_train
    by_class = np.asarray([balanced[number] for number in range(classes)], dtype=weights.dtype)
    return weights * by_class[labels], None


def _validation(arrays: TrainingArrays) -> tuple[Any, ...] | None:
    if arrays.x_val is None:
        return None
    return (arrays.x_val, arrays.y_val) if arrays.w_val is None else (arrays.x_val, arrays.y_val, arrays.w_val)


def _first_epoch(job: RunTrial, *, parent: Snapshot | None) -> int:
    return job.start_epoch if parent is not None else 0


def _restore(model: Any, snapshot: Snapshot, *, keep_seeds: bool) -> None:
    mine, theirs = list(model.variables), snapshot.of_role("model")
    slots, saved = checkpoints.optimizer_variables(model), snapshot.of_role("optimizer")
    checkpoints.check_fit(mine, theirs, role="model")
    checkpoints.check_fit(slots, saved, role="optimizer")
    checkpoints.assign(mine, theirs, keep_seeds=keep_seeds)
    checkpoints.assign(slots, saved)


def _make_metrics(model: Any, arrays: TrainingArrays) -> None:
    """Create the metrics' variables, for the reason the optimizer's are created early. What is wrong shows in `fit`."""
    with suppress(Exception):
        outputs = keras.tree.map_structure(_like, model.output)
        model.compute_metrics(_first(arrays.x_train), _first(arrays.y_train), outputs)
    model.reset_metrics()


def _first(part: Tensors) -> Tensors:
    """The first example."""
    return {name: values[:1] for name, values in part.items()} if isinstance(part, Mapping) else part[:1]


def _like(output: Any) -> Any:
    """An output for one example. Raises TypeError where an axis has no fixed length."""
    return keras.ops.full((1, *output.shape[1:]), 0.5, dtype=output.dtype)
