"""The trend of one hyperparameter as a small table with bars."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from headstock import words
from headstock.models import Value
from headstock.trends import HyperparameterTrend, MetricTrend, ValueSummary

BAR_WIDTH = 14
NARROW_BAR_WIDTH = 8
VERDICTS = {
    "monotone_increasing": "grows with it",
    "monotone_decreasing": "falls with it",
    "peak": "is highest in between",
    "valley": "is lowest in between",
    "flat": "hardly changes with it",
    "unclear": "has no clear shape yet",
}


def trend_view(trend: HyperparameterTrend, *, best_first: bool = False) -> RenderableType:
    """A row per value (or bin) with its median as a bar, and what the service makes of it, metric by metric."""
    if not trend.values:
        return Text(f"No scored trial has {trend.name} yet.")
    shapes = trend.metrics or [
        MetricTrend(
            name=trend.objective.name,
            direction=trend.objective.direction,
            values=trend.values,
            best_value=trend.best_value,
            verdict=trend.verdict,
            diminishing_returns_at=trend.diminishing_returns_at,
        )
    ]
    against = ", ".join(f"{shape.name} ({shape.direction})" for shape in shapes)
    epoch = ", last epoch" if trend.at == "last" else ""
    others = ", all others at their defaults" if trend.baseline == "only" else ""
    heading = Text.assemble((trend.name, "bold"), f" against {against}{epoch}{others}")
    table = _one(trend, shapes[0], best_first) if len(shapes) == 1 else _several(trend, shapes, best_first)
    return Group(heading, table, *(Text(sentence(shape, trend)) for shape in shapes))


def _table(trend: HyperparameterTrend, *columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in (trend.name, "trials", *columns):
        table.add_column(name, justify="right")
    return table


def _one(trend: HyperparameterTrend, shape: MetricTrend, best_first: bool) -> Table:
    table = _table(trend, "median", "best", "mean")
    table.add_column("low to high")
    for summary in _rows(shape, best_first):
        table.add_row(
            label(summary),
            str(summary.count),
            words.number(summary.median),
            words.number(summary.best),
            words.number(summary.mean),
            _bar(summary, shape, BAR_WIDTH),
        )
    return table


def _several(trend: HyperparameterTrend, shapes: Sequence[MetricTrend], best_first: bool) -> Table:
    """The medians of all metrics side by side, each with its bar; rows are those of the first."""
    table = _table(trend)
    for shape in shapes:
        table.add_column(shape.name, justify="right")
        table.add_column("")
    for summary in _rows(shapes[0], best_first):
        cells: list[str | Text] = []
        for shape in shapes:
            same = next((each for each in shape.values if label(each) == label(summary)), None)
            cells += [words.number(None if same is None else same.median), _bar(same, shape, NARROW_BAR_WIDTH)]
        table.add_row(label(summary), str(summary.count), *cells)
    return table


def _rows(shape: MetricTrend, best_first: bool) -> list[ValueSummary]:
    if not best_first:
        return shape.values
    return sorted(shape.values, key=lambda summary: summary.median, reverse=shape.direction == "max")


def sentence(shape: MetricTrend, trend: HyperparameterTrend) -> str:
    """What the shape means, in words."""
    subject = "The score" if shape.name == trend.objective.name else shape.name
    best = f"; best at {words.scalar(shape.best_value)}" if shape.best_value is not None else ""
    enough = shape.diminishing_returns_at
    end = f"; little to gain beyond {words.scalar(enough)}" if enough is not None else ""
    return f"{subject} {VERDICTS.get(shape.verdict, shape.verdict)}{best}{end}."


def label(summary: ValueSummary) -> str:
    """The value, or the ends of the bin."""
    if summary.low is None or summary.high is None or summary.low == summary.high:
        return words.scalar(summary.value)
    return f"{words.scalar(summary.low)} – {words.scalar(summary.high)}"


def _holds(summary: ValueSummary, value: Value | None) -> bool:
    """Whether the value is this row's, or in this row's bin."""
    if summary.low is not None and summary.high is not None and isinstance(value, int | float):
        return summary.low <= value <= summary.high
    return summary.value == value and isinstance(summary.value, bool) == isinstance(value, bool)


def _bar(summary: ValueSummary | None, shape: MetricTrend, width: int) -> Text:
    """A bar from the lowest (one block) to the highest (all): differences are the point, the figures stand beside."""
    if summary is None:
        return Text()
    medians = [each.median for each in shape.values]
    lowest, highest = min(medians), max(medians)
    share = 1.0 if highest == lowest else (summary.median - lowest) / (highest - lowest)
    style = "green" if _holds(summary, shape.best_value) else "cyan"
    return Text("█" * (1 + round(share * (width - 1))), style=style)
