"""What an example leaves behind: a page of tables and pictures, shown in the terminal as it grows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

Cell = str | int | float | None


class Report:
    """One example's page, `<name>.md` in a folder, with its pictures beside it.

    Args:
        folder: Where the page and the pictures go; made if missing.
        name: Of the example; also of the page.
    """

    def __init__(self, folder: Path, name: str, title: str, console: Console) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._name = name
        self._console = console
        self._lines = [f"# {title}", ""]
        self._pictures = 0
        console.rule(title)

    def text(self, text: str) -> None:
        """A paragraph."""
        self._lines += [text, ""]
        self._console.print(text, markup=False, soft_wrap=True)

    def code(self, text: str) -> None:
        """Lines as they are typed."""
        self._lines += ["```sh", text, "```", ""]

    def table(self, title: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
        """A table; numbers are shown with four significant digits."""
        shown = [[_shown(cell) for cell in row] for row in rows]
        self._lines += [f"**{title}**", "", _line(headings), _line(["---"] * len(headings))]
        self._lines += [*(_line(row) for row in shown), ""]
        table = Table(*headings, title=title, title_justify="left")
        for row in shown:
            table.add_row(*row)
        self._console.print(table)

    def picture_path(self, what: str) -> Path:
        """A place for the next picture."""
        self._pictures += 1
        return self._folder / f"{self._name}-{what}.svg"

    def picture(self, path: Path, caption: str) -> None:
        """Show a picture that has been written."""
        self._lines += [f"![{caption}]({path.name})", ""]
        self._console.print(f"{caption}: {path}", markup=False, soft_wrap=True)

    def write(self) -> Path:
        """Write the page."""
        page = self._folder / f"{self._name}.md"
        page.write_text("\n".join(self._lines).rstrip() + "\n", encoding="utf-8")
        return page


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _shown(cell: Cell) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:.4g}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)
