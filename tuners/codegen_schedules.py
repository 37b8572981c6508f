"""The part of generated programs that plans the learning rate: a function of the epoch for Keras' own callback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuners.codegen_text import literal


def schedule_code(document: Mapping[str, Any]) -> str:
    """The function `learning_rate(epoch, current)` of a resolved `LearningRateSchedule`.

    It has the numbers and the formulas of `tuners.trainer.schedules.rate`, and needs `import math`, and the compiled
    `model` where the definition does not tell the rate to begin with.
    """
    warmup = int(document["warmup_epochs"])
    if "learning_rate" in document:
        base, lines = literal(document["learning_rate"]), []
    else:
        # A model that brings its own optimizer brings its rate.
        base, lines = "first_rate", ["first_rate = float(model.optimizer.learning_rate)", "", ""]
    lines.append("def learning_rate(epoch, current):")
    if warmup:
        lines += [
            f"    if epoch < {warmup}:",
            f"        return {base} * (epoch + 1) / {warmup + 1}  # warm-up",
            f"    epoch -= {warmup}",
        ]
    return "\n".join([*lines, *(f"    {line}" for line in _formula(document, base))])


def _formula(document: Mapping[str, Any], base: str) -> list[str]:
    schedule = document["schedule"]
    if schedule == "constant":
        return [f"return {base}"]
    if schedule == "time":
        return [f"return {base} / (1 + {literal(document['decay'])} * epoch)"]
    if schedule == "step":
        return [f"return {base} * {literal(document['drop'])} ** (epoch // {literal(document['epochs_drop'])})"]
    if schedule == "exponential":
        return [f"return {base} * math.exp(-{literal(document['decay'])} * epoch)"]
    epochs = literal(document["decay_epochs"])
    done = [f"done = min(epoch, {epochs}) / {epochs}"]
    if schedule == "cosine":
        alpha = literal(document["alpha"])
        return [*done, f"return {base} * ({alpha} + (1 - {alpha}) * (1 + math.cos(math.pi * done)) / 2)"]
    end = literal(document["end_learning_rate"])
    power = "" if schedule == "linear" else f" ** {literal(document['power'])}"
    return [*done, f"return ({base} - {end}) * (1 - done){power} + {end}"]
