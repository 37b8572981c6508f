"""Panels in which colour is a score: lines across many axes, and surfaces."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize

from tuners.pictures.figure import Lanes, Surface

# Nuñez, Anderton, Renslow (2018), doi:10.1371/journal.pone.0199239: the same order for every kind of colour vision.
COLOURS = "cividis"
_LEVELS = 12


def draw_lanes(axes: Axes, lanes: Lanes, colours: dict[str, str], *, short: Callable[[str], str]) -> None:
    """Upright axes side by side, and a line for each row through its places; a line is broken where it has none."""
    scale = _scale(lanes.scores)
    count = len(lanes.lanes)
    segments, scores = [], []
    for row, score in zip(lanes.rows, lanes.scores, strict=True):
        placed = [(float(lane), place) for lane, place in enumerate(row) if place is not None]
        for (left, low), (right, high) in pairwise(placed):
            if right - left == 1.0:
                segments.append([(left, low), (right, high)])
                scores.append(score)
    strength = min(0.9, max(0.25, 12.0 / max(1, len(lanes.rows)) ** 0.5))
    lines = LineCollection(segments, cmap=COLOURS, norm=scale, linewidths=1.2, alpha=strength)
    lines.set_array(np.array(scores))
    axes.add_collection(lines)
    # A place whose neighbours are inactive has no line: its dot still tells of it.
    dots = [
        (lane, place, score)
        for row, score in zip(lanes.rows, lanes.scores, strict=True)
        for lane, place in enumerate(row)
        if place is not None
    ]
    axes.scatter(
        [x for x, _, _ in dots], [y for _, y, _ in dots], c=[s for _, _, s in dots], cmap=COLOURS, norm=scale, s=7,
        linewidths=0, zorder=3,
    )  # fmt: skip
    for lane, each in enumerate(lanes.lanes):
        axes.axvline(lane, color=colours["ink"], lw=0.9, zorder=2)
        for place, text in zip(each.places, each.texts, strict=True):
            axes.annotate(
                short(text), (lane, place), xytext=(4, 0), textcoords="offset points", va="center", fontsize=7,
                zorder=4, bbox={"boxstyle": "round,pad=0.15", "fc": colours["paper"], "ec": "none", "alpha": 0.75},
            )  # fmt: skip
    axes.set_xticks(range(count), [short(each.label) for each in lanes.lanes], rotation=20 if count > 4 else 0)
    axes.set_xlim(-0.1, count - 1 + 0.45)
    axes.set_ylim(-0.04, 1.04)
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.figure.colorbar(ScalarMappable(scale, COLOURS), ax=axes, label=lanes.label, pad=0.02)


def draw_surface(axes: Axes, surface: Surface, colours: dict[str, str], *, flat: bool) -> None:
    """Shades between the points (cell by cell beside choices), and the points in the same colours.

    The scales of the axes must be set before.
    """
    scale = _scale(surface.scores)
    grid = np.array([[np.nan if value is None else value for value in row] for row in surface.grid])
    if grid.size and not np.isnan(grid).all():
        shown = np.ma.masked_invalid(grid)
        if flat or min(grid.shape) < 2:
            axes.pcolormesh(surface.x, surface.y, shown, cmap=COLOURS, norm=scale, shading="nearest")
        else:
            levels = np.linspace(scale.vmin or 0.0, scale.vmax or 1.0, _LEVELS)
            axes.contourf(surface.x, surface.y, shown, levels=levels, cmap=COLOURS, norm=scale, extend="both")
    axes.scatter(
        surface.points_x, surface.points_y, c=surface.scores, cmap=COLOURS, norm=scale, s=22,
        edgecolors=colours["paper"], linewidths=0.8, zorder=3, clip_on=False,
    )  # fmt: skip
    axes.grid(visible=False)
    axes.figure.colorbar(ScalarMappable(scale, COLOURS), ax=axes, label=surface.label, pad=0.02)


def _scale(scores: list[float]) -> Normalize:
    """From the worst to the best but for a twentieth at either end: one bad trial would swallow all differences."""
    low, high = (float(each) for each in np.quantile(scores, [0.05, 1.0 - 0.05]))
    if high <= low:
        low, high = min(scores), max(scores)
    return Normalize(low, high if high > low else low + 1.0, clip=True)
