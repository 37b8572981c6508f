"""Training by a HyperModel's own `fit`: what it is given, and what becomes of what it reports and returns.

Keras Tuner's contract (`HyperModel.fit` of 1.4.8): it gets the hyperparameters, the model, and what was passed to the
search, `callbacks` among them, and returns a History, a dictionary of metrics, or the objective as a number.
"""

from __future__ import annotations

import inspect
import re
import time
from collections.abc import Mapping
from numbers import Real
from typing import Any

import keras
import numpy as np
from keras_tuner.errors import FailedTrialError

from tuners.failures import TrialFault
from tuners.trainer.builders import Made, has_own_fit, invalid_model, made_of
from tuners.trainer.callbacks import Reporter

REPEATED = re.compile(r"got multiple values for (?:keyword )?argument '(\w+)'")
"""What Python says when a `fit` passes an argument on that it was given as well."""


class FitReporter(Reporter):
    """Reports the epochs of an own `fit`, however it trains: with `model.fit`, several times, or in a loop of its own.

    Epochs are counted here, since a second `model.fit` begins at 0 again. An epoch whose metrics lack the objective is
    kept back: what `fit` returns may bring it.
    """

    def __init__(self, *arguments: Any, first_epoch: int, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._epoch_began = time.perf_counter()
        self._next = first_epoch
        self._kept: dict[str, float] | None = None
        self._sealed = False

    def set_model(self, model: keras.Model) -> None:
        super().set_model(model)
        if not hasattr(model, "stop_training"):
            # Keras gives it to models in `model.fit`, which a loop of its own does without.
            model.stop_training = False

    def on_train_begin(self, logs: object = None) -> None:
        if self._kept is None and not self._batch_seen:
            super().on_train_begin(logs)

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        super().on_epoch_begin(self._next, logs)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        metrics = {name: float(value) for name, value in (logs or {}).items()}
        self._let_go()
        if self._objective in metrics:
            self._report(metrics)
        else:
            self._kept = metrics
            if self._next + 1 >= self._job.target_epochs:
                self.model.stop_training = True

    def conclude(self, model: keras.Model, result: object) -> None:
        """Take what `fit` returned: metrics of the epoch that was kept back, or of one epoch when none was reported.

        Raises:
            TrialFault: `objective_missing`: neither the epochs nor the result tell the objective.
        """
        if self.model is None:
            self.set_model(model)
        rows = rows_of(result, self._objective)
        if self._kept is not None:
            kept, self._kept = self._kept, None
            returned = rows[-1] if rows else {}
            if self._objective not in kept | returned:
                raise self._missing(kept | returned)
            self._report(kept | returned, last=True)
        elif self._next <= self._first_reported:
            if not rows or self._objective not in rows[-1]:
                raise self._missing(rows[-1] if rows else {})
            # A History whose `fit` did not pass the callbacks on: its epochs are reported now.
            for number, row in enumerate(rows, start=1):
                self._report(row, last=number == len(rows))
        if not self._sealed:
            self._checkpoint(self._next - 1, ended=True)

    def _check_first(self, logs: Mapping[str, Any]) -> None:
        """Nothing is missing yet: the objective may come with the result."""

    def _let_go(self) -> None:
        """Another epoch follows the one that was kept back: it stands as it is."""
        if self._kept is None:
            return
        metrics, self._kept = self._kept, None
        self._begin_once()
        if self._next >= self._first_reported:
            self._send_epoch(self._next, metrics)
        self._next += 1
        self._epoch_began = time.perf_counter()

    def _report(self, metrics: dict[str, float], *, last: bool = False) -> None:
        self._begin_once()
        epoch = self._next
        self._next += 1
        if last or epoch + 1 >= self._job.target_epochs:
            self.model.stop_training = True
        self._sealed = bool(self.model.stop_training)
        self._end_epoch(epoch, metrics)
        self._epoch_began = time.perf_counter()

    def _begin_once(self) -> None:
        if not self._batch_seen:
            self._begin()


def own_fit_of(model: keras.Model) -> Made | None:
    """How the model was made, if by a HyperModel that trains it itself; None otherwise."""
    made = made_of(model)
    return made if made is not None and has_own_fit(made.hypermodel) else None


def run_own_fit(
    made: Made,
    model: keras.Model,
    reporter: FitReporter,
    x: Any,
    y: Any,
    named: Mapping[str, Any],
    document: Mapping[str, Any],
) -> None:
    """Train by the HyperModel's `fit`, and report what came of it.

    Args:
        named: Keyword arguments of `model.fit`. Those the `fit` cannot take, or passes on itself, are left out.
        document: The resolved `model` part; its `found` says what the `fit` passes on itself.

    Raises:
        TrialFault: `invalid_model` when the `fit` gives this trial up; `objective_missing`.
    """
    overrides = (document.get("found") or {}).get("overrides") or ()
    # As Keras Tuner has it: what nobody asked for is not passed, so that the `fit` may have its own way.
    idle = {"initial_epoch": 0}
    given = {
        name: value
        for name, value in named.items()
        if name not in overrides and value is not None and idle.get(name) != value
    }
    try:
        result = call_fit(made, model, x, y, given)
    except FailedTrialError as error:
        raise invalid_model(error) from error
    reporter.conclude(model, result)


def call_fit(made: Made, model: keras.Model, x: Any, y: Any, named: Mapping[str, Any]) -> object:
    """What `fit` returns, called with those of the arguments that its signature has a place for."""
    fit = made.hypermodel.fit
    parameters = list(inspect.signature(fit).parameters.values())
    open_ended = any(each.kind is each.VAR_KEYWORD for each in parameters)
    names = {each.name for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)}
    given = {name: value for name, value in named.items() if open_ended or name in names}
    positional = sum(each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD) for each in parameters)
    if positional >= 4 or any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return fit(made.hp, model, x, y, **given)
    return fit(made.hp, model, x=x, y=y, **given)


def rows_of(result: object, objective: str) -> list[dict[str, float]]:
    """The epochs that a result of `fit` stands for: one of a dictionary or a number, none of None.

    Raises:
        TrialFault: `training_error`: it is nothing Keras Tuner would take.
    """
    if result is None:
        return []
    if isinstance(result, Real | np.floating):
        return [{objective: float(result)}]
    history = result.history if isinstance(result, keras.callbacks.History) else None
    if isinstance(history, Mapping):
        count = max((len(values) for values in history.values()), default=0)
        return [
            {name: float(values[row]) for name, values in history.items() if row < len(values)} for row in range(count)
        ]
    if isinstance(result, Mapping):
        return [{str(name): float(np.asarray(value)) for name, value in result.items()}]
    kind = type(result).__name__
    detail = f"the builder's fit returned a {kind}: Keras Tuner takes a History, a dictionary of metrics, or a number"
    raise TrialFault("training_error", detail)
