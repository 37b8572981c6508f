"""Trials across many axes (parallel coordinates), and over two (contour)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Protocol

from service.trends.encoding import axis_document, column_of
from service.trends.measuring import At, measured
from storage.records import Direction, Search, Trial
from tuners.analysis.wire import Column, Surface, SurfaceAxis, SurfaceQuestion
from tuners.list_values import shown
from tuners.scales import value_at
from tuners.space import Hyperparameter, Space

GRID = 24
CONTOUR_METHOD = (
    "between numbers: linear on the Delaunay triangles of the points, on the sampling scales "
    "(scipy.interpolate.LinearNDInterpolator); beside choices: linear along the other axis, choice by choice; of two "
    "choices: the mean of each cell. Trials at one point count with their mean. null where nothing was measured around"
)


class Surveyor(Protocol):
    """What is asked of the analysing child."""

    def surface(self, question: SurfaceQuestion) -> Surface: ...


def parallel_report(
    search: Search, trials: Sequence[Trial], metric: str, direction: Direction, *, at: At, space: Space
) -> dict[str, Any]:
    """An axis for each hyperparameter, and a row for each trial with a finite value of the metric.

    A row has the values as the API shows them, and beside each its place: 0 to 1 on the sampling scale of a number, the
    middle of its share of the axis for a choice; None where the hyperparameter is inactive.
    """
    found = [
        (trial, score)
        for trial in trials
        if (score := measured(trial, metric, at=at, objective=search.objective)) is not None
    ]
    rows = [trial for trial, _ in found]
    places = {each.name: _unit_places(column_of(each, rows)) for each in space.hyperparameters}
    return {
        "objective": asdict(search.objective),
        "metric": {"name": metric, "direction": direction},
        "at": at,
        "axes": [axis_document(each) for each in space.hyperparameters],
        "rows": [
            {
                "trial_id": trial.id,
                "number": trial.number,
                "score": score,
                "values": {name: shown(trial.values[name]) for name in places if name in trial.values},
                "places": [column[row] for column in places.values()],
            }
            for row, (trial, score) in enumerate(found)
        ],
    }


def contour_report(
    search: Search,
    trials: Sequence[Trial],
    metric: str,
    direction: Direction,
    *,
    at: At,
    x: Hyperparameter,
    y: Hyperparameter,
    surveyor: Surveyor,
) -> dict[str, Any]:
    """The trials in which both are active, and the metric between them on a grid.

    Raises:
        AnalysisFailed: The child has no answer.
    """
    found = [
        (trial, score)
        for trial in trials
        if x.name in trial.values
        and y.name in trial.values
        and (score := measured(trial, metric, at=at, objective=search.objective)) is not None
    ]
    rows = [trial for trial, _ in found]
    columns = column_of(x, rows), column_of(y, rows)
    both = [
        (place, places)
        for place, places in enumerate(zip(columns[0].places, columns[1].places, strict=True))
        if None not in places
    ]
    scores = [found[place][1] for place, _ in both]
    axes = _wanted(x, columns[0]), _wanted(y, columns[1])
    grid: list[list[float | None]] = []
    if both:
        across, up = ([places[side] or 0.0 for _, places in both] for side in (0, 1))
        question = SurfaceQuestion(
            x=SurfaceAxis(places=across, wanted=axes[0][0], choices=columns[0].kind == "choices"),
            y=SurfaceAxis(places=up, wanted=axes[1][0], choices=columns[1].kind == "choices"),
            scores=scores,
        )
        grid = surveyor.surface(question).grid
    return {
        "objective": asdict(search.objective),
        "metric": {"name": metric, "direction": direction},
        "at": at,
        "x": {**axis_document(x), "ticks": axes[0][1] if both else []},
        "y": {**axis_document(y), "ticks": axes[1][1] if both else []},
        "points": [
            {
                "trial_id": rows[place].id,
                "number": rows[place].number,
                "x": shown(rows[place].values[x.name]),
                "y": shown(rows[place].values[y.name]),
                "score": found[place][1],
            }
            for place, _ in both
        ],
        "grid": grid,
        "method": CONTOUR_METHOD,
    }


def _unit_places(column: Column) -> list[float | None]:
    if column.kind == "range":
        return column.places
    if column.kind == "steps":
        last = max(1, column.count - 1)
        return [None if place is None else place / last for place in column.places]
    return [None if place is None else (place + 0.5) / column.count for place in column.places]


def _wanted(hyperparameter: Hyperparameter, column: Column) -> tuple[list[float], list[Any]]:
    """Places of the grid along this axis, and the values there: all choices or steps if they are few, else `GRID`."""
    if column.kind != "range" and (column.kind == "choices" or column.count <= GRID):
        indices = range(column.count)
        return [float(index) for index in indices], [shown(hyperparameter.grid_values()[index]) for index in indices]
    units = [index / (GRID - 1) for index in range(GRID)]
    stretch = 1.0 if column.kind == "range" else column.count - 1.0
    if column.kind == "range":
        return units, [shown(value_at(hyperparameter, unit)) for unit in units]
    places = [float(round(unit * stretch)) for unit in units]
    return places, [shown(value_at(hyperparameter, place / stretch)) for place in places]
