"""Small charts as inline SVG, in the colours of their page."""

from __future__ import annotations

import math
from collections.abc import Sequence

from headstock.notebook.markup import Html, tag
from headstock.terminal.charts import BEST, SERIES, Point, Series
from headstock.terminal.scales import scale_of

WIDTH, HEIGHT = 640, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 8, 22
_MOST_DOTS = 500


def history_svg(scores: Sequence[Point], bests: Sequence[Point], *, name: str) -> Html | None:
    """Scores as dots, the best so far as steps; None while there are none."""
    label = f"{name} of {len(scores)} trials, best {bests[-1][1]:.4g}" if bests else name
    series = [
        Series(scores, "score", SERIES[0], "dots"),
        Series(bests, "best so far", BEST, "steps"),
    ]
    return chart_svg(series, label=label, x_label="trials ended")


def chart_svg(series: Sequence[Series], *, label: str, x_label: str = "", log: bool = False) -> Html | None:
    """Series over two axes, with `log` over two logarithmic ones; None when there is no point that can be drawn."""
    finite = [
        [(x, y) for x, y in each.points if math.isfinite(x) and math.isfinite(y) and (not log or min(x, y) > 0)]
        for each in series
    ]
    points = [point for each in finite for point in each]
    if not points:
        return None
    xs, ys = scale_of((x for x, _ in points), log=log), scale_of((y for _, y in points), log=log, clip=True)

    def across(x: float) -> float:
        return round(_LEFT + xs.place(x) * (WIDTH - _LEFT - _RIGHT), 1)

    def down(y: float) -> float:
        return round(HEIGHT - _BOTTOM - ys.place(y) * (HEIGHT - _TOP - _BOTTOM), 1)

    marks: list[Html] = []
    for value, text in ys.ticks(7):
        marks.append(
            tag(
                "line", x1=_LEFT, x2=WIDTH - _RIGHT, y1=down(value), y2=down(value), stroke="currentColor",
                stroke_opacity="0.12",
            )
        )  # fmt: skip
        marks.append(_text(text, _LEFT - 6, down(value) + 4, "end"))
    for value, text in xs.ticks(8):
        if across(value) < WIDTH - _RIGHT - 8 * len(x_label):
            marks.append(_text(text, across(value), HEIGHT - 6, "middle"))
    if x_label:
        marks.append(_text(x_label, WIDTH - _RIGHT, HEIGHT - 6, "end"))
    for each, kept in zip(series, finite, strict=True):
        if each.kind == "dots":
            shown = kept[:: max(1, math.ceil(len(kept) / _MOST_DOTS))]
            marks += [
                tag("circle", cx=across(x), cy=down(y), r=2.5, fill=each.style, fill_opacity=0.75) for x, y in shown
            ]
            continue
        path: list[str] = []
        height: float | None = None
        for x, y in kept:
            if each.kind == "steps" and height is not None:
                if down(y) == height:
                    continue
                path.append(f"{across(x)},{height}")
            path.append(f"{across(x)},{down(y)}")
            height = down(y)
        if each.kind == "steps" and height is not None:
            path.append(f"{WIDTH - _RIGHT},{height}")
        marks.append(tag("polyline", points=" ".join(path), fill="none", stroke=each.style, stroke_width=1.6))
    return tag(
        "svg",
        *marks,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        width=WIDTH,
        height=HEIGHT,
        role="img",
        aria_label=label,
        style="max-width:100%;height:auto;display:block;",
    )


def _text(text: str, x: float, y: float, anchor: str) -> Html:
    return tag("text", text, x=x, y=y, text_anchor=anchor, font_size=11, fill="currentColor", fill_opacity=0.65)
