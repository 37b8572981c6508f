"""What `Client.tune` takes, as parts of a definition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from headstock.definitions import Direction
from headstock.errors import HeadstockError
from headstock.sources import source_of

TUNERS: Mapping[str, str] = {
    "RandomSearch": "random",
    "GridSearch": "grid",
    "BayesianOptimization": "bayesian",
    "Hyperband": "hyperband",
}
"""Keras Tuner's names, which are understood too."""

Builder = Callable[..., Any] | type | str
Tuner = str | Mapping[str, Any]
TargetMetric = str | tuple[str, Direction]


def model_part(build: Builder, arguments: Mapping[str, Any] | None) -> tuple[dict[str, Any], str]:
    """The `model` part, and what to call the search. Raises NotPortable."""
    more = {} if not arguments else {"arguments": dict(arguments)}
    if isinstance(build, str):
        return {"type": "builder", "builder": build, **more}, build
    source = source_of(build)
    return {"type": "builder", "code": source.code, "entry": source.entry, **more}, source.entry


def tuner_part(tuner: Tuner, max_epochs: int | None) -> dict[str, Any]:
    """The `tuner` part."""
    chosen: dict[str, Any] = dict(tuner) if isinstance(tuner, Mapping) else {"type": TUNERS.get(tuner, tuner)}
    if chosen.get("type") == "hyperband" and max_epochs is not None:
        chosen.setdefault("max_epochs", max_epochs)
    return chosen


def objective_part(objective: Any) -> dict[str, Any]:
    """The `objective` part. Raises HeadstockError for what is none."""
    if objective is None:
        return {"name": "val_loss"}
    if isinstance(objective, str):
        return {"name": objective}
    if isinstance(objective, tuple) and len(objective) == 2:
        return {"name": objective[0], "direction": objective[1]}
    # A keras_tuner.Objective.
    name, direction = getattr(objective, "name", None), getattr(objective, "direction", None)
    if isinstance(name, str) and isinstance(direction, str):
        return {"name": name, "direction": direction}
    raise HeadstockError('objective must be a metric\'s name, or a pair such as ("val_accuracy", "max")')
