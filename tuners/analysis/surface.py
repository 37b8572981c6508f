"""Scores between the points that were measured, never beyond them."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import QhullError

from tuners.analysis.wire import Surface, SurfaceAxis, SurfaceQuestion

Floats = NDArray[np.float64]


def surface(question: SurfaceQuestion) -> Surface:
    """The scores on the wanted grid; where several trials share a point, their mean counts.

    Between two numbers the surface is linear over each triangle of the points' Delaunay triangulation (Delaunay, 1934;
    `scipy.interpolate.LinearNDInterpolator`). Between choices nothing lies: beside a choice it is linear along the
    other axis, choice by choice, and of two choices it is the mean of each cell. Places outside the measured ones are
    None.
    """
    points: dict[tuple[float, float], list[float]] = defaultdict(list)
    for x, y, score in zip(question.x.places, question.y.places, question.scores, strict=True):
        points[x, y].append(score)
    where = np.array(sorted(points), dtype=np.float64).reshape(-1, 2)
    scores = np.array([np.mean(points[x, y]) for x, y in where])
    if question.x.choices:
        grid = _beside_choices(where, scores, question.x, question.y).T
    elif question.y.choices:
        grid = _beside_choices(where[:, ::-1], scores, question.y, question.x)
    else:
        grid = _triangulated(where, scores, question.x, question.y)
    return Surface(grid=[[None if np.isnan(value) else float(value) for value in row] for row in grid])


def _triangulated(where: Floats, scores: Floats, x: SurfaceAxis, y: SurfaceAxis) -> Floats:
    wanted_x, wanted_y = np.meshgrid(np.array(x.wanted), np.array(y.wanted))
    try:
        return np.asarray(LinearNDInterpolator(where, scores)(wanted_x, wanted_y), dtype=np.float64)
    except (QhullError, ValueError):
        # Fewer than three points, or all on one line: there is no area to fill.
        return np.full(wanted_x.shape, np.nan)


def _beside_choices(where: Floats, scores: Floats, choices: SurfaceAxis, other: SurfaceAxis) -> Floats:
    """One row for each wanted choice; `where` has the choice first."""
    rows = np.full((len(choices.wanted), len(other.wanted)), np.nan)
    wanted = np.array(other.wanted)
    for row, choice in enumerate(choices.wanted):
        mine = where[:, 0] == choice
        if not mine.any():
            continue
        if other.choices:
            for column, place in enumerate(wanted):
                here = mine & (where[:, 1] == place)
                rows[row, column] = scores[here].mean() if here.any() else np.nan
        else:
            rows[row] = np.interp(wanted, where[mine, 1], scores[mine], left=np.nan, right=np.nan)
    return rows
