"""Pictures: the same bytes for the same figure, other people's text as text, and children that are kept in bounds."""

from __future__ import annotations

import io
import sys
import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from storage.clock import SystemClock
from tests.waiting import wait_until
from tuners.pictures.client import Painter, PictureFailed
from tuners.pictures.draw import PALETTE, draw
from tuners.pictures.figure import Axis, Band, Figure, Format, Matrix, Panel, Series, Span, Theme

RATES = [1e-4, 1e-3, 1e-2, 1e-1]
LINES = Figure(
    title="digits",
    panels=[
        Panel(
            title="loss",
            x=Axis(label="rate", log=True),
            y=Axis(label="loss"),
            series=[
                Series(kind="points", x=RATES, y=[0.5, 0.3, 0.2, 0.9]),
                Series(kind="line", x=RATES, y=[0.5, 0.3, 0.2, 0.9], label="median", colour=1),
                Series(kind="step", x=RATES, y=[0.5, 0.3, 0.2, 0.2], dashed=True, colour=2),
            ],
            bands=[Band(x=RATES, low=[0.4, 0.2, 0.1, 0.8], high=[0.6, 0.4, 0.3, 1.0])],
            spans=[Span(low=1e-3, high=1e-2, label="suggested")],
            note="best at 0.01",
        ),
        Panel(
            title="accuracy",
            x=Axis(label="hidden", names=["[18]", "[18, 18]"]),
            series=[Series(kind="bars", x=[0, 1], y=[0.8, 0.9])],
        ),
        Panel(title="nothing"),
    ],
    columns=2,
)
MATRIX = Figure(panels=[Panel(matrix=Matrix(rows=["cat", "dog"], columns=["cat", "dog"], counts=[[9, 1], [0, 4]]))])


