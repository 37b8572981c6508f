"""Tables and event files of a search to take home."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Annotated

from fastapi import Query
from fastapi.responses import StreamingResponse

from service import examples
from service.contracts import answers
from service.dependencies import Ctx, Reader, SearchPath, protected_router
from service.errors import ExportUnavailable
from service.exports.columns import epoch_table, trial_table
from service.exports.event_files import event_file_pieces
from service.exports.parquet import parquet_pieces
from service.exports.text import csv_lines, epochs_jsonl, trials_jsonl
from storage import errors
from tuners.child_files import FileFailed

router = protected_router("results")


class Table(StrEnum):
    trials = "trials"
    epochs = "epochs"


class Format(StrEnum):
    csv = "csv"
    jsonl = "jsonl"
    parquet = "parquet"
    tensorboard = "tensorboard"


_MEDIA_TYPES = {
    Format.csv: "text/csv; charset=utf-8",
    Format.jsonl: "application/x-ndjson",
    Format.parquet: "application/vnd.apache.parquet",
    Format.tensorboard: "application/zip",
}


@router.get(
    "/searches/{search_id}/export",
    summary="Export a search",
    response_class=StreamingResponse,
    responses=answers(
        200,
        examples.CSV,
        errors.NotFound,
        ExportUnavailable,
        description="The whole file, streamed.",
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
    """All trials or all epochs of a search, as CSV, as JSON lines or as Parquet; or both as TensorBoard's event files.

    CSV: cells that a spreadsheet would run as a formula begin with an apostrophe; values that are not finite are empty.
    JSON lines: the objects that the lists of trials and epochs show. Parquet: the columns of the CSV with their types;
    lists are lists, times are timestamps, NaN and infinities are themselves. TensorBoard: a zip with a folder for each
    trial that has begun (and each of its executions, where there are several) and the HParams plugin's table; `table`
    means nothing.
    """
    search = ctx.repository.get_search(search_id, owner=caller.owner)
    pieces: Iterator[str] | Iterator[bytes]
    of_trials = table is Table.trials
    name = f"{search_id}-{table.value}.{format.value}"
    if format is Format.tensorboard:
        pieces = _made(lambda: event_file_pieces(ctx.repository, search, gate=ctx.tables, clock=ctx.clock))
        name = f"{search_id}-tensorboard.zip"
    elif format is Format.jsonl:
        pieces = _batched(
            trials_jsonl(ctx.repository, search) if of_trials else epochs_jsonl(ctx.repository, search_id)
        )
    else:
        found = trial_table(ctx.repository, search) if of_trials else epoch_table(ctx.repository, search_id)
        if format is Format.csv:
            pieces = _batched(csv_lines(found))
        else:
            pieces = _made(lambda: parquet_pieces(found, gate=ctx.tables, clock=ctx.clock))
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(pieces, media_type=_MEDIA_TYPES[format], headers=headers)


def _made(make: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
    """What a child process makes, whose first piece is there already."""
    try:
        return make()
    except FileFailed as error:
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
