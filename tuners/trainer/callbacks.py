"""Keras callbacks of one execution: those the definition asks for, and ours.

Ours comes last in the list, so that it sees what the others decided and the metrics they added (ReduceLROnPlateau adds
the learning rate).
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tuners.failures import TrialFault, without_paths
from tuners.trainer import checkpoints
from tuners.trainer.checkpoints import CallbackState, Snapshot, Tensor
from tuners.trainer.control import Control
from tuners.trainer.pace import CheckpointPace
from tuners.trainer.protocol import Batches, EpochDone, Notice, RunTrial, Saved, Started
from tuners.trainer.schedules import LearningRateSchedule

_HEARTBEAT_S = 1.0

# What each callback counts with. Anything else in it comes from the definition.
_COUNTERS: dict[str, tuple[str, ...]] = {
    "EarlyStopping": ("wait", "stopped_epoch", "best", "best_epoch"),
    "ReduceLROnPlateau": ("wait", "cooldown_counter", "best"),
    "TerminateOnNaN": (),
    "LearningRateSchedule": ("base",),
}
_WEIGHTS: dict[str, tuple[str, ...]] = {"EarlyStopping": ("best_weights",)}


class Interrupted(Exception):
    """Thrown out of `fit` to end it between two batches, without validation or the callbacks' endings."""


