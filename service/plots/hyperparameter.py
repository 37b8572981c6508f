"""Metrics against one hyperparameter: a panel each, as lines over points or as bars."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from service.plots.asked import Asked
from service.plots.words import base_name, shape_note, value_text
from service.trends.hyperparameter import axis_of
from service.trends.report import check_bounds, chosen_metrics, hyperparameter_of, trend_report
from service.trends.selection import Selection, directions_of
from storage.records import Direction, Search
from tuners.pictures.figure import MAX_POINTS, Axis, Figure, Panel, Series
from tuners.space import Hyperparameter

_LOG_FROM = 100
"""Choices of numbers have no sampling scale; they are drawn on a logarithmic one when they span so large a factor."""


def hyperparameter_figure(asked: Asked) -> Figure:
    """One panel for each metric: by default loss and accuracy, of the training and of the validation part."""
    search, hyperparameter = asked.search, hyperparameter_of(asked.space, asked.name)
    trials = asked.repository.scored_columns(search.id)
    directions = directions_of(search, trials.metrics)
    asked_metrics = asked.metrics or default_metrics(search, trials.metrics, directions)
    selection = Selection(
        name=asked.name,
        metrics=chosen_metrics(asked_metrics, search=search, known=directions),
        at=asked.at,
        minimum=asked.minimum,
        maximum=asked.maximum,
        only_baseline=asked.only_baseline,
    )
    check_bounds(selection, hyperparameter)
    report = trend_report(search, trials, selection, space=asked.space, directions=directions, sort="value")
    panel = _bars if asked.chart == "bar" else _lines
    panels = [panel(shape, report["points"], hyperparameter) for shape in report["metrics"]]
    epoch = "best epoch" if asked.at == "best" else "last epoch"
    return Figure(title=f"{search.name}: {asked.name} ({epoch})", panels=panels, columns=2)


def default_metrics(search: Search, logged: Collection[str], directions: dict[str, Direction]) -> tuple[str, ...]:
    """Loss and one other metric, on both parts, as far as they are logged; the objective if there are none of them."""
    known = logged or directions
    other = base_name(search.objective.name)
    if other == "loss":
        other = next((base_name(name) for name in directions if base_name(name) != "loss"), "loss")
    wanted = dict.fromkeys(("loss", other, "val_loss", f"val_{other}"))
    return tuple(name for name in wanted if name in known) or (search.objective.name,)


def _lines(shape: dict[str, Any], points: list[dict[str, Any]], hyperparameter: Hyperparameter) -> Panel:
    metric = shape["name"]
    shown = [point for point in points if point["metrics"][metric] is not None][:MAX_POINTS]
    axis = axis_of(hyperparameter)
    numbers = axis is float
    names = [] if numbers else [value_text(each["value"]) for each in shape["values"]]

    def place(value: Any) -> float:
        return float(value) if numbers else float(names.index(value_text(value)))

    medians = [(place(each["value"]), each["median"]) for each in shape["values"]]
    return _panel(
        shape,
        x=Axis(label=hyperparameter.name, names=names, log=_is_log(hyperparameter), whole=hyperparameter.type == "int"),
        series=[
            *([Series(kind="line", x=[x for x, _ in medians], y=[y for _, y in medians], colour=1)] if axis else []),
            Series(
                kind="points",
                x=[place(point["value"]) for point in shown],
                y=[point["metrics"][metric] for point in shown],
                colour=0,
            ),
        ],
    )


def _bars(shape: dict[str, Any], points: list[dict[str, Any]], hyperparameter: Hyperparameter) -> Panel:
    groups = shape["values"]
    names = [
        value_text(each["value"])
        if each["low"] is None or each["low"] == each["high"]
        else f"{value_text(each['low'])} – {value_text(each['high'])}"
        for each in groups
    ]
    bars = Series(kind="bars", x=[float(place) for place in range(len(groups))], y=[each["median"] for each in groups])
    return _panel(shape, x=Axis(label=hyperparameter.name, names=names), series=[bars])


def _panel(shape: dict[str, Any], *, x: Axis, series: list[Series]) -> Panel:
    return Panel(
        title=shape["name"],
        x=x,
        y=Axis(label=shape["name"]),
        series=series,
        note=shape_note(shape) if shape["values"] else "",
    )


def _is_log(hyperparameter: Hyperparameter) -> bool:
    if hyperparameter.type in ("int", "float"):
        return hyperparameter.sampling == "log"
    numbers = [value for value in hyperparameter.values if isinstance(value, int | float) and value > 0]
    return len(numbers) == len(hyperparameter.values) > 1 and max(numbers) / min(numbers) >= _LOG_FROM
