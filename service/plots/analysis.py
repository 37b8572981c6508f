"""What the trials say together: importance, trade-off, parallel coordinates, contour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from service.errors import InvalidRequest
from service.plots.asked import Asked
from service.plots.words import value_text
from service.trends.axes import contour_report, parallel_report
from service.trends.importance import Subject, importance_report
from service.trends.report import chosen_metrics, hyperparameter_of
from service.trends.selection import directions_of
from service.trends.tradeoff import COSTS, tradeoff_report
from storage.columns import ScoredColumns
from storage.errors import FieldFault
from storage.records import Direction
from tuners.pictures.figure import MAX_LANE_ROWS, MAX_POINTS, Axis, Figure, Lane, Lanes, Panel, Series, Surface

_MOST_BARS = 20
_MOST_LANES = 16
_METHODS = {"fanova": "share of the variance (fANOVA)", "ped_anova": "share of the divergences (PED-ANOVA)"}


def importance_figure(asked: Asked) -> Figure:
    """A bar for each hyperparameter, and one for each pair worth a hundredth; the longest on top."""
    trials, metric, direction = _metric(asked)
    assert asked.analyst is not None
    report = importance_report(
        asked.search,
        trials,
        Subject(asked.method, metric, direction, asked.at),
        space=asked.space,
        analyst=asked.analyst,
    )
    bars = [(each["name"], each["share"]) for each in report["hyperparameters"]]
    bars += [(" × ".join(pair["names"]), pair["share"]) for pair in report["pairs"] if pair["share"] >= 0.01]
    shown = sorted(bars, key=lambda bar: -bar[1])[:_MOST_BARS][::-1]
    series = []
    if shown:
        places = [float(place) for place in range(len(shown))]
        series = [Series(kind="rows", x=[share for _, share in shown], y=places)]
    panel = Panel(
        x=Axis(label=_METHODS[asked.method]),
        y=Axis(names=[name for name, _ in shown]),
        series=series,
        note=report["note"] or f"{report['trials']} trials",
    )
    return Figure(title=f"{asked.search.name}: what matters to {metric}", panels=[panel])


def tradeoff_figure(asked: Asked) -> Figure:
    """All trials, and the front as steps through those that no other beats."""
    search, against = asked.search, asked.against
    trials = asked.repository.scored_columns(search.id)
    directions: dict[str, Direction] = {**directions_of(search, trials.metrics), **dict.fromkeys(COSTS, "min")}
    if against not in directions or against == search.objective.name:
        fault = FieldFault("query:against", "unknown_metric", "take seconds, parameters, or another logged metric")
        raise InvalidRequest("a parameter is wrong", (fault,))
    report = tradeoff_report(search, trials, against, direction=directions[against], most=MAX_POINTS)
    points = report["points"]
    front = sorted((point["against"], point["score"]) for point in points if point["on_front"])
    costs = [point["against"] for point in points]
    wide = bool(costs) and min(costs) > 0 and max(costs) / min(costs) >= 20
    series = [
        Series(kind="points", x=costs, y=[point["score"] for point in points], label="trials", colour=0),
        Series(kind="line", x=[x for x, _ in front], y=[y for _, y in front], label="Pareto front", colour=1),
        Series(kind="points", x=[x for x, _ in front], y=[y for _, y in front], colour=1),
    ]
    panel = Panel(
        x=Axis(label=f"{against} ({directions[against]})", log=wide),
        y=Axis(label=f"{search.objective.name} ({search.objective.direction})"),
        series=series if points else [],
    )
    return Figure(title=f"{search.name}: {search.objective.name} against {against}", panels=[panel])


def parallel_figure(asked: Asked) -> Figure:
    """A line for each trial across the axes, coloured by its score; the best are drawn last, on top."""
    trials, metric, direction = _metric(asked)
    report = parallel_report(asked.search, trials, metric, direction, at=asked.at, space=asked.space)
    sign = -1.0 if direction == "min" else 1.0
    rows = sorted(report["rows"], key=lambda row: sign * row["score"])[-MAX_LANE_ROWS:]
    lanes = [_lane(axis) for axis in report["axes"][:_MOST_LANES]]
    panel = Panel(
        lanes=Lanes(
            lanes=lanes,
            rows=[row["places"][:_MOST_LANES] for row in rows],
            scores=[row["score"] for row in rows],
            label=f"{metric} ({direction})",
        )
    )
    return Figure(title=f"{asked.search.name}: all trials", panels=[panel])


def contour_figure(asked: Asked) -> Figure:
    """The metric over two hyperparameters: shades between the trials, and the trials as dots."""
    if asked.x == asked.y:
        fault = FieldFault("query:y", "not_together", "name another hyperparameter than x")
        raise InvalidRequest("a parameter is wrong", (fault,))
    trials, metric, direction = _metric(asked)
    assert asked.analyst is not None
    report = contour_report(
        asked.search,
        trials,
        metric,
        direction,
        at=asked.at,
        x=hyperparameter_of(asked.space, asked.x),
        y=hyperparameter_of(asked.space, asked.y),
        surveyor=asked.analyst,
        most=MAX_POINTS,
    )
    across, up = report["x"], report["y"]
    points = report["points"]
    panel = Panel(
        x=_axis(across),
        y=_axis(up),
        surface=Surface(
            x=_places(across, across["ticks"]),
            y=_places(up, up["ticks"]),
            grid=report["grid"],
            points_x=_places(across, [point["x"] for point in points]),
            points_y=_places(up, [point["y"] for point in points]),
            scores=[point["score"] for point in points],
            label=f"{metric} ({direction})",
        ),
    )
    return Figure(title=f"{asked.search.name}: {metric}", panels=[panel])


def _metric(asked: Asked) -> tuple[ScoredColumns, str, Direction]:
    """The scored trials, and the one metric the picture is about."""
    trials = asked.repository.scored_columns(asked.search.id)
    directions = directions_of(asked.search, trials.metrics)
    if len(asked.metrics) > 1:
        raise InvalidRequest("a parameter is wrong", (FieldFault("query:metric", "too_many", "name one metric"),))
    (metric,) = chosen_metrics(asked.metrics, search=asked.search, known=directions)
    return trials, metric, directions[metric]


def _lane(axis: dict[str, Any]) -> Lane:
    """Choices by name in the middle of their shares; of numbers both ends and the middle of the scale."""
    values = axis["values"]
    if values:
        count = len(values)
        # Steps of an ordered choice lie from end to end.
        places = [n / max(1, count - 1) if axis["ordered"] else (n + 0.5) / count for n in range(count)]
        return Lane(label=axis["name"], places=places, texts=[value_text(value) for value in values])
    low, high = axis["low"], axis["high"]
    if axis["sampling"] == "log":
        middle = (low * high) ** 0.5
    elif axis["sampling"] == "reverse_log":
        middle = high + low - (low * high) ** 0.5
    else:
        middle = (low + high) / 2
    label = f"{axis['name']} (log)" if axis["sampling"] == "log" else axis["name"]
    return Lane(label=label, places=[0.0, 0.5, 1.0], texts=[f"{value:.3g}" for value in (low, middle, high)])


def _axis(axis: dict[str, Any]) -> Axis:
    names = [value_text(value) for value in axis["values"]]
    return Axis(label=axis["name"], names=names, log=axis["sampling"] == "log", whole=axis["type"] == "int")


def _places(axis: dict[str, Any], values: Sequence[Any]) -> list[float]:
    """Numbers are their own places; choices stand at 0, 1, 2, ..."""
    if not axis["values"]:
        return [float(value) for value in values]
    texts = [(type(each).__name__, str(each)) for each in axis["values"]]
    return [float(texts.index((type(value).__name__, str(value)))) for value in values]