@pytest.mark.parametrize("figure", [LINES, MATRIX], ids=["lines", "matrix"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_same_figure_gives_the_same_bytes(figure: Figure, theme: Theme) -> None:
    for format in ("svg", "png"):
        assert draw(figure, format=format, theme=theme) == draw(figure, format=format, theme=theme)
    svg = draw(figure, format="svg", theme=theme)
    assert b"<dc:date>" not in svg
    assert ElementTree.fromstring(svg).tag.endswith("svg")


def test_themes_change_the_background_and_not_the_colours() -> None:
    pages = {
        theme: Image.open(io.BytesIO(draw(LINES, format="png", theme=theme))).convert("RGB") for theme in _themes()
    }
    assert pages["light"].size == pages["dark"].size
    assert (pages["light"].getpixel((2, 2)), pages["dark"].getpixel((2, 2))) == ((255, 255, 255), (0x14, 0x18, 0x1D))
    blue = tuple(int(PALETTE[0][place : place + 2], 16) for place in (1, 3, 5))
    for page in pages.values():
        assert blue in {colour for _, colour in page.getcolors(maxcolors=1 << 20) or []}


def _themes() -> tuple[Theme, ...]:
    return ("light", "dark")


HOSTILE = [
    "$x^2$", "$\\frac{1}", "</text><script>alert(1)</script>", "<!-- --> & \"'", "a\x00b\x1b[31m", "_hidden",
    "x" * 4000, "模型 🚀 ‮", "", " ", "\\input{/etc/passwd}", "]]>",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_texts_of_other_people_stay_texts(text: str) -> None:
    axis = Axis(label=text, names=[text, text])
    series = [Series(kind="line", x=[0, 1], y=[1, 2], label=text), Series(kind="bars", x=[0, 1], y=[1, 2], label=text)]
    spans = [Span(low=0, high=1, label=text)]
    panels = [
        Panel(title=text, x=axis, y=Axis(label=text), series=series, spans=spans, note=text),
        Panel(title=text, matrix=Matrix(rows=[text, "b"], columns=["a", text], counts=[[1, 2], [3, 4]])),
    ]
    for format in _formats():
        picture = draw(Figure(title=text, panels=panels), format=format, theme="light")
        if format == "svg":
            tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(picture).iter()}
            assert tags.isdisjoint({"script", "foreignObject", "a", "iframe", "text"})
            assert b"<script" not in picture


def _formats() -> tuple[Format, ...]:
    return ("svg", "png")


def test_numbers_on_a_logarithmic_axis_are_above_zero() -> None:
    # A zero on it makes the axis an ordinary one instead of an error.
    panel = Panel(x=Axis(log=True), series=[Series(kind="line", x=[0.0, 1.0], y=[1.0, 2.0])])
    assert draw(Figure(panels=[panel]), format="png", theme="light")


def test_one_point_and_equal_points_can_be_drawn() -> None:
    for xs, ys in (([3.0], [0.5]), ([3.0, 3.0], [0.5, 0.5]), ([1e-300, 1e300], [-1e300, 1e300])):
        for kind in ("line", "points", "step"):
            panel = Panel(series=[Series(kind=kind, x=xs, y=ys)])
            assert draw(Figure(panels=[panel]), format="svg", theme="dark")


# The children


@pytest.fixture
def painter(tmp_path: Path) -> Iterator[Painter]:
    painter = Painter(SystemClock(), cache_dir=tmp_path / "matplotlib")
    yield painter
    painter.close()


def test_a_child_draws_what_we_would_and_stays(painter: Painter) -> None:
    assert not painter.child_pids
    assert painter.draw(MATRIX, format="svg") == draw(MATRIX, format="svg", theme="light")
    (pid,) = painter.child_pids
    assert painter.draw(MATRIX, format="png", theme="dark") == draw(MATRIX, format="png", theme="dark")
    assert painter.child_pids == (pid,)
    painter.close()
    assert not painter.child_pids


def scripted(painter_script: str, tmp_path: Path, **limits: Any) -> Painter:
    script = tmp_path / "painter.py"
    script.write_text(f"import sys, time\nprint('ready', flush=True)\n{painter_script}\n", "utf-8")
    return Painter(
        SystemClock(), cache_dir=tmp_path, command=(sys.executable, str(script)), **limits,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("script", "limits"),
    [
        ("sys.stdin.readline()\nsys.stdin.readline()", {"timeout_s": 0.2}),
        ("sys.stdin.readline()\nheld = b'x' * (96 << 20)\nsys.stdin.readline()", {"memory_mb": 64}),
        ("sys.stdin.readline()\nsys.exit(3)", {}),
        ("sys.stdin.readline()\nprint('no json', flush=True)\nsys.stdin.readline()", {}),
        ('sys.stdin.readline()\nprint(\'{"error": "ValueError: bad"}\', flush=True)\nsys.stdin.readline()', {}),
    ],
    ids=["slow", "large", "crashing", "babbling", "failing"],
)
def test_a_child_that_does_not_draw_is_told_and_replaced(script: str, limits: dict[str, float], tmp_path: Path) -> None:
    painter = scripted(script, tmp_path, **limits)
    try:
        for _ in range(2):
            with pytest.raises(PictureFailed):
                painter.draw(MATRIX, format="svg")
    finally:
        painter.close()


def test_an_idle_child_ends_and_the_next_picture_starts_another(tmp_path: Path) -> None:
    painter = Painter(SystemClock(), cache_dir=tmp_path, idle_s=0.05)
    try:
        assert painter.draw(MATRIX, format="png")
        wait_until(lambda: painter.child_pids == (), what="the idle child's end")
        assert painter.draw(MATRIX, format="png")
    finally:
        painter.close()


def test_one_place_means_one_child_however_many_ask(tmp_path: Path) -> None:
    painter = scripted('for _ in sys.stdin: print(\'{"data": "eA=="}\', flush=True)', tmp_path, places=1)
    drawn: list[bytes] = []
    threads = [threading.Thread(target=lambda: drawn.append(painter.draw(MATRIX, format="svg"))) for _ in range(4)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert drawn == [b"x"] * 4
        assert len(painter.child_pids) == 1
    finally:
        painter.close()


def test_two_places_draw_two_at_once(tmp_path: Path) -> None:
    # Each child answers after the other has been asked: with one place they would wait for ever.
    gate = tmp_path / "gate"
    script = (
        f"import os\nsys.stdin.readline()\nopen({str(gate)!r} + str(os.getpid()), 'w').close()\n"
        f"import glob\nwhile len(glob.glob({str(gate)!r} + '*')) < 2: os.sched_yield()\n"
        'print(\'{"data": "eA=="}\', flush=True)\nsys.stdin.readline()'
    )
    painter = scripted(script, tmp_path, places=2, timeout_s=30.0)
    drawn: list[bytes] = []
    threads = [threading.Thread(target=lambda: drawn.append(painter.draw(MATRIX, format="svg"))) for _ in range(2)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert drawn == [b"x", b"x"]
        assert len(painter.child_pids) == 2
    finally:
        painter.close()
