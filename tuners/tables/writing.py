"""Parquet from cells, in the child."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from tuners.drained import Drained
from tuners.tables.wire import Column, ColumnType, WireCell

GROUP_ROWS = 50_000
_TYPES: dict[ColumnType, pa.DataType] = {
    "bool": pa.bool_(),
    "int": pa.int64(),
    "float": pa.float64(),
    "text": pa.string(),
    "time": pa.timestamp("us", tz="UTC"),
    "ints": pa.list_(pa.int64()),
    "floats": pa.list_(pa.float64()),
}


class ParquetPieces:
    """A Parquet file whose bytes are taken away as they come; groups of 50,000 rows are the most it holds."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._schema = pa.schema([pa.field(column.name, _TYPES[column.type]) for column in columns])
        self._buffer = Drained()
        self._writer = pq.ParquetWriter(self._buffer, self._schema, compression="zstd")
        self._batches: list[pa.RecordBatch] = []
        self._rows = 0

    def begin(self) -> bytes:
        """What a file begins with."""
        return self._buffer.drained()

    def add(self, batch: Sequence[Sequence[WireCell]]) -> bytes:
        """Take rows in, column by column; gives the bytes that are ready (none until a group is full)."""
        arrays = [pa.array(cells, type=field.type) for cells, field in zip(batch, self._schema, strict=True)]
        self._batches.append(pa.record_batch(arrays, schema=self._schema))
        self._rows += self._batches[-1].num_rows
        if self._rows >= GROUP_ROWS:
            self._write_group()
        return self._buffer.drained()

    def end(self) -> bytes:
        """The rest of the file."""
        self._write_group()
        self._writer.close()
        return self._buffer.drained()

    def _write_group(self) -> None:
        if self._batches:
            self._writer.write_table(pa.Table.from_batches(self._batches), row_group_size=2 * GROUP_ROWS)
            self._batches, self._rows = [], 0
