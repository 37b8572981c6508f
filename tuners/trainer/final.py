"""Final trainings: one point, trained on all training rows, tested, and made ready to be taken home."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from storage.datasets import DatasetTarget
from tuners.datasets.arrays import Arrays
from tuners.datasets.stored import target_records
from tuners.trainer.callbacks import Interrupted, definition_callbacks, restore_callbacks
from tuners.trainer.control import Control
from tuners.trainer.keras_trial import Beginning, KerasTrial
from tuners.trainer.protocol import Batches, Outcome, RunTrial
from tuners.trainer.results.bundle import KERAS_FILE, ModelFile, save_results
from tuners.trainer.results.decoding import decoded
from tuners.trainer.results.evaluation import evaluation, finite
from tuners.trainer.results.report import Tested, Training, report_of

_HEARTBEAT_S = 1.0


@dataclass(frozen=True, slots=True)
class FinalOrder:
    """An order as a final training follows it.

    Attributes:
        job: With a definition that validates nothing.
        left_out: Callbacks that watch a validation part, and had to be left out.
    """

    job: RunTrial
    left_out: tuple[str, ...]


def final_order(job: RunTrial) -> FinalOrder:
    """The order without what needs a validation part: there is none, since all rows are trained on."""
    fit = dict(job.resolved["fit"])
    kept, left_out = [], []
    for document in fit.get("callbacks") or ():
        # Keras' own default, where the definition names no monitor.
        watches = "monitor" in document or document["callback"] in ("EarlyStopping", "ReduceLROnPlateau")
        if watches and str(document.get("monitor", "val_loss")).startswith("val_"):
            left_out.append(str(document["callback"]))
        else:
            kept.append(document)
    return FinalOrder(replace(job, resolved={**job.resolved, "fit": {**fit, "callbacks": kept}}), tuple(left_out))


def finalize_keras(
    job: RunTrial, control: Control, *, load_arrays: Callable[..., Any], build_model: Callable[..., Any]
) -> Outcome:
    """Train a Keras model to its end, test it, and save model, report and bundle.

    One that is asked to stop is tested with the weights it has, unless no epoch has ended yet.
    """
    order = final_order(job)
    trial = KerasTrial(order.job, control, load_arrays=load_arrays, build_model=build_model)
    begin = trial.beginning(0)
    model, begin = trial.model(0, begin)
    arrays: Arrays = trial.arrays(model, 0)  # type: ignore[assignment]
    outcome: Outcome | None = None
    if begin.over:
        _close(model, order.job, begin)
    else:
        outcome = trial.fit(model, arrays, begin=begin, execution=0)
    if outcome in ("released", "abandoned") or not epochs_done(job, control):
        return outcome or "completed"
    control.phase = "training_error"
    try:
        tested = _test(model, order.job, control, arrays)
    except Interrupted:
        return "abandoned" if control.how == "abandon" else "released"
    path = Path(job.scratch, KERAS_FILE)
    model.save(path)
    document = report_of(
        order.job,
        training=training_of(order, control, arrays, stopped=outcome == "stopped"),
        tested=tested,
        model={"kind": "keras", "parameters": int(model.count_params())},
    )
    backend = keras.config.backend()
    outputs = keras_outputs(model, job)
    save_results(
        job, control, document, ModelFile(path, "keras", backend=backend), arrays.preprocessing, outputs=outputs
    )
    return outcome or "completed"


def epochs_done(job: RunTrial, control: Control) -> list[dict[str, Any]]:
    """The epochs behind the model, in order: those of earlier attempts, then those of this one."""
    mine = [{"epoch": each.epoch, "seconds": each.seconds, "metrics": each.metrics} for each in control.epochs]
    first = mine[0]["epoch"] if mine else job.target_epochs
    return [each for each in job.options.get("done", ()) if each["epoch"] < first] + mine


def training_of(order: FinalOrder, control: Control, arrays: Any, *, stopped: bool) -> Training:
    """What the report says of the training."""
    rows = epochs_done(order.job, control)
    return Training(
        rows=row_count(arrays.y_train),
        seconds=[float(row["seconds"]) for row in rows],
        metrics=finite(rows[-1]["metrics"]),
        left_out=order.left_out,
        stopped=stopped,
        weighted=arrays.w_train is not None,
    )


def tables(job: RunTrial, y: Any, answers: Mapping[str, tuple[Any, Any]]) -> list[dict[str, Any]]:
    """The evaluation of each output."""
    found = []
    for name, target in named_targets(job).items():
        truth = y[name] if isinstance(y, Mapping) else y
        try:
            found.append({"name": name or None, **evaluation(target, np.asarray(truth), *answers[name])})
        except ValueError as error:
            found.append({"name": name or None, "task": target.task, "rows": len(truth), "note": str(error)})
    return found


def named_targets(job: RunTrial) -> dict[str, DatasetTarget]:
    """The data set's targets; a single one, under "", knows the names of its labels or numbers too."""
    found = target_records(job.dataset)
    if "" in found and found[""].task != "classification":
        found[""] = replace(found[""], class_names=job.dataset.target_names or job.dataset.class_names)
    return found


