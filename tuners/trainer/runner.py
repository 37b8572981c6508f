"""One trial inside the trainer: data, model, executions, epochs. Scoring is storage's business."""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import keras

from storage.records import Failure
from tuners.catalogue import catalogue
from tuners.datasets.arrays import balanced_class_weights
from tuners.failures import TrialFault, classify
from tuners.seeds import split_seed, training_seed
from tuners.trainer import checkpoints
from tuners.trainer.callbacks import Interrupted, Reporter, definition_callbacks
from tuners.trainer.checkpoints import Array, CheckpointDamaged, Snapshot
from tuners.trainer.control import Control
from tuners.trainer.pace import CheckpointPace
from tuners.trainer.protocol import ExecutionBegun, Notice, Outcome, RunTrial


class TrainingArrays(Protocol):
    """The parts of a data set a trial needs: scaled, and split where the data set has no validation part."""

    @property
    def x_train(self) -> Array: ...

    @property
    def y_train(self) -> Array: ...

    @property
    def x_val(self) -> Array | None: ...

    @property
    def y_val(self) -> Array | None: ...


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


class Runner:
    """Runs trials one after the other. Not safe for threads.

    Args:
        load_arrays: `tuners.datasets.arrays.load_arrays`.
        build_model: `tuners.trainer.builder.build_model`.
    """

    def __init__(self, load_arrays: Callable[..., TrainingArrays], build_model: Callable[..., Any]) -> None:
        self._load_arrays = load_arrays
        self._build_model = build_model

    def run(self, job: RunTrial, control: Control) -> Outcome | Failure:
        """Train; what came of it. Epochs and checkpoints have been sent by then."""
        phase = "build_error"
        try:
            pace = CheckpointPace()
            parent = self._read(job, control, job.parent_path)
            resumed = self._resumed(job, control)
            for execution in range(job.resume.execution if job.resume is not None else 0, job.executions):
                begin = _beginning(job, execution, parent=parent, resumed=resumed)
                if begin.own and begin.snapshot is not None and begin.snapshot.ended:
                    continue
                if begin.first_reported >= job.target_epochs:
                    continue
                phase = "build_error"
                control.send(ExecutionBegun(job.trial_id, job.attempt, execution))
                model, begin = self._model(job, control, execution, begin)
                phase = "data_error"
                arrays = self._arrays(job, model)
                phase = "training_error"
                outcome = self._fit(job, control, model, arrays, begin=begin, execution=execution, pace=pace)
                del model
                if outcome is not None:
                    return outcome
            return "completed"
        except Exception as error:
            return classify(error, before_first_batch=not control.trained, otherwise=phase)

    def _arrays(self, job: RunTrial, model: Any) -> TrainingArrays:
        """The data, the same for every trial of a search (and kept by the loader from one to the next)."""
        return self._load_arrays(
            Path(job.data_folder),
            job.dataset,
            validation_split=job.resolved["fit"].get("validation_split"),
            seed=split_seed(job.search_seed),
            scale=job.resolved.get("dataset", {}).get("scale"),
            one_hot=_wants_one_hot(job, model),
        )

    def _read(self, job: RunTrial, control: Control, path: str | None) -> Snapshot | None:
        if path is None:
            return None
        try:
            return checkpoints.read(Path(path))
        except CheckpointDamaged as error:
            control.send(Notice(job.trial_id, job.attempt, "checkpoint_damaged", str(error)))
            return None

    def _resumed(self, job: RunTrial, control: Control) -> Snapshot | None:
        if job.resume is None:
            return None
        snapshot = self._read(job, control, job.resume.path)
        if snapshot is None or (snapshot.execution, snapshot.epoch) == (job.resume.execution, job.resume.epoch):
            return snapshot
        control.send(Notice(job.trial_id, job.attempt, "checkpoint_damaged", "it is of another epoch than recorded"))
        return None

    def _model(self, job: RunTrial, control: Control, execution: int, begin: Beginning) -> tuple[Any, Beginning]:
        """The execution's model with its beginning state, and where it then begins."""
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
        model.optimizer.build(model.trainable_variables)
        if begin.snapshot is not None:
            try:
                _restore(model, begin.snapshot, keep_seeds=not begin.own and execution > 0)
            except CheckpointDamaged as error:
                control.send(Notice(job.trial_id, job.attempt, "checkpoint_damaged", str(error)))
                begin = Beginning(_first_epoch(job, parent=None), begin.first_reported, None, False)
        return model, begin

    def _fit(
        self,
        job: RunTrial,
        control: Control,
        model: Any,
        arrays: TrainingArrays,
        *,
        begin: Beginning,
        execution: int,
        pace: CheckpointPace,
    ) -> Outcome | None:
        """Train one execution; None when it ran to its end."""
        fit = job.resolved["fit"]
        others = definition_callbacks(fit.get("callbacks") or ())
        reporter = Reporter(
            job,
            control,
            execution=execution,
            first_reported=begin.first_reported,
            others=others,
            pace=pace,
            snapshot=begin.snapshot,
            # A best whose weights are not in the store is none: the next good epoch takes its place.
            carry_best=begin.own
            and begin.snapshot is not None
            and job.resume is not None
            and begin.snapshot.best_epoch == job.resume.best_epoch,
        )
        _make_metrics(model, arrays)
        validation = None if arrays.x_val is None else (arrays.x_val, arrays.y_val)
        try:
            model.fit(
                arrays.x_train,
                arrays.y_train,
                batch_size=fit.get("batch_size"),
                epochs=job.target_epochs,
                initial_epoch=begin.initial_epoch,
                validation_data=validation,
                shuffle=fit.get("shuffle", True),
                class_weight=self._class_weight(job, arrays),
                callbacks=[*others, reporter],
                verbose=0,
            )
        except Interrupted:
            if control.how == "abandon":
                return "abandoned"
            if control.how == "stop":
                reporter.save_best()
                return "stopped"
            return "released"
        return None

    def _class_weight(self, job: RunTrial, arrays: TrainingArrays) -> dict[int, float] | None:
        if job.resolved["fit"].get("class_weight") != "balanced" or job.dataset.num_classes is None:
            return None
        return balanced_class_weights(arrays.y_train, job.dataset.num_classes)


