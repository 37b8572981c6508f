"""Tables of a search to take home."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from fastapi import Query
from fastapi.responses import StreamingResponse

from service import examples
from service.context import Context
from service.contracts import answers
from service.dependencies import Ctx, Reader, SearchPath, protected_router
from service.errors import ExportUnavailable
from service.exports.columns import Table as Found
from service.exports.columns import epoch_table, trial_table
from service.exports.parquet import parquet_pieces
from service.exports.text import csv_lines, epochs_jsonl, trials_jsonl
from storage import errors
from tuners.tables.client import TableFailed

router = protected_router("results")


class Table(StrEnum):
    trials = "trials"
    epochs = "epochs"


class Format(StrEnum):
    csv = "csv"
    jsonl = "jsonl"
    parquet = "parquet"


_MEDIA_TYPES = {
    Format.csv: "text/csv; charset=utf-8",
    Format.jsonl: "application/x-ndjson",
    Format.parquet: "application/vnd.apache.parquet",
}


@router.get(
    "/searches/{search_id}/export",
    summary="Export a table",
    response_class=StreamingResponse,
    responses=answers(
        200,
        examples.CSV,
        errors.NotFound,
        ExportUnavailable,
        description="The whole table, streamed.",
        media_type="text/csv",
    ),
)
def export(
    search_id: SearchPath,
    caller: Reader,
    ctx: Ctx,
    table: Annotated[Table, Query()] = Table.trials,
    format: Annotated[Format, Query()] = Format.csv,
) -> StreamingResponse:
    """All trials or all epochs of a search, as CSV, as JSON lines or as Parquet.

    CSV: cells that a spreadsheet would run as a formula begin with an apostrophe; values that are not finite are empty.
    JSON lines: the objects that the lists of trials and epochs show. Parquet: the columns of the CSV with their types;
    lists are lists, times are timestamps, NaN and infinities are themselves.
    """
    search = ctx.repository.get_search(search_id, owner=caller.owner)
    pieces: Iterator[str] | Iterator[bytes]
    of_trials = table is Table.trials
    if format is Format.jsonl:
        pieces = _batched(
            trials_jsonl(ctx.repository, search) if of_trials else epochs_jsonl(ctx.repository, search_id)
        )
    else:
        found = trial_table(ctx.repository, search) if of_trials else epoch_table(ctx.repository, search_id)
        pieces = _batched(csv_lines(found)) if format is Format.csv else _parquet(found, ctx)
    headers = {
        "Content-Disposition": f'attachment; filename="{search_id}-{table.value}.{format.value}"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(pieces, media_type=_MEDIA_TYPES[format], headers=headers)


def _parquet(found: Found, ctx: Context) -> Iterator[bytes]:
    try:
        return parquet_pieces(found, gate=ctx.tables, clock=ctx.clock)
    except TableFailed as error:
        raise ExportUnavailable(str(error)) from error


def _batched(lines: Iterator[str], size: int = 200) -> Iterator[str]:
    # Each piece crosses from the worker thread to the event loop: a line at a time would be slow.
    batch: list[str] = []
    for line in lines:
        batch.append(line)
        if len(batch) >= size:
            yield "".join(batch)
            batch.clear()
    if batch:
        yield "".join(batch)
