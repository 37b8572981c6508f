"""The asker's side of Parquet files: hands cells over, yields the file's bytes. Never imports pyarrow."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterable, Iterator, Sequence

import structlog
from pydantic import ValidationError

from storage.clock import Clock
from tuners.children import Child, Ended, OverMemory, OverTime, plain_environment
from tuners.tables.wire import LINE_LIMIT, READY, Column, Reply, WireCell

_COMMAND = (sys.executable, "-P", "-m", "tuners.tables")
_IDLE_S = 300.0
_START_TIMEOUT_S = 120.0
_ANSWER_TIMEOUT_S = 60.0
_MEMORY_MB = 1024

_log = structlog.get_logger("tables")


class TableFailed(Exception):
    """The file could not be made: too slow, too large, or the process that makes it ended."""


def parquet_bytes(
    columns: Sequence[Column], batches: Iterable[Sequence[Sequence[WireCell]]], *, clock: Clock
) -> Iterator[bytes]:
    """A Parquet file piece by piece, from a child process that ends with the iterator.

    One batch is on its way at a time, so that neither side holds more than a group of rows.

    Args:
        columns: Names, each once, and types.
        batches: Portions of the rows, column by column: `batch[column][row]`.

    Raises:
        TableFailed: The child took more time or memory than it may, or ended.
    """
    child = Child(
        (*_COMMAND, str(_IDLE_S)),
        clock=clock,
        memory_mb=_MEMORY_MB,
        environment={**plain_environment(), "OMP_NUM_THREADS": "1"},
        line_limit=LINE_LIMIT,
    )

    def answer(question: object) -> bytes:
        child.write(json.dumps(question).encode() + b"\n")
        reply = Reply.model_validate_json(child.read_line(clock.monotonic() + _ANSWER_TIMEOUT_S))
        if reply.error:
            raise TableFailed(f"the table could not be written: {reply.error}")
        return base64.b64decode(reply.data)

    try:
        if child.read_line(clock.monotonic() + _START_TIMEOUT_S) != READY:
            raise Ended
        yield answer([column.model_dump() for column in columns])
        for batch in batches:
            if piece := answer(batch):
                yield piece
        yield answer(None)
    except (Ended, OverTime, OverMemory, ValidationError) as error:
        _log.error("table failed", action="write", reason=type(error).__name__, stderr=child.last_words())
        raise TableFailed(f"the table could not be written ({type(error).__name__})") from error
    finally:
        child.kill()
