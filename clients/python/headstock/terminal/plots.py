"""The pictures of `headstock plot` drawn with characters: of the same results as the service's own pictures."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from headstock import words
from headstock.analysis import Axis, Method
from headstock.definitions import At, Baseline
from headstock.errors import HeadstockError, NotFound
from headstock.models import Epoch, RangeTestRecord, Value
from headstock.searches import Search
from headstock.terminal.charts import BEST, SERIES, Axes, Bars, Chart, Grid, Point, Series
from headstock.trends import ObjectiveTrend
from headstock.trials import Trial

Drawn = tuple[object, RenderableType]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be drawn; a kind reads what it knows of."""

    name: str | None = None
    metrics: Sequence[str] = ()
    at: At | None = None
    min_value: float | None = None
    max_value: float | None = None
    baseline: Baseline | None = None
    trial: Trial | None = None
    against: str | None = None
    x: str | None = None
    y: str | None = None
    method: Method | None = None

    def given(self) -> set[str]:
        return {name for name in self.__slots__ if getattr(self, name) not in (None, ())}


@dataclass(frozen=True, slots=True)
class _Kind:
    draw: Callable[[Search, Asked], Drawn]
    needs: frozenset[str] = field(default_factory=frozenset)
    takes: frozenset[str] = field(default_factory=frozenset)


def terminal_plot(search: Search, kind: str, asked: Asked) -> Drawn:
    """What a kind of picture is drawn from, and the picture.

    Raises:
        HeadstockError: There is no such kind, an option is missing, or one means nothing to this kind.
    """
    chosen = KINDS.get(kind)
    if chosen is None:
        raise HeadstockError(f"{kind!r} is no kind of picture; these are: {', '.join(KINDS)}")
    given = asked.given()
    if missing := chosen.needs - given:
        raise HeadstockError(f"{kind} needs {_options(missing)}")
    if idle := given - chosen.needs - chosen.takes:
        raise HeadstockError(f"{_options(idle)} means nothing to {kind}: leave it out")
    return chosen.draw(search, asked)


def _options(names: set[str] | frozenset[str]) -> str:
    said = {"metrics": "metric", "min_value": "min", "max_value": "max"}
    return ", ".join(f"--{said.get(name, name)}" for name in sorted(names))


def objective_chart(trend: ObjectiveTrend, *, height: int | None = None) -> Chart:
    """Score and best so far, in order of ending."""
    scores = [(float(place), point.score) for place, point in enumerate(trend.points, start=1)]
    bests = [(float(place), point.best) for place, point in enumerate(trend.points, start=1)]
    return history_chart(scores, bests, f"{trend.objective.name} ({trend.objective.direction})", height=height)


def history_chart(scores: Sequence[Point], bests: Sequence[Point], title: str, *, height: int | None = None) -> Chart:
    series = [
        Series(scores, "score", SERIES[0], "dots", sign=""),
        Series(bests, "best so far", BEST, "steps"),
    ]
    return Chart(series, title=title, x_label="trials ended", clip=True, height=height, empty="no trial is scored yet")


def curve_series(epochs: Sequence[Epoch], metric: str, *, label: str, style: str) -> list[Series]:
    """One line for each execution or fold; only the first is named."""
    runs: dict[tuple[int, int | None], list[Point]] = defaultdict(list)
    for epoch in epochs:
        value = epoch.metrics.get(metric)
        if value is not None:
            runs[epoch.execution, epoch.fold].append((float(epoch.epoch), value))
    return [
        Series(points, label if number == 0 else "", style)
        for number, (_, points) in enumerate(sorted(runs.items(), key=lambda run: (run[0][0], run[0][1] or 0)))
    ]


def _objective(search: Search, asked: Asked) -> Drawn:
    trend = search.objective_trend()
    return trend, objective_chart(trend)


