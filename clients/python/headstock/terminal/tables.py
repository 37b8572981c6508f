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

    A terminal gets a ruled table with coloured states, folded where it is too narrow; if that does not do, columns
    whose name begins with `?` are left out, the last of them first, and it is said which. Elsewhere, and where nothing
    helps, there is a line for each row: ids are for copying and rows for `grep`, so nothing is ever cut off.
    """
    cells = [[str(cell) for cell in row] for row in rows]
    if not cells:
        console.print(empty, markup=False, soft_wrap=True)
        return
    whole = [column.removeprefix("?") for column in columns]
    names = [column.removeprefix(">") for column in whole]
    widths = [max(map(cell_len, column)) for column in zip(names, *cells, strict=True)]
    kept = list(range(len(columns)))
    spare = [place for place, column in enumerate(columns) if column.startswith("?")]
    while console.is_terminal:
        if _least_width([names[place] for place in kept], [widths[place] for place in kept]) <= console.width:
            table = _ruled([whole[place] for place in kept], [[row[place] for place in kept] for row in cells])
            console.print(table)
            _tell_left_out(console, [name for place, name in enumerate(names) if place not in kept])
            return
        if not spare:
            break
        kept.remove(spare.pop())
    _print_lines(console, whole, cells, widths)


def _least_width(names: Sequence[str], widths: Sequence[int]) -> int:
    """Columns of a terminal that the folded table needs."""
    needed = (min(width, _FOLDED) if name in _FREE else width for name, width in zip(names, widths, strict=True))
    return sum(needed) + 3 * len(names) - 2


def _tell_left_out(console: Console, names: Sequence[str]) -> None:
    if names:
        line = f"not shown for want of room: {', '.join(names)} (--json has all)"
        console.print(line, style="dim", markup=False)


def _ruled(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for column in columns:
        right = column.startswith(">")
        name = column.removeprefix(">")
        fold = name in _FREE
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
