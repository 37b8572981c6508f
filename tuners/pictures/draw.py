"""Draws a `Figure` with matplotlib. The same figure gives the same bytes: no dates, random ids or user's settings."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterable, Sequence
from textwrap import shorten, wrap
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from tuners.pictures.figure import Axis, Figure, Format, Matrix, Panel, Series, Theme
from tuners.pictures.shades import draw_lanes, draw_surface

# Okabe, Ito (2008), "Color Universal Design": told apart by every kind of colour vision. Yellow and black, which one of
# the two backgrounds swallows, are left out.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
_THEMES: dict[Theme, dict[str, str]] = {
    "light": {"paper": "#ffffff", "ink": "#1b1f24", "faint": "#d0d7de", "map": "Blues"},
    "dark": {"paper": "#14181d", "ink": "#e6edf3", "faint": "#3a424c", "map": "cividis"},
}
_PANEL_INCHES = (5.4, 3.7)
_DPI = 120
_SHOWN_COUNTS = 30
_TITLE, _LABEL, _NAME, _NOTE = 90, 60, 24, 70
_MOST_FLAT_NAMES = 8


def draw(figure: Figure, *, format: Format, theme: Theme) -> bytes:
    """The picture as SVG (texts as outlines, so that it looks alike everywhere) or PNG."""
    colours = _THEMES[theme]
    with mpl.rc_context(), warnings.catch_warnings():
        # Letters that the font lacks become boxes; nobody reads the warning.
        warnings.simplefilter("ignore")
        mpl.rcdefaults()
        mpl.rcParams.update(_settings(colours))
        columns = min(figure.columns, len(figure.panels))
        rows = math.ceil(len(figure.panels) / columns)
        canvas = Canvas(figsize=_size(figure, columns, rows), layout="constrained")
        (FigureCanvasSVG if format == "svg" else FigureCanvasAgg)(canvas)
        for place, panel in enumerate(figure.panels):
            _draw_panel(canvas.add_subplot(rows, columns, place + 1), panel, colours)
        if figure.title:
            canvas.suptitle(_short(figure.title, _TITLE), fontsize=12)
        buffer = io.BytesIO()
        metadata = {"Date": None, "Creator": None} if format == "svg" else {"Software": None}
        canvas.savefig(buffer, format=format, dpi=_DPI, metadata=metadata)
        return buffer.getvalue()


def _settings(colours: dict[str, str]) -> dict[Any, Any]:
    ink, paper = colours["ink"], colours["paper"]
    return {
        # Names and labels are other people's text: a `$` in them is a `$`.
        "text.parse_math": False,
        "text.usetex": False,
        "axes.formatter.use_mathtext": False,
        "svg.hashsalt": "headstock",
        "svg.fonttype": "path",
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": colours["faint"],
        "grid.linewidth": 0.6,
        "figure.facecolor": paper,
        "savefig.facecolor": paper,
        "axes.facecolor": paper,
        "legend.facecolor": paper,
        "legend.edgecolor": colours["faint"],
        "legend.fontsize": 8,
        **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), ink),
    }


def _size(figure: Figure, columns: int, rows: int) -> tuple[float, float]:
    width, height = _PANEL_INCHES
    if any(panel.lanes is not None for panel in figure.panels):
        lanes = max(len(panel.lanes.lanes) for panel in figure.panels if panel.lanes is not None)
        return max(width, 1.35 * lanes + 1.6), height + 0.4
    bars = max((len(panel.y.names) for panel in figure.panels), default=0)
    height = max(height, 0.28 * bars + 1.2)
    classes = max((len(panel.matrix.rows) for panel in figure.panels if panel.matrix is not None), default=0)
    scale = min(max(1.0, classes / 10), 3.0)
    return columns * width * scale, rows * (height * scale + (1.0 if classes else 0.0))


def _draw_panel(axes: Axes, panel: Panel, colours: dict[str, str]) -> None:
    axes.set_title("\n".join(wrap(_clean(panel.title), _LABEL)[:2]))
    axes.set_xlabel("\n".join([_short(panel.x.label, _LABEL), *wrap(_clean(panel.note), _NOTE)[:3]]))
    axes.set_ylabel(_short(panel.y.label, _LABEL))
    if panel.matrix is not None:
        _draw_matrix(axes, panel.matrix, colours)
        return
    if panel.lanes is not None and panel.lanes.rows:
        draw_lanes(axes, panel.lanes, colours, short=lambda text: _short(text, _NAME))
        return
    if panel.surface is not None and panel.surface.scores:
        _scale(axes, "x", panel.x, panel.surface.points_x)
        _scale(axes, "y", panel.y, panel.surface.points_y)
        draw_surface(axes, panel.surface, colours, flat=bool(panel.x.names or panel.y.names))
        _mark(axes, panel.x, panel.surface.points_x)
        _mark(axes, panel.y, panel.surface.points_y, vertical=True)
        return
    xs = [x for series in panel.series for x in series.x] + [x for band in panel.bands for x in band.x]
    ys = [y for series in panel.series for y in series.y]
    ys += [y for band in panel.bands for y in (*band.low, *band.high)]
    if not xs:
        axes.text(0.5, 0.5, "Nothing to draw yet", transform=axes.transAxes, ha="center", va="center")
        axes.set_xticks([])
        axes.set_yticks([])
        return
    # The scales come first: bars and bands are placed on them.
    _scale(axes, "x", panel.x, xs)
    _scale(axes, "y", panel.y, ys)
    for span in panel.spans:
        axes.axvspan(span.low, span.high, color=_colour(span.colour), alpha=0.15, lw=0, label=_label(span.label))
    for band in panel.bands:
        axes.fill_between(
            band.x, band.low, band.high, color=_colour(band.colour), alpha=band.strength, lw=0, label=_label(band.label)
        )
    for series in panel.series:
        _draw_series(axes, series)
    _mark(axes, panel.x, xs)
    _mark(axes, panel.y, ys, vertical=True)
    labels = [part.label for part in panel.series] + [part.label for part in panel.bands]
    if any(labels) or any(span.label for span in panel.spans):
        axes.legend(loc="best", framealpha=0.85)


def _draw_series(axes: Axes, series: Series) -> None:
    colour, label = _colour(series.colour), _label(series.label)
    style = "--" if series.dashed else "-"
    if series.kind == "points":
        axes.plot(series.x, series.y, "o", ms=4.5, alpha=0.75, mew=0, color=colour, label=label)
    elif series.kind == "step":
        axes.step(series.x, series.y, where="post", lw=1.8, ls=style, color=colour, label=label)
    elif series.kind == "rows":
        bars = axes.barh(series.y, series.x, height=0.68, color=colour, label=label)
        axes.bar_label(bars, labels=[f"{x:.1%}" for x in series.x], fontsize=7, padding=2)
        axes.margins(x=0.12)
    elif series.kind == "bars":
        bars = axes.bar(series.x, series.y, width=0.72, color=colour, label=label)
        if len(series.x) <= _SHOWN_COUNTS:
            axes.bar_label(bars, labels=[f"{y:.3g}" for y in series.y], fontsize=7, padding=1)
    else:
        marker = "o" if len(series.x) == 1 else None
        axes.plot(series.x, series.y, ls=style, lw=1.8, color=colour, label=label, marker=marker)


def _scale(axes: Axes, which: str, axis: Axis, numbers: Sequence[float]) -> None:
    if axis.log and not axis.names and min(numbers) > 0:
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")


def _mark(axes: Axes, axis: Axis, numbers: Sequence[float], *, vertical: bool = False) -> None:
    marked: Any = axes.yaxis if vertical else axes.xaxis
    if axis.names:
        names = [_short(name, _LABEL if vertical else _NAME) for name in axis.names]
        crowded = len(names) > _MOST_FLAT_NAMES or sum(len(name) for name in names) > 50
        rotation = 45 if crowded and not vertical else 0
        marked.set_ticks(range(len(names)), names, rotation=rotation, ha="right" if rotation or vertical else "center")
        if not vertical:
            axes.set_xlim(-0.6, len(names) - 0.4)
    elif marked.get_scale() == "log":
        # Powers of ten alone say little where there are only one or two of them.
        narrow = max(numbers) / min(numbers) < 300
        marked.set_major_locator(LogLocator(10, subs=(1.0, 2.0, 5.0) if narrow else (1.0,)))
        marked.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        marked.set_minor_formatter(NullFormatter())
    elif axis.whole:
        marked.set_major_locator(MaxNLocator(integer=True))


def _draw_matrix(axes: Axes, matrix: Matrix, colours: dict[str, str]) -> None:
    shares = [[count / (sum(row) or 1) for count in row] for row in matrix.counts]
    image = axes.imshow(shares, cmap=colours["map"], vmin=0.0, vmax=1.0, interpolation="none", aspect="equal")
    axes.grid(visible=False)
    size = 9 if len(matrix.rows) <= 12 else 6
    axes.set_xticks(
        range(len(matrix.columns)), [_short(name, _NAME) for name in matrix.columns], rotation=45, ha="right"
    )
    axes.set_yticks(range(len(matrix.rows)), [_short(name, _NAME) for name in matrix.rows])
    axes.tick_params(labelsize=size, length=0)
    if len(matrix.rows) <= _SHOWN_COUNTS:
        for row, counts in enumerate(matrix.counts):
            for column, count in enumerate(counts):
                red, green, blue, _ = image.cmap(shares[row][column])
                light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.55
                ink = "#000000" if light else "#ffffff"
                axes.text(column, row, str(count), ha="center", va="center", fontsize=size, color=ink)
    axes.figure.colorbar(image, ax=axes, label="share of the row", fraction=0.046)


def _colour(place: int) -> str:
    return PALETTE[place % len(PALETTE)]


def _label(text: str) -> str | None:
    # matplotlib leaves labels that begin with `_` out of the legend.
    shown = _short(text, _LABEL)
    return f"\u200b{shown}" if shown.startswith("_") else shown or None


def _short(text: str, most: int) -> str:
    clean = _clean(text)
    return (
        clean
        if len(clean) <= most
        else shorten(clean, most, placeholder="…")
        if " " in clean
        else f"{clean[: most - 1]}…"
    )


def _clean(text: str) -> str:
    return "".join(_printable(text))


def _printable(text: str) -> Iterable[str]:
    return (letter if letter.isprintable() else " " for letter in text)
