"""Charts as rich renderables: lines and dots, bars, shaded grids, parallel axes. They fill the width they are given."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len, set_cell_size
from rich.color import Color
from rich.console import Console, ConsoleOptions, RenderResult
from rich.style import Style
from rich.text import Text

from headstock.terminal.canvas import Canvas
from headstock.terminal.scales import Scale, scale_of

# Okabe and Ito (2008): told apart by every kind of colour vision.
SERIES = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#0072B2", "#F0E442")
BEST = "#009E73"
# Cividis (Nuñez, Anderton, Renslow 2018), from low to high.
_CIVIDIS = (
    "#00224E",
    "#123570",
    "#3B496C",
    "#575D6D",
    "#707173",
    "#8A8678",
    "#A59C74",
    "#C3B369",
    "#E1CC55",
    "#FEE838",
)
_SHADES = " ░▒▓█"
_EIGHTHS = " ▏▎▍▌▋▊▉"
HEIGHT = 12
_LEAST_WIDTH, _LEAST_HEIGHT = 12, 3

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one kind. `steps` keep their height until the next point; points that are not finite leave a gap."""

    points: Sequence[Point]
    label: str = ""
    style: str = SERIES[0]
    kind: Literal["line", "dots", "steps"] = "line"
    sign: str = ""


