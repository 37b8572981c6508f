"""The answer of a hyperparameter's trend, for one metric or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal

from service.errors import InvalidRequest
from service.trends.hyperparameter import Axis, HyperparameterTrend, ValuePoint, axis_of, hyperparameter_trend
from service.trends.sampling import down_sampled
from service.trends.selection import Selection, measured_points
from storage.columns import ScoredColumns
from storage.errors import FieldFault, NotFound
from storage.records import Direction, Search
from tuners.list_values import shown
from tuners.space import Hyperparameter, Space

Sort = Literal["number", "value", "score"]


def hyperparameter_of(space: Space, name: str) -> Hyperparameter:
    """The hyperparameter of that (expanded) name. Raises NotFound."""
    found = space.by_name.get(name)
    if found is None:
        raise NotFound("the search has no such hyperparameter")
    return found


def chosen_metrics(asked: Sequence[str] | None, *, search: Search, known: dict[str, Direction]) -> tuple[str, ...]:
    """The metrics asked for, each once; the objective when none is.

    Raises:
        InvalidRequest: The search logs no such metric.
    """
    chosen = tuple(dict.fromkeys(asked or (search.objective.name,)))
    if any(name not in known for name in chosen):
        fault = FieldFault("query:metric", "unknown_metric", f"the search logs {', '.join(sorted(known)[:20])}")
        raise InvalidRequest("a parameter is wrong", (fault,))
    return chosen


def check_bounds(selection: Selection, hyperparameter: Hyperparameter) -> None:
    """Raises InvalidRequest for bounds on values that are no numbers, or in the wrong order."""
    low, high = selection.minimum, selection.maximum
    given = [name for name, bound in (("min", low), ("max", high)) if bound is not None]
    if given and isinstance(hyperparameter.default, bool | str):
        detail = f"the values of {selection.name} are no numbers: leave it out"
        raise InvalidRequest("a parameter is wrong", (FieldFault(f"query:{given[0]}", "not_together", detail),))
    if low is not None and high is not None and high < low:
        raise InvalidRequest(
            "a parameter is wrong", (FieldFault("query:max", "out_of_range", "must not be below `min`"),)
        )


def trend_report(
    search: Search,
    trials: ScoredColumns,
    selection: Selection,
    *,
    space: Space,
    directions: dict[str, Direction],
    sort: Sort = "number",
    most: int | None = None,
) -> dict[str, Any]:
    """The whole answer, lists of numbers shown as such.

    Args:
        directions: Has every metric of the selection.
        most: How many points are shown, at least 2; None: all. What is said about them is about all in any case.
    """
    hyperparameter = hyperparameter_of(space, selection.name)
    axis = axis_of(hyperparameter)
    continuous = hyperparameter.type == "float" and hyperparameter.step is None
    points = measured_points(trials, selection, objective=search.objective, space=space)
    shapes = [
        {
            "name": name,
            "direction": directions[name],
            **_shape(hyperparameter_trend(points[name], direction=directions[name], axis=axis, continuous=continuous)),
        }
        for name in selection.metrics
    ]
    first = selection.metrics[0]
    thinned = thinned_points(points[first], most=most)
    ordered = sorted_points(thinned, sort=sort, direction=directions[first], axis=axis)
    return {
        "name": selection.name,
        "objective": asdict(search.objective),
        "metric": {"name": first, "direction": directions[first]},
        "at": selection.at,
        "baseline": "only" if selection.only_baseline else "all",
        "trials": len(points[first]),
        "points": [{**point._asdict(), "value": shown(point.value)} for point in ordered],
        **{key: value for key, value in shapes[0].items() if key not in ("name", "direction")},
        "metrics": shapes,
    }


def thinned_points(points: Sequence[ValuePoint], *, most: int | None) -> Sequence[ValuePoint]:
    """At most `most` (at least 2) of the points by number: spread evenly over the numbers, the best and the worst in
    any case. A scatter of evenly chosen trials has the shape of all of them.
    """
    if most is None or len(points) <= most:
        return points
    scores = [point.score for point in points]
    ends = {scores.index(max(scores)), scores.index(min(scores))}
    chosen = ends.union(down_sampled(range(len(points)), most=most - len(ends)) if most > len(ends) else ())
    return [points[place] for place in sorted(chosen)]


def sorted_points(
    points: Sequence[ValuePoint], *, sort: Sort, direction: Direction, axis: Axis | None
) -> list[ValuePoint]:
    """By number, by value (without an order among values: by their text), or best score first; ties by number."""
    if sort == "score":
        sign = 1.0 if direction == "min" else -1.0
        return sorted(points, key=lambda point: (sign * point.score, point.number))
    if sort == "value" and axis is not None:
        return sorted(points, key=lambda point: (axis(point.value), point.number))
    if sort == "value":
        return sorted(points, key=lambda point: (str(point.value), point.number))
    return list(points)


def _shape(trend: HyperparameterTrend) -> dict[str, Any]:
    enough = trend.diminishing_returns_at
    return {
        "values": [{**asdict(group), "value": shown(group.value)} for group in trend.groups],
        "best_value": None if trend.best_value is None else shown(trend.best_value),
        "verdict": trend.verdict,
        "diminishing_returns_at": None if enough is None else shown(enough),
        "method": asdict(trend.method),
    }