def row_count(part: Any) -> int:
    return len(next(iter(part.values()))) if isinstance(part, Mapping) else len(part)


def keras_outputs(model: Any, job: RunTrial) -> dict[str, dict[str, Any]]:
    """How each output of the model is to be read (`decoding.decoded`), by the target's name."""
    return {
        name: {
            "task": target.task,
            "class_names": list(target.class_names),
            **_activation(_loss(model, name), target),
        }
        for name, target in named_targets(job).items()
    }


def _loss(model: Any, name: str) -> Any:
    loss = getattr(model, "loss", None)
    return loss.get(name) if isinstance(loss, Mapping) else loss


def _activation(loss: Any, target: DatasetTarget) -> dict[str, Any]:
    config = loss.get_config() if isinstance(loss, keras.losses.Loss) else {}
    kind = type(loss).__name__ if isinstance(loss, keras.losses.Loss) else str(loss)
    if kind.lower().replace("_", "") in ("hinge", "squaredhinge"):
        # Between -1 and 1, on either side of 0.
        return {"activation": None, "threshold": 0.0}
    if not config.get("from_logits"):
        return {"activation": None, "threshold": 0.5}
    binary = "binary" in kind.lower() or target.task == "multilabel"
    return {"activation": "sigmoid" if binary else "softmax", "threshold": 0.5}


def _test(model: Any, job: RunTrial, control: Control, arrays: Arrays) -> Tested | None:
    if arrays.x_test is None or arrays.y_test is None:
        return None
    began = time.perf_counter()
    beat = _Beat(job, control)
    size = job.resolved["fit"].get("batch_size") or 32
    measured: Mapping[str, float] = {}
    if getattr(model, "compiled", False):
        measured = model.evaluate(
            arrays.x_test,
            arrays.y_test,
            sample_weight=arrays.w_test,
            batch_size=size,
            return_dict=True,
            callbacks=[beat],
            verbose=0,
        )
    given = model.predict(arrays.x_test, batch_size=size, callbacks=[beat], verbose=0)
    outputs = keras_outputs(model, job)
    answers = {name: decoded(output, outputs[name]) for name, output in named(given, model, outputs).items()}
    return Tested(
        rows=row_count(arrays.y_test),
        metrics=finite(measured),
        outputs=tables(job, arrays.y_test, answers),
        seconds=time.perf_counter() - began,
    )


def named(given: Any, model: Any, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """A model's outputs by the names of their targets."""
    if isinstance(given, Mapping):
        return {name: given[name] for name in outputs}
    several: Sequence[Any] = given if isinstance(given, (list, tuple)) else [given]
    names = list(outputs) if len(several) == 1 else list(model.output_names)
    return dict(zip(names, several, strict=True))


def _close(model: Any, job: RunTrial, begin: Beginning) -> None:
    """Let the callbacks end the training that an earlier attempt has done: one of them may restore its best weights."""
    assert begin.snapshot is not None
    callbacks = definition_callbacks(job.resolved["fit"].get("callbacks") or ())
    for callback in callbacks:
        callback.set_model(model)
        callback.on_train_begin()
    restore_callbacks(callbacks, begin.snapshot)
    for callback in callbacks:
        callback.on_train_end()


class _Beat(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Shows that testing moves; ends it when nobody waits for it any more. A stop is what it is there for."""

    def __init__(self, job: RunTrial, control: Control) -> None:
        super().__init__()
        self._job = job
        self._control = control
        self._last = 0.0

    def on_test_batch_end(self, batch: int, logs: object = None) -> None:
        now = time.perf_counter()
        if now - self._last >= _HEARTBEAT_S:
            self._last = now
            self._control.send(Batches(self._job.trial_id, self._job.attempt, 0, self._job.target_epochs - 1))
        if self._control.how != "stop" and self._control.end_now():
            raise Interrupted

    on_predict_batch_end = on_test_batch_end
