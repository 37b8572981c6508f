"""From an uploaded .csv to arrays on disk.

The dialect is fixed: UTF-8, a header line, one of `,` `;` tab between cells, decimal points, one record a line.
Whatever is not in it is refused with the line's number (counted from 1, the header) instead of being guessed at: a
guess that turns one column into text, or skips a line, would quietly train another model.
"""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NoReturn

import numpy as np

from storage.errors import InvalidDataset
from tuners.datasets.npy import Array
from tuners.datasets.prepare import Part, RawData
from tuners.datasets.wire import rejection

_MAX_LINE_BYTES = 1 << 20
_MAX_COLUMNS = 10_000
_MAX_CELL = 1024
_MAX_NAME = 128
_MAX_TEXT_CLASSES = 10_000
_BLOCK_CELLS = 100_000
_SEPARATORS = (",", ";", "\t")
_TRUTH = {"true": 1.0, "false": 0.0}
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "nil", "?", "-", "#n/a"})
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


def parse_csv(path: Path, scratch: Path, *, target: str | None, max_bytes: int) -> RawData:
    """The table's columns as float64 examples and their targets, mapped from files in `scratch`.

    Args:
        path: The upload.
        scratch: Folder for the examples.
        target: The column to be predicted, by its name in the header.
        max_bytes: Limit of the examples' size as float64.

    Raises:
        InvalidDataset: `content_mismatch`, `corrupt_file` (empty), `csv_rejected` with the line, `unknown_column`,
            `not_finite`, `empty_dataset`, `too_many` columns or classes, `too_large`.
    """
    csv.field_size_limit(_MAX_CELL)
    with path.open("rb") as file:
        start = file.read(8)
        if not start:
            raise rejection("corrupt_file", "The file is empty.")
        if start.startswith(_OTHER_FILES):
            raise rejection("content_mismatch", "The file is not text: its name says .csv, its content does not.")
        file.seek(0)
        lines = _lines(file)
        header, separator = _read_header(lines)
        at = _target_column(header, target)
        table = _Table(header, at, max_bytes=max_bytes)
        with (scratch / "x.raw").open("xb") as out:
            block: list[list[str]] = []
            block_rows = max(1, _BLOCK_CELLS // len(header))
            for row in _records(lines, separator, columns=len(header)):
                block.append(row)
                if len(block) == block_rows:
                    table.add(block, out)
                    block = []
            table.add(block, out)
    if table.rows == 0:
        raise rejection("empty_dataset", "The file has a header, but no rows.")
    features = tuple(name for index, name in enumerate(header) if index != at)
    x = np.memmap(scratch / "x.raw", dtype=np.float64, mode="r", shape=(table.rows, len(features)))
    return RawData(
        parts={"train": Part(x, table.targets.array())},
        class_names=table.targets.names(),
        feature_names=features,
        labels_are_text=not table.targets.numeric,
    )


@dataclass(slots=True)
class _Targets:
    """The target column so far: whole numbers, then floats, then text, as soon as one cell asks for it."""

    whole: list[Array] = field(default_factory=list)
    floats: list[Array] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)
    coded: list[Array] = field(default_factory=list)
    numeric: bool = True

    def add(self, cells: Sequence[str]) -> None:
        if self.numeric:
            try:
                self.floats.append(np.array([_number(cell) for cell in cells]))
            except ValueError:
                self.numeric = False
                self.floats.clear()
                self.whole.clear()
        if self.numeric and len(self.whole) == len(self.floats) - 1:
            try:
                self.whole.append(np.array([int(cell) for cell in cells], dtype=np.int64))
            except (ValueError, OverflowError):
                self.whole.clear()
        if len(self.codes) <= _MAX_TEXT_CLASSES:
            codes = self.codes
            self.coded.append(np.array([codes.setdefault(cell, len(codes)) for cell in cells], dtype=np.int32))
        elif not self.numeric:
            raise rejection("too_many", f"The target column is text with more than {_MAX_TEXT_CLASSES} values.")

    def array(self) -> Array:
        """The targets; of text, the places of the labels among `names()`."""
        if self.numeric:
            return np.concatenate(self.whole if len(self.whole) == len(self.floats) else self.floats)
        if len(self.codes) > _MAX_TEXT_CLASSES:
            raise rejection("too_many", f"The target column is text with more than {_MAX_TEXT_CLASSES} values.")
        place = {name: index for index, name in enumerate(sorted(self.codes))}
        places = np.array([place[name] for name in self.codes], dtype=np.int32)
        return np.asarray(places[np.concatenate(self.coded)])

    def names(self) -> tuple[str, ...] | None:
        """The labels in order when they are text, else None."""
        return None if self.numeric else tuple(sorted(self.codes))


