"""The trend of one hyperparameter as a small table with bars."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from headstock import words
from headstock.trends import HyperparameterTrend, ValueSummary

BAR_WIDTH = 14
VERDICTS = {
    "monotone_increasing": "the score grows with it",
    "monotone_decreasing": "the score falls with it",
    "peak": "the score is highest in between",
    "valley": "the score is lowest in between",
    "flat": "it makes little difference",
    "unclear": "no clear shape yet",
}


def trend_view(trend: HyperparameterTrend) -> RenderableType:
    """A row per value (or bin) with its median score as a bar, and what the service makes of it."""
    if not trend.values:
        return Text(f"No scored trial has {trend.name} yet.")
    objective = trend.objective
    heading = Text.assemble((trend.name, "bold"), f" against {objective.name} ({objective.direction})")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in (trend.name, "trials", "median", "best", "mean"):
        table.add_column(name, justify="right")
    table.add_column("low to high")
    lowest = min(summary.median for summary in trend.values)
    highest = max(summary.median for summary in trend.values)
    for summary in trend.values:
        at_best = _holds(summary, trend.best_value)
        table.add_row(
            _label(summary),
            str(summary.count),
            words.number(summary.median),
            words.number(summary.best),
            words.number(summary.mean),
            Text(_bar(summary.median, lowest, highest), style="green" if at_best else "cyan"),
        )
    verdict = VERDICTS.get(trend.verdict, trend.verdict)
    best = f"; best at {words.scalar(trend.best_value)}" if trend.best_value is not None else ""
    enough = trend.diminishing_returns_at
    end = f"; little to gain beyond {words.scalar(enough)}" if enough is not None else ""
    return Group(heading, table, Text(f"{verdict[0].upper()}{verdict[1:]}{best}{end}."))


def _label(summary: ValueSummary) -> str:
    if summary.low is None or summary.high is None or summary.low == summary.high:
        return words.scalar(summary.value)
    return f"{words.scalar(summary.low)} – {words.scalar(summary.high)}"


def _holds(summary: ValueSummary, value: object) -> bool:
    """Whether the value is this row's, or in this row's bin."""
    if summary.low is not None and summary.high is not None and isinstance(value, int | float):
        return summary.low <= value <= summary.high
    return summary.value == value and isinstance(summary.value, bool) == isinstance(value, bool)


def _bar(value: float, lowest: float, highest: float) -> str:
    """A bar from the lowest (one block) to the highest (all): differences are the point, the figures stand beside."""
    share = 1.0 if highest == lowest else (value - lowest) / (highest - lowest)
    return "█" * (1 + round(share * (BAR_WIDTH - 1)))
