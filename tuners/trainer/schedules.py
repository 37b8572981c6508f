"""Learning rates that follow a plan, epoch by epoch: the callback `LearningRateSchedule` of definitions.

Epochs are absolute and the rate is a function of the epoch alone, so that a training that goes on from a checkpoint
(retried, resumed, or promoted by Hyperband) has the same rates as one that was never interrupted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import keras


def rate(document: Mapping[str, Any], base: float, epoch: int) -> float:
    """The learning rate of an epoch.

    With `lr = base`, `w` the warm-up epochs, `t = epoch - w` and `d = decay_epochs`:

    - warm-up, `epoch < w`: `lr * (epoch + 1) / (w + 1)`, so that epoch `w` is the first at the full rate
      (Goyal et al., 2017, "Accurate, Large Minibatch SGD", arXiv:1706.02677, section 2.2, by epochs and not by steps).
    - constant: `lr`.
    - time: `lr / (1 + decay * t)` (Robbins and Monro, 1951, doi:10.1214/aoms/1177729586; Keras' InverseTimeDecay).
    - step: `lr * drop ^ floor(t / epochs_drop)` (Keras' ExponentialDecay with `staircase`).
    - exponential: `lr * exp(-decay * t)`.
    - cosine: `lr * (alpha + (1 - alpha) * (1 + cos(pi * min(t, d) / d)) / 2)` (Loshchilov and Hutter, 2017, "SGDR",
      arXiv:1608.03983, eq. 5, without restarts; `alpha` as in Keras' CosineDecay).
    - polynomial: `(lr - end) * (1 - min(t, d) / d) ^ power + end`, with `end = end_learning_rate` (Keras'
      PolynomialDecay); linear is the same with a power of 1.

    Args:
        document: A resolved `LearningRateSchedule`.
        base: The optimizer's own rate, above 0.
        epoch: Absolute, counted from 0.

    Returns:
        The rate, never negative. It stays at its end once `decay_epochs` are over.

    Raises:
        ValueError: No schedule has this name.
    """
    warmup = int(document["warmup_epochs"])
    if epoch < warmup:
        return base * (epoch + 1) / (warmup + 1)
    curve = _CURVES.get(document["schedule"])
    if curve is None:
        raise ValueError(f"there is no schedule {document['schedule']!r}")
    return max(curve(document, base, epoch - warmup), 0.0)


def _time(document: Mapping[str, Any], base: float, t: int) -> float:
    return base / (1.0 + float(document["decay"]) * t)


def _step(document: Mapping[str, Any], base: float, t: int) -> float:
    return base * float(document["drop"]) ** math.floor(t / int(document["epochs_drop"]))


def _exponential(document: Mapping[str, Any], base: float, t: int) -> float:
    return base * math.exp(-float(document["decay"]) * t)


def _cosine(document: Mapping[str, Any], base: float, t: int) -> float:
    alpha = float(document["alpha"])
    return base * (alpha + (1.0 - alpha) * (1.0 + math.cos(math.pi * _done(document, t))) / 2.0)


def _linear(document: Mapping[str, Any], base: float, t: int) -> float:
    end = float(document["end_learning_rate"])
    return (base - end) * (1.0 - _done(document, t)) + end


def _polynomial(document: Mapping[str, Any], base: float, t: int) -> float:
    end = float(document["end_learning_rate"])
    return float((base - end) * (1.0 - _done(document, t)) ** float(document["power"]) + end)


def _done(document: Mapping[str, Any], t: int) -> float:
    """The share of the decay that is over, 0 to 1."""
    epochs = int(document["decay_epochs"])
    return min(t, epochs) / epochs


_CURVES: Mapping[str, Callable[[Mapping[str, Any], float, int], float]] = {
    "constant": lambda _document, base, _t: base,
    "time": _time,
    "step": _step,
    "exponential": _exponential,
    "cosine": _cosine,
    "linear": _linear,
    "polynomial": _polynomial,
}


class LearningRateSchedule(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Sets the optimizer's learning rate at the beginning of each epoch, and adds it to the epoch's logs.

    Takes the fields of a resolved `LearningRateSchedule`.

    Attributes:
        base: The optimizer's own rate. Where the definition does not tell it, that with which the first training
            began: a checkpoint has to keep it, since the optimizer there has the rate of a later epoch.
    """

    def __init__(self, **document: Any) -> None:
        super().__init__()
        self._document = document
        self.base: float | None = document.get("learning_rate")
        rate(document, self.base or 1.0, 0)

    def on_train_begin(self, logs: object = None) -> None:
        if self.base is None:
            self.base = float(self.model.optimizer.learning_rate)

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self.model.optimizer.learning_rate = self._rate(epoch)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = self._rate(epoch)

    def _rate(self, epoch: int) -> float:
        assert self.base is not None
        return rate(self._document, self.base, epoch)
