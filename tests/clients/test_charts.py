"""Curves, bars and grids made of characters."""

from __future__ import annotations

import io
import math

import pytest
from headstock.terminal.canvas import Canvas
from headstock.terminal.charts import Axes, Bars, Chart, Grid, Series
from headstock.terminal.scales import scale_of
from headstock.terminal.tables import print_table
from rich.cells import cell_len
from rich.console import Console, RenderableType


def drawn(what: RenderableType, *, width: int = 60, colour: bool = False, encoding: str = "utf-8") -> list[str]:
    """The lines a console of that width shows."""
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
    console = Console(file=file, width=width, force_terminal=colour, color_system="truecolor" if colour else None)
    console.print(what)
    file.flush()
    assert isinstance(file.buffer, io.BytesIO)
    return file.buffer.getvalue().decode(encoding).splitlines()


def test_each_dot_of_a_character_has_its_bit() -> None:
    signs = set()
    for x in range(2):
        for y in range(4):
            canvas = Canvas(1, 1)
            canvas.dot(x, y)
            (row,) = canvas.rows()
            signs.add(row.plain)
    assert signs == {chr(0x2800 + bit) for bit in (1, 2, 4, 8, 16, 32, 64, 128)}
    lower_left = Canvas(1, 1)
    lower_left.dot(0, 0)
    assert lower_left.rows()[0].plain == "⡀"


def test_lines_have_no_gap_and_stay_inside() -> None:
    canvas = Canvas(10, 4)
    canvas.line(-5, -3, canvas.right + 9, canvas.top + 9)
    assert all(any(sign != " " for sign in row.plain) for row in canvas.rows())
    assert {len(row.plain) for row in canvas.rows()} == {10}
    assert canvas.rows(ascii_only=True)[0].plain.isascii()


def test_a_rising_line_rises() -> None:
    lines = drawn(Chart([Series([(x, x) for x in range(10)])], height=8))
    columns = [next(i for i, sign in enumerate(line[3:]) if sign > "\u2800") for line in lines[:-1]]
    assert columns == sorted(columns, reverse=True)


@pytest.mark.parametrize("width", [12, 20, 41, 80, 200])
@pytest.mark.parametrize("height", [4, 9, 30])
def test_charts_keep_to_the_room_they_are_given(width: int, height: int) -> None:
    points = [(float(x), math.sin(x / 3) * 1e5) for x in range(50)]
    chart = Chart([Series(points, "a rather long name", kind="dots"), Series(points, "b")], "title", "x", height=height)
    lines = drawn(chart, width=width)
    assert len(lines) <= height
    assert max(map(cell_len, lines)) <= width


def test_axes_say_round_values_and_whole_ones_where_all_are() -> None:
    lines = drawn(Chart([Series([(0.0, 0.31), (1.0, 0.5), (3.0, 0.89)])], x_label="epoch", height=10))
    assert lines[-1].split() == ["0", "1", "2", "epoch"]
    assert [line.split("┤")[0].strip() for line in lines if "┤" in line] == ["0.8", "0.6", "0.4"]


def test_logarithmic_axis_gives_each_power_the_same_room() -> None:
    scale = scale_of([1e-4, 1e-2], log=True)
    assert scale.place(1e-3) == pytest.approx(0.5)
    assert [text for _, text in scale.ticks(4)] == ["0.0001", "0.001", "0.01"]
    assert scale_of([0.0, 1.0, 10.0], log=True).low == 1.0


@pytest.mark.parametrize("values", [[], [math.nan, math.inf], [3.0], [0.0], [-1e300, 1e300], [1e-320, 1.0]])
def test_odd_values_have_an_axis(values: list[float]) -> None:
    scale = scale_of(values)
    assert scale.low < scale.high
    assert all(0.0 <= scale.place(value) <= 1.0 for value in values if math.isfinite(value))
    assert scale.ticks(5)