def _hyperparameter(search: Search, asked: Asked) -> Drawn:
    trend = search.trend(
        asked.name or "",
        metrics=asked.metrics,
        at=asked.at or "best",
        min_value=asked.min_value,
        max_value=asked.max_value,
        baseline=asked.baseline,
    )
    shapes = trend.metrics or []
    numbers = all(_is_number(point.value) for point in trend.points)
    names = [] if numbers else list(dict.fromkeys(words.scalar(summary.value) for summary in trend.values))

    def place(value: Value) -> float:
        return float(value) if _is_number(value) else float(names.index(words.scalar(value)))  # type: ignore[arg-type]

    charts: list[RenderableType] = []
    metrics = [(shape.name, shape.direction, shape.values) for shape in shapes] or [
        (trend.objective.name, trend.objective.direction, trend.values)
    ]
    for name, direction, values in metrics:
        dots = [
            (place(point.value), value)
            for point in trend.points
            if (value := point.metrics.get(name, point.score if name == metrics[0][0] else None)) is not None
            and (numbers or words.scalar(point.value) in names)
        ]
        medians = [(place(summary.value), summary.median) for summary in values]
        series = [
            Series(dots, "trials", SERIES[0], "dots"),
            Series(sorted(medians), "median", SERIES[1], "line" if numbers else "dots", sign="" if numbers else "◆"),
        ]
        charts.append(
            Chart(
                series,
                title=f"{name} ({direction}) by {trend.name}",
                x_label=trend.name,
                x_names=names,
                log_x=numbers and _is_log(search, trend.name) and all(x > 0 for x, _ in dots),
                clip=True,
                empty=f"no scored trial has {trend.name} yet",
            )
        )
    return trend, Group(*charts)


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_log(search: Search, name: str) -> bool:
    """Whether the definition draws it on a logarithmic scale; `units_{i}` of a definition is `units_0` of a trial."""
    # Lists leave the definition out.
    definition = search.record.definition or search.refresh().record.definition or {}
    for known in definition.get("hyperparameters", ()):
        if isinstance(known, dict) and known.get("sampling") in ("log", "reverse_log"):
            pattern = re.escape(str(known.get("name"))).replace(re.escape("{i}"), r"\d+")
            if re.fullmatch(pattern, name):
                return True
    return False


def _learning_curves(search: Search, asked: Asked) -> Drawn:
    if len(asked.metrics) > 1:
        raise HeadstockError("--metric may be given once here")
    metric = asked.metrics[0] if asked.metrics else None
    if asked.trial is not None:
        return _trial_curves(asked.trial, metric or search.objective.name)
    trend = search.epoch_trend(metric)
    middle = len(trend.quantiles) // 2
    series = [
        Series(
            [(float(band.epoch), band.quantiles[place]) for band in trend.bands if len(band.quantiles) > place],
            "median" if place == middle else f"{quantile:.0%}",
            SERIES[0] if place == middle else SERIES[(abs(place - middle)) % len(SERIES)],
        )
        for place, quantile in enumerate(trend.quantiles)
    ]
    # The median is drawn last: it lies on top where lines meet.
    series.append(series.pop(middle))
    return trend, Chart(series, title=f"{trend.metric}, all trials", x_label="epoch (from 0)", clip=True)


def _trial_curves(trial: Trial, metric: str) -> Drawn:
    epochs = list(trial.epochs())
    return [epoch.model_dump(mode="json") for epoch in epochs], trial_chart(epochs, trial.number, metric)


def trial_chart(epochs: Sequence[Epoch], number: int, metric: str) -> Chart:
    """All trainings of a trial: the metric on the training part and on the validation part, where both are logged."""
    bare = metric.removeprefix("val_")
    logged = {name for epoch in epochs for name in epoch.metrics}
    shown = [name for name in (bare, f"val_{bare}") if name in logged] or [metric]
    series = [
        each
        for place, name in enumerate(shown)
        for each in curve_series(epochs, name, label=name, style=SERIES[place % len(SERIES)])
    ]
    return Chart(
        series, title=f"trial {number}", x_label="epoch (from 0)", clip=True, empty="no epoch has been recorded yet"
    )


def _importance(search: Search, asked: Asked) -> Drawn:
    found = search.importance(
        method=asked.method or "fanova", metric=next(iter(asked.metrics), None), at=asked.at or "best"
    )
    rows = [(effect.name, effect.share, f"{effect.share:.1%}") for effect in found.hyperparameters]
    rows += [(" + ".join(pair.names), pair.share, f"{pair.share:.1%}") for pair in found.pairs if pair.share >= 0.01]
    parts: list[RenderableType] = [Bars(rows, title=f"importance for {found.metric.name} ({found.method})")]
    if not rows:
        parts = [Text("There is nothing to say yet.")]
    if found.note:
        parts.append(Text(f"Note: {found.note}.", style="dim"))
    return found, Group(*parts)


def _parallel(search: Search, asked: Asked) -> Drawn:
    found = search.parallel(metric=next(iter(asked.metrics), None), at=asked.at or "best")
    if not found.rows:
        return found, Text("No trial is scored yet.")
    scores = [row.score for row in found.rows]
    low, high = min(scores), max(scores)

    def share(score: float) -> float:
        return 0.5 if high == low else (score - low) / (high - low)

    axes = [(axis.name, *_ends(axis)) for axis in found.axes]
    axes.append((found.metric.name, words.number(low), words.number(high)))
    better = [share(score) if found.metric.direction == "max" else 1 - share(score) for score in scores]
    rows = [[*row.places, share(row.score)] for row in found.rows]
    title = f"{len(rows)} trial{'' if len(rows) == 1 else 's'}, the best brightest and on top"
    return found, Axes(axes, rows, better, title=title)


