"""What a HyperModel's own `fit` asks for, found by calling it without letting it train."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras

from tuners.definitions import DataFacts
from tuners.planner.builder_logs import ROWS, targets
from tuners.trainer.builders import Made, example_inputs
from tuners.trainer.own_fit import REPEATED, call_fit

_OURS = ("epochs", "batch_size", "shuffle", "class_weight", "sample_weight", "initial_epoch")
"""Arguments of Keras' `fit` that a trainer gives, and that the `fit` of a HyperModel may give instead."""


@dataclass(frozen=True)
class OwnFit:
    """What was seen.

    Attributes:
        asked: Keras Tuner's hyperparameters that only `fit` asks for.
        overrides: Arguments of Keras' `fit` that it passes itself.
        epochs: How long it trains by itself: a number, or the name of the hyperparameter that says it; None: as told.
    """

    asked: tuple[Any, ...] = ()
    overrides: tuple[str, ...] = ()
    epochs: int | str | None = None


class _Reached(BaseException):
    """Thrown out of the builder's code where it calls `model.fit`. No Exception: its own handlers must not take it."""

    def __init__(self, named: dict[str, Any]) -> None:
        self.named = named


def look_at_fit(
    made: Made, model: keras.Model, document: Mapping[str, Any], facts: DataFacts, *, one_hot: bool
) -> OwnFit:
    """What `fit` asks its `hp` for on the way to `model.fit`, and what it passes there.

    A `fit` with a training loop of its own runs whole, on two empty examples. What it raises there is no fault: data
    of its own it may well not like.
    """
    before = len(made.hp.space)
    x, y = example_inputs(document, rows=ROWS), targets(facts, one_hot=one_hot)
    given: dict[str, Any] = {"validation_data": (x, y), "callbacks": [], "verbose": 0}
    overrides: set[str] = set()
    passed: dict[str, Any] = {}

    def reached(*arguments: Any, **named: Any) -> None:
        raise _Reached(named)

    object.__setattr__(model, "fit", reached)
    try:
        while True:
            try:
                call_fit(made, model, x, y, given)
            except _Reached as end:
                passed = end.named
            except TypeError as error:
                repeated = REPEATED.search(str(error))
                if repeated is not None and repeated[1] in given:
                    del given[repeated[1]]
                    overrides.add(repeated[1])
                    continue
            except (Exception, SystemExit):
                pass
            break
    finally:
        object.__delattr__(model, "fit")
    asked = tuple(made.hp.space[before:])
    overrides |= {name for name in _OURS if name in passed}
    return OwnFit(asked, tuple(sorted(overrides)), _epochs(passed.get("epochs"), asked))


def _epochs(passed: object, asked: tuple[Any, ...]) -> int | str | None:
    if isinstance(passed, bool) or not isinstance(passed, int):
        return None
    return "epochs" if any(each.name == "epochs" for each in asked) else passed
