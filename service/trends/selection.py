"""Which trials a trend looks at, and which of their numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite

from service.trends.hyperparameter import ValuePoint
from service.trends.measuring import At, by_number, metric_column
from storage.columns import ScoredColumns
from storage.records import Direction, Objective, Scalar, Search
from tuners.definitions.metrics import logged_metrics, usual_direction, with_validation
from tuners.space import Space
from tuners.sweeps import at_baseline_but

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


def directions_of(search: Search, logged: Iterable[str]) -> dict[str, Direction]:
    """Every metric the search logs, with the direction in which it is better.

    The objective's is the search's own. Models that bring their own metrics name them in their trials only; one that no
    catalogue knows is taken for an error when its name says so, and else larger is better.
    """
    definition = search.definition
    named = with_validation(logged_metrics(definition.get("compile"), definition.get("model")) or {})
    names = dict.fromkeys([*named, *logged])
    directions = {name: named.get(name) or _direction(name) for name in names}
    return {**directions, search.objective.name: search.objective.direction}


def _direction(name: str) -> Direction:
    return usual_direction(name) or ("min" if any(word in name.lower() for word in _ERRORS) else "max")


def measured_points(
    trials: ScoredColumns, selection: Selection, *, objective: Objective, space: Space
) -> dict[str, tuple[ValuePoint, ...]]:
    """For each metric the chosen trials by number that have a finite value of it, which is then their score."""
    values = trials.values.get(selection.name)
    if values is None:
        return dict.fromkeys(selection.metrics, ())
    chosen = [place for place in by_number(trials) if _is_within(values[place], selection)]
    if selection.only_baseline:
        chosen = [place for place in chosen if at_baseline_but(selection.name, _active(trials, place), space)]
    columns = {name: metric_column(trials, name, at=selection.at, objective=objective) for name in selection.metrics}
    found: dict[str, list[ValuePoint]] = {name: [] for name in columns}
    for place in chosen:
        value = values[place]
        assert value is not None
        metrics = {
            name: score if column is not None and isfinite(score := column[place]) else None
            for name, column in columns.items()
        }
        trial_id, number = trials.ids[place], trials.numbers[place]
        for name, own in metrics.items():
            if own is not None:
                found[name].append(ValuePoint(trial_id, number, value, own, metrics))
    return {name: tuple(points) for name, points in found.items()}


def _is_within(value: Scalar | None, selection: Selection) -> bool:
    if value is None:
        return False
    if selection.minimum is None and selection.maximum is None:
        return True
    if isinstance(value, bool | str):
        return False
    return (selection.minimum is None or value >= selection.minimum) and (
        selection.maximum is None or value <= selection.maximum
    )


def _active(trials: ScoredColumns, place: int) -> dict[str, Scalar]:
    """The values of one trial."""
    return {name: value for name, column in trials.values.items() if (value := column[place]) is not None}