def _beginning(job: RunTrial, execution: int, *, parent: Snapshot | None, resumed: Snapshot | None) -> Beginning:
    """Where `execution` begins: at the attempt's own checkpoint, at the parent's, or anew.

    Without the checkpoint it should have begun with, the epochs up to there are trained again from the best beginning
    that is left, silently: their rows are on record.
    """
    first = _first_epoch(job, parent=parent)
    if job.resume is None or execution > job.resume.execution:
        return Beginning(first, job.start_epoch, parent, False)
    if resumed is not None:
        return Beginning(resumed.epoch + 1, resumed.epoch + 1, resumed, True)
    return Beginning(first, job.resume.epoch + 1, parent, False)


def _first_epoch(job: RunTrial, *, parent: Snapshot | None) -> int:
    return job.start_epoch if parent is not None else 0


def _restore(model: Any, snapshot: Snapshot, *, keep_seeds: bool) -> None:
    mine, theirs = list(model.variables), snapshot.of_role("model")
    slots, saved = list(model.optimizer.variables), snapshot.of_role("optimizer")
    checkpoints.check_fit(mine, theirs, role="model")
    checkpoints.check_fit(slots, saved, role="optimizer")
    checkpoints.assign(mine, theirs, keep_seeds=keep_seeds)
    checkpoints.assign(slots, saved)


def _make_metrics(model: Any, arrays: TrainingArrays) -> None:
    """Create the metrics' variables, for the reason the optimizer's are created early. What is wrong shows in `fit`."""
    shape = tuple(model.output_shape)[1:]
    if any(size is None for size in shape):
        return
    prediction = keras.ops.full((1, *shape), 0.5, dtype=model.compute_dtype)
    with suppress(Exception):
        model.compute_metrics(arrays.x_train[:1], arrays.y_train[:1], prediction)
    model.reset_metrics()


def _wants_one_hot(job: RunTrial, model: Any) -> bool:
    """Whether the loss compares the outputs with one number per class: all but the sparse ones do."""
    classes = job.dataset.num_classes
    loss = job.resolved["compile"]["loss"]
    word = loss if isinstance(loss, str) else str(loss["loss"])
    entry = catalogue().loss(word)
    sparse = (entry.name if entry is not None else word).startswith("Sparse")
    return not sparse and classes is not None and classes > 1 and model.output_shape[-1] == classes