@dataclass(slots=True)
class _Table:
    """Turns blocks of records into rows of the examples' file and into targets."""

    header: tuple[str, ...]
    target: int
    max_bytes: int = field(kw_only=True)
    targets: _Targets = field(default_factory=_Targets)
    rows: int = 0

    def add(self, block: list[list[str]], out: BinaryIO) -> None:
        if not block:
            return
        line = self.rows + 2
        columns = list(zip(*block, strict=True))
        cells = [cell.strip() for cell in columns.pop(self.target)]
        for offset, cell in enumerate(cells):
            if cell.lower() in _MISSING:
                _missing(line + offset, self.header[self.target])
        self.targets.add(cells)
        values = np.empty((len(block), len(columns)))
        for index, column in enumerate(columns):
            values[:, index] = self._column(column, index + (index >= self.target), line)
        good = np.isfinite(values)
        if not good.all():
            row, index = np.argwhere(~good)[0]
            cell = columns[index][row]
            name = self.header[int(index) + (int(index) >= self.target)]
            if cell.strip().lower() in _MISSING:
                _missing(line + int(row), name)
            raise rejection("not_finite", f"Line {line + int(row)}, column {name!r}: the number is not finite.")
        self.rows += len(block)
        if self.rows * values.shape[1] * 8 > self.max_bytes:
            raise rejection("too_large", f"The table is larger than the {self.max_bytes} bytes allowed, as numbers.")
        out.write(values.data.cast("B"))

    def _column(self, column: Sequence[str], index: int, line: int) -> Array:
        try:
            return np.array([_number(cell) for cell in column])
        except ValueError:
            pass
        values = np.empty(len(column))
        for offset, cell in enumerate(column):
            text = cell.strip().lower()
            if text in _TRUTH:
                values[offset] = _TRUTH[text]
                continue
            try:
                values[offset] = _number(cell)
            except ValueError:
                if text in _MISSING:
                    _missing(line + offset, self.header[index])
                hint = " (decimals are written with a point)" if "," in text else ""
                _reject(
                    line + offset,
                    f"column {self.header[index]!r} is not a number{hint}. Features must be numbers or true/false: "
                    "turn categories into numbers first, for example one column of 0 and 1 for each",
                )
        return values


def _number(cell: str) -> float:
    """The number a cell says. Python's own `1_000` is not one that other programs read."""
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


def _records(lines: Iterator[str], separator: str, *, columns: int) -> Iterator[list[str]]:
    """The cells of each line after the header."""
    reader = csv.reader(lines, delimiter=separator, strict=True)
    number = 1
    blank_at = 0
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            _reject(number, f"has a broken quotation, or a cell longer than {_MAX_CELL} characters")
        if reader.line_num != number - 1:
            _reject(number, "has a quotation that does not end on the same line")
        if not row:
            blank_at = blank_at or number
            continue
        if blank_at:
            _reject(blank_at, "is blank")
        if len(row) != columns:
            _reject(number, f"has {len(row)} cells, the header has {columns}")
        yield row


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
    if len(names) > _MAX_COLUMNS:
        raise rejection("too_many", f"The header has {len(names)} columns; at most {_MAX_COLUMNS} are read.")
    if all(_is_number(name) for name in names):
        _reject(1, "must be a header of column names, but holds numbers only")
    for position, name in enumerate(names, start=1):
        if not name or len(name) > _MAX_NAME or not name.isprintable():
            _reject(
                1, f"names column {position} with nothing, with unprintable or with more than {_MAX_NAME} characters"
            )
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        _reject(1, f"names two columns {twice!r}")
    return tuple(names), separator


def _cells(line: str, separator: str) -> list[str] | None:
    """The cells a separator makes of the line; None when quotations do not fit it."""
    try:
        return next(csv.reader([line], delimiter=separator, strict=True), [])
    except csv.Error:
        return None


def _target_column(header: tuple[str, ...], target: str | None) -> int:
    listed = ", ".join(repr(name) for name in header[:20]) + (", ..." if len(header) > 20 else "")
    if target is None:
        raise rejection(
            "target_required", f"Say which column is to be predicted. The columns are {listed}.", pointer="/target"
        )
    if target in header:
        return header.index(target)
    close = difflib.get_close_matches(target, header, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise rejection("unknown_column", f"There is no such column.{hint} The columns are {listed}.", pointer="/target")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _missing(line: int, column: str) -> NoReturn:
    _reject(line, f"column {column!r} has no value. Fill missing values or remove their lines before uploading")


def _reject(line: int, problem: str) -> NoReturn:
    raise _rejected(line, problem)


def _rejected(line: int, problem: str) -> InvalidDataset:
    joint = ", " if problem.startswith("column") else " "
    return rejection("csv_rejected", f"Line {line}{joint}{problem}.")
