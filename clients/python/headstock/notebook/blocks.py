"""The parts that all views are made of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from headstock import words
from headstock.models import Model
from headstock.notebook.markup import MONO, MUTED, Html, table, tag

COLOURS = {
    "QUEUED": "#8c8c8c", "RUNNING": "#2f7fb5", "PAUSED": "#b07a00", "COMPLETED": "#2e8b57", "STOPPED": "#2e8b57",
    "FAILED": "#d1493a", "CANCELLED": "#b07a00",
}  # fmt: skip
"""Of states, as dots: they stand out on white and on black, which no colour of a text does well on both."""
_FRAME = (
    "border:1px solid rgba(128,128,128,0.35);border-radius:6px;padding:0.7em 1em;width:fit-content;min-width:24em;"
    "max-width:100%;box-sizing:border-box;overflow-x:auto;line-height:1.5;"
)


def frame(*children: object) -> str:
    """One result in its border."""
    return tag("div", *children, style=_FRAME, class_="headstock")


def badge(state: str) -> Html:
    """A state, after a dot in its colour."""
    dot = tag("span", "●", style=f"color:{COLOURS.get(state, 'inherit')};", aria_hidden="true")
    return tag("span", dot, " ", tag("b", state), style="white-space:nowrap;")


def heading(name: object, *more: object, state: str | None = None, id: str = "") -> Html:
    """The first line of a view: a name, a state, what else there is to say in short, and the id."""
    return tag(
        "div",
        tag("b", name, style="font-size:1.1em;"),
        *((" ", badge(state)) if state else ()),
        tag("span", " ", *more, " ", style=MUTED),
        tag("span", id, style=f"{MUTED}{MONO}") if id else None,
    )


def note(text: object | None) -> Html | None:
    """A sentence below; None is nothing."""
    return None if text is None or text == "" else tag("div", text, style=MUTED)


def fault(text: object | None) -> Html | None:
    """What went wrong; None is nothing."""
    if text is None:
        return None
    line = f"border-left:3px solid {COLOURS['FAILED']};padding-left:0.6em;margin:0.3em 0;"
    return tag("div", text, style=line)


def facts(rows: Iterable[tuple[str, object]]) -> Html:
    """Names and values below each other."""
    return table(("", ""), ((tag("span", name, style=MUTED), value) for name, value in rows))


def moment(value: datetime | None) -> str:
    """A time of this machine's zone, to the minute; a dash for none."""
    return "–" if value is None else f"{value.astimezone():%Y-%m-%d %H:%M}"


def metrics_line(metrics: Mapping[str, float | None]) -> str:
    """Metrics in one line."""
    return "  ".join(f"{name} {words.number(value)}" for name, value in metrics.items())


def cell(value: object) -> str:
    """Any value of a record, short."""
    if isinstance(value, bool | str | int):
        return words.scalar(value)
    if isinstance(value, float):
        return words.number(value)
    if isinstance(value, datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M:%S}"
    if isinstance(value, Model):
        value = value.model_dump(mode="json")
    if isinstance(value, dict) and all(isinstance(part, bool | str | int | float | None) for part in value.values()):
        return ", ".join(f"{name} {'–' if part is None else cell(part)}" for name, part in value.items())
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 400 else f"{text[:400]} ..."
