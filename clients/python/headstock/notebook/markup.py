"""HTML from Python values. What is no `Html` is text, and is escaped: names of searches may be anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

CELL = "padding:0.15em 0.8em 0.15em 0;border:0;"
MUTED = "opacity:0.65;"
LONG = 40
"""Signs from which on a cell's text may be broken into lines."""
MONO = "font-family:ui-monospace,monospace;font-size:0.9em;"


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def tag(name: str, *children: object, **attributes: object) -> Html:
    """An element. Attributes have an underscore for each hyphen (`class_` for `class`); None leaves one out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_text(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = join(children)
    return Html(f"<{name}{given}>{inner}</{name}>" if inner or name not in _EMPTY else f"<{name}{given}/>")


_EMPTY = frozenset({"br", "hr", "img", "circle", "line", "path", "polyline", "rect"})


def join(children: Iterable[object]) -> Html:
    """One piece after another; None is nothing."""
    return Html("".join(child if isinstance(child, Html) else _text(child) for child in children if child is not None))


def _text(value: object) -> str:
    """Escaped, and without the control characters that no HTML or XML may hold."""
    return escape("".join(sign if sign >= " " or sign in "\n\t" else "\ufffd" for sign in str(value)), quote=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str = "none") -> Html:
    """A table; columns whose name begins with `>` hold numbers."""
    lines = [
        tag("tr", *(tag("td", cell, style=_style(column, cell)) for column, cell in zip(columns, row, strict=True)))
        for row in rows
    ]
    if not lines:
        return tag("div", empty, style=MUTED)
    head = tag("tr", *(tag("th", column.removeprefix(">"), style=_style(column)) for column in columns))
    return tag(
        "table",
        tag("thead", head) if any(columns) else None,
        tag("tbody", *lines),
        style="border-collapse:collapse;border:0;margin:0.3em 0;font-size:inherit;",
    )


def _style(column: str, cell: object = "") -> str:
    if column.startswith(">"):
        return f"{CELL}text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums;"
    # Times, shapes and ids are read as one; sentences are not.
    whole = "" if not isinstance(cell, Html) and len(str(cell)) > LONG else "white-space:nowrap;"
    return f"{CELL}text-align:left;{whole}"


def bar(share: float, *, width_em: float = 9.0, colour: str = "#56B4E9") -> Html:
    """A bar of a share between 0 and 1."""
    part = min(1.0, max(0.0, share)) * 100
    inner = tag("div", "", style=f"background:{colour};height:100%;width:{part:.1f}%;border-radius:2px;")
    return tag(
        "div",
        inner,
        style=f"display:inline-block;vertical-align:middle;width:{width_em}em;height:0.7em;"
        "background:rgba(128,128,128,0.2);border-radius:2px;",
    )
