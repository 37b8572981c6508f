"""Tables of a search to take home."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from fastapi import Query
from fastapi.responses import StreamingResponse

from service import examples
from service.contracts import answers
from service.dependencies import Ctx, Reader, SearchPath, protected_router
from service.exports import epochs_csv, epochs_jsonl, trials_csv, trials_jsonl
from storage import errors
from tuners.space import Space

router = protected_router("results")


class Table(StrEnum):
    trials = "trials"
    epochs = "epochs"


class Format(StrEnum):
    csv = "csv"
    jsonl = "jsonl"


_MEDIA_TYPES = {Format.csv: "text/csv; charset=utf-8", Format.jsonl: "application/x-ndjson"}


@router.get(
    "/searches/{search_id}/export",
    summary="Export a table",
    response_class=StreamingResponse,
    responses=answers(
        200, examples.CSV, errors.NotFound, description="The whole table, streamed.", media_type="text/csv"
    ),
)
def export(
    search_id: SearchPath,
    caller: Reader,
    ctx: Ctx,
    table: Annotated[Table, Query()] = Table.trials,
    format: Annotated[Format, Query()] = Format.csv,
) -> StreamingResponse:
    """All trials or all epochs of a search, as CSV or as JSON lines. Cells that a spreadsheet would run as a formula
    begin with an apostrophe.
    """
    search = ctx.repository.get_search(search_id, owner=caller.owner)
    lines: Iterator[str]
    if format is Format.jsonl:
        of_trials = table is Table.trials
        lines = trials_jsonl(ctx.repository, search) if of_trials else epochs_jsonl(ctx.repository, search_id)
    elif table is Table.trials:
        names = [hyperparameter.name for hyperparameter in Space.from_json(search.space).hyperparameters]
        lines = trials_csv(ctx.repository, search, hyperparameters=names)
    else:
        lines = epochs_csv(ctx.repository, search_id)
    headers = {
        "Content-Disposition": f'attachment; filename="{search_id}-{table.value}.{format.value}"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(_batched(lines), media_type=_MEDIA_TYPES[format], headers=headers)


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
