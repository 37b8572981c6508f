"""The asker's side of Parquet files: hands cells over, yields the file's bytes. Never imports pyarrow."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from storage.clock import Clock
from tuners.child_files import file_pieces
from tuners.tables.wire import Column, WireCell


def parquet_bytes(
    columns: Sequence[Column], batches: Iterable[Sequence[Sequence[WireCell]]], *, clock: Clock
) -> Iterator[bytes]:
    """A Parquet file piece by piece, from a child process that ends with the iterator.

    One batch is on its way at a time, so that neither side holds more than a group of rows.

    Args:
        columns: Names, each once, and types.
        batches: Portions of the rows, column by column: `batch[column][row]`.

    Raises:
        FileFailed: The child took more time or memory than it may, or ended.
    """
    names = [column.model_dump() for column in columns]
    return file_pieces("tuners.tables", itertools.chain((names,), batches, (None,)), what="table", clock=clock)
