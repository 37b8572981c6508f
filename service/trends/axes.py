"""Trials across many axes (parallel coordinates), and over two (contour)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Protocol

from service.trends.encoding import axis_document, column_of
from service.trends.measuring import At, measured
from storage.columns import ScoredColumns
from storage.records import Direction, Scalar, Search
from tuners.analysis.wire import Column, Surface, SurfaceAxis, SurfaceQuestion
from tuners.list_values import Shown, shown
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
    search: Search,
    trials: ScoredColumns,
    metric: str,
    direction: Direction,
    *,
    at: At,
    space: Space,
    most: int | None = None,
) -> dict[str, Any]:
    """An axis for each hyperparameter, and a row for each trial with a finite value of the metric.

    Of more than `most` (at least 2; None: no bound) evenly chosen ones have a row, the best and the worst in any case.
    A row has the values as the API shows them, and beside each its place: 0 to 1 on the sampling scale of a number, the
    middle of its share of the axis for a choice; None where the hyperparameter is inactive.
    """
    found = measured(trials, metric, at=at, objective=search.objective)
    rows = found.thinned(most)
    values = {each.name: rows.values(each.name) for each in space.hyperparameters}
    places = [_unit_places(column_of(each, values[each.name])) for each in space.hyperparameters]
    return {
        "objective": asdict(search.objective),
        "metric": {"name": metric, "direction": direction},
        "at": at,
        "trials": len(found),
        "axes": [axis_document(each) for each in space.hyperparameters],
        "rows": [
            {
                **rows.identity(row),
                "score": score,
                "values": {name: shown(value) for name, column in values.items() if (value := column[row]) is not None},
                "places": [column[row] for column in places],
            }
            for row, score in enumerate(rows.scores)
        ],
    }


def contour_report(
    search: Search,
    trials: ScoredColumns,
    metric: str,
    direction: Direction,
    *,
    at: At,
    x: Hyperparameter,
    y: Hyperparameter,
    surveyor: Surveyor,
    most: int | None = None,
) -> dict[str, Any]:
    """The trials in which both are active, and the metric between all of them on a grid.

    Of more than `most` (at least 2; None: no bound) evenly chosen ones are shown as points, the best and the worst in
    any case.

    Raises:
        AnalysisFailed: The child has no answer.
    """
    found = measured(trials, metric, at=at, objective=search.objective)
    columns = column_of(x, found.values(x.name)), column_of(y, found.values(y.name))
    pairs = list(zip(columns[0].places, columns[1].places, strict=True))
    chosen = [row for row, places in enumerate(pairs) if None not in places]
    both = found.where(chosen)
    axes = _wanted(x, columns[0]), _wanted(y, columns[1])
    grid: list[list[float | None]] = []
    if chosen:
        across, up = ([pairs[row][side] or 0.0 for row in chosen] for side in (0, 1))
        question = SurfaceQuestion(
            x=SurfaceAxis(places=across, wanted=axes[0][0], choices=columns[0].kind == "choices"),
            y=SurfaceAxis(places=up, wanted=axes[1][0], choices=columns[1].kind == "choices"),
            scores=list(both.scores),
        )
        grid = surveyor.surface(question).grid
    rows = both.thinned(most)
    at_x, at_y = rows.values(x.name), rows.values(y.name)
    return {
        "objective": asdict(search.objective),
        "metric": {"name": metric, "direction": direction},
        "at": at,
        "x": {**axis_document(x), "ticks": axes[0][1] if chosen else []},
        "y": {**axis_document(y), "ticks": axes[1][1] if chosen else []},
        "trials": len(both),
        "points": [
            {**rows.identity(row), "x": _shown(at_x[row]), "y": _shown(at_y[row]), "score": score}
            for row, score in enumerate(rows.scores)
        ],
        "grid": grid,
        "method": CONTOUR_METHOD,
    }


def _shown(value: Scalar | None) -> Shown | None:
    return None if value is None else shown(value)


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