@dataclass(slots=True)
class Chart:
    """Series over two axes.

    Attributes:
        height: Lines; None takes what there is room for, 12 where that is not known.
        x_names: Names of the places 0, 1, 2, ... across, where those are no numbers.
        clip: Keep the few values that would squeeze all others at the edge.
    """

    series: Sequence[Series]
    title: str = ""
    x_label: str = ""
    log_x: bool = False
    log_y: bool = False
    x_names: Sequence[str] = ()
    height: int | None = None
    clip: bool = False
    empty: str = "nothing to draw yet"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        height = self.height or options.height or HEIGHT
        yield from self._lines(width, height, options.ascii_only)

    def _lines(self, width: int, height: int, ascii_only: bool) -> list[Text]:
        drawn = [series for series in self.series if any(map(_finite, series.points))]
        head = _heading(self.title, drawn, width)
        if not drawn or width < _LEAST_WIDTH or height - len(head) < _LEAST_HEIGHT:
            return _fitted([*head, Text(self.empty if not drawn else "", style="dim")], width, height)
        points = [point for series in drawn for point in series.points if _finite(point)]
        xs = scale_of((x for x, _ in points), log=self.log_x)
        if self.x_names:
            xs = Scale(-0.5, len(self.x_names) - 0.5)
        ys = scale_of((y for _, y in points), log=self.log_y, clip=self.clip)
        rows = height - len(head) - 1
        ticks = ys.ticks(max(2, rows // 2))
        margin = max(len(text) for _, text in ticks)
        canvas = Canvas(width - margin - 1, rows)
        for series in drawn:
            _draw(canvas, series, xs, ys, ascii_only)
        labels = {_row(place, ys, rows): text for place, text in ticks}
        wall, tick = ("|", "+") if ascii_only else ("│", "┤")
        lines = [
            Text.assemble((labels.get(row, "").rjust(margin), "dim"), (tick if row in labels else wall, "dim"), text)
            for row, text in enumerate(canvas.rows(ascii_only=ascii_only))
        ]
        return _fitted([*head, *lines, self._across(xs, margin + 1, canvas.width)], width, height)

    def _across(self, xs: Scale, margin: int, width: int) -> Text:
        """The texts below: of round values, or of names, as far as there is room."""
        ticks = list(enumerate(self.x_names)) if self.x_names else xs.ticks(max(2, width // 8))
        line = [" "] * width
        free, end = 0, width
        label = self.x_label if len(self.x_label) + 8 <= width else ""
        if label and not self.x_names:
            end = width - len(label) - 1
            line[end + 1 :] = label
        for value, text in ticks:
            start = round(xs.place(value) * (width - 1)) - cell_len(text) // 2
            start = min(max(0, start), width - cell_len(text))
            if free <= start and start + len(text) <= end and cell_len(text) == len(text):
                line[start : start + len(text)] = text
                free = start + len(text) + 1
        return Text(" " * margin + "".join(line), style="dim")


def _finite(point: Point) -> bool:
    return math.isfinite(point[0]) and math.isfinite(point[1])


def _row(value: float, ys: Scale, rows: int) -> int:
    return rows - 1 - min(rows - 1, int(ys.place(value) * (rows * 4 - 1)) // 4)


def _draw(canvas: Canvas, series: Series, xs: Scale, ys: Scale, ascii_only: bool) -> None:
    before: tuple[int, int] | None = None
    for point in series.points:
        if not _finite(point) or (xs.log and point[0] <= 0) or (ys.log and point[1] <= 0):
            before = None
            continue
        here = round(xs.place(point[0]) * canvas.right), round(ys.place(point[1]) * canvas.top)
        if series.sign:
            canvas.mark(*here, series.sign, series.style)
        elif series.kind == "dots" or (before is None and series.kind == "line"):
            canvas.blob(*here, series.style)
        if before is not None and series.kind == "line":
            canvas.line(*before, *here, series.style)
        elif before is not None and series.kind == "steps":
            canvas.line(*before, here[0], before[1], series.style)
            canvas.line(here[0], before[1], *here, series.style)
        before = here
    if series.kind == "steps" and before is not None:
        canvas.line(*before, canvas.right if len(series.points) > 1 else before[0] + 1, before[1], series.style)


def _heading(title: str, series: Sequence[Series], width: int) -> list[Text]:
    """The title, and the names of the series in their colours, on one line where they fit."""
    legend = Text("  ").join(
        Text.assemble((f"{each.sign or '━'} ", each.style), (each.label, "")) for each in series if each.label
    )
    if not legend:
        return [Text(title, style="bold")] if title else []
    if title and cell_len(title) + legend.cell_len + 3 <= width:
        return [Text.assemble((title, "bold"), "   ", legend)]
    return [*([Text(title, style="bold")] if title else []), legend]


def _fitted(lines: Iterable[Text], width: int, height: int) -> list[Text]:
    fitted = []
    for line in list(lines)[:height]:
        line.truncate(width, overflow="ellipsis")
        line.no_wrap = True
        fitted.append(line)
    return fitted


@dataclass(slots=True)
class Bars:
    """A bar for each name, from 0 to the largest value, with its figure behind it."""

    rows: Sequence[tuple[str, float, str]]
    title: str = ""
    style: str = SERIES[0]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        names = min(max((cell_len(name) for name, _, _ in self.rows), default=0), max(8, width // 3))
        figures = max((cell_len(text) for _, _, text in self.rows), default=0)
        room = max(4, width - names - figures - 2)
        whole = max((value for _, value, _ in self.rows), default=0.0) or 1.0
        if self.title:
            yield Text(self.title, style="bold", overflow="ellipsis", no_wrap=True)
        for name, value, text in self.rows:
            shown = name if cell_len(name) <= names else set_cell_size(name, names - 1) + "…"
            yield Text.assemble(
                set_cell_size(shown, names),
                " ",
                (_bar(max(0.0, value) / whole, room, ascii_only=options.ascii_only), self.style),
                " ",
                text,
                no_wrap=True,
            )


def _bar(share: float, width: int, *, ascii_only: bool = False) -> str:
    if ascii_only:
        return "#" * round(share * width)
    eighths = round(min(1.0, share) * width * 8)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def colour(share: float) -> str:
    """The colour of a place between low (0) and high (1)."""
    return _CIVIDIS[min(len(_CIVIDIS) - 1, max(0, int(share * len(_CIVIDIS))))]


@dataclass(slots=True)
class Grid:
    """Shades for a table of values, None left empty; the first row is the lowest.

    Attributes:
        figures: A text for each cell, written into it where all of them fit.
    """

    cells: Sequence[Sequence[float | None]]
    row_names: Sequence[str]
    column_names: Sequence[str]
    title: str = ""
    figures: Sequence[Sequence[str]] = ()
    height: int | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        known = [value for row in self.cells for value in row if value is not None]
        if self.title:
            yield Text(self.title, style="bold")
        if not known:
            yield Text("nothing to draw yet", style="dim")
            return
        low, high = min(known), max(known)
        count = max(len(row) for row in self.cells)
        margin = min(max(map(cell_len, self.row_names), default=0), options.max_width // 3)
        wide = max(1, min(9, (options.max_width - margin - 1) // count))
        figures = self.figures if all(len(text) <= wide for row in self.figures for text in row) else ()
        plain = console.no_color or console.color_system is None
        for number in range(len(self.cells) - 1, -1, -1):
            line = Text(set_cell_size(self.row_names[number], margin).rjust(margin) + " ", style="", no_wrap=True)
            for place, value in enumerate(self.cells[number]):
                share = 0.0 if value is None or high == low else (value - low) / (high - low)
                text = figures[number][place].center(wide) if figures else " " * wide
                if value is None:
                    line.append(" " * wide)
                elif plain and not figures:
                    line.append(_SHADES[min(4, int(share * 5))] * wide)
                elif plain:
                    line.append(text)
                else:
                    ink = "white" if share < 0.5 else "black"
                    line.append(text, Style(color=ink, bgcolor=Color.parse(colour(share))))
            yield line
        yield Text(" " * (margin + 1) + _spread(self.column_names, wide), style="dim", no_wrap=True, overflow="crop")


def _spread(names: Sequence[str], wide: int) -> str:
    """Names below their columns; those without room are left out."""
    line, free = [" "] * (len(names) * wide), 0
    for place, name in enumerate(names):
        start = place * wide + max(0, (wide - len(name)) // 2)
        if start >= free and start + len(name) <= len(line) and cell_len(name) == len(name):
            line[start : start + len(name)] = name
            free = start + len(name) + 1
    return "".join(line)


@dataclass(slots=True)
class Axes:
    """A line for each row across upright axes; `shares` (0 to 1) colour them, the highest are drawn last.

    Attributes:
        axes: Name, text at the low end and text at the high end of each.
        rows: Places 0 to 1 on the axes, None where there is none.
    """

    axes: Sequence[tuple[str, str, str]]
    rows: Sequence[Sequence[float | None]]
    shares: Sequence[float]
    title: str = ""
    height: int | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width, height = options.max_width, self.height or options.height or HEIGHT + 4
        if self.title:
            yield Text(self.title, style="bold")
        canvas = Canvas(width, max(3, height - 3 - bool(self.title)))
        last = max(1, len(self.axes) - 1)
        places = [round(number / last * (canvas.right - 1)) for number in range(len(self.axes))]
        for x in places:
            canvas.line(x, 0, x, canvas.top, "dim")
        for number in sorted(range(len(self.rows)), key=lambda each: self.shares[each]):
            style = colour(self.shares[number])
            before: tuple[int, int] | None = None
            for x, share in zip(places, self.rows[number], strict=True):
                here = None if share is None else (x, round(share * canvas.top))
                if before is not None and here is not None:
                    canvas.line(*before, *here, style)
                before = here
        yield _beneath([high for _, _, high in self.axes], width)
        for row in canvas.rows(ascii_only=options.ascii_only):
            row.no_wrap = True
            yield row
        yield _beneath([low for _, low, _ in self.axes], width)
        yield _beneath([name for name, _, _ in self.axes], width, style="bold")


def _beneath(texts: Sequence[str], width: int, style: str = "dim") -> Text:
    """Texts at the places of the axes, cut to the room between them."""
    room = max(1, width // max(1, len(texts)) - 1)
    line = Text(" " * width, style=style, no_wrap=True)
    letters = [" "] * width
    for number, text in enumerate(texts):
        shown = text if len(text) <= room else text[: room - 1] + "…"
        at = round(number / max(1, len(texts) - 1) * (width - 1))
        start = min(max(0, at - len(shown) // 2), width - len(shown))
        letters[start : start + len(shown)] = shown
    line.plain = "".join(letters)[:width]
    return line