def definition_callbacks(documents: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The Keras callbacks of a resolved definition, in order.

    Raises:
        TrialFault: `build_error` when Keras refuses an argument, or the class is none we allow.
    """
    built = []
    for index, document in enumerate(documents):
        arguments = dict(document)
        name = str(arguments.pop("callback", ""))
        if name not in _COUNTERS:
            raise TrialFault("build_error", f"/fit/callbacks/{index}: {name!r} is no callback of this service")
        try:
            cls = LearningRateSchedule if name == "LearningRateSchedule" else getattr(keras.callbacks, name)
            built.append(cls(**arguments))
        except (TypeError, ValueError) as error:
            raise TrialFault("build_error", f"/fit/callbacks/{index}: {without_paths(str(error))}") from error
    return built


def callback_state(callbacks: Sequence[Any]) -> tuple[tuple[CallbackState, ...], tuple[Tensor, ...]]:
    """What each of the definition's callbacks has counted so far, and the weights they keep."""
    states, tensors = [], []
    for index, callback in enumerate(callbacks):
        name = type(callback).__name__
        states.append({counter: _plain(getattr(callback, counter, None)) for counter in _COUNTERS[name]})
        for attribute in _WEIGHTS.get(name, ()):
            for position, value in enumerate(getattr(callback, attribute, None) or ()):
                tensors.append(Tensor("callback", f"{index}/{attribute}/{position}", np.asarray(value)))
    return tuple(states), tuple(tensors)


def restore_callbacks(callbacks: Sequence[Any], snapshot: Snapshot) -> None:
    """Let the definition's callbacks go on counting. To be called after their `on_train_begin`, which resets them."""
    if len(callbacks) != len(snapshot.callbacks):
        raise checkpoints.CheckpointDamaged("the checkpoint was made with other callbacks")
    weights: dict[tuple[int, str], list[Any]] = {}
    for tensor in snapshot.of_role("callback"):
        owner, attribute, _ = tensor.name.split("/")
        weights.setdefault((int(owner), attribute), []).append(tensor.value)
    for index, (callback, state) in enumerate(zip(callbacks, snapshot.callbacks, strict=True)):
        for counter, value in state.items():
            if counter in _COUNTERS[type(callback).__name__]:
                setattr(callback, counter, value)
        for attribute in _WEIGHTS.get(type(callback).__name__, ()):
            setattr(callback, attribute, weights.get((index, attribute)))


class Reporter(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Reports epochs, shows that batches move, asks whether to go on, and saves checkpoints.

    Args:
        first_reported: Epochs before it are trained again silently: their rows are stored already.
        snapshot: State to go on from, or None.
        carry_best: Whether the best score in `snapshot` is one of this trial's own.
    """

    def __init__(
        self,
        job: RunTrial,
        control: Control,
        *,
        execution: int,
        first_reported: int,
        others: Sequence[Any],
        pace: CheckpointPace,
        snapshot: Snapshot | None,
        carry_best: bool,
    ) -> None:
        super().__init__()
        self._job = job
        self._control = control
        self._execution = execution
        self._first_reported = first_reported
        self._others = others
        self._pace = pace
        self._snapshot = snapshot
        objective = job.resolved["objective"]
        self._objective = str(objective["name"])
        self._sign = 1.0 if objective["direction"] == "max" else -1.0
        self._best_score = snapshot.best_score if snapshot is not None and carry_best else None
        self._best_epoch = snapshot.best_epoch if snapshot is not None and carry_best else None
        self._unsaved_best: Snapshot | None = None
        self._epoch = 0
        self._epoch_began = 0.0
        self._last_beat = time.perf_counter()
        self._batch_seen = False

    # -- Keras' hooks ---------------------------------------------------------------------------------------------

    def on_train_begin(self, logs: object = None) -> None:
        if self._snapshot is not None and self._snapshot.callbacks:
            restore_callbacks(self._others, self._snapshot)

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self._epoch = epoch
        self._epoch_began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        if not self._batch_seen:
            self._check_first(logs or {})
            self._begin()
        self._beat()
        if self._control.end_now():
            raise Interrupted

    def on_test_batch_end(self, batch: int, logs: object = None) -> None:
        self._beat()
        if self._control.end_now():
            raise Interrupted

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        metrics = {name: float(value) for name, value in (logs or {}).items()}
        if self._objective not in metrics:
            raise self._missing(metrics)
        self._end_epoch(epoch, metrics)

    # -- Ours -----------------------------------------------------------------------------------------------------

    def save_best(self) -> None:
        """Write the best weights that are only in memory so far."""
        if self._unsaved_best is not None:
            self._save(self._unsaved_best)
            self._unsaved_best = None

    def _end_epoch(self, epoch: int, metrics: dict[str, float]) -> None:
        """Report an epoch with the objective among its metrics, and save what is worth it."""
        if math.isnan(metrics.get("loss", 0.0)):
            # A NaN loss has made the weights NaN: no later epoch can differ.
            self.model.stop_training = True
        if epoch + 1 <= self._first_reported:
            # Epochs that are only made up for cannot end the execution: at least one is still to be reported.
            self.model.stop_training = False
        ended = bool(self.model.stop_training) or epoch + 1 >= self._job.target_epochs
        self._keep_best(epoch, metrics[self._objective])
        if epoch >= self._first_reported:
            self._send_epoch(epoch, metrics)
            self._checkpoint(epoch, ended=ended)
        if self._control.end_after_epoch() and not ended:
            raise Interrupted

    def _send_epoch(self, epoch: int, metrics: dict[str, float]) -> None:
        seconds = time.perf_counter() - self._epoch_began
        self._control.send(EpochDone(self._job.trial_id, self._job.attempt, self._execution, epoch, metrics, seconds))

    def _check_first(self, logs: Mapping[str, Any]) -> None:
        """The dry run: what the first batch does not log no epoch will."""
        if self._objective.removeprefix("val_") not in logs:
            raise self._missing(logs)

    def _missing(self, metrics: Mapping[str, Any]) -> TrialFault:
        known = ", ".join(sorted(metrics))
        return TrialFault("objective_missing", f"The objective {self._objective!r} is not among the metrics: {known}.")

    def _begin(self) -> None:
        self._batch_seen = True
        self._control.trained = True
        self._control.send(Started(self._job.trial_id, self._job.attempt, int(self.model.count_params())))

    def _beat(self) -> None:
        now = time.perf_counter()
        if now - self._last_beat >= _HEARTBEAT_S:
            self._last_beat = now
            self._control.send(Batches(self._job.trial_id, self._job.attempt, self._execution, self._epoch))

    def _keep_best(self, epoch: int, score: float) -> None:
        if not math.isfinite(score):
            return
        if self._best_score is not None and self._sign * score <= self._sign * self._best_score:
            return
        self._best_score, self._best_epoch = score, epoch
        if epoch >= self._first_reported:
            self._unsaved_best = self._state("best", epoch, ended=False)

    def _checkpoint(self, epoch: int, *, ended: bool) -> None:
        how = self._control.how
        if how == "abandon" or not (ended or how is not None or self._pace.due()):
            return
        began = time.perf_counter()
        # The best first: a "last" on record means that nothing before it is missing.
        self.save_best()
        self._save(self._state("last", epoch, ended=ended))
        self._pace.took(time.perf_counter() - began)

    def _state(self, kind: checkpoints.Kind, epoch: int, *, ended: bool) -> Snapshot:
        tensors = checkpoints.variables("model", self.model.variables)
        states: tuple[CallbackState, ...] = ()
        if kind == "last":
            states, weights = callback_state(self._others)
            tensors += checkpoints.variables("optimizer", checkpoints.optimizer_variables(self.model)) + weights
        return Snapshot(
            kind=kind,
            execution=self._execution,
            epoch=epoch,
            ended=ended,
            tensors=tensors,
            best_score=self._best_score,
            best_epoch=self._best_epoch,
            callbacks=states,
        )

    def _save(self, snapshot: Snapshot) -> None:
        job = self._job
        name = f"{job.attempt}-{snapshot.execution}-{snapshot.epoch}-{snapshot.kind}.npz"
        try:
            written = checkpoints.write(snapshot, Path(job.scratch, name))
        except OSError as error:
            # A trial without this checkpoint is better than no trial: it costs epochs if the attempt is lost.
            self._control.send(
                Notice(job.trial_id, job.attempt, "checkpoint_skipped", f"could not be written: {error.strerror}")
            )
            return
        self._control.send(
            Saved(
                job.trial_id,
                job.attempt,
                snapshot.kind,
                snapshot.execution,
                snapshot.epoch,
                str(written.path),
                written.sha256,
                written.size_bytes,
            )
        )


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    number = np.asarray(value).item()
    return number if isinstance(number, (bool, int, float)) else None
