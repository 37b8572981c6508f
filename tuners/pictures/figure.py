"""A picture as plain data: panels with axes, lines, points, bars, bands, or a matrix of counts.

It says what is shown, not how: sizes, colours and fonts are the drawing's. All texts are data, shown letter for letter.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Format = Literal["svg", "png"]
Theme = Literal["light", "dark"]
Number = Annotated[float, Field(allow_inf_nan=False)]

MAX_POINTS = 20_000
MAX_PANELS = 16
MAX_CLASSES = 200
MAX_LANE_ROWS = 3000
_Text = Annotated[str, Field(max_length=4096)]
_Numbers = Annotated[list[Number], Field(max_length=MAX_POINTS)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Axis(_Part):
    """One axis of a panel.

    Attributes:
        log: Whether it is logarithmic; ignored where a number on it is not above 0.
        whole: Whether only whole numbers are marked.
        names: Of named places: their names at 0, 1, 2, ...; empty for numbers.
    """

    label: _Text = ""
    log: bool = False
    whole: bool = False
    names: Annotated[list[_Text], Field(max_length=1000)] = []


class Series(_Part):
    """Numbers drawn in one way; `x` and `y` are equally long. "rows" are bars that lie: lengths `x` at places `y`.

    Attributes:
        label: In the legend; empty: not in it.
        colour: Place in the palette, from 0, going round.
        dashed: Lines only.
    """

    kind: Literal["line", "step", "points", "bars", "rows"]
    x: _Numbers
    y: _Numbers
    label: _Text = ""
    colour: int = 0
    dashed: bool = False


class Band(_Part):
    """The area between two curves. `strength` from 0 (invisible) to 1."""

    x: _Numbers
    low: _Numbers
    high: _Numbers
    label: _Text = ""
    colour: int = 0
    strength: float = 0.25


class Span(_Part):
    """A stretch of the x axis."""

    low: Number
    high: Number
    label: _Text = ""
    colour: int = 2


class Matrix(_Part):
    """Counts by row and column, each row also shaded by its share of the row's sum."""

    rows: Annotated[list[_Text], Field(min_length=1, max_length=MAX_CLASSES)]
    columns: Annotated[list[_Text], Field(min_length=1, max_length=MAX_CLASSES)]
    counts: list[list[int]]


class Lane(_Part):
    """One of several upright axes side by side: what is written at which places, 0 (bottom) to 1."""

    label: _Text
    places: Annotated[list[Number], Field(max_length=1000)]
    texts: Annotated[list[_Text], Field(max_length=1000)]


class Lanes(_Part):
    """Lines across upright axes: each row has a place (0 to 1, None for none) on each lane, and a score to colour it.

    Later rows lie on top.
    """

    lanes: Annotated[list[Lane], Field(max_length=32)]
    rows: Annotated[list[list[Number | None]], Field(max_length=MAX_LANE_ROWS)]
    scores: Annotated[list[Number], Field(max_length=MAX_LANE_ROWS)]
    label: _Text = ""


class Surface(_Part):
    """Shades over the panel's axes: `grid` has rows by `y`, columns by `x`, None for nothing; and the points."""

    x: _Numbers
    y: _Numbers
    grid: list[list[Number | None]]
    points_x: _Numbers
    points_y: _Numbers
    scores: _Numbers
    label: _Text = ""


class Panel(_Part):
    """One system of axes. Without anything to draw it says so."""

    title: _Text = ""
    x: Axis = Axis()
    y: Axis = Axis()
    series: Annotated[list[Series], Field(max_length=300)] = []
    bands: Annotated[list[Band], Field(max_length=50)] = []
    spans: Annotated[list[Span], Field(max_length=20)] = []
    matrix: Matrix | None = None
    lanes: Lanes | None = None
    surface: Surface | None = None
    note: _Text = ""


class Figure(_Part):
    """A whole picture: panels in rows of `columns`."""

    title: _Text = ""
    panels: Annotated[list[Panel], Field(min_length=1, max_length=MAX_PANELS)]
    columns: Annotated[int, Field(ge=1, le=4)] = 1


class Request(_Part):
    figure: Figure
    format: Format
    theme: Theme


class Reply(_Part):
    """The picture's bytes in base64, or what went wrong."""

    data: str = ""
    error: str = ""


LINE_LIMIT = 64 * 1024 * 1024
READY = b"ready\n"
