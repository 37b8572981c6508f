"""An uploaded .parquet as a table.

Its footer is looked at before Arrow is asked to believe it; only plain columns of numbers, booleans, texts, dates and
dictionaries of those are read, a batch of rows at a time. Compressed pages cannot be judged before they are unpacked:
the memory of this process is limited, and what does not fit ends in a refusal.

Format: https://parquet.apache.org/docs/file-format/
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from storage.errors import InvalidDataset
from tuners.datasets.cells import MAX_COLUMNS, Cells, moment, name_fault
from tuners.datasets.npy import Array
from tuners.datasets.wire import rejection

_MAGIC, _ENCRYPTED = b"PAR1", b"PARE"
_MAX_FOOTER_BYTES = 16 << 20
_MAX_ROW_GROUPS = 10_000
_MAX_DEPTH = 16
_BLOCK_CELLS = 50_000
# pandas stores an index that is not 0, 1, 2, ... under such names: no column of the table.
_INDEX = "__index_level_"


class ParquetSource:
    """The file as a `cells.Source`.

    Args:
        path: The upload.
        max_bytes: Limit of one column as numbers.

    Raises:
        InvalidDataset: `content_mismatch`, `corrupt_file`, `parquet_rejected`, `too_many` columns or groups of rows,
            `too_large`. `blocks` raises `parquet_rejected` for columns that are not plain, and for damage further in.
    """

    def __init__(self, path: Path, *, max_bytes: int) -> None:
        _check_ends(path)
        pa.set_cpu_count(1)
        pa.set_io_thread_count(1)
        self._path = path
        try:
            file = self._opened()
            metadata, schema = file.metadata, file.schema_arrow
            groups = metadata.num_row_groups
            if groups > _MAX_ROW_GROUPS:
                raise rejection(
                    "too_many", f"The file has {groups} groups of rows; at most {_MAX_ROW_GROUPS} are read."
                )
            counts = [metadata.row_group(number).num_rows for number in range(groups)]
        except MemoryError:
            raise
        except (pa.ArrowException, OSError) as error:
            raise rejection("parquet_rejected", "The file's footer cannot be read: it is damaged.") from error
        self._rows = metadata.num_rows
        if min(counts, default=0) < 0 or sum(counts) != self._rows:
            raise rejection("parquet_rejected", f"The file claims {self._rows} rows, and its groups {sum(counts)}.")
        if self._rows * 8 > max_bytes:
            detail = f"The file claims {self._rows} rows: more than the {max_bytes} bytes allowed, as numbers."
            raise rejection("too_large", detail)
        self._fields = [field for field in schema if not field.name.startswith(_INDEX)]
        if len(self._fields) > MAX_COLUMNS:
            raise rejection("too_many", f"The file has {len(self._fields)} columns; at most {MAX_COLUMNS} are read.")
        self.names = tuple(field.name for field in self._fields)
        fault = name_fault(self.names) if self.names else "has no columns"
        if fault is not None:
            raise rejection("parquet_rejected", f"The file {fault}.")

    def blocks(self, columns: Sequence[int], *, time: int | None = None) -> Iterator[Mapping[int, Cells]]:
        for index in columns:
            self._check_type(index, dates_allowed=index == time)
        names = {index: self.names[index] for index in columns}
        size = max(1, _BLOCK_CELLS // len(names))
        rows = 0
        try:
            for batch in self._opened().iter_batches(batch_size=size, columns=list(names.values()), use_threads=False):
                # Bytes that are not UTF-8, or a code beyond its dictionary's end, would show only later, and elsewhere.
                batch.validate(full=True)
                rows += batch.num_rows
                if batch.num_rows:
                    yield {index: ArrowCells(batch.column(name)) for index, name in names.items()}
        except MemoryError:
            raise
        except (pa.ArrowException, OSError) as error:
            raise rejection("parquet_rejected", "The file's pages cannot be read: they are damaged.") from error
        if rows != self._rows:
            raise rejection("parquet_rejected", f"The file claims {self._rows} rows and holds {rows}.")

    def refused(self, row: int, column: int, problem: str, *, code: str | None = None) -> InvalidDataset:
        return rejection(code or "parquet_rejected", f"Row {row + 1}, column {self.names[column]!r} {problem}.")

    def _opened(self) -> pq.ParquetFile:
        return pq.ParquetFile(
            self._path,
            memory_map=True,
            pre_buffer=False,
            thrift_string_size_limit=_MAX_FOOTER_BYTES,
            thrift_container_size_limit=1_000_000,
            schema_depth_limit=_MAX_DEPTH,
            arrow_extensions_enabled=False,
        )

    def _check_type(self, index: int, *, dates_allowed: bool) -> None:
        kind = self._fields[index].type
        while pa.types.is_dictionary(kind):
            kind = kind.value_type
        if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
            if dates_allowed:
                return
            raise self._unreadable(
                index,
                "holds dates. Name it as `time` to split in its order, leave it out with `ignore`, or turn it into "
                "numbers first, for example days since the first",
            )
        if not any(check(kind) for check in _PLAIN):
            shown = str(kind)[:60]
            raise self._unreadable(
                index, f"is of the type {shown}: numbers, booleans and texts are read. Leave it out with `ignore`"
            )

    def _unreadable(self, index: int, problem: str) -> InvalidDataset:
        return rejection("parquet_rejected", f"The column {self.names[index]!r} {problem}.")


_PLAIN = (
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_null,
)


class ArrowCells:
    """An Arrow array as `cells.Cells`."""

    def __init__(self, array: pa.Array) -> None:
        self._array = array.dictionary_decode() if pa.types.is_dictionary(array.type) else array

    def __len__(self) -> int:
        return len(self._array)

    def numbers(self, *, truths: bool) -> Array | None:
        kind = self._array.type
        is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind)
        if not is_number and not (truths and pa.types.is_boolean(kind)):
            return None
        values: Array = self._array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return values

    def whole(self) -> Array | None:
        if not pa.types.is_integer(self._array.type) or self._array.null_count:
            return None
        try:
            values: Array = self._array.cast(pa.int64()).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            return None
        return values

    def texts(self) -> list[str | None]:
        array = self._array
        if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
            found: list[str | None] = array.to_pylist()
        else:
            found = array.cast(pa.string()).to_pylist()
        return found

    def are_truths(self) -> bool:
        return bool(pa.types.is_boolean(self._array.type) or self._array.null_count == len(self._array))

    def moments(self) -> Array | None:
        kind = self._array.type
        if self._array.null_count:
            return None
        if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
            zone = kind.tz if pa.types.is_timestamp(kind) else None
            stamps = self._array.cast(pa.timestamp("us", tz=zone), safe=False)
            values: Array = stamps.cast(pa.int64()).to_numpy(zero_copy_only=False)
            return values
        if not pa.types.is_string(kind) and not pa.types.is_large_string(kind):
            return None
        try:
            return np.array([moment(text.strip()) for text in self._array.to_pylist()], dtype=np.int64)
        except ValueError:
            return None


def _check_ends(path: Path) -> None:
    """The marks at both ends, and a footer that fits between them."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(max(0, size - 8))
        end = file.read(8)
    if not size:
        raise rejection("corrupt_file", "The file is empty.")
    if start == _ENCRYPTED or end.endswith(_ENCRYPTED):
        raise rejection("parquet_rejected", "The file is encrypted.")
    if start != _MAGIC:
        raise rejection("content_mismatch", "The file is not Parquet: its name says so, its content does not.")
    if size < 12 or not end.endswith(_MAGIC):
        raise rejection("corrupt_file", "The file has no footer: it is cut short.")
    length = struct.unpack("<L", end[:4])[0]
    if not 0 < length <= min(size - 12, _MAX_FOOTER_BYTES):
        raise rejection("parquet_rejected", "The file's footer is not as long as it says, or far too long.")
