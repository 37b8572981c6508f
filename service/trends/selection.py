"""Which trials a trend looks at, and which of their numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from service.trends.hyperparameter import ValuePoint
from storage.records import Direction, Objective, Search, Trial
from tuners.definitions.metrics import logged_metrics, usual_direction, with_validation
from tuners.space import Space
from tuners.sweeps import at_baseline_but

At = Literal["best", "last"]
# What a metric that no catalogue knows is called when smaller is better.
_ERRORS = ("loss", "error", "mse", "mae", "rmse", "deviance", "perplexity")


@dataclass(frozen=True, slots=True)
class Selection:
    """What to look at.

    Attributes:
        name: The hyperparameter.
        metrics: At least one; the first is the points' score.
        at: Each trial's best epoch (by the objective), or its last one.
        minimum: Smallest value of the hyperparameter, inclusive; None: no bound. Only numbers have bounds.
        maximum: Largest likewise.
        only_baseline: Leave out trials in which any other hyperparameter is not at its default.
    """

    name: str
    metrics: tuple[str, ...]
    at: At = "best"
    minimum: float | None = None
    maximum: float | None = None
    only_baseline: bool = False


def metric_directions(search: Search, trials: Sequence[Trial]) -> dict[str, Direction]:
    """Every metric the search logs, with the direction in which it is better.

    The objective's is the search's own. Models that bring their own metrics name them in their trials only; one that no
    catalogue knows is taken for an error when its name says so, and else larger is better.
    """
    definition = search.definition
    named = with_validation(logged_metrics(definition.get("compile"), definition.get("model")) or {})
    names = dict.fromkeys([*named, *(name for trial in trials for name in trial.metrics)])
    directions = {name: named.get(name) or _direction(name) for name in names}
    return {**directions, search.objective.name: search.objective.direction}


def _direction(name: str) -> Direction:
    return usual_direction(name) or ("min" if any(word in name.lower() for word in _ERRORS) else "max")


def measured_points(
    trials: Sequence[Trial], selection: Selection, *, objective: Objective, space: Space
) -> dict[str, tuple[ValuePoint, ...]]:
    """For each metric the chosen trials by number that have a finite value of it, which is then their score."""
    points: dict[str, list[ValuePoint]] = {name: [] for name in selection.metrics}
    for trial in trials:
        if _is_chosen(trial, selection, space=space):
            metrics = {name: measured(trial, name, at=selection.at, objective=objective) for name in selection.metrics}
            for name, score in metrics.items():
                if score is not None:
                    value = trial.values[selection.name]
                    points[name].append(ValuePoint(trial.id, trial.number, value, score, metrics))
    return {name: tuple(found) for name, found in points.items()}


def measured(trial: Trial, metric: str, *, at: At, objective: Objective) -> float | None:
    """The metric at the trial's best or last epoch, mean over executions; None when there is no finite value."""
    if at == "best" and metric == objective.name:
        value = trial.score
    else:
        value = (trial.metrics if at == "best" else trial.last_metrics).get(metric)
    return None if value is None or not math.isfinite(value) else value


def _is_chosen(trial: Trial, selection: Selection, *, space: Space) -> bool:
    value = trial.values.get(selection.name)
    if value is None:
        return False
    if selection.minimum is not None or selection.maximum is not None:
        if isinstance(value, bool | str):
            return False
        if selection.minimum is not None and value < selection.minimum:
            return False
        if selection.maximum is not None and value > selection.maximum:
            return False
    return not selection.only_baseline or at_baseline_but(selection.name, trial.values, space)
