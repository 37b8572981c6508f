"""Tables as Parquet: a child process with pyarrow makes the bytes, this one only hands it the cells."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime

from service.exports.columns import Cell, Table
from service.exports.pieces import begun
from service.gate import Gate
from storage.clock import Clock
from tuners.list_values import is_list, items_of
from tuners.tables.client import parquet_bytes
from tuners.tables.wire import ColumnType, WireCell

_BATCH_ROWS = 2000


def parquet_pieces(table: Table, *, gate: Gate, clock: Clock) -> Iterator[bytes]:
    """The file piece by piece, the first of which is made before this returns; it holds a place until the last.

    Raises:
        TooManyRequests: No place got free in time.
        FileFailed: The child took too long or too much memory, or ended; what was yielded is no whole file.
    """
    types = [column.type for column in table.columns]
    portions = iter(lambda: list(itertools.islice(table.rows, _BATCH_ROWS)), [])
    batches = ([[wire_cell(row[place], type) for row in rows] for place, type in enumerate(types)] for rows in portions)
    return begun(parquet_bytes(table.columns, batches, clock=clock), gate)


def wire_cell(cell: Cell, type: ColumnType) -> WireCell:
    """The cell as the child takes it: times in microseconds since 1970, lists as such, numbers of the column's kind."""
    if cell is None:
        return None
    if isinstance(cell, datetime):
        return int(cell.timestamp()) * 1_000_000 + cell.microsecond
    if type in ("ints", "floats"):
        items = items_of(cell) if is_list(cell) else []
        return [float(item) for item in items] if type == "floats" else [int(item) for item in items]
    if type == "float":
        return float(cell)
    if type == "text" and not isinstance(cell, str):
        # Like JSON's words: true, 1, 0.5.
        return str(cell).lower() if isinstance(cell, bool) else str(cell)
    return cell
