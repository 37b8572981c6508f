"""An uploaded .csv as a table.

The dialect is fixed: UTF-8, a header line, one of `,` `;` tab between cells, decimal points, one record a line (in
files with a column of texts, quoted cells may go over several). Whatever is not in it is refused with the line's number
(counted from 1, the header) instead of being guessed at: a guess that skips a line would quietly train another model.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NoReturn

import numpy as np

from storage.errors import InvalidDataset
from tuners.datasets.cells import MAX_COLUMNS, Cells, is_number, moment, name_fault
from tuners.datasets.npy import Array
from tuners.datasets.wire import rejection

_MAX_LINE_BYTES = 1 << 20
_MAX_CELL = 1024
_MAX_TEXT = 1 << 20
_BLOCK_CELLS = 100_000
_SEPARATORS = (",", ";", "\t")
_TRUTHS = {"true": 1.0, "false": 0.0}
_MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "?"})
_OTHER_FILES = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x93NUMPY",
    b"\x89PNG",
    b"\x89HDF",
    b"\x1f\x8b",
    b"%PDF",
    b"PAR1",
    b"\x80\x04",
)


class CsvSource:
    """The file as a `cells.Source`.

    Args:
        path: The upload.
        long_cells: Cells may be long and go over several lines: there is a column of texts.

    Raises:
        InvalidDataset: `content_mismatch`, `corrupt_file` (empty), `csv_rejected` with the line, `too_many` columns.
            `blocks` raises `csv_rejected` as well.
    """

    def __init__(self, path: Path, *, long_cells: bool) -> None:
        self._path = path
        self._long_cells = long_cells
        # Without long cells each record is a line, and this stays empty.
        self._lines: list[int] = []
        csv.field_size_limit(_MAX_TEXT if long_cells else _MAX_CELL)
        with path.open("rb") as file:
            start = file.read(8)
            if not start:
                raise rejection("corrupt_file", "The file is empty.")
            if start.startswith(_OTHER_FILES):
                raise rejection("content_mismatch", "The file is not text: its name says .csv, its content does not.")
            file.seek(0)
            self.names, self._separator = _read_header(_lines(file))

    def blocks(self, columns: Sequence[int], *, time: int | None = None) -> Iterator[Mapping[int, Cells]]:
        self._lines.clear()
        block: list[list[str]] = []
        block_rows = max(1, _BLOCK_CELLS // len(self.names))
        with self._path.open("rb") as file:
            lines = _lines(file)
            next(lines)
            for row in self._records(lines):
                block.append(row)
                if len(block) == block_rows:
                    yield _chosen(block, columns)
                    block = []
        if block:
            yield _chosen(block, columns)

    def refused(self, row: int, column: int, problem: str, *, code: str | None = None) -> InvalidDataset:
        line = self._lines[row] if self._lines else row + 2
        return rejection(code or "csv_rejected", f"Line {line}, column {self.names[column]!r} {problem}.")

    def _records(self, lines: Iterator[str]) -> Iterator[list[str]]:
        """The cells of each record after the header."""
        reader = csv.reader(lines, delimiter=self._separator, strict=True)
        blank_at = 0
        while True:
            number = reader.line_num + 2
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error:
                longest = _MAX_TEXT if self._long_cells else _MAX_CELL
                _reject(number, f"has a broken quotation, or a cell longer than {longest} characters")
            if self._long_cells:
                self._lines.append(number)
            elif reader.line_num != number - 1:
                hint = "only a column named as `text` may have such ones"
                _reject(number, f"has a quotation that does not end on the same line ({hint})")
            if not row:
                blank_at = blank_at or number
                continue
            if blank_at:
                _reject(blank_at, "is blank")
            if len(row) != len(self.names):
                _reject(number, f"has {len(row)} cells, the header has {len(self.names)}")
            yield row


def _chosen(block: list[list[str]], columns: Sequence[int]) -> dict[int, Cells]:
    cells = list(zip(*block, strict=True))
    return {index: TextCells(cells[index]) for index in columns}


class TextCells:
    """Cells as they were written, as `cells.Cells`."""

    def __init__(self, cells: Sequence[str]) -> None:
        self._cells = cells

    def __len__(self) -> int:
        return len(self._cells)

    def numbers(self, *, truths: bool) -> Array | None:
        with suppress(ValueError):
            return np.array([_number(cell) for cell in self._cells])
        values = np.empty(len(self._cells))
        for place, cell in enumerate(self._cells):
            text = cell.strip().lower()
            if text in _MISSING:
                values[place] = np.nan
            elif truths and text in _TRUTHS:
                values[place] = _TRUTHS[text]
            elif is_number(text):
                values[place] = float(text)
            else:
                return None
        return values

    def whole(self) -> Array | None:
        try:
            return np.array([int(cell) for cell in self._cells], dtype=np.int64)
        except (ValueError, OverflowError):
            return None

    def texts(self) -> list[str | None]:
        stripped = [cell.strip() for cell in self._cells]
        return [None if cell.lower() in _MISSING else cell for cell in stripped]

    def are_truths(self) -> bool:
        return all(text is None or text.lower() in _TRUTHS for text in self.texts())

    def moments(self) -> Array | None:
        try:
            return np.array([moment(cell.strip()) for cell in self._cells], dtype=np.int64)
        except ValueError:
            return None


def _number(cell: str) -> float:
    if "_" in cell:
        raise ValueError(cell)
    return float(cell)


def _lines(file: BinaryIO) -> Iterator[str]:
    """The file's lines as text, each checked. Raises InvalidDataset (`csv_rejected`)."""
    number = 0
    while raw := file.readline(_MAX_LINE_BYTES + 1):
        number += 1
        if len(raw) > _MAX_LINE_BYTES:
            _reject(number, f"is longer than {_MAX_LINE_BYTES} bytes")
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if b"\0" in raw or (number == 1 and raw.startswith((b"\xff\xfe", b"\xfe\xff"))):
            _reject(number, "is not UTF-8 text (UTF-16, or not a text file at all)")
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError:
            _reject(number, "is not UTF-8 text")
        yield line


def _read_header(lines: Iterator[str]) -> tuple[tuple[str, ...], str]:
    """The column names and the separator that makes the most of them."""
    first = next(lines)
    found = {separator: cells for separator in _SEPARATORS if (cells := _cells(first, separator)) is not None}
    if not found:
        _reject(1, f"has a broken quotation, or a name longer than {_MAX_CELL} characters")
    separator = max(found, key=lambda candidate: len(found[candidate]))
    names = [name.strip() for name in found[separator]]
    if len(names) < 2:
        _reject(1, "must be a header of at least two column names between commas, semicolons or tabs")
    if len(names) > MAX_COLUMNS:
        raise rejection("too_many", f"The header has {len(names)} columns; at most {MAX_COLUMNS} are read.")
    if all(is_number(name) for name in names):
        _reject(1, "must be a header of column names, but holds numbers only")
    fault = name_fault(names)
    if fault is not None:
        _reject(1, fault)
    return tuple(names), separator


def _cells(line: str, separator: str) -> list[str] | None:
    """The cells a separator makes of the line; None when quotations do not fit it."""
    try:
        return next(csv.reader([line], delimiter=separator, strict=True), [])
    except csv.Error:
        return None


def _reject(line: int, problem: str) -> NoReturn:
    raise rejection("csv_rejected", f"Line {line} {problem}.")