def _ends(axis: Axis) -> tuple[str, str]:
    if axis.low is not None and axis.high is not None:
        return words.scalar(axis.low), words.scalar(axis.high)
    named = [words.scalar(value) for value in axis.values] or [""]
    return named[0], named[-1]


def _contour(search: Search, asked: Asked) -> Drawn:
    metric = next(iter(asked.metrics), None)
    found = search.contour(asked.x or "", asked.y or "", metric=metric, at=asked.at or "best")
    known = [value for row in found.grid for value in row if value is not None]
    span = f", {words.number(min(known))} (dark) to {words.number(max(known))} (bright)" if known else ""
    # The grid is finer than characters are: every second or third row of it tells the same.
    every_row, every_column = -(-len(found.grid) // 16), -(-len(found.x.ticks) // 48)
    grid = Grid(
        [row[::every_column] for row in found.grid[::every_row]],
        [words.scalar(value) for value in found.y.ticks[::every_row]],
        [words.scalar(value) for value in found.x.ticks[::every_column]],
        title=f"{found.metric.name}{span}",
    )
    return found, Group(grid, Text(f"{found.y.name} upwards, {found.x.name} across", style="dim"))


def _tradeoff(search: Search, asked: Asked) -> Drawn:
    found = search.tradeoff(asked.against or "seconds")
    front = sorted((point.against, point.score) for point in found.points if point.on_front)
    beaten = [(point.against, point.score) for point in found.points if not point.on_front]
    costs = [point.against for point in found.points]
    series = [
        Series(beaten, "beaten", SERIES[0], "dots"),
        Series(front, "", BEST, "steps" if found.against.direction == "min" else "line"),
        Series(front, "front", BEST, sign="●"),
    ]
    chart = Chart(
        series,
        title=f"{found.objective.name} ({found.objective.direction})",
        x_label=f"{found.against.name} ({found.against.direction})",
        log_x=bool(costs) and min(costs) > 0 and max(costs) / min(costs) > 100,
        empty="no trial is scored yet",
    )
    return found, chart


def _range_test(search: Search, asked: Asked) -> Drawn:
    found = search._http.get(f"/v1/lr-range-tests/{search.id}", RangeTestRecord)
    return found, range_chart(found)


def range_chart(test: RangeTestRecord) -> RenderableType:
    """Losses of a range test, and the range it suggests."""
    series = [
        Series(list(zip(test.rates, test.losses, strict=True)), "loss", SERIES[0], "dots"),
        Series(list(zip(test.rates, test.smoothed, strict=True)), "smoothed", SERIES[1]),
    ]
    chart = Chart(
        series, title="loss", x_label="learning rate", log_x=True, clip=True, empty=f"the range test is {test.state}"
    )
    if test.suggestion is None:
        return chart
    return Group(chart, Text(f"search from {test.suggestion.min_rate:.2g} to {test.suggestion.max_rate:.2g}"))


def _confusion(search: Search, asked: Asked) -> Drawn:
    try:
        report = search.final().report
    except NotFound as fault:
        advice = f"`headstock finalize {search.id} --wait` trains and tests the best one"
        raise HeadstockError(f"no trial of {search.name} has been tested on the test part yet: {advice}") from fault
    outputs = (report or {}).get("test") or {}
    found = next((output for output in outputs.get("outputs", ()) if output.get("confusion_matrix")), None)
    if found is None:
        raise HeadstockError("there is no confusion matrix: the final training has not ended, or tests no classes")
    return found, confusion_grid(found)


def confusion_grid(output: Mapping[str, Any]) -> RenderableType:
    """True classes upwards from the last to the first, as they are read, against predicted ones."""
    matrix: list[list[int]] = output["confusion_matrix"]
    names = [str(name) for name in output["class_names"]]
    grid = Grid(
        [[float(count) for count in row] for row in reversed(matrix)],
        names[::-1],
        names,
        title="rows: true classes, columns: predicted ones",
        figures=[[str(count) for count in row] for row in reversed(matrix)],
    )
    return grid


KINDS: Mapping[str, _Kind] = {
    "objective": _Kind(_objective),
    "hyperparameter": _Kind(
        _hyperparameter,
        frozenset({"name"}),
        frozenset({"metrics", "at", "min_value", "max_value", "baseline"}),
    ),
    "learning-curves": _Kind(_learning_curves, takes=frozenset({"metrics", "trial"})),
    "importance": _Kind(_importance, takes=frozenset({"metrics", "at", "method"})),
    "parallel-coordinates": _Kind(_parallel, takes=frozenset({"metrics", "at"})),
    "contour": _Kind(_contour, frozenset({"x", "y"}), frozenset({"metrics", "at"})),
    "trade-off": _Kind(_tradeoff, takes=frozenset({"against"})),
    "lr-range-test": _Kind(_range_test),
    "confusion-matrix": _Kind(_confusion),
}
