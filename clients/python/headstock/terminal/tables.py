"""Tables for people on a terminal, and aligned lines for everything else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

STATE_STYLE = {
    "QUEUED": "dim", "RUNNING": "cyan", "PAUSED": "yellow", "COMPLETED": "green", "STOPPED": "green",
    "FAILED": "red", "CANCELLED": "yellow",
}  # fmt: skip
VERDICT_STYLE = {
    "diverged": "red", "overfitting": "yellow", "underfitting": "yellow", "oscillating": "yellow",
    "still_improving": "cyan", "healthy": "green",
}  # fmt: skip
# Columns of free text may be folded to this; all others are shown whole.
_FOLDED = 16
_FREE = frozenset({"values", "what", "description", "what it shows", "try", "devices", "name"})


def print_table(console: Console, columns: Sequence[str], rows: Iterable[Iterable[object]], *, empty: str) -> None:
    """A table; `empty` when there is no row. Columns whose name begins with `>` hold numbers.

    A terminal gets a ruled table with coloured states, folded where it is too narrow. Elsewhere, and where folding does
    not help, there is a line for each row: ids are for copying and rows for `grep`, so nothing is ever cut off.
    """
    cells = [[str(cell) for cell in row] for row in rows]
    if not cells:
        console.print(empty, markup=False, soft_wrap=True)
        return
    names = [column.removeprefix(">") for column in columns]
    widths = [max(map(cell_len, column)) for column in zip(names, *cells, strict=True)]
    folds = [name in _FREE for name in names]
    least = sum(min(width, _FOLDED) if fold else width for width, fold in zip(widths, folds, strict=True))
    if console.is_terminal and least + 2 * len(names) <= console.width:
        console.print(_ruled(columns, cells, folds))
    else:
        _print_lines(console, columns, cells, widths)


def _ruled(columns: Sequence[str], cells: Sequence[Sequence[str]], folds: Sequence[bool]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for column, fold in zip(columns, folds, strict=True):
        right = column.startswith(">")
        name = column.removeprefix(">")
        table.add_column(
            Text(name),
            justify="right" if right else "left",
            no_wrap=not fold,
            overflow="fold",
            min_width=_FOLDED if fold and any(len(row[len(table.columns)]) > _FOLDED for row in cells) else None,
        )
    for row in cells:
        table.add_row(*(styled(column.removeprefix(">"), cell) for column, cell in zip(columns, row, strict=True)))
    return table


def styled(column: str, cell: str) -> Text:
    """A cell in the colour of what it says."""
    if column == "state":
        word, _, rest = cell.partition(" ")
        return Text.assemble((word, STATE_STYLE.get(word, "")), f" {rest}" if rest else "")
    if column == "verdict":
        return Text(cell, style=VERDICT_STYLE.get(cell.replace(" ", "_"), ""))
    if column == "id" or cell == "–":
        return Text(cell, style="dim")
    return Text(cell)


def _print_lines(
    console: Console, columns: Sequence[str], cells: Sequence[Sequence[str]], widths: Sequence[int]
) -> None:
    header = [column.removeprefix(">") for column in columns]
    for number, row in enumerate([header, *cells]):
        line = Text(style="bold" if number == 0 else "")
        for place, (column, cell, width) in enumerate(zip(columns, row, widths, strict=True)):
            room = " " * (width - cell_len(cell))
            text = Text(cell) if number == 0 else styled(column.removeprefix(">"), cell)
            last = place == len(columns) - 1
            line.append_text(Text.assemble("  " if place else "", room if column.startswith(">") else "", text)).append(
                "" if last or column.startswith(">") else room
            )
        line.rstrip()
        console.print(line, soft_wrap=True)
