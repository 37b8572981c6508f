"""Tables as CSV and JSON lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime

from service.exports.columns import Cell, Table, every_epoch, every_trial, finite_cell
from service.schemas.trials import EpochOut, TrialOut
from service.trends.sweeps import swept_in
from service.written import written_time
from storage.ids import SearchId
from storage.records import Search
from storage.repository import TrialReads

# What spreadsheets take for a formula when a cell begins with it.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(value: Cell) -> Cell:
    """The value as a cell no spreadsheet runs as a formula; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value


def csv_lines(table: Table) -> Iterator[str]:
    """The table with a header. Lists are JSON text, `[18, 18]`; values that were not finite are empty."""
    yield _line([column.name for column in table.columns])
    for row in table.rows:
        yield _line([_written(cell) for cell in row])


def trials_jsonl(trials: TrialReads, search: Search) -> Iterator[str]:
    """All trials, as `GET /v1/trials/{id}` shows them."""
    swept = swept_in(search)
    for trial in every_trial(trials, search.id):
        yield TrialOut.of(trial, swept=swept(trial)).model_dump_json() + "\n"


def epochs_jsonl(trials: TrialReads, search_id: SearchId) -> Iterator[str]:
    """All epochs, as `GET /v1/searches/{id}/epochs` shows them."""
    for number, row in every_epoch(trials, search_id):
        yield EpochOut.of(row, metrics=None, trial_number=number).model_dump_json() + "\n"


def _written(cell: Cell) -> Cell:
    return written_time(cell) if isinstance(cell, datetime) else finite_cell(cell)


def _line(cells: Sequence[Cell]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow([safe_cell(cell) for cell in cells])
    return buffer.getvalue()