def test_one_diverged_trial_does_not_flatten_the_others() -> None:
    values = [0.5 + number / 100 for number in range(40)] + [1e6]
    assert scale_of(values, clip=True).high < 2
    assert scale_of(values).high == 1e6


def test_values_that_are_not_finite_leave_a_gap() -> None:
    broken = drawn(Chart([Series([(0, 0), (1, math.nan), (2, math.inf), (3, 1.0)])], height=6))
    assert not any("inf" in line or "nan" in line for line in broken)
    assert drawn(Chart([Series([(0, math.nan)])], empty="nothing yet", height=6)) == ["nothing yet"]


def test_bars_are_as_long_as_their_values() -> None:
    lines = drawn(Bars([("rate", 0.8, "80%"), ("units", 0.4, "40%"), ("a" * 90, 0.0, "0%")]), width=50)
    assert lines[0].count("█") == pytest.approx(2 * lines[1].count("█"), abs=1)
    assert max(map(cell_len, lines)) <= 50


def test_grid_shades_without_colours_and_writes_figures_where_they_fit() -> None:
    grid = Grid([[0.0, None], [1.0, 2.0]], ["low", "high"], ["a", "b"])
    upper, lower, names = drawn(grid, width=20)
    assert upper.startswith("high")
    assert upper.rstrip().endswith("█")
    assert lower.strip() == "low"
    assert names.split() == ["a", "b"]
    figures = Grid([[1.0, 22.0]], ["true"], ["a", "b"], figures=[["1", "22"]])
    assert drawn(figures, width=40)[0].split() == ["true", "1", "22"]
    assert "48;2;" in drawn(grid, colour=True)[0]


def test_axes_draw_the_best_on_top() -> None:
    axes = Axes(
        [("units", "32", "256"), ("score", "0.1", "0.9")], [[0.0, 0.0], [1.0, 1.0], [None, 0.5]], [0.0, 1.0, 0.5]
    )
    lines = drawn(axes, width=40)
    assert lines[0].split() == ["256", "0.9"]
    assert lines[-1].split() == ["units", "score"]
    assert max(map(cell_len, lines)) <= 40


def test_terminal_without_unicode_gets_ascii() -> None:
    chart = Chart([Series([(x, x * x) for x in range(9)])], height=8)
    assert all(line.isascii() for line in drawn(chart, encoding="ascii"))


ROWS = [("s_" + "0" * 32, "größe [bold]", "RUNNING", "0.9722", "a=1  b=2 " * 12), ("s_1", "x", "FAILED crash", "–", "")]
COLUMNS = ("id", "name", "state", ">best", "values")


def table(*, width: int, terminal: bool, no_color: bool = False) -> str:
    text = io.StringIO()
    console = Console(
        file=text,
        width=width,
        force_terminal=terminal,
        color_system="truecolor" if terminal else None,
        no_color=no_color,
    )
    print_table(console, COLUMNS, ROWS, empty="none")
    return text.getvalue()


def test_terminal_gets_a_ruled_table_with_coloured_states() -> None:
    shown = table(width=140, terminal=True)
    assert "\x1b[36mRUNNING" in shown
    assert "\x1b[31mFAILED" in shown
    assert "─" in shown
    assert "größe [bold]" in shown


def test_no_color_is_honoured() -> None:
    assert "\x1b[3" not in table(width=140, terminal=True, no_color=True)


@pytest.mark.parametrize("width", [10, 40, 79, 100])
def test_narrow_terminal_folds_and_cuts_nothing(width: int) -> None:
    shown = table(width=width, terminal=True, no_color=True)
    assert "s_" + "0" * 32 in shown
    assert shown.count("b=2") == 12


def test_pipe_gets_a_line_for_each_row() -> None:
    lines = table(width=40, terminal=False).splitlines()
    assert len(lines) == 3
    assert lines[0].index("state") == lines[1].index("RUNNING") == lines[2].index("FAILED")
    assert "\x1b" not in "".join(lines)
