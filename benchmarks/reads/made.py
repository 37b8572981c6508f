"""The study that both services are given: made from a seed, with nothing but the standard library."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

METRICS = ("loss", "accuracy", "top_3", "val_loss", "val_accuracy", "val_top_3")
HYPERPARAMETERS = ("num_layers", "units_0", "units_1", "units_2", "dropout", "learning_rate", "batch_size")


@dataclass(frozen=True)
class MadeTrial:
    """One trial of the study and its curves, the same for both services.

    Attributes:
        curves: For each epoch, the metrics in the order of METRICS; finite.
    """

    number: int
    values: dict[str, int | float]
    curves: list[tuple[float, ...]]

    @property
    def score(self) -> float:
        return self.curves[self.best_epoch][METRICS.index("val_accuracy")]

    @property
    def best_epoch(self) -> int:
        objective = METRICS.index("val_accuracy")
        return max(range(len(self.curves)), key=lambda epoch: (self.curves[epoch][objective], -epoch))


def made_trials(trials: int, epochs: int) -> Iterator[MadeTrial]:
    """Trials with curves that saturate and shake, one after the other: all of them at once would fill the memory."""
    rng = random.Random(7)
    gauss = rng.gauss
    for number in range(trials):
        layers = rng.randint(1, 3)
        rate = 10 ** rng.uniform(-4, -2)
        values: dict[str, int | float] = {"num_layers": layers}
        values |= {f"units_{i}": 32 * rng.randint(1, 16) for i in range(layers)}
        values |= {"dropout": round(0.1 * rng.randint(0, 5), 1), "learning_rate": rate}
        values["batch_size"] = rng.choice((16, 32, 64, 128))
        top = 0.9 + 0.08 * math.tanh(values["units_0"] / 256) - 0.1 * (math.log10(rate) + 3) ** 2 + gauss(0, 0.01)
        pace = 2 + 20 * rng.random()
        curves: list[tuple[float, ...]] = []
        for epoch in range(epochs):
            accuracy = top * (1 - math.exp(-(epoch + 1) / pace)) + gauss(0, 0.003)
            gap = 0.02 * epoch / epochs + gauss(0, 0.004)
            curves.append((1 - accuracy, accuracy, 0.5 + accuracy / 2, 1 - accuracy + gap, accuracy - gap, 0.5 + gap))
        yield MadeTrial(number, values, curves)
